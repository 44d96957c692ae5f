//! Points in time, for people.

use std::time::SystemTime;

use ims::{
    claims::NumericDate,
    token::{Clock, SystemClock},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The time that it is.
pub(crate) fn now() -> NumericDate {
    SystemClock.now()
}

/// The same, as the standard library has it.
pub(crate) fn system_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + now().since(NumericDate::from_secs(0))
}

/// `date` as RFC 3339, in UTC.
pub(crate) fn rfc3339(date: NumericDate) -> String {
    let date_time = OffsetDateTime::from_unix_timestamp(date.as_secs()).ok();
    let text = date_time.and_then(|date_time| date_time.format(&Rfc3339).ok());
    // Beyond the year 9999 there is no such text.
    text.unwrap_or_else(|| format!("{} seconds after 1970", date.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_utc() {
        assert_eq!(rfc3339(NumericDate::from_secs(1_550_001_438)), "2019-02-12T19:57:18Z");
        assert_eq!(
            rfc3339(NumericDate::from_secs(i64::MAX)),
            "9223372036854775807 seconds after 1970"
        );
    }
}
