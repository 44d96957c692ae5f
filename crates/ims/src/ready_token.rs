//! An access token that is there already: handed out until it ends, and never renewed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use ims_token::{Clock, FetchError, SharedClock};

/// Why a ready token gives no other: see [`TokenCredential`](ims_credentials::TokenCredential).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyTokenError {
    /// Get a new token from where this one came.
    #[error(
        "the access token ended at {ends_at}, and there are no credentials that could get another"
    )]
    Ended {
        /// When it ended.
        ends_at: NumericDate,
    },
    /// Use the token that was handed out, unless an API rejected it; for a newer one, go to where it came from.
    #[error(
        "the access token, which ends at {ends_at}, cannot be renewed: there are no credentials that could get another"
    )]
    NotRenewable {
        /// When it ends.
        ends_at: NumericDate,
    },
}

/// Hands its token to the keeper once: a keeper that asks again has lost it to an API that rejected it, or wants a newer one.
#[derive(Debug)]
pub(crate) struct ReadyToken {
    token: AccessToken,
    clock: SharedClock,
    is_handed_out: AtomicBool,
}

impl ReadyToken {
    pub(crate) fn new(token: AccessToken, clock: SharedClock) -> Self {
        Self { token, clock, is_handed_out: AtomicBool::new(false) }
    }

    #[expect(clippy::unused_async, reason = "the keeper awaits its source")]
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        let ends_at = self.token.expires_at();
        if ends_at <= self.clock.now() {
            return Err(FetchError::permanent(ReadyTokenError::Ended { ends_at }));
        }
        if self.is_handed_out.swap(true, Ordering::Relaxed) {
            return Err(FetchError::permanent(ReadyTokenError::NotRenewable { ends_at }));
        }
        Ok(self.token.clone())
    }
}
