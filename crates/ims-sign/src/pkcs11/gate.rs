//! The way into a module: many calls at a time, or one initialization and no call.
//!
//! PKCS#11 leaves open what a module does that is finalized while a call is in it, and a session of a time before means
//! nothing afterwards, or worse, another session.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    inside: usize,
    is_closed: bool,
    generation: u64,
}

impl Gate {
    /// Waits until the gate is open and goes in.
    pub(super) fn enter(&self) -> Pass<'_> {
        let state = lock(&self.state);
        let mut state = self
            .changed
            .wait_while(state, |state| state.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.inside += 1;
        Pass { gate: self, generation: state.generation }
    }

    /// Closes the gate, with nobody inside, and ends the generation that `generation` names. `None` if it has already
    /// ended, or if a call does not come out in time: a module that hangs cannot be initialized anew.
    pub(super) fn close(&self, generation: u64, patience: Duration) -> Option<Closed<'_>> {
        let state = lock(&self.state);
        let mut state = self
            .changed
            .wait_while(state, |state| state.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.generation != generation {
            return None;
        }
        state.is_closed = true;
        let closed = Closed { gate: self };
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.inside > 0);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            // The guard opens the gate again, for which it needs the lock.
            drop(state);
            return None;
        }
        state.generation += 1;
        drop(state);
        Some(closed)
    }
}

/// The right to be inside; ends when it is dropped.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    /// How often the module had been initialized anew.
    pub(super) generation: u64,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.gate.state);
        state.inside -= 1;
        if state.inside == 0 {
            self.gate.changed.notify_all();
        }
    }
}

/// The gate while it is closed; opens when it is dropped.
pub(super) struct Closed<'a> {
    gate: &'a Gate,
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        lock(&self.gate.state).is_closed = false;
        self.gate.changed.notify_all();
    }
}

/// Locks `mutex`. That another thread panicked while it held the lock is no reason not to: nothing that is kept under a
/// lock here is ever left half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_ends_once() {
        let gate = Gate::default();
        assert_eq!(gate.enter().generation, 0);
        drop(gate.close(0, Duration::ZERO).unwrap());
        assert_eq!(gate.enter().generation, 1);
        assert!(gate.close(0, Duration::ZERO).is_none());
    }

    #[test]
    fn the_gate_does_not_close_on_a_call_that_is_inside_and_stays_open() {
        let gate = Gate::default();
        let inside = gate.enter();
        assert!(gate.close(0, Duration::from_millis(1)).is_none());
        assert_eq!(gate.enter().generation, 0);
        drop(inside);
        assert!(gate.close(0, Duration::ZERO).is_some());
    }

    #[test]
    fn who_comes_while_it_is_closed_goes_in_when_it_opens() {
        let gate = Gate::default();
        let closed = gate.close(0, Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let entered = scope.spawn(|| gate.enter().generation);
            drop(closed);
            assert_eq!(entered.join().unwrap(), 1);
        });
    }
}
