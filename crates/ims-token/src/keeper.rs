//! The keeper: one token for all callers, refreshed before it expires.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::HeaderMap;
use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use tokio::task::JoinHandle;

use crate::{
    cached_token::Peeked, error::TokenError, event::Event, fetch_error::FetchError,
    refresh_machine::Phase, sync::switch_point,
};

pub(crate) mod builder;
pub(crate) mod obtain;
pub(crate) mod recent;
pub(crate) mod shared;

use obtain::{Requirement, Waiting};
use shared::{Settings, Shared};

/// Keeps one access token fresh. Cheap to clone; clones share the token.
///
/// Nothing happens before the first call, and building needs no runtime. Refreshes run as tasks of the tokio runtime, with
/// its timer, in which a call found them due; no caller owns them, so a caller that gives up cancels nothing.
///
/// Its options are those of [`TokenKeeperBuilder`](crate::TokenKeeperBuilder), and cannot be changed afterwards. After a
/// fork, a child does not wait for a refresh of its parent, which would never end there, but starts its own.
///
/// ```
/// use ims_token::{FetchError, SharedClock, SystemClock, TokenError, TokenKeeper, TokenSource};
///
/// let source = TokenSource::new(|| async { Err(FetchError::permanent("this is an example")) });
/// let keeper = TokenKeeper::new(source, SharedClock::new(SystemClock));
///
/// async fn call(keeper: &TokenKeeper) -> Result<(), TokenError> {
///     let headers = keeper.headers().await?; // from memory while the token is fresh
///     println!("{} header fields", headers.len());
///     Ok(())
/// }
/// # let _ = (keeper, call);
/// ```
#[derive(Clone)]
pub struct TokenKeeper {
    shared: Arc<Shared>,
}

impl TokenKeeper {
    pub(crate) fn from_settings(settings: Settings) -> Self {
        Self { shared: Arc::new(Shared::new(settings)) }
    }

    /// A token that can be used now. While it is fresh, this takes no lock and allocates nothing.
    ///
    /// Callers wait only if there is no token, or if it expires within
    /// [`MANDATORY_WINDOW`](crate::MANDATORY_WINDOW), and then at most for [`REFRESH_TIMEOUT`](crate::REFRESH_TIMEOUT) as
    /// long as it has not expired. Giving up at any time is safe.
    ///
    /// # Errors
    /// [`TokenError::Unavailable`] and [`TokenError::Refused`] if there is no token that can be used, and
    /// [`TokenError::NoRuntime`].
    #[inline]
    pub fn token(&self) -> impl Future<Output = Result<AccessToken, TokenError>> + Send {
        TokenCall { keeper: self, waiting: None }
    }

    #[inline]
    fn fresh(&self) -> Option<AccessToken> {
        let recent = self.shared.version.recall(self.shared.reading());
        recent.or_else(|| self.fresh_and_remembered())
    }

    #[cold]
    fn fresh_and_remembered(&self) -> Option<AccessToken> {
        let version = self.shared.version.current();
        switch_point();
        let fresh = self.peek()?;
        self.shared.version.remember(version, fresh.cached());
        Some(fresh.clone())
    }

    /// A token that can still be used in `duration`: for a request that takes long, or to give to another process.
    ///
    /// # Errors
    /// Those of [`token`](Self::token), also while a token is held that expires sooner, and
    /// [`TokenError::LivesTooShort`].
    pub async fn token_valid_for(&self, duration: Duration) -> Result<AccessToken, TokenError> {
        let cached = self.shared.obtain(Requirement::ValidFor(duration)).await?;
        Ok(cached.token.clone())
    }

    /// A new token, even if the old one is valid. If a refresh is running, its token is used.
    ///
    /// # Errors
    /// Those of [`token`](Self::token), also while an older token is held. Earlier failures are ignored, but a
    /// `Retry-After` of IMS is honoured.
    pub async fn refresh(&self) -> Result<AccessToken, TokenError> {
        let cached = self.shared.obtain(Requirement::New).await?;
        Ok(cached.token.clone())
    }

    /// The token, borrowed, while it is fresh: it can be used, and no refresh is due. If there is none, ask
    /// [`token`](Self::token), which also starts the refresh.
    #[must_use]
    pub fn peek(&self) -> Option<Peeked> {
        let now = self.shared.reading();
        let peeked = Peeked::new(self.shared.cached.load())?;
        let is_fresh = peeked.cached().schedule.phase(now) == Phase::Fresh;
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
        let cached = self.shared.obtain(Requirement::Any).await?;
        Ok(cached.headers().clone())
    }

    /// Records that an API rejected `token` as invalid (401, never 403): if it is still the one that is held, the next
    /// caller waits for a new one. If an API also rejects the token that has just replaced a rejected one, the token is
    /// probably not the cause. Then it is kept for a while, and longer each time.
    pub fn report_rejected(&self, token: &AccessToken) {
        if self.shared.reject(token) {
            self.shared.report(&Event::Rejected { token: token.clone() });
        }
    }

    /// Obtains a token now and refreshes it from then on, whether or not anyone calls. Dropping the guard stops that, and
    /// so does dropping the last clone of the keeper; a refresh that is running is completed.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn keep_fresh(&self) -> KeepFresh {
        let keeper = Arc::downgrade(&self.shared);
        KeepFresh(tokio::spawn(async move {
            while let Some(pause) = keeper.upgrade().map(|shared| shared.tend()) {
                // In short waits, because time can jump: the wall clock may be set, and the machine may be suspended.
                tokio::time::sleep(pause.clamp(SHORTEST_SLICE, LONGEST_SLICE)).await;
            }
        }))
    }

    /// The client id that was given to the builder.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        let client_id = self.shared.settings.api_headers.client_id();
        (!client_id.is_empty()).then_some(client_id)
    }

    /// The state of the keeper.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = self.shared.reading();
        let remaining = self.shared.held().map(|cached| cached.schedule.remaining(now));
        let state = self.shared.state();
        Health {
            remaining: remaining.filter(|remaining| !remaining.is_zero()),
            is_refreshing: state.in_flight(now).is_some(),
            failures: state.backoff.failures(),
            last_failure: state.backoff.last_failure().cloned(),
            retry_after: state.backoff.remaining(now),
            credential_ends_at: self.shared.settings.credential_end.map(|end| end.ends_at),
        }
    }
}

/// A call of [`TokenKeeper::token`].
///
/// Written by hand and inlined, because the futures of `async fn`s copy their result through memory from one caller to the
/// next. That takes longer than the rest of a call for a fresh token. For the same reason it has only two pointers, which are
/// passed in registers.
struct TokenCall<'a> {
    keeper: &'a TokenKeeper,
    waiting: Option<Box<Waiting<'a>>>,
}

impl Future for TokenCall<'_> {
    type Output = Result<AccessToken, TokenError>;

    #[expect(
        clippy::inline_always,
        reason = "as the type says: the result must not pass through memory"
    )]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let call = self.get_mut();
        if call.waiting.is_none()
            && let Some(token) = call.keeper.fresh()
        {
            return Poll::Ready(Ok(token));
        }
        call.wait(context)
    }
}

impl TokenCall<'_> {
    #[cold]
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Result<AccessToken, TokenError>> {
        let shared = &self.keeper.shared;
        let waiting =
            self.waiting.get_or_insert_with(|| Box::new(shared.obtain_boxed(Requirement::Any)));
        let obtained = Pin::as_mut(waiting).poll(context);
        obtained.map_ok(|cached| cached.token.clone())
    }
}

impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeeper").field("health", &self.health()).finish_non_exhaustive()
    }
}

/// The state of a keeper at one moment, for a health check or a status page.
///
/// ```
/// use ims_token::Health;
///
/// fn status(health: &Health) -> String {
///     match (&health.remaining, &health.last_failure) {
///         (Some(remaining), _) => format!("good for {} s, {} failures", remaining.as_secs(), health.failures),
///         (None, Some(failure)) => format!("no token: {failure}"),
///         (None, None) => "no token yet".to_owned(),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// How long the token that is held may still be used; `None` if none is held or it has expired.
    pub remaining: Option<Duration>,
    /// Whether a refresh is running.
    pub is_refreshing: bool,
    /// How many refreshes have failed since the last one that succeeded.
    pub failures: u32,
    /// The error of the last failed refresh.
    pub last_failure: Option<FetchError>,
    /// How long no request is sent to IMS; zero if it may be asked at once.
    pub retry_after: Duration,
    /// When the credential expires, if the keeper knows it; see
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

/// Keeps a token fresh as long as it exists; see [`TokenKeeper::keep_fresh`].
#[derive(Debug)]
#[must_use = "dropping it stops the work"]
pub struct KeepFresh(JoinHandle<()>);

impl Drop for KeepFresh {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const SHORTEST_SLICE: Duration = Duration::from_secs(1);
const LONGEST_SLICE: Duration = Duration::from_secs(30);
