//! One refresh: read the store, take the lease, ask the source, save, release. It runs as a task of the runtime, and no
//! caller that gives up ends it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use ims_claims::DurationText;
use ims_exchange::{AccessToken, Leader};
use tracing::Instrument;

use crate::{
    backoff::jitter,
    cached_token::CachedToken,
    clock::Clock,
    event::{Event, Origin},
    fetch_error::{FetchError, Remedy},
    keeper::shared::{Outcome, Shared},
    refresh_machine::RefreshRequest,
    runtime::{sleep, timeout},
    sync::lock,
};

pub(crate) mod store_access;

use store_access::{Reservation, StoreAccess};

/// The pause before an assertion is signed again. RS256 gives the same signature for the same claims, and `exp` counts
/// seconds: within one second, and a tick of a coarse clock, IMS would get the assertion again that it has just refused.
const SIGN_AGAIN_PAUSE: Duration = Duration::from_millis(1_100);

/// Runs one refresh, reports it, and wakes those who wait.
pub(crate) async fn run(shared: Arc<Shared>, leader: Leader<Outcome>, request: RefreshRequest) {
    let client_id = shared.settings.api_headers.client_id();
    let span = tracing::info_span!(
        target: "ims_token::refresh", "refresh", client_id, reason = request.reason.as_str()
    );
    let outcome = refresh(&shared, &request).instrument(span).await;
    shared.finish(leader, outcome);
}

async fn refresh(shared: &Shared, request: &RefreshRequest) -> Outcome {
    let reason = request.reason;
    shared.report(&Event::RefreshStarted { reason });
    shared.check_credential_end();
    let start = shared.reading().monotonic;
    let obtained = obtain(shared, request, start).await;
    let took = shared.reading().monotonic.saturating_sub(start);
    match obtained {
        Ok(Some((cached, origin))) => {
            let token = cached.token.clone();
            shared.report(&Event::Refreshed { reason, token, origin, took });
            Outcome::Obtained(cached)
        }
        Ok(None) => {
            shared.leave_to_another();
            shared.report(&Event::LeftToAnother);
            Outcome::LeftToAnother
        }
        Err(error) => {
            let retry_after = shared.back_off(&error);
            shared.report(&Event::RefreshFailed {
                reason,
                error: error.clone(),
                took,
                retry_after,
            });
            Outcome::Failed { error, retry_after }
        }
    }
}

/// `None` if another process refreshes, and callers can be served meanwhile.
async fn obtain(
    shared: &Shared,
    request: &RefreshRequest,
    start: Duration,
) -> Result<Option<(Arc<CachedToken>, Origin)>, FetchError> {
    let store = StoreAccess::new(shared, request);
    if shared.settings.store.is_none() {
        let cached = fetch_in_time(shared, &store, start).await?;
        return Ok(Some((cached, Origin::Source)));
    }
    // Boxed, so that a refresh without a store, which is the usual case, needs no memory for one with a store.
    Box::pin(obtain_with(&store, shared, start)).await
}

async fn obtain_with(
    store: &StoreAccess<'_>,
    shared: &Shared,
    start: Duration,
) -> Result<Option<(Arc<CachedToken>, Origin)>, FetchError> {
    let lease = match store.reserve().await {
        Reservation::Found(cached) => return Ok(Some((cached, Origin::Store))),
        Reservation::LeftToAnother => return Ok(None),
        Reservation::Postponed(remaining) => {
            return Err(FetchError::transient(PostponedByIms, Some(remaining)));
        }
        Reservation::Ours(lease) => lease,
    };
    let fetched = store.while_renewing(lease.as_ref(), fetch_in_time(shared, store, start)).await;
    // Saved before the lease is released: the next process with the lease reads the store first.
    if let Ok(cached) = &fetched {
        store.save(&cached.token).await;
    }
    if let Some(lease) = lease {
        store.release(lease).await;
    }
    let error = match fetched {
        Ok(cached) => return Ok(Some((cached, Origin::Source))),
        Err(error) => error,
    };
    // This process may have been stopped for a while, and another one has obtained a token meanwhile.
    match store.find().await {
        Some(cached) => Ok(Some((cached, Origin::Store))),
        None => Err(error),
    }
}

/// Asks the source until it has a token, under the deadline of the refresh that began at `start`.
async fn fetch_in_time(
    shared: &Shared,
    store: &StoreAccess<'_>,
    start: Duration,
) -> Result<Arc<CachedToken>, FetchError> {
    let deadline = shared.settings.deadline;
    let elapsed = shared.settings.clock.monotonic().saturating_sub(start);
    let last_error = Mutex::new(None);
    let attempts = attempts(shared, store, start, &last_error);
    match timeout(deadline.saturating_sub(elapsed), attempts).await {
        Ok(fetched) => fetched,
        // The error of the last complete attempt is more useful than that of the deadline.
        Err(_) => Err(lock(&last_error)
            .take()
            .unwrap_or_else(|| FetchError::transient(DeadlineExceeded { deadline }, None))),
    }
}

async fn attempts(
    shared: &Shared,
    store: &StoreAccess<'_>,
    start: Duration,
    last_error: &Mutex<Option<FetchError>>,
) -> Result<Arc<CachedToken>, FetchError> {
    let retries = shared.retries();
    let mut attempt = 0;
    let mut has_signed_again = false;
    loop {
        let seen = shared.reading();
        let error = match fetch(shared).await.and_then(|token| shared.adopt(token, seen)) {
            Ok(cached) => return Ok(cached),
            Err(error) => error,
        };
        if let Some(retry_after) = error.retry_after() {
            Box::pin(store.postpone(retry_after)).await;
        }
        if !shared.may_go_on(attempt, &error) {
            return Err(error);
        }
        let pause = match error.remedy() {
            Remedy::SignAgain if !has_signed_again => {
                has_signed_again = true;
                SIGN_AGAIN_PAUSE
            }
            Remedy::Wait { .. } | Remedy::Reconnect | Remedy::Resend if attempt < retries => {
                let jitter = jitter(attempt, fastrand::f64());
                attempt += 1;
                error.retry_after().unwrap_or_default().saturating_add(jitter)
            }
            _ => return Err(error),
        };
        // No attempt begins after the deadline, so that the error is the one of IMS.
        let elapsed = shared.settings.clock.monotonic().saturating_sub(start);
        if shared.settings.deadline <= elapsed.saturating_add(pause) {
            return Err(error);
        }
        *lock(last_error) = Some(error.clone());
        shared.report(&Event::AttemptFailed { error, pause });
        sleep(pause).await;
    }
}

/// One request. A source that panics counts as failed.
async fn fetch(shared: &Shared) -> Result<AccessToken, FetchError> {
    let fetch = async { shared.settings.source.fetch().await };
    // A panic in a source of the program must not leave all callers waiting for an outcome that never comes.
    let fetched = AssertUnwindSafe(fetch).catch_unwind().await;
    fetched.unwrap_or_else(|_| Err(FetchError::permanent("the token source panicked")))
}

#[derive(Debug, thiserror::Error)]
#[error("no token came within {}", DurationText(*.deadline))]
struct DeadlineExceeded {
    deadline: Duration,
}

/// The store says that IMS asked another process to wait.
#[derive(Debug, thiserror::Error)]
#[error("IMS asked another process of this integration to wait")]
struct PostponedByIms;
