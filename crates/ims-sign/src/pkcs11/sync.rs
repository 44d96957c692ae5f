//! Locks and condition variables without poisoning.
//!
//! A thread that panics while it holds a lock does not stop the others: no value under a lock in this module is ever
//! left half changed.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::clock::now;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for `condvar` as long as `condition` holds.
pub(super) fn wait_while<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    condition: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    condvar.wait_while(guard, condition).unwrap_or_else(PoisonError::into_inner)
}

/// Waits for `condvar` as long as `condition` holds, at most for `timeout`. The flag says whether the time ran out.
pub(super) fn wait_while_at_most<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    timeout: Duration,
    condition: impl FnMut(&mut T) -> bool,
) -> (MutexGuard<'a, T>, bool) {
    let waited = condvar.wait_timeout_while(guard, timeout, condition);
    let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
    (guard, result.timed_out())
}

/// Waits for `condvar` until it is notified, at most until `deadline`.
pub(super) fn wait_until<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
) -> MutexGuard<'a, T> {
    let Some(deadline) = deadline else {
        return condvar.wait(guard).unwrap_or_else(PoisonError::into_inner);
    };
    let timeout = deadline.saturating_duration_since(now());
    condvar.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0
}
