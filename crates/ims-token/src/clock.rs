//! The clock. Only this file reads that of the machine.

use std::{fmt, sync::Arc, time::Duration};

use ims_claims::NumericDate;

/// Gives two times: that of the wall clock, which a token's expiry refers to, and that of a monotonic clock.
///
/// A keeper reads it in every call, so both should take nanoseconds. Neither alone is enough: the wall clock can be set, and a
/// monotonic clock may not count the time in which the machine is suspended.
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::NumericDate;
/// use ims_token::{Clock, SharedClock};
///
/// /// Always the same time.
/// #[derive(Debug)]
/// struct Stopped(NumericDate);
///
/// impl Clock for Stopped {
///     fn now(&self) -> NumericDate {
///         self.0
///     }
///
///     fn monotonic(&self) -> Duration {
///         Duration::ZERO
///     }
/// }
///
/// let clock = SharedClock::new(Stopped(NumericDate::from_secs(1_800_000_000)));
/// assert_eq!(clock.now().to_string(), "2027-01-15T08:00:00Z");
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time of day, rounded down to a second.
    fn now(&self) -> NumericDate;

    /// The time since some fixed moment, which never goes back. It should count the time that the machine was suspended.
    fn monotonic(&self) -> Duration;

    /// Both times, for clocks that can read them together at less cost.
    fn both(&self) -> (NumericDate, Duration) {
        (self.now(), self.monotonic())
    }
}

/// The time by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) wall: NumericDate,
    pub(crate) monotonic: Duration,
}

/// The clock of the machine.
///
/// On Linux and Android both times are coarse: read from the kernel's last tick, at most some 10 ms ago, which costs a
/// quarter of an exact reading; the keeper stops using a token [`EXPIRY_MARGIN`](crate::EXPIRY_MARGIN) before it expires.
/// Time in suspend counts, except on systems whose monotonic clock itself stops there.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> NumericDate {
        machine::now()
    }

    fn monotonic(&self) -> Duration {
        machine::both().1
    }

    fn both(&self) -> (NumericDate, Duration) {
        machine::both()
    }
}

/// Any [`Clock`], shared. Cheap to clone, and types that hold it need no type parameter.
///
/// ```
/// use ims_token::{Clock, SharedClock, SystemClock};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = SharedClock::new(SystemClock);
/// assert!(clock.now().as_secs() > 0);
/// let (before, after) = (clock.monotonic(), clock.monotonic());
/// assert!(before <= after);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    /// Shares `clock`.
    pub fn new(clock: impl Clock + 'static) -> Self {
        Self(Arc::new(clock))
    }
}

impl Clock for SharedClock {
    fn now(&self) -> NumericDate {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn both(&self) -> (NumericDate, Duration) {
        self.0.both()
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Linux has coarse clocks, but none of them counts time in suspend: that is added here.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod machine {
    use std::{
        sync::atomic::{AtomicI64, Ordering},
        time::Duration,
    };

    use ims_claims::NumericDate;
    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn now() -> NumericDate {
        NumericDate::from_secs(clock_gettime(ClockId::RealtimeCoarse).tv_sec)
    }

    /// The monotonic time is `CLOCK_BOOTTIME`, in the time of a coarse reading.
    ///
    /// Coarse clocks move together, some hundred times a second. So as long as the monotonic one has not moved, the others
    /// need not be read again.
    pub(super) fn both() -> (NumericDate, Duration) {
        let awake = clock_gettime(ClockId::MonotonicCoarse);
        let wall = if LAST.awake_ns.load(Ordering::Acquire) == nanoseconds(awake) {
            LAST.wall.load(Ordering::Relaxed)
        } else {
            tick(awake)
        };
        let elapsed = match LAST.suspended_ms.load(Ordering::Relaxed) {
            0 => duration(awake),
            suspended => duration(awake) + Duration::from_millis(suspended.unsigned_abs()),
        };
        (NumericDate::from_secs(wall), elapsed)
    }

    /// The reading after the last change of the clocks.
    ///
    /// Several threads may write it at once. A thread that is delayed while it writes can leave an older time of day until
    /// the next tick. It never leaves an older time spent in suspend, since that only grows.
    struct Last {
        awake_ns: AtomicI64,
        /// Seconds since 1970.
        wall: AtomicI64,
        /// From the monotonic time to the time of day.
        distance_ms: AtomicI64,
        suspended_ms: AtomicI64,
    }

    static LAST: Last = Last {
        awake_ns: AtomicI64::new(i64::MIN),
        wall: AtomicI64::new(0),
        distance_ms: AtomicI64::new(i64::MIN),
        suspended_ms: AtomicI64::new(0),
    };

    /// Reads the clocks again when the monotonic time, now `awake`, has changed, and returns the time of day.
    ///
    /// While the wall clock is not set, its difference to `CLOCK_MONOTONIC` changes only in suspend. So as long as the
    /// difference is the same, the time in suspend is, too.
    #[cold]
    fn tick(awake: Timespec) -> i64 {
        let wall = clock_gettime(ClockId::RealtimeCoarse);
        let distance = milliseconds(wall).saturating_sub(milliseconds(awake));
        if distance.abs_diff(LAST.distance_ms.load(Ordering::Acquire)) > TOLERANCE_MS {
            let since_boot = milliseconds(clock_gettime(ClockId::Boottime));
            let exactly_awake = milliseconds(clock_gettime(ClockId::Monotonic));
            let suspended = since_boot.saturating_sub(exactly_awake);
            LAST.suspended_ms.fetch_max(suspended, Ordering::Relaxed);
            // A thread that sees the new difference also sees the values that belong to it.
            LAST.distance_ms.store(distance, Ordering::Release);
        }
        LAST.wall.store(wall.tv_sec, Ordering::Relaxed);
        // A thread that sees this tick sees them, too.
        LAST.awake_ns.store(nanoseconds(awake), Ordering::Release);
        wall.tv_sec
    }

    /// Longer than a tick, which can pass between two readings, and much shorter than the margin before expiry.
    const TOLERANCE_MS: u64 = 250;

    /// The kernel never returns a negative time, nor a second or more in nanoseconds.
    fn duration(time: Timespec) -> Duration {
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
        Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
    }

    fn milliseconds(time: Timespec) -> i64 {
        time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
    }

    fn nanoseconds(time: Timespec) -> i64 {
        time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
    }
}

/// Elsewhere on Unix `CLOCK_MONOTONIC` is the best there is; on macOS it counts time in suspend.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod machine {
    use std::time::Duration;

    use ims_claims::NumericDate;
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn now() -> NumericDate {
        NumericDate::from_secs(clock_gettime(ClockId::Realtime).tv_sec)
    }

    pub(super) fn both() -> (NumericDate, Duration) {
        let time = clock_gettime(ClockId::Monotonic);
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
        (now(), Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default()))
    }
}

/// Windows counts time in suspend.
#[cfg(not(unix))]
mod machine {
    use std::{
        sync::LazyLock,
        time::{Duration, Instant, SystemTime, UNIX_EPOCH},
    };

    use ims_claims::NumericDate;

    pub(super) fn now() -> NumericDate {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        NumericDate::from_secs(0).plus(since_1970.unwrap_or_default())
    }

    pub(super) fn both() -> (NumericDate, Duration) {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        (now(), START.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_times_never_go_back() {
        let clock = SharedClock::new(SystemClock);
        let mut last = clock.monotonic();
        for _ in 0..10_000 {
            let next = clock.monotonic();
            assert!(last <= next, "{last:?} came before {next:?}");
            last = next;
        }
        assert!(clock.now() > NumericDate::from_secs(1_700_000_000));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_monotonic_time_is_the_time_since_boot() {
        use rustix::time::{ClockId, clock_gettime};
        let before = SystemClock.monotonic();
        let since_boot = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap();
        assert!(since_boot.abs_diff(before) < Duration::from_secs(1));
    }
}
