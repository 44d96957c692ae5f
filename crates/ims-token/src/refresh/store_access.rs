//! The store as one refresh uses it: once it has failed, it is bypassed for the rest of the refresh.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{Either, join, select},
};
use ims_exchange::AccessToken;

use crate::{
    cache_key::CacheKey,
    cached_token::CachedToken,
    clock::{Clock, Reading},
    event::{Event, RefreshReason, StoreOperation},
    fetch_error::LONGEST_RETRY_AFTER,
    keeper::shared::Shared,
    refresh_machine::Phase,
    refresh_machine::RefreshRequest,
    runtime::{sleep, timeout},
    store::{Lease, SharedStore, StoreError, TokenStore, is_credible},
};

/// How long a store may take for one answer.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a lease lasts unless it is renewed. Other processes wait this long for a process that was stopped.
pub const LEASE_TIME: Duration = Duration::from_secs(3);

/// How often a process that has the lease renews it.
const LEASE_RENEWAL_INTERVAL: Duration = Duration::from_secs(1);

/// How often the store is checked for the token of the process with the lease: the first interval and the longest.
const LEASE_POLL_INTERVAL: Duration = Duration::from_millis(50);
const LONGEST_LEASE_POLL_INTERVAL: Duration = Duration::from_millis(500);

pub(crate) struct StoreAccess<'a> {
    shared: &'a Shared,
    request: &'a RefreshRequest,
    is_bypassed: AtomicBool,
}

/// The result of asking the store first.
pub(crate) enum Reservation {
    /// Another process has obtained a token already.
    Found(Arc<CachedToken>),
    /// Another process refreshes, and callers can be served meanwhile.
    LeftToAnother,
    /// IMS told another process to wait, for this long from now.
    Postponed(Duration),
    /// This process asks IMS: with the lease, or without one if the store does not work.
    Ours(Option<Lease>),
}

impl<'a> StoreAccess<'a> {
    pub(crate) fn new(shared: &'a Shared, request: &'a RefreshRequest) -> Self {
        Self { shared, request, is_bypassed: AtomicBool::new(false) }
    }

    /// Looks for a token. If there is none, takes the lease. If another process has the lease, waits for it.
    ///
    /// It waits no longer than half of the deadline, so that the other half is left for a request. A process with the lease
    /// that is stopped or killed does not renew it, and is waited for no longer than [`LEASE_TIME`].
    pub(crate) async fn reserve(&self) -> Reservation {
        let longest = self.shared.settings.deadline / 2;
        let mut waited = Duration::ZERO;
        let mut interval = LEASE_POLL_INTERVAL;
        loop {
            let (found, mut postponed_for) = self.look().await;
            if let Some(cached) = found {
                return Reservation::Found(cached);
            }
            if postponed_for.is_none() {
                let Some(lease) = self.lease().await else { return Reservation::Ours(None) };
                if let Some(lease) = lease {
                    // Before the lease was taken, another process may have saved a token and released the lease.
                    let (found, postponed_now) = self.look().await;
                    if found.is_none() && postponed_now.is_none() {
                        return Reservation::Ours(Some(lease));
                    }
                    self.release(lease).await;
                    if let Some(cached) = found {
                        return Reservation::Found(cached);
                    }
                    postponed_for = postponed_now;
                } else if self.request.reason == RefreshReason::Advisory && !self.shared.is_urgent()
                {
                    return Reservation::LeftToAnother;
                }
            }
            let mut pause = interval.mul_f64(0.5 + fastrand::f64() / 2.0);
            if let Some(remaining) = postponed_for {
                if !self.shared.is_patient() || longest <= waited.saturating_add(remaining) {
                    return Reservation::Postponed(remaining);
                }
                pause = pause.saturating_add(remaining);
            } else if longest <= waited {
                return Reservation::Ours(None);
            }
            sleep(pause).await;
            waited = waited.saturating_add(pause);
            interval = (interval * 2).min(LONGEST_LEASE_POLL_INTERVAL);
        }
    }

    /// What other processes have left in the store: a token, and how long IMS asked to wait.
    async fn look(&self) -> (Option<Arc<CachedToken>>, Option<Duration>) {
        join(self.find(), self.postponed_for()).await
    }

    /// A token in the store that meets the request.
    pub(crate) async fn find(&self) -> Option<Arc<CachedToken>> {
        let (store, key) = self.store()?;
        let seen = self.shared.reading();
        let load = async {
            match store.load(key).await? {
                Some(token) if !is_credible(&token, seen.wall) => Err(StoreError::Garbled),
                token => Ok(token),
            }
        };
        let token = self.answer(StoreOperation::Load, load).await??;
        let cached = self.shared.cached_token(token.clone(), seen);
        if !self.meets_request(&cached, seen) {
            return None;
        }
        self.shared.adopt(token, seen).ok()
    }

    /// Whether `cached` is better than the token that is held, so that no request is needed.
    fn meets_request(&self, cached: &CachedToken, now: Reading) -> bool {
        let schedule = &cached.schedule;
        let is_better = self.shared.held().is_none_or(|held| {
            held.token.fingerprint() != cached.token.fingerprint()
                && (held.is_rejected || schedule.outlives(&held.schedule, now))
        });
        let is_new_enough =
            self.request.issued_after.is_none_or(|date| date < cached.token.obtained_at());
        is_better
            && is_new_enough
            && schedule.phase(now) == Phase::Fresh
            && self.request.least_remaining <= schedule.remaining(now)
    }

    /// How long IMS told another process to wait.
    async fn postponed_for(&self) -> Option<Duration> {
        let (store, key) = self.store()?;
        let not_before =
            self.answer(StoreOperation::LoadNotBefore, store.load_not_before(key)).await??;
        let remaining = not_before.since(self.shared.settings.clock.now());
        // A time that a process with a wrong clock has saved is not used.
        (!remaining.is_zero() && remaining <= LONGEST_RETRY_AFTER).then_some(remaining)
    }

    /// Tells other processes to send no request to IMS for `retry_after`.
    pub(crate) async fn postpone(&self, retry_after: Duration) {
        if let Some((store, key)) = self.store() {
            let not_before = self.shared.settings.clock.now().plus(retry_after);
            let saved = store.save_not_before(key, not_before);
            self.answer(StoreOperation::SaveNotBefore, saved).await;
        }
    }

    /// `None` if no store works; `Some(None)` if another process has the lease.
    async fn lease(&self) -> Option<Option<Lease>> {
        let (store, key) = self.store()?;
        self.answer(StoreOperation::Lease, store.lease(key, LEASE_TIME)).await
    }

    /// Does `work`, and renews the lease while that takes.
    pub(crate) async fn while_renewing<T>(
        &self,
        lease: Option<&Lease>,
        work: impl Future<Output = T>,
    ) -> T {
        let work = pin!(work);
        let Some(lease) = lease else { return work.await };
        let renewals = async {
            loop {
                sleep(LEASE_RENEWAL_INTERVAL).await;
                if let Some((store, key)) = self.store() {
                    self.answer(StoreOperation::Renew, store.renew(key, lease, LEASE_TIME)).await;
                }
            }
        };
        match select(work, pin!(renewals)).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => work.await,
        }
    }

    pub(crate) async fn save(&self, token: &AccessToken) {
        if let Some((store, key)) = self.store() {
            self.answer(StoreOperation::Save, store.save(key, token)).await;
        }
    }

    pub(crate) async fn release(&self, lease: Lease) {
        if let Some((store, key)) = self.store() {
            self.answer(StoreOperation::Release, store.release(key, lease)).await;
        }
    }

    fn store(&self) -> Option<&'a (SharedStore, CacheKey)> {
        let store = self.shared.settings.store.as_ref()?;
        (!self.is_bypassed.load(Ordering::Relaxed)).then_some(store)
    }

    /// The store's answer. If it fails, panics or is slow, an event reports that.
    async fn answer<T>(
        &self,
        operation: StoreOperation,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<T> {
        let error = match timeout(STORE_TIMEOUT, AssertUnwindSafe(asked).catch_unwind()).await {
            Ok(Ok(Ok(answer))) => return Some(answer),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => StoreError::Panicked,
            Err(_) => StoreError::Timeout { timeout: STORE_TIMEOUT },
        };
        // A value that cannot be read is replaced.
        if !matches!(error, StoreError::Garbled) {
            self.is_bypassed.store(true, Ordering::Relaxed);
        }
        self.shared.report(&Event::StoreFailed { operation, error });
        None
    }
}
