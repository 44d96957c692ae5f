//! How a call gets its token: at once, or from the refresh that it joins or starts.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use ims_exchange::{InFlight, Leader};

use crate::{
    cached_token::CachedToken,
    clock::Reading,
    error::TokenError,
    event::RefreshReason,
    fetch_error::FetchError,
    keeper::shared::{Outcome, Shared},
    refresh,
    refresh_machine::{Decision, Phase, RefreshRequest, Schedule, classify},
    runtime::{self, Handle},
    sync::switch_point,
};

/// How long a caller waits for a new token, at most, while the old one can still be used.
pub const REFRESH_TIMEOUT: Duration = Duration::from_secs(5);

/// How many refreshes one call waits for. The second is needed if the first was lost with its runtime, or was left to
/// another process.
pub(crate) const MAX_REFRESHES: u32 = 3;

/// What can be done for a caller at once.
enum Step {
    Serve(Arc<CachedToken>),
    Wait { in_flight: InFlight<Outcome>, timeout: Duration },
    Fail(TokenError),
}

/// A call that cannot be answered at once.
pub(crate) type Waiting<'a> =
    Pin<Box<dyn Future<Output = Result<Arc<CachedToken>, TokenError>> + Send + 'a>>;

/// A refresh that is to begin.
struct Start {
    runtime: Handle,
    leader: Leader<Outcome>,
    request: RefreshRequest,
}

impl Shared {
    /// Not inlined into the future of a caller that asks for a fresh token: it is called rarely, and large.
    #[cold]
    pub(crate) fn obtain_boxed(self: &Arc<Self>, requirement: Requirement) -> Waiting<'_> {
        Box::pin(self.obtain(requirement))
    }

    /// A token that meets `requirement`. It is boxed only if the caller has to wait.
    pub(crate) async fn obtain(
        self: &Arc<Self>,
        requirement: Requirement,
    ) -> Result<Arc<CachedToken>, TokenError> {
        match self.step(requirement) {
            Step::Serve(cached) => Ok(cached),
            Step::Fail(error) => Err(error),
            Step::Wait { in_flight, timeout } => {
                // Boxed, so that the future of the usual case, a token in memory, stays small.
                Box::pin(self.wait(requirement, in_flight, timeout)).await
            }
        }
    }

    /// Does what a call would do, and returns after how long it makes sense to do so again.
    pub(crate) fn tend(self: &Arc<Self>) -> Duration {
        self.step(Requirement::Any);
        let now = self.reading();
        let until_due = self.held().map(|cached| cached.schedule.until_advisory(now));
        until_due.unwrap_or_default().max(self.state().backoff.remaining(now))
    }

    /// Waits for `in_flight`, and for the next refresh if that was lost or was not for this caller.
    async fn wait(
        self: &Arc<Self>,
        requirement: Requirement,
        mut in_flight: InFlight<Outcome>,
        mut timeout: Duration,
    ) -> Result<Arc<CachedToken>, TokenError> {
        for _ in 0..MAX_REFRESHES {
            let outcome = outcome_within(timeout, in_flight).await;
            let now = self.reading();
            if let Some(Outcome::Obtained(cached)) = &outcome
                && requirement.accepts(cached, now)
            {
                return Ok(Arc::clone(cached));
            }
            // Another refresh may have obtained a token while this one failed or was lost.
            let held = self.held().filter(|cached| requirement.is_met_by(cached, now));
            if let Some(cached) = held {
                return Ok(cached);
            }
            if let Some(Outcome::Failed { error, retry_after }) = outcome {
                return Err(TokenError::new(error, retry_after));
            }
            match self.step(requirement) {
                Step::Serve(cached) => return Ok(cached),
                Step::Fail(error) => return Err(error),
                Step::Wait { in_flight: next, timeout: left } => {
                    (in_flight, timeout) = (next, left);
                }
            }
        }
        let cut_off = FetchError::transient("refreshes were cut off again and again", None);
        Err(TokenError::new(cut_off, Duration::ZERO))
    }

    /// Decides what `requirement` needs, and starts a refresh if one is due.
    fn step(self: &Arc<Self>, requirement: Requirement) -> Step {
        let (step, start) = self.decide(requirement, self.reading());
        // After the lock is released: a runtime that is shutting down drops the task at once, and with it a clone of this
        // keeper.
        if let Some(Start { runtime, leader, request }) = start {
            switch_point();
            runtime.spawn(refresh::run(Arc::clone(self), leader, request));
        }
        step
    }

    fn decide(&self, requirement: Requirement, now: Reading) -> (Step, Option<Start>) {
        let mut state = self.state();
        let held = self.held();
        if let Some(error) = held.as_ref().and_then(|cached| requirement.excess(cached, now)) {
            return (Step::Fail(error), None);
        }
        let request = requirement.request(held.as_deref(), now);
        let usable = held.filter(|cached| requirement.is_met_by(cached, now));
        let decision = match requirement {
            Requirement::New if state.backoff.allows_insistence(now) => Decision::Refresh,
            _ => classify(usable.as_ref().map(|cached| &cached.schedule), &state.backoff, now),
        };
        if decision == Decision::Serve
            && let Some(cached) = usable
        {
            return (Step::Serve(cached), None);
        }
        // A refresh in flight may still succeed, so its outcome is waited for.
        if decision == Decision::Refuse && state.in_flight(now).is_none() {
            return (Step::Fail(state.backoff.refusal(now)), None);
        }
        // A token that is still valid is served without a runtime, too.
        let Ok(runtime) = Handle::try_current() else {
            return match usable {
                Some(cached) => (Step::Serve(cached), None),
                None => (Step::Fail(TokenError::NoRuntime), None),
            };
        };
        let (in_flight, leader) = self.join_or_start(&mut state, now);
        let start = leader.map(|leader| Start { runtime, leader, request });
        let step = match usable {
            Some(cached) if decision == Decision::ServeAndRefresh => Step::Serve(cached),
            // There is a token to fall back on, so the wait is short.
            Some(_) => Step::Wait { in_flight, timeout: REFRESH_TIMEOUT },
            None => Step::Wait { in_flight, timeout: state.overdue_in(now) },
        };
        (step, start)
    }
}

/// The outcome of `in_flight`; `None` if it is lost, or has not come after `timeout`.
///
/// A caller that waits long does so in several parts, so that its timer ends before those of the refresh that it waits for.
/// For each timer that ends before all that tokio knew when it last looked, tokio writes to the file descriptor that wakes
/// it. Where one refresh follows another, the timer of the last caller is known, and the next refresh needs no such write.
async fn outcome_within(timeout: Duration, in_flight: InFlight<Outcome>) -> Option<Outcome> {
    let mut outcome = pin!(in_flight.outcome());
    let mut remaining = timeout;
    loop {
        let part = remaining.min(REFRESH_TIMEOUT);
        if let Ok(outcome) = runtime::timeout(part, outcome.as_mut()).await {
            return outcome;
        }
        remaining -= part;
        if remaining.is_zero() {
            return None;
        }
    }
}

/// What a caller requires.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Requirement {
    Any,
    ValidFor(Duration),
    New,
}

impl Requirement {
    /// Whether `cached`, which was there before, can be used.
    pub(crate) fn is_met_by(self, cached: &CachedToken, now: Reading) -> bool {
        !matches!(self, Self::New) && self.accepts(cached, now)
    }

    /// Whether `cached`, which is new, can be used.
    pub(crate) fn accepts(self, cached: &CachedToken, now: Reading) -> bool {
        let remaining = cached.schedule.remaining(now);
        !remaining.is_zero() && self.least_remaining() <= remaining
    }

    fn least_remaining(self) -> Duration {
        match self {
            Self::Any | Self::New => Duration::ZERO,
            Self::ValidFor(duration) => duration,
        }
    }

    /// Why no token can meet this, as `cached` shows: a new one would not be valid long enough either.
    pub(crate) fn excess(self, cached: &CachedToken, now: Reading) -> Option<TokenError> {
        let lifetime = Schedule::longest_use(&cached.token);
        let asked = self.least_remaining();
        let is_too_much = lifetime < asked && !cached.schedule.remaining(now).is_zero();
        is_too_much.then_some(TokenError::LivesTooShort { asked, lifetime })
    }

    /// The request for a refresh that meets this, while `cached` is held.
    pub(crate) fn request(self, cached: Option<&CachedToken>, now: Reading) -> RefreshRequest {
        let reason = match cached {
            None => RefreshReason::Empty,
            Some(cached) if cached.is_rejected => RefreshReason::Rejected,
            Some(cached) => match cached.schedule.phase(now) {
                Phase::Expired => RefreshReason::Expired,
                _ if !self.is_met_by(cached, now) => RefreshReason::Asked,
                Phase::Mandatory => RefreshReason::Mandatory,
                Phase::Fresh | Phase::Advisory => RefreshReason::Advisory,
            },
        };
        let issued_after = matches!(self, Self::New).then_some(now.wall);
        RefreshRequest { reason, least_remaining: self.least_remaining(), issued_after }
    }
}
