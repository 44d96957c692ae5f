//! Questions about tokens that IMS has not answered yet: one for each token, however many callers bring it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use futures_util::FutureExt;

use crate::{
    NotVerified, VerifiedToken,
    flight::{Flight, Landing},
    memory::TokenDigest,
};

/// How many questions about tokens go on at a time even if all who wait for them give up.
///
/// Whoever sends many made-up tokens and hangs up can have a verifier ask no more than so many in vain. A question beyond them
/// is asked, too, but for one caller alone, and it ends when that one gives up.
pub const MOST_QUESTIONS: usize = 1024;

/// What IMS is being asked.
#[derive(Default)]
pub(crate) struct Questions(Mutex<HashMap<TokenDigest, Flight<VerifiedToken>>>);

impl Questions {
    /// The end of the question about a token: of the one under way, else of `question`.
    pub(crate) fn join(
        &self,
        digest: TokenDigest,
        question: impl Future<Output = Result<VerifiedToken, NotVerified>> + Send + 'static,
    ) -> Landing<VerifiedToken> {
        // A runtime that panics can poison the lock, but under it nothing is ever half done.
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.is_under_way());
        if flights.len() >= MOST_QUESTIONS && !flights.contains_key(&digest) {
            return question.boxed().shared();
        }
        flights.entry(digest).or_insert_with(|| Flight::begin(question)).landing()
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Questions(..)")
    }
}
