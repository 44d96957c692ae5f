//! Points in time, as JWTs count them. No clock is read here: `now` is always an argument.

use core::{fmt, time::Duration};

#[cfg(feature = "std")]
use crate::error::FormatError;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds ignored (RFC 7519 §2, `NumericDate`).
///
/// IMS expects whole seconds, so fractions cannot be written. Times before 1970 are negative: certificates have
/// them. Arithmetic stops at the ends of `i64`, some 292 billion years away.
///
/// With the feature `std`, it converts from and to [`SystemTime`](https://doc.rust-lang.org/std/time/struct.SystemTime.html).
///
/// ```
/// # use core::time::Duration;
/// use ims_claims::NumericDate;
///
/// let now = NumericDate::from_secs(1_550_001_138);
/// assert_eq!(now.to_string(), "2019-02-12T19:52:18Z");
///
/// let exp = now.plus(Duration::from_mins(5));
/// assert_eq!(exp.as_secs(), 1_550_001_438);
/// assert_eq!(exp.since(now), Duration::from_mins(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// The point in time `secs` seconds after 1970.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0
    }

    /// The point in time `duration` later. A fraction of a second is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_claims::NumericDate;
    ///
    /// let now = NumericDate::from_secs(1_800_000_000);
    /// assert_eq!(now.plus(Duration::from_millis(1_900)), NumericDate::from_secs(1_800_000_001));
    /// ```
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// The point in time `duration` earlier. A fraction of a second is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_claims::NumericDate;
    ///
    /// let now = NumericDate::from_secs(1_800_000_000);
    /// assert_eq!(now.minus(Duration::from_secs(60)).to_string(), "2027-01-15T07:59:00Z");
    /// ```
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.as_secs()))
    }

    /// How long ago `earlier` was, zero if it is in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        if earlier < self {
            Duration::from_secs(self.0.abs_diff(earlier.0))
        } else {
            Duration::ZERO
        }
    }
}

impl fmt::Display for NumericDate {
    /// Writes RFC 3339 in UTC, such as `2019-02-12T19:52:18Z`.
    ///
    /// RFC 3339 ends with the year 9999. Other years get a sign and the digits that they need, as in ISO 8601:
    /// `+10000-01-01T00:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_date(self.0.div_euclid(SECS_PER_DAY));
        let second = self.0.rem_euclid(SECS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        if (0..=9999).contains(&year) {
            write!(f, "{year:04}")?;
        } else {
            write!(f, "{year:+05}")?;
        }
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for NumericDate {
    /// Rounds down to a second, also before 1970.
    fn from(time: std::time::SystemTime) -> Self {
        match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => Self(0).plus(after),
            Err(error) => {
                let before = error.duration();
                let has_fraction = before.subsec_nanos() > 0;
                Self(0).minus(before).minus(Duration::from_secs(u64::from(has_fraction)))
            }
        }
    }
}

#[cfg(feature = "std")]
impl TryFrom<NumericDate> for std::time::SystemTime {
    type Error = FormatError;

    /// # Errors
    /// [`FormatError::SystemTime`] if the operating system cannot count that far.
    fn try_from(date: NumericDate) -> Result<Self, Self::Error> {
        let distance = Duration::from_secs(date.0.unsigned_abs());
        let time = if date.0 < 0 {
            std::time::UNIX_EPOCH.checked_sub(distance)
        } else {
            std::time::UNIX_EPOCH.checked_add(distance)
        };
        time.ok_or(FormatError::SystemTime)
    }
}

/// Year, month and day, `days` days after 1970-01-01 in the Gregorian calendar.
///
/// It counts in eras of 400 years, which all have the same number of days, and in years that begin with March,
/// so that the leap day is the last of its year. Source: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`.
fn civil_date(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    const FROM_MARCH_OF_YEAR_0_TO_1970: i64 = 719_468;

    let days = days + FROM_MARCH_OF_YEAR_0_TO_1970;
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;

    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let year = days.div_euclid(DAYS_PER_ERA) * 400 + year_of_era;
    if months_since_march < 10 {
        (year, months_since_march + 3, day)
    } else {
        (year + 1, months_since_march - 9, day)
    }
}

const SECS_PER_DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let end = NumericDate::from_secs(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(end.since(NumericDate::from_secs(i64::MIN)), Duration::from_secs(u64::MAX));
    }

    #[test]
    fn a_date_is_written_in_utc() {
        #[rustfmt::skip]
        let table = [
            (0,                  "1970-01-01T00:00:00Z"),
            (-1,                 "1969-12-31T23:59:59Z"),
            (1_550_001_138,      "2019-02-12T19:52:18Z"),
            (951_782_400,        "2000-02-29T00:00:00Z"),
            (253_402_300_799,    "9999-12-31T23:59:59Z"),
            (253_402_300_800,    "+10000-01-01T00:00:00Z"),
            (-62_167_219_200,    "0000-01-01T00:00:00Z"),
            (-62_167_219_201,    "-0001-12-31T23:59:59Z"),
            (i64::MAX,           "+292277026596-12-04T15:30:07Z"),
            (i64::MIN,           "-292277022657-01-27T08:29:52Z"),
        ];
        for (secs, text) in table {
            assert_eq!(NumericDate::from_secs(secs).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn adding_and_subtracting_a_duration_gives_the_same_time(start in -1_i64 << 40..1 << 40, secs in 0_u64..1 << 40) {
            let start = NumericDate::from_secs(start);
            let later = start.plus(Duration::from_secs(secs));
            prop_assert_eq!(later.since(start), Duration::from_secs(secs));
            prop_assert_eq!(start.since(later), Duration::ZERO);
            prop_assert_eq!(later.minus(Duration::from_secs(secs)), start);
        }

        #[test]
        fn a_date_is_written_as_the_crate_time_writes_it(secs in -62_167_219_200_i64..=253_402_300_799) {
            let date = OffsetDateTime::from_unix_timestamp(secs)?;
            prop_assert_eq!(NumericDate::from_secs(secs).to_string(), date.format(&Rfc3339)?);
        }
    }

    #[cfg(feature = "std")]
    mod std_time {
        use super::*;
        use std::time::{SystemTime, UNIX_EPOCH};

        #[test]
        fn a_system_time_is_rounded_down() {
            let half = Duration::from_millis(500);
            #[rustfmt::skip]
            let table = [
                (UNIX_EPOCH,                            0),
                (UNIX_EPOCH + half,                     0),
                (UNIX_EPOCH - half,                    -1),
                (UNIX_EPOCH - Duration::from_secs(1),  -1),
                (UNIX_EPOCH + Duration::from_secs(1),   1),
            ];
            for (time, secs) in table {
                assert_eq!(NumericDate::from(time), NumericDate::from_secs(secs), "{time:?}");
            }
        }

        proptest! {
            #[test]
            fn a_date_converts_to_system_time_and_back(secs in -1_i64 << 33..1 << 33) {
                let date = NumericDate::from_secs(secs);
                let time = SystemTime::try_from(date)?;
                prop_assert_eq!(NumericDate::from(time), date);
            }
        }
    }
}
