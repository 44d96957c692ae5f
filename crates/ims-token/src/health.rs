//! How a keeper is doing, for a health check or a status page.

use std::time::Duration;

use ims_claims::NumericDate;

use crate::FetchError;

/// How a keeper is doing at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// How long the token that is held may still be used; `None` if none is held or it has expired.
    pub remaining: Option<Duration>,
    /// Whether a refresh is under way.
    pub is_refreshing: bool,
    /// Refreshes that failed since the last that did not.
    pub failures: u32,
    /// What the last of them met.
    pub last_failure: Option<FetchError>,
    /// How long IMS is left alone; zero if it may be asked at once.
    pub retry_after: Duration,
    /// When the credential ends, if the keeper was told; see
    /// [`with_credential_end`](crate::TokenKeeperBuilder::with_credential_end).
    pub credential_ends_at: Option<NumericDate>,
}

impl Health {
    /// Whether a caller gets a token without waiting.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.remaining.is_some()
    }
}
