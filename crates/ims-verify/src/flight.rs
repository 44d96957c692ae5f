//! Work under way that many may wait for and nobody owns: who gives up cancels nothing.

use std::{error::Error, future::Future};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use ims_exchange::TransportError;
use tokio::task::AbortHandle;

use crate::NotVerified;

/// What all who wait for a flight get.
pub(crate) type Landing<T> = Shared<BoxFuture<'static, Result<T, NotVerified>>>;

/// A task, and its end.
pub(crate) struct Flight<T> {
    landing: Landing<T>,
    task: AbortHandle,
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Begins `work` on the runtime of the caller.
    pub(crate) fn begin(
        work: impl Future<Output = Result<T, NotVerified>> + Send + 'static,
    ) -> Self {
        let task = tokio::spawn(work);
        let abort_handle = task.abort_handle();
        let landing = task.map(|end| end.unwrap_or_else(|_| Err(lost()))).boxed().shared();
        Self { landing, task: abort_handle }
    }

    /// Whether there is something to wait for. A flight ends with its runtime, too.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.task.is_finished()
    }

    pub(crate) fn landing(&self) -> Landing<T> {
        self.landing.clone()
    }
}

/// The task ended before it had an outcome: its runtime was shut down, or the transport panicked.
fn lost() -> NotVerified {
    let source = Box::<dyn Error + Send + Sync>::from("the question was given up");
    NotVerified::Unavailable(TransportError::Broken { source: source.into() }.into())
}
