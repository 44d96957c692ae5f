//! Single-flight: one task for all callers that need its outcome. No caller owns it, so a caller that gives up cancels
//! nothing.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::sync::Notify;

/// Work in progress, for the callers that wait for its outcome. A clone waits for the same work.
///
/// ```
/// use ims_exchange::InFlight;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (in_flight, leader) = InFlight::start();
/// let other = in_flight.clone();
/// assert!(in_flight.is_running());
/// tokio::spawn(async move { leader.finish("a token") });
/// assert_eq!(in_flight.outcome().await, Some("a token"));
/// assert_eq!(other.outcome().await, Some("a token"));
/// # }
/// ```
pub struct InFlight<T>(Arc<Work<T>>);

/// Reports the outcome of the work to all waiting callers. If it is dropped without an outcome, for example with its
/// runtime, it wakes them anyway.
#[must_use = "without a leader the work has no outcome"]
pub struct Leader<T>(Arc<Work<T>>);

/// What the leader and the waiting callers share.
struct Work<T> {
    /// Set once: to the outcome, or to `None` if the leader was dropped without one.
    outcome: OnceLock<Option<T>>,
    /// Notified after that.
    is_over: Notify,
}

impl<T: Clone + Send + Sync> InFlight<T> {
    /// Starts work. The task that does it keeps the leader. Nothing is spawned.
    pub fn start() -> (Self, Leader<T>) {
        let work = Arc::new(Work { outcome: OnceLock::new(), is_over: Notify::new() });
        (Self(Arc::clone(&work)), Leader(work))
    }

    /// Waits for the outcome; `None` if the leader was dropped without one. It needs no runtime.
    pub async fn outcome(self) -> Option<T> {
        // Made before the check: it is woken by every notification after this line, even before it waits.
        let is_over = self.0.is_over.notified();
        if self.is_running() {
            is_over.await;
        }
        self.0.outcome.get().cloned().flatten()
    }

    /// Whether there is an outcome to wait for: the work has none yet, and its leader was not dropped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.outcome.get().is_none()
    }

    /// Whether both are the same work.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether `leader` does this work.
    #[must_use]
    pub fn is_led_by(&self, leader: &Leader<T>) -> bool {
        Arc::ptr_eq(&self.0, &leader.0)
    }
}

impl<T> Leader<T> {
    /// Gives `outcome` to all callers that wait, and to those that come later.
    pub fn finish(self, outcome: T) {
        self.0.end(Some(outcome));
    }
}

impl<T> Drop for Leader<T> {
    fn drop(&mut self) {
        // Without effect after `finish`.
        self.0.end(None);
    }
}

impl<T> Work<T> {
    fn end(&self, outcome: Option<T>) {
        if self.outcome.set(outcome).is_ok() {
            self.is_over.notify_waiters();
        }
    }
}

impl<T> Clone for InFlight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The outcome may be a secret, so it is not shown.
impl<T> fmt::Debug for InFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("is_running", &self.0.outcome.get().is_none()).finish()
    }
}

/// The outcome may be a secret, so it is not shown.
impl<T> fmt::Debug for Leader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leader")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
        thread,
    };

    /// Waits on this thread, without a runtime.
    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn all_who_wait_get_the_outcome_whenever_they_begin() {
        for _ in 0..200 {
            let (in_flight, leader) = InFlight::start();
            assert!(in_flight.is_led_by(&leader) && in_flight.is_running());
            let waiters: Vec<_> = (0..4)
                .map(|_| in_flight.clone())
                .map(|in_flight| thread::spawn(move || wait(in_flight.outcome())))
                .collect();
            let finishing = thread::spawn(move || leader.finish(7));
            for waiter in waiters {
                assert_eq!(waiter.join().unwrap(), Some(7));
            }
            finishing.join().unwrap();
            assert!(!in_flight.is_running());
            assert_eq!(wait(in_flight.outcome()), Some(7));
        }
    }

    #[test]
    fn a_leader_that_is_dropped_leaves_no_one_waiting() {
        for _ in 0..200 {
            let (in_flight, leader) = InFlight::<u8>::start();
            let other = in_flight.clone();
            let waiter = thread::spawn(move || wait(other.outcome()));
            let leaving = thread::spawn(move || drop(leader));
            assert_eq!(wait(in_flight.clone().outcome()), None);
            assert_eq!(waiter.join().unwrap(), None);
            leaving.join().unwrap();
            assert!(!in_flight.is_running());
        }
    }

    #[test]
    fn a_caller_that_gives_up_cancels_nothing() {
        let (in_flight, leader) = InFlight::start();
        {
            let mut waiting = pin!(in_flight.clone().outcome());
            let mut context = Context::from_waker(Waker::noop());
            assert_eq!(waiting.as_mut().poll(&mut context), Poll::Pending);
        }
        assert!(in_flight.is_running());
        leader.finish(7);
        assert_eq!(wait(in_flight.outcome()), Some(7));
    }

    #[test]
    fn two_pieces_of_work_are_not_the_same() {
        let (one, leader) = InFlight::<u8>::start();
        let (other, _other_leader) = InFlight::<u8>::start();
        assert!(one.is_same(&one.clone()) && !one.is_same(&other));
        assert!(!other.is_led_by(&leader));
    }
}
