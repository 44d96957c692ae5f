//! The time of the emulator: the machine's clock or a given one, plus an offset. No other file here reads the machine's
//! clock.

use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime},
};

use http::HeaderValue;
use ims_claims::NumericDate;

/// The emulator's clock.
pub(crate) struct Clock {
    source: Box<dyn Fn() -> SystemTime + Send + Sync>,
    offset_seconds: AtomicI64,
}

impl Clock {
    pub(crate) fn new(source: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { source: Box::new(source), offset_seconds: AtomicI64::new(0) }
    }

    /// The machine's own clock.
    pub(crate) fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// Puts the clock `seconds` ahead of its source, or behind it if negative.
    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }

    /// How far the clock is ahead of its source, in seconds.
    pub(crate) fn offset(&self) -> i64 {
        self.offset_seconds.load(Ordering::Relaxed)
    }

    /// Milliseconds since 1970; a clock that is before 1970 reads as 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        let since_1970 =
            (self.source)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let ms = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        let offset = self.offset_seconds.load(Ordering::Relaxed);
        ms.saturating_add_signed(offset.saturating_mul(1000))
    }
}

/// The `Date` of an answer (RFC 9110 §6.6.1), by which a client finds out how far its own clock is off.
pub(crate) fn http_date(now_ms: u64) -> HeaderValue {
    /// The last second of the year 9999: the form has no later one.
    const LAST_MS: u64 = 253_402_300_799_000;
    let date = SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms.min(LAST_MS));
    HeaderValue::try_from(httpdate::fmt_http_date(date)).expect("a date is visible ASCII")
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("offset_seconds", &self.offset_seconds)
            .finish_non_exhaustive()
    }
}

/// The second that contains `ms` milliseconds after 1970.
pub(crate) fn date(ms: u64) -> NumericDate {
    NumericDate::from_secs(0).plus(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_moves_the_clock_and_never_before_1970() {
        let clock = Clock::new(|| SystemTime::UNIX_EPOCH + Duration::from_millis(90_500));
        #[rustfmt::skip]
        let table = [(0, 90_500), (60, 150_500), (-60, 30_500), (-600, 0), (i64::MIN, 0)];
        for (offset, now) in table {
            clock.set_offset(offset);
            assert_eq!(clock.now_ms(), now, "{offset}");
        }
    }
}
