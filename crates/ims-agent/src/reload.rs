//! Reading credentials again: when a file changes, and when the program asks for it.

use std::time::Duration;

use ims::Report;

use crate::agent::Agent;

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(2);

impl Agent {
    /// Reads the credentials of every context again, whether or not a file has changed: when the program gets SIGHUP, for example.
    ///
    /// A context whose credentials cannot be read, or which IMS refuses, goes on with the old ones; an
    /// [`Event`](crate::Event) says so, and they are tried again later.
    ///
    /// # Errors
    /// The first [`Report`] of a context that goes on with its old credentials.
    pub async fn reload(&self) -> Result<(), Report> {
        let mut outcome = Ok(());
        for context in self.contexts() {
            outcome = outcome.and(context.reload().await);
        }
        outcome
    }

    /// Reads the credentials of a context again whenever one of their files changes, until it is dropped. It never ends.
    pub async fn watch_files(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            for context in self.contexts() {
                if context.is_due() {
                    // An event has said what came of it.
                    let _ = context.reload().await;
                }
            }
        }
    }
}
