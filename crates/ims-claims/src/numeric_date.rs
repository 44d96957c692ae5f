//! Points in time, as JWTs count them. Nothing here knows what time it is: `now` is always an argument.

use core::time::Duration;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds ignored (RFC 7519 §2, `NumericDate`).
///
/// IMS wants whole seconds, so fractions cannot be written. Times before 1970 are negative: certificates have
/// them. Arithmetic stops at the ends of `i64`, some 292 billion years away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// The point in time that lies `seconds` after 1970.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0
    }

    /// The point in time `duration` later. A fraction of a second is dropped.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// The point in time `duration` earlier. A fraction of a second is dropped.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.as_secs()))
    }

    /// How long ago `earlier` was, zero if it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        if earlier < self {
            Duration::from_secs(self.0.abs_diff(earlier.0))
        } else {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn going_forth_and_back_ends_where_it_began(start in -1_i64 << 40..1 << 40, seconds in 0_u64..1 << 40) {
            let start = NumericDate::from_secs(start);
            let later = start.plus(Duration::from_secs(seconds));
            prop_assert_eq!(later.since(start), Duration::from_secs(seconds));
            prop_assert_eq!(start.since(later), Duration::ZERO);
            prop_assert_eq!(later.minus(Duration::from_secs(seconds)), start);
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let end = NumericDate::from_secs(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(end.since(NumericDate::from_secs(i64::MIN)), Duration::from_secs(u64::MAX));
    }
}
