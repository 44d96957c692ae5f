//! Questions to IMS that many callers wait for. Each is asked once, no caller owns it, and a caller that gives up cancels
//! nothing.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use futures_util::FutureExt;
use ims_exchange::{InFlight, TransportError};
use tokio::time::timeout;

use crate::{
    error::NotVerified, ims::REQUEST_TIMEOUT, sync::lock, verdict_cache::TokenDigest,
    verified_token::VerifiedToken,
};

/// How many questions about tokens may continue at a time after all their callers have given up.
///
/// Someone who sends many made-up tokens and closes the connections causes at most this many requests. A question beyond
/// the limit is asked, too, but only for one caller, and it ends when that caller gives up.
pub const MAX_QUESTIONS: usize = 1024;

/// How often a caller waits for a question. It waits a second time if the runtime of the first was shut down or hangs.
pub(crate) const MAX_ATTEMPTS: u32 = 2;

/// How long a caller waits for a question that may have been asked by another. If it takes longer, the runtime that asked
/// must hang, since its request has its own timeout.
const WAIT_TIMEOUT: Duration = Duration::from_secs(REQUEST_TIMEOUT.as_secs() + 1);

/// The result for all callers that wait for a question.
pub(crate) type Answer<T> = Result<T, NotVerified>;

/// Starts `question` on the runtime of the caller.
pub(crate) fn start<T: Clone + Send + Sync + 'static>(
    question: impl Future<Output = Answer<T>> + Send + 'static,
) -> InFlight<Answer<T>> {
    let (in_flight, leader) = InFlight::start();
    tokio::spawn(async move {
        // A transport that panics gave no answer, and asking it again would not help.
        let answer = AssertUnwindSafe(question).catch_unwind().await;
        leader.finish(answer.unwrap_or_else(|_| Err(no_answer())));
    });
    in_flight
}

/// Waits for the answer; `None` if none will come.
pub(crate) async fn answer<T: Clone + Send + Sync>(
    in_flight: InFlight<Answer<T>>,
) -> Option<Answer<T>> {
    timeout(WAIT_TIMEOUT, in_flight.outcome()).await.ok().flatten()
}

/// The error if there will be no answer: runtimes were shut down or have stopped, or the transport panicked.
pub(crate) fn no_answer() -> NotVerified {
    let source = Box::<dyn Error + Send + Sync>::from("the question was given up");
    NotVerified::Unavailable(TransportError::Broken { source: source.into() }.into())
}

/// The questions about tokens that IMS has not answered yet.
#[derive(Default)]
pub(crate) struct Questions(Mutex<HashMap<TokenDigest, InFlight<Answer<VerifiedToken>>>>);

impl Questions {
    /// The answer about a token: of the question that is asked already, else of `question`.
    pub(crate) async fn ask<Asked>(
        &self,
        digest: TokenDigest,
        question: impl Fn() -> Asked,
    ) -> Answer<VerifiedToken>
    where
        Asked: Future<Output = Answer<VerifiedToken>> + Send + 'static,
    {
        for _ in 0..MAX_ATTEMPTS {
            let Some(in_flight) = self.join_or_start(digest, &question) else {
                return question().await;
            };
            if let Some(answer) = answer(in_flight.clone()).await {
                return answer;
            }
            self.discard(digest, &in_flight);
        }
        Err(no_answer())
    }

    /// `None` if too many questions are asked already.
    fn join_or_start<Asked>(
        &self,
        digest: TokenDigest,
        question: impl Fn() -> Asked,
    ) -> Option<InFlight<Answer<VerifiedToken>>>
    where
        Asked: Future<Output = Answer<VerifiedToken>> + Send + 'static,
    {
        let mut questions = self.questions();
        questions.retain(|_, in_flight| in_flight.is_running());
        if let Some(in_flight) = questions.get(&digest) {
            return Some(in_flight.clone());
        }
        if questions.len() >= MAX_QUESTIONS {
            return None;
        }
        let in_flight = start(question());
        questions.insert(digest, in_flight.clone());
        Some(in_flight)
    }

    /// Forgets `in_flight`, so that the next caller asks again.
    fn discard(&self, digest: TokenDigest, in_flight: &InFlight<Answer<VerifiedToken>>) {
        let mut questions = self.questions();
        if questions.get(&digest).is_some_and(|other| other.is_same(in_flight)) {
            questions.remove(&digest);
        }
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<TokenDigest, InFlight<Answer<VerifiedToken>>>> {
        lock(&self.0)
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Questions(..)")
    }
}
