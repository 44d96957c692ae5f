//! Separates the calls into a module from its initialization: either many calls run, or one initialization and no call.
//!
//! PKCS#11 does not define what happens if a module is finalized during a call. After a new initialization, the handle of
//! an old session is invalid, or worse, it is the handle of another session.

use std::{
    sync::{Condvar, Mutex},
    time::Duration,
};

use super::sync::{lock, wait_while, wait_while_at_most};

#[derive(Default)]
pub(super) struct CallGuard {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    active_calls: usize,
    is_paused: bool,
    generation: u64,
}

impl CallGuard {
    /// Waits until calls are allowed, and counts one until the result is dropped.
    pub(super) fn begin_call(&self) -> ActiveCall<'_> {
        let mut state = wait_while(&self.changed, lock(&self.state), |state| state.is_paused);
        state.active_calls += 1;
        ActiveCall { guard: self, generation: state.generation }
    }

    /// Waits until no call is active, and allows none until the result is dropped. This ends `generation`.
    ///
    /// `None` if that generation has ended already, or if a call does not return within `timeout`: a module that hangs
    /// cannot be initialized again.
    pub(super) fn pause(&self, generation: u64, timeout: Duration) -> Option<Paused<'_>> {
        let mut state = wait_while(&self.changed, lock(&self.state), |state| state.is_paused);
        if state.generation != generation {
            return None;
        }
        state.is_paused = true;
        let paused = Paused { guard: self };
        let (mut state, timed_out) =
            wait_while_at_most(&self.changed, state, timeout, |state| state.active_calls > 0);
        if timed_out {
            // Dropping `paused` allows calls again, for which it needs the lock.
            drop(state);
            return None;
        }
        state.generation += 1;
        drop(state);
        Some(paused)
    }
}

/// A call that is active until this is dropped.
#[must_use]
pub(super) struct ActiveCall<'a> {
    guard: &'a CallGuard,
    /// How often the module had been initialized again.
    pub(super) generation: u64,
}

impl Drop for ActiveCall<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.guard.state);
        state.active_calls -= 1;
        if state.active_calls == 0 {
            self.guard.changed.notify_all();
        }
    }
}

/// No call is active or begins until this is dropped.
#[must_use]
pub(super) struct Paused<'a> {
    guard: &'a CallGuard,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        lock(&self.guard.state).is_paused = false;
        self.guard.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_ends_once() {
        let guard = CallGuard::default();
        assert_eq!(guard.begin_call().generation, 0);
        drop(guard.pause(0, Duration::ZERO).unwrap());
        assert_eq!(guard.begin_call().generation, 1);
        assert!(guard.pause(0, Duration::ZERO).is_none());
    }

    #[test]
    fn an_active_call_prevents_a_pause_and_other_calls_go_on() {
        let guard = CallGuard::default();
        let active = guard.begin_call();
        assert!(guard.pause(0, Duration::from_millis(1)).is_none());
        assert_eq!(guard.begin_call().generation, 0);
        drop(active);
        assert!(guard.pause(0, Duration::ZERO).is_some());
    }

    #[test]
    fn a_call_that_begins_during_a_pause_waits_for_its_end() {
        let guard = CallGuard::default();
        let paused = guard.pause(0, Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| guard.begin_call().generation);
            drop(paused);
            assert_eq!(waiting.join().unwrap(), 1);
        });
    }
}
