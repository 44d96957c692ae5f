//! The keeper: one token for all who call, refreshed before they notice.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderMap;
use ims_exchange::AccessToken;

use crate::{Event, Health, Peeked, TokenError, machine::Phase};

mod builder;
mod inner;
mod need;

pub use builder::{ADVISORY_WINDOW, DEADLINE, MANDATORY_WINDOW, RETRIES, TokenKeeperBuilder};

pub(crate) use inner::Inner;
use inner::Settings;
use need::Need;

/// How long a caller waits for a new token, at most, while the old one can still be used.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps one access token fresh. Cheap to clone; clones share the token.
///
/// Nothing happens before the first call, and building needs no runtime. Refreshes run as tasks of the tokio runtime, with
/// its timer, in which a call found them due; no caller owns them, so a caller that gives up cancels nothing.
///
/// Its options are those of [`TokenKeeperBuilder`], and cannot be changed afterwards.
#[derive(Clone)]
pub struct TokenKeeper {
    pub(crate) inner: Arc<Inner>,
}

impl TokenKeeper {
    fn from_settings(settings: Settings) -> Self {
        Self { inner: Arc::new(Inner::new(settings)) }
    }

    /// A token that can be used now. While it is fresh, this takes no lock and allocates nothing.
    ///
    /// Callers wait only if there is no token, or if it expires within [`MANDATORY_WINDOW`], and then for [`PATIENCE`] at
    /// most as long as it has not. To give up at any time is safe.
    ///
    /// # Errors
    /// [`TokenError::Unavailable`] and [`TokenError::Refused`] if there is no token that can be used, and
    /// [`TokenError::NoRuntime`].
    pub async fn token(&self) -> Result<AccessToken, TokenError> {
        match self.fresh() {
            Some(token) => Ok(token),
            None => self.inner.obtain_boxed(Need::Any).await.map(|entry| entry.token.clone()),
        }
    }

    fn fresh(&self) -> Option<AccessToken> {
        self.peek().map(|token| token.clone())
    }

    /// A token that can still be used in `duration`: for a request that takes long, or a process that is handed it.
    ///
    /// # Errors
    /// Those of [`token`](Self::token), also while a token is held that expires sooner, and
    /// [`TokenError::LivesTooShort`].
    pub async fn token_valid_for(&self, duration: Duration) -> Result<AccessToken, TokenError> {
        self.inner.obtain(Need::ValidFor(duration)).await.map(|entry| entry.token.clone())
    }

    /// A new token, though the old one may be good. If a refresh is under way, its token will do.
    ///
    /// # Errors
    /// Those of [`token`](Self::token), also while an older token is held. Failures remembered are passed over, but a
    /// `Retry-After` of IMS holds.
    pub async fn refresh(&self) -> Result<AccessToken, TokenError> {
        self.inner.obtain(Need::New).await.map(|entry| entry.token.clone())
    }

    /// The token, borrowed, while it is fresh: it can be used, and no refresh is due. If there is none, ask
    /// [`token`](Self::token), which also starts the refresh.
    #[must_use]
    pub fn peek(&self) -> Option<Peeked> {
        let now = self.inner.reading();
        let peeked = Peeked::new(self.inner.entry.load())?;
        let is_fresh = peeked.entry().schedule.phase(now) == Phase::Fresh;
        is_fresh.then_some(peeked)
    }

    /// The header fields for an API of Adobe: `Authorization`, marked as sensitive, and `x-api-key` and `x-gw-ims-org-id`
    /// if they were given.
    ///
    /// # Errors
    /// Those of [`token`](Self::token).
    pub async fn headers(&self) -> Result<HeaderMap, TokenError> {
        if let Some(token) = self.peek() {
            return Ok(token.headers().clone());
        }
        self.inner.obtain(Need::Any).await.map(|entry| entry.headers.clone())
    }

    /// Takes note that an API rejected `token` as invalid (401, never 403): if it is still the one that is held, the next
    /// caller waits for a new one. A token that replaced a rejected one a moment ago is kept for a while, and longer each
    /// time, since then it is not the token that is wrong.
    pub fn report_rejected(&self, token: &AccessToken) {
        if self.inner.reject(token) {
            self.inner.tell(&Event::Rejected { token: token.clone() });
        }
    }

    /// How the keeper is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = self.inner.reading();
        let remaining = self.inner.held().map(|entry| entry.schedule.remaining(now));
        let state = self.inner.state();
        Health {
            remaining: remaining.filter(|remaining| !remaining.is_zero()),
            is_refreshing: state.flight_at(now).is_some(),
            failures: state.gate.failures(),
            last_failure: state.gate.last_failure().cloned(),
            retry_after: state.gate.closed_for(now),
            credential_ends_at: self.inner.settings.credential_end.map(|end| end.ends_at),
        }
    }
}

impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeeper").field("health", &self.health()).finish_non_exhaustive()
    }
}
