//! Refreshing without being asked, for daemons that want no caller ever to wait.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use crate::TokenKeeper;

/// Keeps a token fresh as long as it lives; see [`TokenKeeper::keep_fresh`].
#[derive(Debug)]
#[must_use = "dropping it stops the work"]
pub struct KeepFresh(JoinHandle<()>);

impl TokenKeeper {
    /// Obtains a token now and refreshes it from then on, whether or not anybody calls. Dropping the guard stops that, and
    /// so does dropping the last clone of the keeper; a refresh under way is not cut off.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn keep_fresh(&self) -> KeepFresh {
        let keeper = Arc::downgrade(&self.inner);
        KeepFresh(tokio::spawn(async move {
            while let Some(pause) = keeper.upgrade().map(|inner| inner.tend()) {
                // In slices, because time jumps: the wall clock is set, and a machine is suspended.
                tokio::time::sleep(pause.clamp(SHORTEST_SLICE, LONGEST_SLICE)).await;
            }
        }))
    }
}

impl Drop for KeepFresh {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const SHORTEST_SLICE: Duration = Duration::from_secs(1);
const LONGEST_SLICE: Duration = Duration::from_secs(30);
