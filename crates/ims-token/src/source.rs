//! Where tokens come from: one exchange, as the keeper sees it.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use ims_exchange::AccessToken;

use crate::fetch_error::FetchError;

/// Obtains one new access token each time it is asked: it signs a fresh assertion if there is one, sends one request, and
/// retries nothing. Cheap to clone.
#[derive(Clone)]
pub struct TokenSource(Arc<Fetch>);

type Fetch = dyn Fn() -> Fetching + Send + Sync;

pub(crate) type Fetching =
    Pin<Box<dyn Future<Output = Result<AccessToken, FetchError>> + Send + 'static>>;

impl TokenSource {
    /// Asks `fetch`, at most once at a time for each keeper.
    ///
    /// The token's `obtained_at` must be from before the request was sent. A future that never ends is dropped at the
    /// keeper's deadline.
    pub fn new<F, Fetched>(fetch: F) -> Self
    where
        F: Fn() -> Fetched + Send + Sync + 'static,
        Fetched: Future<Output = Result<AccessToken, FetchError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(fetch())))
    }

    pub(crate) fn fetch(&self) -> Fetching {
        (self.0)()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}
