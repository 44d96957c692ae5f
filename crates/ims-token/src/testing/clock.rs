//! A clock that a test sets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use ims_claims::NumericDate;
use tokio::time::Instant;

use crate::clock::Clock;

/// A clock that moves only when a test moves it. Clones show the same time.
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::NumericDate;
/// use ims_token::{Clock, testing::FakeClock};
///
/// let clock = FakeClock::new(NumericDate::from_secs(1_800_000_000));
/// clock.advance(Duration::from_secs(60));
/// clock.step_wall(-3_600); // an operator sets it back
/// assert_eq!(clock.now(), NumericDate::from_secs(1_800_000_060 - 3_600));
/// assert_eq!(clock.monotonic(), Duration::from_secs(60));
/// ```
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    wall_start: NumericDate,
    /// If it runs with tokio's time, since when.
    runs_since: Option<Instant>,
    advanced_ms: AtomicU64,
    stepped_seconds: AtomicI64,
}

impl FakeClock {
    /// A clock that shows `wall` until a test moves it.
    #[must_use]
    pub fn new(wall: NumericDate) -> Self {
        Self::starting(wall, None)
    }

    /// A clock that begins at `wall` and runs with tokio's time, which a test can pause: then it advances as fast as the
    /// test runs.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_claims::NumericDate;
    /// use ims_token::{Clock, testing::FakeClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// tokio::time::pause();
    /// let clock = FakeClock::following_tokio(NumericDate::from_secs(1_800_000_000));
    /// tokio::time::advance(Duration::from_secs(60)).await;
    /// assert_eq!(clock.now(), NumericDate::from_secs(1_800_000_060));
    /// # }
    /// ```
    #[must_use]
    pub fn following_tokio(wall: NumericDate) -> Self {
        Self::starting(wall, Some(Instant::now()))
    }

    fn starting(wall_start: NumericDate, runs_since: Option<Instant>) -> Self {
        let (advanced_ms, stepped_seconds) = Default::default();
        Self(Arc::new(Hands { wall_start, runs_since, advanced_ms, stepped_seconds }))
    }

    /// Lets `duration` pass by both times, as if the machine had been suspended. Whole milliseconds count.
    pub fn advance(&self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.0.advanced_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the wall clock forward by `seconds`, or back if negative, as an operator or NTP does. Monotonic time continues.
    pub fn step_wall(&self, seconds: i64) {
        self.0.stepped_seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> NumericDate {
        let stepped = self.0.stepped_seconds.load(Ordering::SeqCst);
        let start = self.0.wall_start.as_secs().saturating_add(stepped);
        NumericDate::from_secs(start).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        let advanced = Duration::from_millis(self.0.advanced_ms.load(Ordering::SeqCst));
        advanced + self.0.runs_since.map(|start| start.elapsed()).unwrap_or_default()
    }
}
