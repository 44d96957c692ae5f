//! Questions about tokens that IMS has not answered yet: one for each token, however many callers bring it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use crate::{
    VerifiedToken,
    flight::{Flight, Landing},
    memory::TokenDigest,
};

/// What IMS is being asked.
#[derive(Default)]
pub(crate) struct Questions(Mutex<HashMap<TokenDigest, Flight<VerifiedToken>>>);

impl Questions {
    /// The end of the question about a token: of the one under way, else of the one that `ask` begins.
    pub(crate) fn join(
        &self,
        digest: TokenDigest,
        ask: impl FnOnce() -> Flight<VerifiedToken>,
    ) -> Landing<VerifiedToken> {
        // A runtime that panics can poison the lock, but under it nothing is ever half done.
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.is_under_way());
        flights.entry(digest).or_insert_with(ask).landing()
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Questions(..)")
    }
}
