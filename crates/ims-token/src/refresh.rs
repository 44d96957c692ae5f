//! One flight, from start to landing: look into the store, lease, ask the source, save, release. It runs as a task of its
//! own, and no caller's giving up ends it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use tokio::time::timeout;
use tracing::Instrument;

use crate::{
    Clock, Event, FetchError, Origin, RefreshReason, Remedy, entry::Entry, flight::Pilot,
    gate::backoff, keeper::Inner,
};

mod shelf;

use shelf::Shelf;

/// How long a store may take for one answer.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a lease lasts: longer than the requests that it is taken for.
pub(crate) fn lease_time(deadline: Duration) -> Duration {
    deadline + Duration::from_secs(5)
}

/// How long a flight takes at the most: it waits for a lease and for whoever gets it next, then asks, and goes to the store
/// a few times.
pub(crate) fn longest_flight(deadline: Duration) -> Duration {
    lease_time(deadline) + shelf::NEXT_HOLDER + deadline + STORE_TIMEOUT * 8
}

/// What a flight is to bring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) reason: RefreshReason,
    /// A token from the store will do only if it can be used for so long.
    pub(crate) least_remaining: Duration,
    /// A token from the store will do only if it was asked for after this.
    pub(crate) issued_after: Option<NumericDate>,
}

/// What a flight came to.
#[derive(Clone)]
pub(crate) enum Outcome {
    Obtained(Arc<Entry>),
    Failed { error: FetchError, retry_after: Duration },
    LeftToAnother,
}

/// Flies, tells, and lands.
pub(crate) async fn run(inner: Arc<Inner>, pilot: Pilot<Outcome>, order: Order) {
    let span = tracing::info_span!("refresh", reason = ?order.reason);
    let outcome = fly(&inner, &order).instrument(span).await;
    inner.land(pilot, outcome);
}

async fn fly(inner: &Inner, order: &Order) -> Outcome {
    let reason = order.reason;
    inner.tell(&Event::RefreshStarted { reason });
    inner.look_at_credential();
    let start = inner.reading().monotonic;
    let took = || inner.reading().monotonic.saturating_sub(start);
    match obtain(inner, order).await {
        Ok(Some((entry, origin))) => {
            let token = entry.token.clone();
            inner.tell(&Event::Refreshed { reason, token, origin, took: took() });
            Outcome::Obtained(entry)
        }
        Ok(None) => {
            inner.leave_to_another();
            inner.tell(&Event::LeftToAnother);
            Outcome::LeftToAnother
        }
        Err(error) => {
            let retry_after = inner.close_gate(&error);
            let event =
                Event::RefreshFailed { reason, error: error.clone(), took: took(), retry_after };
            inner.tell(&event);
            Outcome::Failed { error, retry_after }
        }
    }
}

/// `None` if another process is at it, and callers can be served meanwhile.
async fn obtain(inner: &Inner, order: &Order) -> Result<Option<(Arc<Entry>, Origin)>, FetchError> {
    let mut shelf = Shelf::new(inner, order);
    let lease = match shelf.reserve().await {
        shelf::Reserved::Found(entry) => return Ok(Some((entry, Origin::Store))),
        shelf::Reserved::ByAnother => return Ok(None),
        shelf::Reserved::Ours(lease) => lease,
    };
    let fetched = ask(inner).await;
    if let Ok(entry) = &fetched {
        shelf.save(&entry.token).await;
    }
    if let Some(lease) = lease {
        shelf.release(lease).await;
    }
    fetched.map(|entry| Some((entry, Origin::Source)))
}

/// Asks the source until it has a token, under one deadline.
async fn ask(inner: &Inner) -> Result<Arc<Entry>, FetchError> {
    let deadline = inner.settings.deadline;
    let too_late = || Err(FetchError::transient(TimeIsUp { deadline }, None));
    timeout(deadline, attempts(inner)).await.unwrap_or_else(|_| too_late())
}

async fn attempts(inner: &Inner) -> Result<Arc<Entry>, FetchError> {
    let start = inner.reading().monotonic;
    let retries = inner.retries();
    let (mut attempt, mut has_signed_again) = (0, false);
    loop {
        let seen = inner.reading();
        let error = match fetch(inner).await.and_then(|token| inner.adopt(token, seen)) {
            Ok(entry) => return Ok(entry),
            Err(error) => error,
        };
        if !inner.may_go_on(attempt, &error) {
            return Err(error);
        }
        let pause = match error.remedy() {
            Remedy::SignAgain if !has_signed_again => {
                has_signed_again = true;
                SIGN_AGAIN_PAUSE
            }
            Remedy::Wait { .. } | Remedy::Reconnect | Remedy::Resend if attempt < retries => {
                let jitter = backoff(attempt, fastrand::f64());
                attempt += 1;
                error.retry_after().unwrap_or_default().saturating_add(jitter)
            }
            _ => return Err(error),
        };
        // What would end after the deadline is not begun, so that its error is the one of IMS and not the deadline's.
        let elapsed = inner.settings.clock.monotonic().saturating_sub(start);
        if inner.settings.deadline <= elapsed.saturating_add(pause) {
            return Err(error);
        }
        inner.tell(&Event::AttemptFailed { error, pause });
        tokio::time::sleep(pause).await;
    }
}

/// One request. A source that panics has failed, and no more.
async fn fetch(inner: &Inner) -> Result<AccessToken, FetchError> {
    let fetch = async { inner.settings.source.fetch().await };
    let panicked = |_| Err(FetchError::permanent("the token source panicked"));
    AssertUnwindSafe(fetch).catch_unwind().await.unwrap_or_else(panicked)
}

/// Before an assertion is signed again. RS256 gives the same signature for the same claims, and `exp` counts seconds: within
/// one second, and a tick of a coarse clock, IMS would be sent what it has just refused.
const SIGN_AGAIN_PAUSE: Duration = Duration::from_millis(1_100);

#[derive(Debug, thiserror::Error)]
#[error("no token came within {} ms", .deadline.as_millis())]
struct TimeIsUp {
    deadline: Duration,
}
