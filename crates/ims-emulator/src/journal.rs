//! What was asked and answered so far: the last verdicts, and who is told of each new one.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::Verdict;

/// Somebody who is told of each verdict.
pub(crate) type Observer = Box<dyn Fn(&Verdict) + Send + Sync>;

/// Keeps the last verdicts and tells the observers.
pub(crate) struct Journal {
    count: AtomicU64,
    last: Mutex<VecDeque<Arc<Verdict>>>,
    observers: Vec<Observer>,
}

impl Journal {
    /// The verdicts that are kept: enough for a test, and some MiB at most.
    pub(crate) const CAPACITY: usize = 1024;

    pub(crate) fn new(observers: Vec<Observer>) -> Self {
        Self { count: AtomicU64::new(0), last: Mutex::default(), observers }
    }

    /// The number of the next request.
    pub(crate) fn next_number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn record(&self, verdict: Verdict) {
        for observer in &self.observers {
            observer(&verdict);
        }
        // Nothing is left half done in the lock, so a panic elsewhere cannot have spoilt the queue.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == Self::CAPACITY {
            last.pop_front();
        }
        last.push_back(Arc::new(verdict));
    }

    pub(crate) fn last(&self) -> Vec<Arc<Verdict>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().cloned().collect()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("count", &self.count).finish_non_exhaustive()
    }
}
