//! Putting a keeper together. Every option has a default.

use std::{sync::Arc, time::Duration};

use ims_claims::{ClientId, NumericDate, OrgId};

use crate::{
    cache_key::CacheKey,
    cached_token::{client_id_header, org_id_header},
    clock::SharedClock,
    event::{CredentialEnd, Event, Observer},
    keeper::{TokenKeeper, shared::Settings},
    refresh_machine::Windows,
    source::TokenSource,
    store::SharedStore,
};

/// How long before its expiry a token is refreshed in the background, less up to a quarter at random: an hour, as Adobe
/// advises for tokens of 24 hours. For shorter ones it is at most a quarter of their life.
pub const ADVISORY_WINDOW: Duration = Duration::from_hours(1);

/// How long before its expiry callers begin to wait for a new token. For short tokens it is at most a twentieth of
/// their life.
pub const MANDATORY_WINDOW: Duration = Duration::from_mins(1);

/// How long one refresh may take until it has a token: its requests, the pauses between them, and the wait for another
/// process.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Builds a [`TokenKeeper`]; see [`TokenKeeper::builder`].
#[derive(Debug)]
#[must_use]
pub struct TokenKeeperBuilder {
    settings: Settings,
}

impl TokenKeeper {
    /// Keeps the token of `source` by the time of `clock`, with the defaults of [`TokenKeeperBuilder`].
    #[must_use]
    pub fn new(source: TokenSource, clock: SharedClock) -> Self {
        Self::builder(source, clock).build()
    }

    /// A builder of a keeper for the token of `source`, by the time of `clock`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let source = TokenSource::new(|| async { Err(FetchError::permanent("this is an example")) });
    /// let keeper = TokenKeeper::builder(source, SharedClock::new(SystemClock))
    ///     .with_client_id(&"my-client".parse()?)
    ///     .with_deadline(Duration::from_secs(20))
    ///     .build();
    /// assert!(!keeper.health().is_serving(), "nothing is obtained before the first call");
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(source: TokenSource, clock: SharedClock) -> TokenKeeperBuilder {
        TokenKeeperBuilder {
            settings: Settings {
                source,
                clock,
                windows: Windows { advisory: ADVISORY_WINDOW, mandatory: MANDATORY_WINDOW },
                deadline: DEADLINE,
                retries: None,
                store: None,
                api_headers: Arc::default(),
                credential_end: None,
                observer: Observer::default(),
            },
        }
    }
}

impl TokenKeeperBuilder {
    /// Begins to refresh in the background `window` before expiry, instead of [`ADVISORY_WINDOW`].
    /// It is at most a quarter of the token's lifetime.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// // Refreshes a token of 24 hours two hours before its end, less up to a quarter of that at random.
    /// let keeper = TokenKeeper::builder(source, clock)
    ///     .with_advisory_window(Duration::from_secs(2 * 3_600))
    ///     .build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_advisory_window(mut self, window: Duration) -> Self {
        self.settings.windows.advisory = window;
        self
    }

    /// Makes callers wait for a new token once the old one expires within `window`, instead of [`MANDATORY_WINDOW`].
    /// It is at most a twentieth of the token's lifetime.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// // Callers that need up to two minutes with their token.
    /// let keeper = TokenKeeper::builder(source, clock)
    ///     .with_mandatory_window(Duration::from_secs(120))
    ///     .build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_mandatory_window(mut self, window: Duration) -> Self {
        self.settings.windows.mandatory = window;
        self
    }

    /// Limits the time of one refresh, with all its requests, to `deadline` instead of [`DEADLINE`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// // No caller waits longer for a refresh.
    /// let keeper = TokenKeeper::builder(source, clock).with_deadline(Duration::from_secs(10)).build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// Sends up to `retries` more requests in one refresh, instead of [`RETRIES`](crate::RETRIES), and also while callers
    /// wait without a token: for a command, for example, which has one caller and no second call.
    ///
    /// ```
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// // A command asks once, and no one asks again later.
    /// let keeper = TokenKeeper::builder(source, clock).with_retries(3).build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.settings.retries = Some(retries);
        self
    }

    /// Shares the token through `store`, under `key`, with other processes. They need clocks that agree to a second.
    ///
    /// ```
    /// use ims_claims::Environment; use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource,
    /// CacheKey, GrantName, MemoryStore, SharedStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// let key = CacheKey::new(
    ///     &Environment::production(),
    ///     &"my-client".parse()?,
    ///     GrantName::CLIENT_CREDENTIALS,
    /// );
    /// let store = SharedStore::new(MemoryStore::new(clock.clone()));
    /// let keeper = TokenKeeper::builder(source, clock).with_store(store, key).build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_store(mut self, store: SharedStore, key: CacheKey) -> Self {
        self.settings.store = Some((store, key));
        self
    }

    /// Adds `x-api-key` to the [`headers`](TokenKeeper::headers).
    ///
    /// ```
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// let keeper = TokenKeeper::builder(source, clock).with_client_id(&"my-client".parse()?).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_client_id(mut self, client_id: &ClientId) -> Self {
        Arc::make_mut(&mut self.settings.api_headers).client_id = client_id_header(client_id);
        self
    }

    /// Adds `x-gw-ims-org-id` to the [`headers`](TokenKeeper::headers).
    ///
    /// ```
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// // Adobe's APIs require both next to the token.
    /// let keeper = TokenKeeper::builder(source, clock)
    ///     .with_client_id(&"my-client".parse()?)
    ///     .with_org_id(&"1234567890@AdobeOrg".parse()?)
    ///     .build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_org_id(mut self, org_id: &OrgId) -> Self {
        Arc::make_mut(&mut self.settings.api_headers).org_id = org_id_header(org_id);
        self
    }

    /// Sets when the credential expires, such as the certificate of the signing key. [`health`](TokenKeeper::health) shows
    /// it, and from `margin` before that time an event reports it once a day, at a refresh.
    ///
    /// The keeper continues to ask for tokens after that: IMS decides.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims_claims::NumericDate;
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// let certificate_ends_at = NumericDate::from_secs(1_900_000_000);
    /// let margin = Duration::from_secs(30 * 24 * 3_600);
    /// let keeper = TokenKeeper::builder(source, clock)
    ///     .with_credential_end(certificate_ends_at, margin)
    ///     .build();
    /// assert_eq!(keeper.health().credential_ends_at, Some(certificate_ends_at));
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_credential_end(mut self, ends_at: NumericDate, margin: Duration) -> Self {
        self.settings.credential_end = Some(CredentialEnd { ends_at, margin });
        self
    }

    /// Calls `observe` with each [`Event`] of the keeper. It runs within the refresh, so it should be quick.
    ///
    /// ```
    /// use ims_token::{FetchError, SharedClock, SystemClock, TokenKeeper, TokenSource, Event};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// let keeper = TokenKeeper::builder(source, clock)
    ///     .with_observer(|event| {
    ///         if let Event::RefreshFailed { error, .. } = event {
    ///             eprintln!("no new token: {error}");
    ///         }
    ///     })
    ///     .build();
    /// # let _ = keeper;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_observer(mut self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.settings.observer = Observer::new(observe);
        self
    }

    /// Reports each [`Event`] to `observer`, which a source of tokens may share.
    ///
    /// ```
    /// use ims_token::{FetchError, Observer, SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
    /// # let clock = SharedClock::new(SystemClock);
    /// let observer = Observer::new(|event| println!("{event:?}"));
    /// let keeper = TokenKeeper::builder(source, clock).with_shared_observer(observer.clone()).build();
    /// # let _ = keeper;
    /// ```
    pub fn with_shared_observer(mut self, observer: Observer) -> Self {
        self.settings.observer = observer;
        self
    }

    /// Builds the keeper. Nothing is sent, and no runtime is needed.
    #[must_use]
    pub fn build(self) -> TokenKeeper {
        #[cfg(feature = "metrics")]
        crate::metrics::register(self.settings.api_headers.client_id());
        TokenKeeper::from_settings(self.settings)
    }
}
