//! What is counted for each context.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ims::token::{self, Origin};

/// The counts of one context since its start. A reload changes none of it.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Answers with a token, and requests of the proxy.
    pub(crate) served: AtomicU64,
    /// Answers without one.
    pub(crate) refused: AtomicU64,
    pub(crate) from_source: AtomicU64,
    pub(crate) from_store: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) store_failures: AtomicU64,
    pub(crate) rejections: AtomicU64,
    /// 0 before the first refresh, 1 after one that failed, 2 after one that did not.
    pub(crate) last: AtomicU64,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    /// Counts what a keeper reports.
    pub(crate) fn record(&self, event: &token::Event) {
        match event {
            token::Event::Refreshed { origin, .. } => {
                let is_stored = matches!(origin, Origin::Store);
                Self::add(if is_stored { &self.from_store } else { &self.from_source });
                self.last.store(2, Relaxed);
            }
            token::Event::RefreshFailed { .. } => {
                Self::add(&self.failed);
                self.last.store(1, Relaxed);
            }
            token::Event::StoreFailed { .. } => Self::add(&self.store_failures),
            token::Event::Rejected { .. } => Self::add(&self.rejections),
            _ => {}
        }
    }
}
