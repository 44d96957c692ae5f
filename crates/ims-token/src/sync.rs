//! How this crate locks, and where another thread can run in between.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, also if a thread panicked while it held the lock: nothing is ever half done under a lock of this crate.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    switch_point();
    // All threads of a model are one thread of the machine, which must not block.
    #[cfg(test)]
    while crate::model::runtime::is_locked(mutex) {
        switch_point();
    }
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A point at which another thread can run and change what is shared. The model in the tests switches threads here;
/// otherwise it does nothing.
#[inline]
pub(crate) fn switch_point() {
    #[cfg(test)]
    crate::model::runtime::switch();
}
