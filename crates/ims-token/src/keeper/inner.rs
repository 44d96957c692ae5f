//! What the clones of a keeper share: the token, the memory of failures, and the flight that all wait for.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use ims_exchange::AccessToken;
use tokio::runtime::Handle;

use super::{PATIENCE, builder::RETRIES, need::Need};
use crate::{
    CacheKey, Clock, Event, FetchError, Remedy, SharedClock, SharedStore, TokenError, TokenSource,
    credential_end::{CredentialEnd, LastWarning},
    entry::{ApiHeaders, Entry},
    event::Observer,
    flight::{Flight, Pilot, take_off},
    gate::{Gate, rejection_pause},
    machine::{Decision, Phase, Reading, Schedule, Windows, classify},
    refresh::{self, Order, Outcome},
};

pub(crate) struct Inner {
    pub(super) entry: ArcSwapOption<Entry>,
    pub(crate) settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) source: TokenSource,
    pub(crate) clock: SharedClock,
    pub(crate) windows: Windows,
    pub(crate) deadline: Duration,
    /// If somebody set them.
    pub(crate) retries: Option<u32>,
    pub(crate) store: Option<(SharedStore, CacheKey)>,
    pub(crate) api_headers: ApiHeaders,
    pub(crate) credential_end: Option<CredentialEnd>,
    pub(crate) observer: Observer,
}

/// What changes, but the token. No foreign code runs while it is locked.
#[derive(Default)]
pub(super) struct State {
    pub(super) gate: Gate,
    flight: Option<Departed>,
    /// How many tokens in a row were rejected soon after they had come.
    rejections: u32,
    last_warning: LastWarning,
}

struct Departed {
    flight: Flight<Outcome>,
    /// By the monotonic clock. From then on nobody counts on it, since its runtime may stand still.
    overdue_at: Duration,
}

/// What can be done for a caller at once.
pub(super) enum Step {
    Serve(Arc<Entry>),
    Wait { flight: Flight<Outcome>, patience: Duration },
    Fail(TokenError),
}

impl Inner {
    pub(super) fn new(settings: Settings) -> Self {
        Self { entry: ArcSwapOption::empty(), settings, state: Mutex::default() }
    }

    pub(crate) fn reading(&self) -> Reading {
        let (wall, monotonic) = self.settings.clock.both();
        Reading { wall, monotonic }
    }

    /// Tells all who want to know of `event`.
    pub(crate) fn tell(&self, event: &Event) {
        #[cfg(feature = "metrics")]
        crate::metrics::record(self.settings.api_headers.client_id(), event);
        self.settings.observer.tell(event);
    }

    /// Tells when the credential ends, if it is time to.
    pub(crate) fn look_at_credential(&self) {
        let Some(end) = self.settings.credential_end else { return };
        #[cfg(feature = "metrics")]
        crate::metrics::record_credential_end(self.settings.api_headers.client_id(), end.ends_at);
        let now = self.reading();
        let warning = end.warning(&mut self.state().last_warning, now);
        if let Some(event) = warning {
            self.tell(&event);
        }
    }

    pub(crate) fn held(&self) -> Option<Arc<Entry>> {
        self.entry.load_full()
    }

    /// Not inlined into the future of who asks for a fresh token: it is called seldom, and large.
    #[cold]
    pub(super) fn obtain_boxed(
        self: &Arc<Self>,
        need: Need,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Entry>, TokenError>> + Send + '_>> {
        Box::pin(self.obtain(need))
    }

    /// A token that meets `need`. Boxed only where the caller has to wait.
    pub(super) async fn obtain(self: &Arc<Self>, need: Need) -> Result<Arc<Entry>, TokenError> {
        match self.step(need) {
            Step::Serve(entry) => Ok(entry),
            Step::Fail(error) => Err(error),
            Step::Wait { flight, patience } => Box::pin(self.wait(need, flight, patience)).await,
        }
    }

    /// Waits for `flight`, and for the next one if that was lost or was not for this caller.
    async fn wait(
        self: &Arc<Self>,
        need: Need,
        mut flight: Flight<Outcome>,
        mut patience: Duration,
    ) -> Result<Arc<Entry>, TokenError> {
        for _ in 0..MOST_FLIGHTS {
            let outcome = tokio::time::timeout(patience, flight.outcome()).await.ok().flatten();
            let now = self.reading();
            let held = || self.held().filter(|entry| need.is_met_by(entry, now));
            match outcome {
                Some(Outcome::Obtained(entry)) if need.accepts(&entry, now) => return Ok(entry),
                Some(Outcome::Failed { error, retry_after }) => {
                    return held().ok_or(TokenError::new(error, retry_after));
                }
                _ => {}
            }
            if let Some(entry) = held() {
                return Ok(entry);
            }
            match self.step(need) {
                Step::Serve(entry) => return Ok(entry),
                Step::Fail(error) => return Err(error),
                Step::Wait { flight: next, patience: rest } => (flight, patience) = (next, rest),
            }
        }
        let cut_off = FetchError::transient("refreshes were cut off again and again", None);
        Err(TokenError::new(cut_off, Duration::ZERO))
    }

    /// Decides about `need`, and lets a flight begin if one is due.
    pub(super) fn step(self: &Arc<Self>, need: Need) -> Step {
        let (step, departure) = self.decide(need, self.reading());
        if let Some(Departure { runtime, pilot, order }) = departure {
            runtime.spawn(refresh::run(Arc::clone(self), pilot, order));
        }
        step
    }

    fn decide(&self, need: Need, now: Reading) -> (Step, Option<Departure>) {
        let mut state = self.state();
        let held = self.held();
        if let Some(error) = held.as_ref().and_then(|entry| need.excess(entry, now)) {
            return (Step::Fail(error), None);
        }
        let order = need.order(held.as_deref(), now);
        let usable = held.filter(|entry| need.is_met_by(entry, now));
        let decision = match need {
            Need::New if state.gate.is_open_to_insistence(now) => Decision::Refresh,
            _ => classify(usable.as_ref().map(|entry| &entry.schedule), &state.gate, now),
        };
        match (decision, usable) {
            (Decision::Serve, Some(entry)) => (Step::Serve(entry), None),
            (Decision::Refuse, _) if state.flight_at(now).is_none() => {
                (Step::Fail(state.gate.refusal(now)), None)
            }
            (decision, usable) => match (state.board(order, now, self.longest_flight()), usable) {
                (Ok((_, departure)), Some(entry)) if decision == Decision::ServeAndRefresh => {
                    (Step::Serve(entry), departure)
                }
                (Ok((flight, departure)), usable) => {
                    let patience = usable.map_or(state.overdue_after(now), |_| PATIENCE);
                    (Step::Wait { flight, patience }, departure)
                }
                (Err(_), Some(entry)) => (Step::Serve(entry), None),
                (Err(error), None) => (Step::Fail(error), None),
            },
        }
    }

    /// Takes `token` for the one that is held. `seen` is from before it was asked for.
    ///
    /// # Errors
    /// If it can no longer be used.
    pub(crate) fn adopt(
        &self,
        token: AccessToken,
        seen: Reading,
    ) -> Result<Arc<Entry>, FetchError> {
        let entry = Arc::new(self.entry(token, seen));
        if entry.schedule.phase(self.reading()) == Phase::Expired {
            return Err(FetchError::transient("the token had expired when it came", None));
        }
        let mut state = self.state();
        state.gate.open();
        self.entry.store(Some(Arc::clone(&entry)));
        Ok(entry)
    }

    pub(crate) fn entry(&self, token: AccessToken, seen: Reading) -> Entry {
        let settings = &self.settings;
        Entry {
            schedule: Schedule::new(&token, seen, settings.windows, fastrand::f64()),
            adopted_at: seen.monotonic,
            headers: settings.api_headers.with(&token),
            is_rejected: false,
            token,
        }
    }

    /// Closes the gate after a failure, and says for how long.
    pub(crate) fn close_gate(&self, error: &FetchError) -> Duration {
        let now = self.reading();
        let mut state = self.state();
        state.gate.close(error.clone(), now, fastrand::f64());
        state.gate.closed_for(now)
    }

    pub(crate) fn leave_to_another(&self) {
        let now = self.reading();
        self.state().gate.leave_to_another(now, fastrand::f64());
    }

    /// Does what a caller would cause, and says after what time it makes sense to do so again.
    pub(crate) fn tend(self: &Arc<Self>) -> Duration {
        self.step(Need::Any);
        let now = self.reading();
        let until_due = self.held().map(|entry| entry.schedule.until_advisory(now));
        until_due.unwrap_or_default().max(self.state().gate.closed_for(now))
    }

    /// How many attempts the next refresh may add to its first: none while IMS is known to be in trouble.
    pub(crate) fn retries(&self) -> u32 {
        if self.state().gate.failures() == 0 { self.wished_retries() } else { 0 }
    }

    /// Whether a refresh may go on at all whose attempt with this number, counted from 0, met `error`. While callers wait
    /// without a token it may not send a second request, unless the program asked for that: they learn at once what the first
    /// one met.
    pub(crate) fn may_go_on(&self, attempt: u32, error: &FetchError) -> bool {
        if self.wished_retries() == 0 {
            return false;
        }
        let has_no_answer = match error.remedy() {
            Remedy::Reconnect => true,
            Remedy::Resend => attempt == 0,
            _ => false,
        };
        let now = self.reading();
        let serves = || self.held().is_some_and(|held| held.schedule.phase(now) < Phase::Expired);
        has_no_answer || self.settings.retries.is_some() || serves()
    }

    fn wished_retries(&self) -> u32 {
        self.settings.retries.unwrap_or(RETRIES)
    }

    /// Whether callers have to wait, or soon will.
    pub(crate) fn is_urgent(&self) -> bool {
        let now = self.reading();
        self.held().is_none_or(|entry| entry.schedule.phase(now) >= Phase::Mandatory)
    }

    /// Ends the flight of `pilot` for all who wait.
    pub(crate) fn land(&self, pilot: Pilot<Outcome>, outcome: Outcome) {
        self.state().flight.take_if(|departed| departed.flight.is_of(&pilot));
        pilot.land(outcome);
    }

    /// Whether `token` was the one that is held, and not known to be rejected.
    pub(super) fn reject(&self, token: &AccessToken) -> bool {
        let now = self.reading();
        let mut state = self.state();
        let is_it = |entry: &Arc<Entry>| {
            !entry.is_rejected && entry.token.fingerprint() == token.fingerprint()
        };
        let Some(held) = self.held().filter(is_it) else { return false };
        state.take_rejection(held.adopted_at, now);
        let schedule = held.schedule.rejected();
        let entry = Entry { schedule, is_rejected: true, ..Entry::clone(&held) };
        self.entry.store(Some(Arc::new(entry)));
        true
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn longest_flight(&self) -> Duration {
        refresh::longest_flight(self.settings.deadline)
    }
}

impl State {
    pub(super) fn flight_at(&self, now: Reading) -> Option<&Flight<Outcome>> {
        let departed = self.flight.as_ref().filter(|departed| now.monotonic < departed.overdue_at);
        departed.map(|departed| &departed.flight).filter(|flight| flight.is_flying())
    }

    /// How long to count on the flight that is under way.
    fn overdue_after(&self, now: Reading) -> Duration {
        let overdue_at = self.flight.as_ref().map(|departed| departed.overdue_at);
        overdue_at.unwrap_or_default().saturating_sub(now.monotonic)
    }

    /// Joins the flight that is under way, or begins one: then whoever called lets it depart, once the lock is free.
    fn board(
        &mut self,
        order: Order,
        now: Reading,
        longest: Duration,
    ) -> Result<(Flight<Outcome>, Option<Departure>), TokenError> {
        if let Some(flight) = self.flight_at(now) {
            return Ok((flight.clone(), None));
        }
        let runtime = Handle::try_current().map_err(|_| TokenError::NoRuntime)?;
        let (flight, pilot) = take_off();
        let overdue_at = now.monotonic.saturating_add(longest);
        self.flight = Some(Departed { flight: flight.clone(), overdue_at });
        Ok((flight, Some(Departure { runtime, pilot, order })))
    }

    fn take_rejection(&mut self, adopted_at: Duration, now: Reading) {
        if now.monotonic.saturating_sub(adopted_at) > SETTLED {
            self.rejections = 0;
        }
        let pause = rejection_pause(self.rejections);
        self.rejections = self.rejections.saturating_add(1);
        self.gate.open_for_rejected(adopted_at.saturating_add(pause));
    }
}

/// A flight that is to begin.
struct Departure {
    runtime: Handle,
    pilot: Pilot<Outcome>,
    order: Order,
}

/// How many flights one call waits for: the second is for one that was lost with its runtime, or left to another process.
const MOST_FLIGHTS: u32 = 3;

/// A token that has been used for so long is not rejected because of how it was obtained.
const SETTLED: Duration = Duration::from_mins(10);
