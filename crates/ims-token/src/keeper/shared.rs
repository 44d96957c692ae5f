//! What the clones of a keeper share: its settings, the token, the memory of failures, and the refresh in flight.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use ims_exchange::{AccessToken, InFlight, Leader};

use crate::{
    backoff::{Backoff, rejection_pause},
    cache_key::CacheKey,
    cached_token::{ApiHeaders, CachedToken},
    clock::{Clock, Reading, SharedClock},
    event::{CredentialEnd, Event, LastWarning, Observer},
    fetch_error::{FetchError, Remedy},
    keeper::recent::Version,
    refresh_machine::{Phase, Schedule, Windows},
    source::TokenSource,
    store::SharedStore,
    sync::{lock, switch_point},
};

/// How many more requests follow in a refresh when the first fails but may succeed later, while a token is held that serves
/// callers meanwhile.
///
/// If none is held, callers wait, and all of them get the error of the first request, which says how soon to call again.
/// Before that, a request is only tried again if it never reached IMS, or if the connection broke. After a refresh that
/// failed, the next ones send one request each, until one succeeds.
pub const RETRIES: u32 = 2;

/// If a token is rejected after it was used for this long, the way in which it was obtained is not the cause.
const SETTLED: Duration = Duration::from_mins(10);

/// How long callers wait for a refresh after its deadline. After that, its runtime counts as stopped.
const OVERDUE_MARGIN: Duration = Duration::from_secs(1);

pub(crate) struct Shared {
    /// The token, read by every call without a lock.
    pub(crate) cached: ArcSwapOption<CachedToken>,
    pub(crate) version: Version,
    pub(crate) settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) source: TokenSource,
    pub(crate) clock: SharedClock,
    pub(crate) windows: Windows,
    pub(crate) deadline: Duration,
    /// If the program set them.
    pub(crate) retries: Option<u32>,
    pub(crate) store: Option<(SharedStore, CacheKey)>,
    pub(crate) api_headers: Arc<ApiHeaders>,
    pub(crate) credential_end: Option<CredentialEnd>,
    pub(crate) observer: Observer,
}

/// What changes, except for the token. No foreign code runs while it is locked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) backoff: Backoff,
    running: Option<Running>,
    /// How many tokens in a row were rejected soon after they were obtained.
    rejections: u32,
    last_warning: LastWarning,
}

/// The refresh that was started last.
struct Running {
    in_flight: InFlight<Outcome>,
    /// By the monotonic clock. After this time no one waits for it, since its runtime may have stopped.
    overdue_at: Duration,
    /// The process that runs it. After a fork it runs in the parent alone.
    process_id: u32,
}

/// The outcome of a refresh.
#[derive(Clone)]
pub(crate) enum Outcome {
    Obtained(Arc<CachedToken>),
    Failed {
        error: FetchError,
        retry_after: Duration,
    },
    /// Another process refreshes, and callers are served meanwhile.
    LeftToAnother,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        let cached = ArcSwapOption::empty();
        Self { cached, version: Version::new(), settings, state: Mutex::default() }
    }

    pub(crate) fn reading(&self) -> Reading {
        let (wall, monotonic) = self.settings.clock.both();
        Reading { wall, monotonic }
    }

    /// Reports `event` to the log, the metrics and the observer.
    pub(crate) fn report(&self, event: &Event) {
        let client_id = self.settings.api_headers.client_id();
        #[cfg(feature = "metrics")]
        crate::metrics::record(client_id, event);
        self.settings.observer.report_text(client_id, event);
    }

    /// Reports when the credential expires, if it is time to.
    pub(crate) fn check_credential_end(&self) {
        let Some(end) = self.settings.credential_end else { return };
        #[cfg(feature = "metrics")]
        crate::metrics::record_credential_end(self.settings.api_headers.client_id(), end.ends_at);
        let now = self.reading();
        let warning = end.warning(&mut self.state().last_warning, now);
        if let Some(event) = warning {
            self.report(&event);
        }
    }

    pub(crate) fn held(&self) -> Option<Arc<CachedToken>> {
        switch_point();
        self.cached.load_full()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Replaces the token that is held by `token`. `seen` is from before it was requested.
    ///
    /// # Errors
    /// If it can no longer be used.
    pub(crate) fn adopt(
        &self,
        token: AccessToken,
        seen: Reading,
    ) -> Result<Arc<CachedToken>, FetchError> {
        let cached = Arc::new(self.cached_token(token, seen));
        // Otherwise every caller would start a refresh at once, and with a clock that is wrong by a day the requests would
        // never end.
        if cached.schedule.phase(self.reading()) == Phase::Expired {
            return Err(FetchError::transient("the token had expired when it came", None));
        }
        let mut state = self.state();
        // Under the same lock as the token: a caller that sees the token must not see the old failures.
        state.backoff.clear();
        self.store(Arc::clone(&cached));
        Ok(cached)
    }

    /// Prepares the values that are computed once for each token.
    pub(crate) fn cached_token(&self, token: AccessToken, seen: Reading) -> CachedToken {
        let settings = &self.settings;
        CachedToken {
            // A random share for each token, so that the processes of a fleet do not refresh in the same second.
            schedule: Schedule::new(&token, seen, settings.windows, fastrand::f64()),
            adopted_at: seen.monotonic,
            is_rejected: false,
            api_headers: Arc::clone(&settings.api_headers),
            headers: OnceLock::new(),
            token,
        }
    }

    /// Remembers a failure, and returns how long no request is sent to IMS.
    pub(crate) fn back_off(&self, error: &FetchError) -> Duration {
        let now = self.reading();
        let mut state = self.state();
        state.backoff.record(error.clone(), now, fastrand::f64());
        state.backoff.remaining(now)
    }

    /// Lets another process refresh for a moment.
    pub(crate) fn leave_to_another(&self) {
        let now = self.reading();
        self.state().backoff.leave_to_another(now, fastrand::f64());
    }

    /// How many attempts the next refresh may add to its first: none after a failure of IMS.
    pub(crate) fn retries(&self) -> u32 {
        // After a failure, the next refresh is the retry. Otherwise an outage would cause three times the requests.
        if self.state().backoff.failures() == 0 { self.allowed_retries() } else { 0 }
    }

    /// Whether a refresh may continue after its attempt with this number, counted from 0, failed with `error`. While callers
    /// wait without a token it may not send a second request, unless the program asked for that: they get the error of the
    /// first one at once.
    pub(crate) fn may_go_on(&self, attempt: u32, error: &FetchError) -> bool {
        if self.allowed_retries() == 0 {
            return false;
        }
        let has_no_answer = match error.remedy() {
            // IMS has not seen the request, so asking again adds no load to it.
            Remedy::Reconnect => true,
            Remedy::Resend => attempt == 0,
            _ => false,
        };
        has_no_answer || self.is_patient() || self.is_serving()
    }

    /// Whether callers wait for more requests, as the program has set.
    pub(crate) fn is_patient(&self) -> bool {
        self.settings.retries.is_some_and(|retries| retries > 0)
    }

    /// Whether callers get a token while a refresh runs.
    fn is_serving(&self) -> bool {
        let now = self.reading();
        self.held().is_some_and(|held| held.schedule.phase(now) < Phase::Expired)
    }

    fn allowed_retries(&self) -> u32 {
        self.settings.retries.unwrap_or(RETRIES)
    }

    /// Whether callers have to wait, or soon will.
    pub(crate) fn is_urgent(&self) -> bool {
        let now = self.reading();
        self.held().is_none_or(|held| held.schedule.phase(now) >= Phase::Mandatory)
    }

    /// Ends the refresh of `leader` for all waiting callers.
    pub(crate) fn finish(&self, leader: Leader<Outcome>, outcome: Outcome) {
        self.state().running.take_if(|running| running.in_flight.is_led_by(&leader));
        switch_point();
        leader.finish(outcome);
    }

    /// Marks the token that is held as rejected, if it is `token` and was not marked before. Returns whether it did.
    pub(crate) fn reject(&self, token: &AccessToken) -> bool {
        let now = self.reading();
        let mut state = self.state();
        let Some(held) = self.held() else { return false };
        // An API may reject a token after another caller has already obtained a newer one.
        if held.is_rejected || held.token.fingerprint() != token.fingerprint() {
            return false;
        }
        state.record_rejection(held.adopted_at, now);
        let schedule = held.schedule.rejected();
        let cached = CachedToken { schedule, is_rejected: true, ..CachedToken::clone(&held) };
        self.store(Arc::new(cached));
        true
    }

    fn store(&self, cached: Arc<CachedToken>) {
        self.cached.store(Some(cached));
        switch_point();
        self.version.advance();
    }

    /// Joins the refresh that is running, or starts one, which `Some` leader has to do.
    pub(crate) fn join_or_start(
        &self,
        state: &mut State,
        now: Reading,
    ) -> (InFlight<Outcome>, Option<Leader<Outcome>>) {
        if let Some(in_flight) = state.in_flight(now) {
            return (in_flight.clone(), None);
        }
        let (in_flight, leader) = InFlight::start();
        let longest = self.settings.deadline.saturating_add(OVERDUE_MARGIN);
        let overdue_at = now.monotonic.saturating_add(longest);
        // After a fork, the child has this memory without the task that would end the refresh.
        let process_id = std::process::id();
        state.running = Some(Running { in_flight: in_flight.clone(), overdue_at, process_id });
        (in_flight, Some(leader))
    }
}

impl State {
    /// The refresh that is running, unless it takes so long that its runtime must have stopped.
    pub(crate) fn in_flight(&self, now: Reading) -> Option<&InFlight<Outcome>> {
        let running = self.running.as_ref()?;
        let can_end =
            now.monotonic < running.overdue_at && running.process_id == std::process::id();
        (can_end && running.in_flight.is_running()).then_some(&running.in_flight)
    }

    /// How long to wait for the refresh that is running.
    pub(crate) fn overdue_in(&self, now: Reading) -> Duration {
        let overdue_at = self.running.as_ref().map(|running| running.overdue_at);
        overdue_at.unwrap_or_default().saturating_sub(now.monotonic)
    }

    fn record_rejection(&mut self, adopted_at: Duration, now: Reading) {
        if now.monotonic.saturating_sub(adopted_at) > SETTLED {
            self.rejections = 0;
        }
        let pause = rejection_pause(self.rejections);
        self.rejections = self.rejections.saturating_add(1);
        self.backoff.clear_for_rejected(adopted_at.saturating_add(pause));
    }
}

#[cfg(test)]
mod tests {
    use ims_claims::NumericDate;

    use super::*;

    #[test]
    fn a_refresh_that_cannot_end_here_is_not_waited_for() {
        let here = std::process::id();
        let now = Reading { wall: NumericDate::from_secs(0), monotonic: Duration::from_secs(10) };
        #[rustfmt::skip]
        let table = [
            // process      overdue at   joined
            (here,          11,          true),
            (here,          10,          false),
            // The process was forked meanwhile, and the parent runs it.
            (here ^ 1,      11,          false),
        ];
        for (process_id, overdue_at, is_joined) in table {
            let (in_flight, leader) = InFlight::start();
            let overdue_at = Duration::from_secs(overdue_at);
            let running = Some(Running { in_flight, overdue_at, process_id });
            let state = State { running, ..State::default() };
            assert_eq!(state.in_flight(now).is_some(), is_joined, "{process_id} {overdue_at:?}");
            drop(leader);
            assert!(state.in_flight(now).is_none(), "no one runs it any longer");
        }
    }
}
