//! The keeper: one token for all who call, refreshed before they notice.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderMap;
use ims_claims::{ClientId, NumericDate, OrgId};
use ims_exchange::AccessToken;

use crate::{
    CacheKey, Event, Health, Peeked, SharedClock, SharedStore, TokenError, TokenSource,
    credential_end::CredentialEnd,
    entry::{self, ApiHeaders},
    event::Observer,
    machine::{Phase, Windows},
};

mod inner;
mod need;

pub(crate) use inner::Inner;
use inner::Settings;
use need::Need;

/// How long before its expiry a token is refreshed in the background, less up to a quarter at random: an hour, as Adobe
/// advises for tokens of 24 hours. For shorter ones it is at most a quarter of their life.
pub const ADVISORY_WINDOW: Duration = Duration::from_hours(1);

/// How long before its expiry callers begin to wait for a new token. For short tokens it is at most a twentieth of
/// their life.
pub const MANDATORY_WINDOW: Duration = Duration::from_mins(1);

/// How long all the requests of one refresh may take together, with the pauses between them.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How many more requests follow in a refresh when the first fails but may succeed later, while a token is held that serves
/// callers meanwhile.
///
/// If none is held, callers wait, and all of them learn what the one request met; how soon to call again, the error says. Only
/// what never reached IMS, such as a connection that did not come about, is tried again before that. After a refresh that
/// failed, the next ones send one request each, until one succeeds.
pub const RETRIES: u32 = 2;

/// How long a caller waits for a new token, at most, while the old one can still be used.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps one access token fresh. Cheap to clone; clones share the token.
///
/// Nothing happens before the first call, and building needs no runtime. Refreshes run as tasks of the tokio runtime, with
/// its timer, in which a call found them due; no caller owns them, so a caller that gives up cancels nothing.
///
/// Options are set first: each `with_…` returns a keeper that begins empty and shares nothing with earlier clones.
#[derive(Clone)]
pub struct TokenKeeper {
    pub(crate) inner: Arc<Inner>,
}

impl TokenKeeper {
    /// Keeps the token of `source` by the time of `clock`.
    #[must_use]
    pub fn new(source: TokenSource, clock: SharedClock) -> Self {
        Self::from(Settings {
            source,
            clock,
            windows: Windows { advisory: ADVISORY_WINDOW, mandatory: MANDATORY_WINDOW },
            deadline: DEADLINE,
            retries: None,
            store: None,
            api_headers: ApiHeaders::default(),
            credential_end: None,
            observer: Observer::default(),
        })
    }

    /// Refreshes in the background from `window` before expiry on, instead of [`ADVISORY_WINDOW`].
    #[must_use]
    pub fn with_advisory_window(self, window: Duration) -> Self {
        self.with(|settings| settings.windows.advisory = window)
    }

    /// Lets callers wait for a new token from `window` before expiry on, instead of [`MANDATORY_WINDOW`].
    #[must_use]
    pub fn with_mandatory_window(self, window: Duration) -> Self {
        self.with(|settings| settings.windows.mandatory = window)
    }

    /// Gives the requests of one refresh `deadline` together, instead of [`DEADLINE`].
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        self.with(|settings| settings.deadline = deadline)
    }

    /// Sends up to `retries` more requests in one refresh, instead of [`RETRIES`], and also while callers wait without a
    /// token: for a command, for example, of which there is but one caller and no second call.
    #[must_use]
    pub fn with_retries(self, retries: u32) -> Self {
        self.with(|settings| settings.retries = Some(retries))
    }

    /// Shares the token through `store`, under `key`, with other processes. They need clocks that agree to a second.
    #[must_use]
    pub fn with_store(self, store: SharedStore, key: CacheKey) -> Self {
        self.with(|settings| settings.store = Some((store, key)))
    }

    /// Adds `x-api-key` to the [`headers`](Self::headers).
    #[must_use]
    pub fn with_client_id(self, client_id: &ClientId) -> Self {
        self.with(|settings| settings.api_headers.client_id = entry::client_id_header(client_id))
    }

    /// Adds `x-gw-ims-org-id` to the [`headers`](Self::headers).
    #[must_use]
    pub fn with_org_id(self, org_id: &OrgId) -> Self {
        self.with(|settings| settings.api_headers.org_id = entry::org_id_header(org_id))
    }

    /// Says in [`health`](Self::health) when the credential ends that tokens are obtained with, such as the certificate of
    /// the key that signs, and tells of it at refreshes from `margin` before that on, once a day.
    ///
    /// The keeper goes on asking for tokens after that end: it is IMS that decides.
    #[must_use]
    pub fn with_credential_end(self, ends_at: NumericDate, margin: Duration) -> Self {
        self.with(|settings| settings.credential_end = Some(CredentialEnd { ends_at, margin }))
    }

    /// Tells `observe` of everything the keeper does. It runs within the refresh, so it should be quick.
    #[must_use]
    pub fn with_observer(self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.observer = Observer::new(observe))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.inner.settings.clone();
        change(&mut settings);
        Self::from(settings)
    }

    fn from(settings: Settings) -> Self {
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
    /// if they were given. With [`TokenSource::none`] there is no `Authorization`.
    ///
    /// # Errors
    /// Those of [`token`](Self::token).
    pub async fn headers(&self) -> Result<HeaderMap, TokenError> {
        if let Some(token) = self.peek() {
            return Ok(token.headers().clone());
        }
        if self.inner.settings.source.is_none() {
            return Ok(self.inner.settings.api_headers.alone());
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
