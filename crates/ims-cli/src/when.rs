//! Points in time, for people.

use std::time::SystemTime;

use ims::{
    claims::NumericDate,
    token::{Clock, SystemClock},
};

/// The current time.
pub(crate) fn now() -> NumericDate {
    SystemClock.now()
}

/// The same as a type of the standard library.
pub(crate) fn system_time() -> SystemTime {
    SystemTime::try_from(now()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// `date` as RFC 3339, in UTC.
pub(crate) fn rfc3339(date: NumericDate) -> String {
    date.to_string()
}

/// A time in whole days.
pub(crate) fn days(seconds: u64) -> String {
    match seconds / (24 * 60 * 60) {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_utc() {
        assert_eq!(rfc3339(NumericDate::from_secs(1_550_001_438)), "2019-02-12T19:57:18Z");
    }
}
