//! When IMS may be asked again: the memory of failures, one for all callers of a keeper.

use std::time::Duration;

use crate::{
    clock::Reading,
    error::TokenError,
    fetch_error::{FetchError, Remedy},
};

/// The longest pause between requests to IMS after failures, if IMS names no time.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The failures that are remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    failures: u32,
    last: Option<FetchError>,
    /// By the monotonic clock.
    not_before: Duration,
    /// Whether IMS itself named the time.
    is_named_by_ims: bool,
    /// Until when the refresh is left to another process, which holds the lease. By the monotonic clock.
    left_until: Duration,
    /// Until when a token is kept although it was rejected. By the monotonic clock.
    kept_until: Duration,
}

impl Backoff {
    pub(crate) fn is_over(&self, now: Reading) -> bool {
        self.not_before <= now.monotonic
    }

    pub(crate) fn is_left_to_another(&self, now: Reading) -> bool {
        now.monotonic < self.left_until
    }

    pub(crate) fn keeps_rejected(&self, now: Reading) -> bool {
        now.monotonic < self.kept_until
    }

    /// Whether a caller that insists on a new token may ask IMS: a pause that the keeper chose itself does not apply to it.
    pub(crate) fn allows_insistence(&self, now: Reading) -> bool {
        !self.is_named_by_ims || self.is_over(now)
    }

    /// Failures in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn last_failure(&self) -> Option<&FetchError> {
        self.last.as_ref()
    }

    /// How long no request is sent to IMS.
    pub(crate) fn remaining(&self, now: Reading) -> Duration {
        self.not_before.saturating_sub(now.monotonic)
    }

    /// The error for a caller that asks too early.
    pub(crate) fn refusal(&self, now: Reading) -> TokenError {
        let last = self.last.clone();
        let error = last.unwrap_or_else(|| FetchError::transient("nothing was tried", None));
        TokenError::new(error, self.remaining(now))
    }

    /// Records a refresh that failed. `random` is between 0 and 1.
    pub(crate) fn record(&mut self, error: FetchError, now: Reading, random: f64) {
        let pause = pause(&error, self.failures, random);
        self.is_named_by_ims = error.retry_after().is_some();
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.monotonic.saturating_add(pause);
        self.last = Some(error);
    }

    /// Records a refresh that obtained a token.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Leaves the refresh to another process for 1 to 3 s.
    pub(crate) fn leave_to_another(&mut self, now: Reading, random: f64) {
        let pause = Duration::from_secs(1).mul_f64(1.0 + 2.0 * random);
        self.left_until = now.monotonic.saturating_add(pause);
    }

    /// Allows a refresh for a token that was rejected, unless IMS asked to wait; but the token is kept until
    /// `kept_until`.
    pub(crate) fn clear_for_rejected(&mut self, kept_until: Duration) {
        if !self.is_named_by_ims {
            self.not_before = Duration::ZERO;
        }
        self.left_until = Duration::ZERO;
        self.kept_until = kept_until;
    }
}

/// How long to wait after the last of `failures + 1` failures in a row.
fn pause(error: &FetchError, failures: u32, random: f64) -> Duration {
    let doubling = 2_u32.saturating_pow(failures);
    let second = Duration::from_secs(1);
    match error.remedy() {
        // A tenth is enough to separate processes that failed together, and leaves the number of attempts in an outage low.
        Remedy::Wait { .. } | Remedy::Reconnect | Remedy::Resend => {
            let own =
                second.saturating_mul(doubling).min(LONGEST_PAUSE).mul_f64(1.0 - random / 10.0);
            own.max(error.retry_after().unwrap_or_default())
        }
        Remedy::SignAgain | Remedy::SignIn | Remedy::AskPerson | Remedy::FixCall => {
            let first = second.mul_f64(1.0 + 4.0 * random);
            first.saturating_mul(doubling).min(LONGEST_PAUSE)
        }
    }
}

/// How long to wait before attempt `attempt + 1` of one refresh: at random between nothing and a bound that doubles
/// ("full jitter").
pub(crate) fn jitter(attempt: u32, random: f64) -> Duration {
    const FIRST: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);
    FIRST.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST).mul_f64(random)
}

/// How long a token is kept although it was rejected, from when it was obtained, after `rejections` rejected tokens before it.
pub(crate) fn rejection_pause(rejections: u32) -> Duration {
    let doubling = 2_u32.saturating_pow(rejections) / 2 * 2;
    Duration::from_secs(doubling.into()).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_claims::NumericDate;

    fn at(seconds: u64) -> Reading {
        Reading { wall: NumericDate::from_secs(0), monotonic: Duration::from_secs(seconds) }
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_honour_retry_after_up_to_an_hour() {
        let wait = |seconds: u64| {
            FetchError::transient("busy", (seconds > 0).then(|| Duration::from_secs(seconds)))
        };
        let (person, sign_again) = (FetchError::permanent("no"), FetchError::sign_again("stale"));
        #[rustfmt::skip]
        let table = [
            // met                          failures random seconds
            (&wait(0),                      0,       0.0,   1.0),
            (&wait(0),                      0,       1.0,   0.9),
            (&wait(0),                      3,       0.0,   8.0),
            (&wait(0),                      99,      0.0,   60.0),
            (&wait(0),                      99,      1.0,   54.0),
            (&wait(30),                     0,       0.0,   30.0),
            (&wait(3),                      5,       0.0,   32.0),
            (&wait(86_400),                 0,       0.0,   3600.0),
            (&FetchError::unsent("away"),   1,       0.0,   2.0),
            (&person,                       0,       0.0,   1.0),
            (&person,                       0,       1.0,   5.0),
            (&person,                       2,       1.0,   20.0),
            (&sign_again,                   99,      0.5,   60.0),
        ];
        for (error, failures, random, seconds) in table {
            let pause = pause(error, failures, random);
            assert_eq!(pause, Duration::from_secs_f64(seconds), "{error:?} {failures} {random}");
        }
    }

    #[test]
    fn only_ims_itself_can_delay_a_caller_that_insists() {
        let mut backoff = Backoff::default();
        backoff.record(FetchError::permanent("no"), at(100), 0.0);
        assert!(!backoff.is_over(at(100)) && backoff.allows_insistence(at(100)));
        backoff.record(FetchError::transient("busy", Some(Duration::from_secs(9))), at(100), 0.0);
        assert!(!backoff.allows_insistence(at(108)));
        backoff.clear_for_rejected(Duration::ZERO);
        assert!(!backoff.is_over(at(108)) && backoff.is_over(at(109)));
        backoff.clear();
        assert!(backoff.is_over(at(0)) && backoff.last_failure().is_none());
    }

    #[test]
    fn another_process_is_left_one_to_three_seconds_and_no_longer() {
        for (random, seconds) in [(0.0, 1), (0.5, 2), (1.0, 3)] {
            let mut backoff = Backoff::default();
            assert!(!backoff.is_left_to_another(at(100)));
            backoff.leave_to_another(at(100), random);
            assert!(backoff.is_left_to_another(at(99 + seconds)), "{random}");
            assert!(!backoff.is_left_to_another(at(100 + seconds)), "{random}");
            // The refresh after a rejected token is not left to another process.
            backoff.clear_for_rejected(Duration::ZERO);
            assert!(!backoff.is_left_to_another(at(100)), "{random}");
        }
    }

    #[test]
    fn a_rejected_token_is_kept_until_the_time_that_was_named_and_no_longer() {
        let mut backoff = Backoff::default();
        assert!(!backoff.keeps_rejected(at(0)));
        backoff.clear_for_rejected(Duration::from_secs(108));
        assert!(backoff.keeps_rejected(at(107)) && !backoff.keeps_rejected(at(108)));
    }

    #[test]
    fn the_first_token_that_is_rejected_is_not_kept_and_the_next_ones_ever_longer() {
        let seconds =
            [0, 1, 2, 3, 5, 6, 99].map(|rejections| rejection_pause(rejections).as_secs());
        assert_eq!(seconds, [0, 2, 4, 8, 32, 60, 60]);
    }

    #[test]
    fn full_jitter_stays_below_a_bound_that_doubles_up_to_five_seconds() {
        for (attempt, bound_ms) in [(0, 200), (1, 400), (4, 3200), (5, 5000), (99, 5000)] {
            assert_eq!(jitter(attempt, 1.0), Duration::from_millis(bound_ms));
            assert_eq!(jitter(attempt, 0.0), Duration::ZERO);
        }
    }
}
