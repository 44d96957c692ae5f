//! One outcome for all who wait for it. Nobody who waits owns it: who gives up cancels nothing, and what is at work
//! needs nobody who waits.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use crate::sync::{Arc, Mutex};

/// Something under way, as those see it who wait for it. A clone is one more of them.
pub(crate) struct Flight<T>(Arc<Mutex<Progress<T>>>);

enum Progress<T> {
    Flying {
        wakers: BTreeMap<u64, Waker>,
        next_waiter: u64,
    },
    Landed(T),
    /// It was dropped before it had an outcome, together with its runtime for example.
    Lost,
}

/// The other end of a [`Flight`]: the one who lands it. Dropped without landing, it leaves the flight lost.
pub(crate) struct Pilot<T>(Arc<Mutex<Progress<T>>>);

/// A flight, and the one who is to land it.
pub(crate) fn take_off<T: Clone>() -> (Flight<T>, Pilot<T>) {
    let progress = Progress::Flying { wakers: BTreeMap::new(), next_waiter: 0 };
    let progress = Arc::new(Mutex::new(progress));
    (Flight(Arc::clone(&progress)), Pilot(progress))
}

impl<T: Clone> Flight<T> {
    /// Waits for the outcome; `None` if the flight was lost.
    pub(crate) fn outcome(&self) -> Waiting<T> {
        Waiting { progress: Arc::clone(&self.0), waiter: None }
    }

    /// Whether it has neither landed nor been lost.
    pub(crate) fn is_flying(&self) -> bool {
        matches!(*lock(&self.0), Progress::Flying { .. })
    }

    /// Whether `pilot` is the one who lands this flight.
    pub(crate) fn is_of(&self, pilot: &Pilot<T>) -> bool {
        Arc::ptr_eq(&self.0, &pilot.0)
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Pilot<T> {
    /// Gives `outcome` to all who wait and to all who will.
    pub(crate) fn land(self, outcome: T) {
        end(&self.0, Progress::Landed(outcome));
    }
}

impl<T> Drop for Pilot<T> {
    fn drop(&mut self) {
        end(&self.0, Progress::Lost);
    }
}

/// Ends a flight that has not ended yet, and wakes all who wait once the lock is free again.
fn end<T>(progress: &Mutex<Progress<T>>, end: Progress<T>) {
    let mut guard = lock(progress);
    let before = match &*guard {
        Progress::Flying { .. } => std::mem::replace(&mut *guard, end),
        Progress::Landed(_) | Progress::Lost => return,
    };
    drop(guard);
    if let Progress::Flying { wakers, .. } = before {
        wakers.into_values().for_each(Waker::wake);
    }
}

/// What [`Flight::outcome`] returns.
pub(crate) struct Waiting<T> {
    progress: Arc<Mutex<Progress<T>>>,
    waiter: Option<u64>,
}

impl<T: Clone> Future for Waiting<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let progress = Arc::clone(&self.progress);
        match &mut *lock(&progress) {
            Progress::Landed(outcome) => Poll::Ready(Some(outcome.clone())),
            Progress::Lost => Poll::Ready(None),
            Progress::Flying { wakers, next_waiter } => {
                let waiter = *self.waiter.get_or_insert_with(|| {
                    *next_waiter += 1;
                    *next_waiter
                });
                wakers.insert(waiter, context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        let Some(waiter) = self.waiter else { return };
        if let Progress::Flying { wakers, .. } = &mut *lock(&self.progress) {
            wakers.remove(&waiter);
        }
    }
}

/// A waker that panics can poison the lock, but under it nothing is ever half done.
fn lock<T>(progress: &Mutex<Progress<T>>) -> impl std::ops::DerefMut<Target = Progress<T>> + '_ {
    progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
