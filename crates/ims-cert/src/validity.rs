//! When a certificate may be used: the period, and whether it is valid at a given time.

use std::time::Duration;

use ims_claims::NumericDate;

use crate::error::CertError;

/// The period between the two dates of a certificate. Both dates belong to it.
///
/// Source: RFC 5280 §4.1.2.5, "the period of time from notBefore through notAfter, inclusive".
///
/// ```
/// use ims_cert::{Validity, ValidityState};
/// use ims_claims::NumericDate;
///
/// let now = NumericDate::from_secs(1_800_000_000);
/// let validity = Validity::from_days(now, 365)?;
/// assert_eq!(validity.not_before(), now);
/// assert!(matches!(validity.state(now), ValidityState::Valid { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity {
    not_before: NumericDate,
    not_after: NumericDate,
}

impl Validity {
    /// The period of a new certificate.
    ///
    /// # Errors
    /// [`CertError::Validity`] unless `not_after` is later than `not_before` and both have a year of four digits.
    pub fn new(not_before: NumericDate, not_after: NumericDate) -> Result<Self, CertError> {
        let is_in_order = not_before < not_after;
        let has_four_digits = YEAR_0 <= not_before && not_after <= END_OF_YEAR_9999;
        if is_in_order && has_four_digits {
            Ok(Self { not_before, not_after })
        } else {
            Err(CertError::Validity)
        }
    }

    /// The period that begins at `now` and ends `days` times 24 hours later, as `openssl req -x509 -days` has it.
    ///
    /// # Errors
    /// [`CertError::Validity`] for zero days and for an end beyond the year 9999.
    pub fn from_days(now: NumericDate, days: u32) -> Result<Self, CertError> {
        Self::new(now, now.plus(Duration::from_secs(u64::from(days) * SECONDS_PER_DAY)))
    }

    /// The period of a certificate that was read, even if it ends before it begins.
    pub(crate) fn read(not_before: NumericDate, not_after: NumericDate) -> Self {
        Self { not_before, not_after }
    }

    /// The first second.
    pub fn not_before(&self) -> NumericDate {
        self.not_before
    }

    /// The last second.
    pub fn not_after(&self) -> NumericDate {
        self.not_after
    }

    /// Whether `now` is within the period. Its first and its last second are.
    pub fn contains(&self, now: NumericDate) -> bool {
        matches!(self.state(now), ValidityState::Valid { .. })
    }

    /// What the period means at `now`.
    pub fn state(&self, now: NumericDate) -> ValidityState {
        if now > self.not_after {
            ValidityState::Expired { since: now.since(self.not_after) }
        } else if now < self.not_before {
            ValidityState::NotYetValid { starts_in: self.not_before.since(now) }
        } else {
            ValidityState::Valid { remaining: self.not_after.since(now) }
        }
    }
}

/// Where `now` is in a certificate's [`Validity`], to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidityState {
    /// Before the first second.
    NotYetValid {
        /// How long until it is valid.
        starts_in: Duration,
    },
    /// Between the first second and the last, or at one of them.
    Valid {
        /// How long until the last second, which is zero in the last second itself.
        remaining: Duration,
    },
    /// After the last second.
    Expired {
        /// How long ago the last second was.
        since: Duration,
    },
}

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

const YEAR_0: NumericDate = NumericDate::from_secs(-62_167_219_200);
const END_OF_YEAR_9999: NumericDate = NumericDate::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> NumericDate {
        NumericDate::from_secs(seconds)
    }

    #[test]
    fn the_first_and_the_last_second_are_valid() {
        let validity = Validity::new(at(100), at(200)).unwrap();
        let seconds = Duration::from_secs;
        #[rustfmt::skip]
        let table = [
            (99,  ValidityState::NotYetValid { starts_in: seconds(1) }),
            (100, ValidityState::Valid { remaining: seconds(100) }),
            (200, ValidityState::Valid { remaining: seconds(0) }),
            (201, ValidityState::Expired { since: seconds(1) }),
        ];
        for (now, state) in table {
            assert_eq!(validity.state(at(now)), state, "{now}");
            assert_eq!(validity.contains(at(now)), (100..=200).contains(&now), "{now}");
        }
    }

    #[test]
    fn a_period_that_is_empty_or_cannot_be_written_is_refused() {
        let end_of_9999 = 253_402_300_799;
        #[rustfmt::skip]
        let table = [
            (0, 1,                   true),
            (0, 0,                   false),
            (1, 0,                   false),
            (0, end_of_9999,         true),
            (0, end_of_9999 + 1,     false),
            (-62_167_219_201, 0,     false),
        ];
        for (not_before, not_after, accepted) in table {
            let built = Validity::new(at(not_before), at(not_after));
            assert_eq!(built.is_ok(), accepted, "{not_before} {not_after}");
        }
        assert!(Validity::from_days(at(0), 0).is_err());
        assert!(Validity::from_days(at(0), u32::MAX).is_err());
    }

    proptest! {
        #[test]
        fn a_day_has_86400_seconds(now in 0_i64..1 << 33, days in 1_u32..20_000) {
            let validity = Validity::from_days(at(now), days).unwrap();
            prop_assert_eq!(validity.not_after().as_secs() - now, i64::from(days) * 86_400);
            prop_assert_eq!(
                validity.state(at(now)),
                ValidityState::Valid { remaining: Duration::from_secs(u64::from(days) * 86_400) },
            );
        }
    }
}
