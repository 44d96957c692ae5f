//! The refresh machine: what to do about a token at a given time. Pure; everything asynchronous stays outside.

use std::time::Duration;

use ims_claims::NumericDate;
use ims_exchange::AccessToken;

use crate::{backoff::Backoff, clock::Reading, event::RefreshReason};

/// How long before a token expires the keeper stops using it. The request needs time to reach the API, and the clocks are
/// coarse.
pub const EXPIRY_MARGIN: Duration = Duration::from_secs(1);

/// A point in time that is reached as soon as one of the two clocks says so.
#[derive(Debug, Clone, Copy)]
struct Moment {
    wall: NumericDate,
    monotonic: Duration,
}

impl Moment {
    const PAST: Self = Self { wall: NumericDate::from_secs(i64::MIN), monotonic: Duration::ZERO };

    fn has_come(self, now: Reading) -> bool {
        // Either clock is enough: the wall clock may be set back, and the monotonic one does not run while a machine sleeps.
        self.wall <= now.wall || self.monotonic <= now.monotonic
    }

    fn earlier(self, by: Duration) -> Self {
        Self { wall: self.wall.minus(by), monotonic: self.monotonic.saturating_sub(by) }
    }

    fn after(self, now: Reading) -> Duration {
        self.wall.since(now.wall).min(self.monotonic.saturating_sub(now.monotonic))
    }
}

/// How long before its expiry a token is refreshed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    /// From here on in the background; at most a quarter of the token's life.
    pub(crate) advisory: Duration,
    /// From here on while callers wait; at most a twentieth of the token's life.
    pub(crate) mandatory: Duration,
}

/// When to refresh a token, and when to stop using it, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    advisory: Moment,
    mandatory: Moment,
    expiry: Moment,
}

impl Schedule {
    /// The schedule of `token`, which was issued no earlier than it says. `seen` is the time at which it was obtained.
    ///
    /// For a new token `seen` is from before the request. `random` (0 to 1) takes up to a quarter off the advisory window,
    /// so that processes that started together do not refresh together.
    pub(crate) fn new(token: &AccessToken, seen: Reading, windows: Windows, random: f64) -> Self {
        let lifetime = token.lifetime();
        let remaining = token.expires_at().since(seen.wall).min(lifetime);
        let end = Moment {
            wall: token.expires_at(),
            monotonic: seen.monotonic.saturating_add(remaining),
        };
        let expiry = end.earlier(margin(token));
        let advisory = windows.advisory.min(lifetime / 4).mul_f64(1.0 - random / 4.0);
        Self {
            advisory: expiry.earlier(advisory),
            mandatory: expiry.earlier(windows.mandatory.min(lifetime / 20)),
            expiry,
        }
    }

    /// The same, but to be refreshed at once.
    pub(crate) fn rejected(self) -> Self {
        Self { advisory: Moment::PAST, mandatory: Moment::PAST, ..self }
    }

    pub(crate) fn phase(&self, now: Reading) -> Phase {
        if !self.advisory.has_come(now) {
            Phase::Fresh
        } else if self.expiry.has_come(now) {
            Phase::Expired
        } else if self.mandatory.has_come(now) {
            Phase::Mandatory
        } else {
            Phase::Advisory
        }
    }

    /// How long the token may still be used.
    pub(crate) fn remaining(&self, now: Reading) -> Duration {
        self.expiry.after(now)
    }

    /// How long `token` can be used when it is new.
    pub(crate) fn longest_use(token: &AccessToken) -> Duration {
        token.lifetime().saturating_sub(margin(token))
    }

    /// How long until the token must be refreshed.
    pub(crate) fn until_advisory(&self, now: Reading) -> Duration {
        self.advisory.after(now)
    }

    /// Whether the token can be used for longer than the one of `other`.
    pub(crate) fn outlives(&self, other: &Self, now: Reading) -> bool {
        self.remaining(now) > other.remaining(now)
    }
}

/// How much earlier than its expiry a token counts as expired; for a short lifetime it is not much.
fn margin(token: &AccessToken) -> Duration {
    EXPIRY_MARGIN.min(token.lifetime() / 10)
}

/// How old a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Fresh,
    Advisory,
    Mandatory,
    Expired,
}

/// What to do for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Give it the token.
    Serve,
    /// Give it the token, and refresh in the background.
    ServeAndRefresh,
    /// Make it wait for a new token, and give it the old one if that fails.
    RefreshOrServe,
    /// Make it wait for a new token.
    Refresh,
    /// Return the error of the last attempt: it is too early for another.
    Refuse,
}

/// Decides about the token that is held, if there is one, at `now`.
pub(crate) fn classify(held: Option<&Schedule>, backoff: &Backoff, now: Reading) -> Decision {
    let phase = held.map_or(Phase::Expired, |schedule| schedule.phase(now));
    match (phase, backoff.is_over(now)) {
        (Phase::Fresh, _) | (Phase::Advisory | Phase::Mandatory, false) => Decision::Serve,
        (Phase::Advisory, true) if backoff.is_left_to_another(now) => Decision::Serve,
        (Phase::Mandatory, true) if backoff.keeps_rejected(now) => Decision::Serve,
        (Phase::Advisory, true) => Decision::ServeAndRefresh,
        (Phase::Mandatory, true) => Decision::RefreshOrServe,
        (Phase::Expired, true) => Decision::Refresh,
        (Phase::Expired, false) => Decision::Refuse,
    }
}

/// What a refresh must obtain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefreshRequest {
    pub(crate) reason: RefreshReason,
    /// A token from the store is used only if it can be used for so long.
    pub(crate) least_remaining: Duration,
    /// A token from the store is used only if it was requested after this.
    pub(crate) issued_after: Option<NumericDate>,
}

#[cfg(test)]
mod tests;
