//! The store as a refresh sees it: one that fails once is gone around for the rest of the refresh.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use ims_exchange::AccessToken;
use tokio::time::{sleep, timeout};

use super::{Order, STORE_TIMEOUT, lease_time};
use crate::{
    CacheKey, Event, Lease, RefreshReason, SharedStore, StoreError, StoreOperation, TokenStore,
    entry::Entry,
    keeper::Inner,
    machine::{Phase, Reading},
    store::is_credible,
};

pub(super) struct Shelf<'a> {
    inner: &'a Inner,
    order: &'a Order,
    store: Option<&'a (SharedStore, CacheKey)>,
}

/// What came of going to the store first.
pub(super) enum Reserved {
    /// Another process had obtained a token already.
    Found(Arc<Entry>),
    /// Another process is at it, and callers can be served meanwhile.
    ByAnother,
    /// It is this process's turn; without a lease if there is no store, or none that works.
    Ours(Option<Lease>),
}

impl<'a> Shelf<'a> {
    pub(super) fn new(inner: &'a Inner, order: &'a Order) -> Self {
        Self { inner, order, store: inner.settings.store.as_ref() }
    }

    /// Looks for a token, else takes the lease, else waits for who has it, as long as a lease lasts.
    pub(super) async fn reserve(&mut self) -> Reserved {
        let lasting = lease_time(self.inner.settings.deadline);
        let mut waited = Duration::ZERO;
        let mut pause = FIRST_LOOK;
        loop {
            if let Some(entry) = self.find().await {
                return Reserved::Found(entry);
            }
            let Some(lease) = self.lease(lasting).await else { return Reserved::Ours(None) };
            if let Some(lease) = lease {
                // Between the look and the lease, its holder before may have finished.
                if let Some(entry) = self.find().await {
                    self.release(lease).await;
                    return Reserved::Found(entry);
                }
                return Reserved::Ours(Some(lease));
            }
            if self.order.reason == RefreshReason::Advisory && !self.inner.is_urgent() {
                return Reserved::ByAnother;
            }
            if lasting + NEXT_HOLDER <= waited {
                return Reserved::Ours(None);
            }
            let nap = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
            sleep(nap).await;
            waited += nap;
            pause = (pause * 2).min(LONGEST_LOOK);
        }
    }

    /// A token in the store that fulfils the order.
    async fn find(&mut self) -> Option<Arc<Entry>> {
        let (store, key) = self.store?;
        let seen = self.inner.reading();
        let believed = |token| {
            if is_credible(&token, seen.wall) { Ok(token) } else { Err(StoreError::Garbled) }
        };
        let load =
            async { store.load(key).await.and_then(|token| token.map(believed).transpose()) };
        let token = self.answer(StoreOperation::Load, load).await??;
        let entry = self.inner.entry(token.clone(), seen);
        if !self.fulfils(&entry, seen) {
            return None;
        }
        self.inner.adopt(token, seen).ok()
    }

    /// Whether `entry` is better than what is held, and good enough to send no request.
    fn fulfils(&self, entry: &Entry, now: Reading) -> bool {
        let schedule = &entry.schedule;
        let is_better = self.inner.held().is_none_or(|held| {
            held.token.fingerprint() != entry.token.fingerprint()
                && (held.is_rejected || schedule.outlives(&held.schedule, now))
        });
        let is_asked_for =
            self.order.issued_after.is_none_or(|date| date < entry.token.obtained_at());
        is_better
            && is_asked_for
            && schedule.phase(now) == Phase::Fresh
            && self.order.least_remaining <= schedule.remaining(now)
    }

    /// `None` if there is no store that works; `Some(None)` if somebody else has the lease.
    async fn lease(&mut self, lasting: Duration) -> Option<Option<Lease>> {
        let (store, key) = self.store?;
        self.answer(StoreOperation::Lease, store.lease(key, lasting)).await
    }

    pub(super) async fn save(&mut self, token: &AccessToken) {
        if let Some((store, key)) = self.store {
            self.answer(StoreOperation::Save, store.save(key, token)).await;
        }
    }

    pub(super) async fn release(&mut self, lease: Lease) {
        if let Some((store, key)) = self.store {
            self.answer(StoreOperation::Release, store.release(key, lease)).await;
        }
    }

    /// The store's answer. If it fails, panics or is slow, an event says so.
    async fn answer<T>(
        &mut self,
        operation: StoreOperation,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<T> {
        let asked = timeout(STORE_TIMEOUT, AssertUnwindSafe(asked).catch_unwind());
        let error = match asked.await {
            Ok(Ok(Ok(answer))) => return Some(answer),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => StoreError::Panicked,
            Err(_) => StoreError::Timeout { timeout: STORE_TIMEOUT },
        };
        // What cannot be read is no reason not to write.
        if !matches!(error, StoreError::Garbled) {
            self.store = None;
        }
        self.inner.tell(&Event::StoreFailed { operation, error });
        None
    }
}

/// How long to wait for the process that gets the lease when its holder is gone and it has lapsed. Without this, all who
/// wait would lose patience in the very moment in which one of them takes over.
pub(super) const NEXT_HOLDER: Duration = Duration::from_secs(5);

/// How soon to look again for what the lease's holder obtains, and how seldom at the last.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LONGEST_LOOK: Duration = Duration::from_millis(500);
