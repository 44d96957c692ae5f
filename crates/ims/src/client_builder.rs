//! The builder of a client. Every part has a default and can be replaced.

use std::time::Duration;

#[cfg(feature = "service-account")]
use ims_claims::AssertionLifetime;
use ims_credentials::{Credential, Credentials};
use ims_exchange::{SharedTransport, Transport};
#[cfg(feature = "service-account")]
use ims_sign::{SharedSigner, Signer};
use ims_token::{
    ADVISORY_WINDOW, CacheKey, Clock, DEADLINE, Event, KeeperPool, MANDATORY_WINDOW, Observer,
    SharedClock, SharedStore, SystemClock, TokenKeeper, TokenSource, TokenStore, api_headers,
};

use crate::{
    alternatives::Notice,
    client::{Access, Client},
    connection::{Connection, REQUEST_TIMEOUT},
    error::Error,
    source::{ServerToServerSource, Source, cache_key},
    user::{UserSource, refresh_tokens::RefreshTokens, unsaved_refresh_token::UnsavedRefreshToken},
};

#[cfg(feature = "service-account")]
use crate::service_account::{ServiceAccountSource, SigningOptions};

/// How long before its certificate expires a service account warns of it: an [`Event`] once a day.
pub const CERTIFICATE_MARGIN: Duration = Duration::from_hours(30 * 24);

impl Client {
    /// A client with the defaults of [`ClientBuilder`].
    ///
    /// # Errors
    /// Those of [`ClientBuilder::build`].
    pub fn new(credentials: &Credentials) -> Result<Self, Error> {
        Self::builder(credentials).build()
    }

    /// A client with your own transport, signer, clock or store.
    pub fn builder(credentials: &Credentials) -> ClientBuilder {
        ClientBuilder::new(credentials.clone())
    }
}

/// Builds a [`Client`].
///
/// ```no_run
/// use std::time::Duration;
///
/// use ims::{Client, Credentials};
///
/// # fn build() -> Result<(), Box<dyn std::error::Error>> {
/// let credentials = Credentials::discover()?.credentials;
/// let client = Client::builder(&credentials)
///     .with_request_timeout(Duration::from_secs(5))
///     .with_deadline(Duration::from_secs(20))
///     .with_observer(|event| println!("{event:?}"))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    credentials: Credentials,
    #[cfg(feature = "service-account")]
    signing: SigningOptions,
    refresh_tokens: RefreshTokens,
    certificate_margin: Duration,
    transport: Option<SharedTransport>,
    request_timeout: Duration,
    clock: SharedClock,
    advisory_window: Duration,
    mandatory_window: Duration,
    deadline: Duration,
    retries: Option<u32>,
    store: Option<SharedStore>,
    observer: Observer,
}

impl ClientBuilder {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            #[cfg(feature = "service-account")]
            signing: SigningOptions::default(),
            refresh_tokens: RefreshTokens::empty(),
            certificate_margin: CERTIFICATE_MARGIN,
            transport: None,
            request_timeout: REQUEST_TIMEOUT,
            clock: SharedClock::new(SystemClock),
            advisory_window: ADVISORY_WINDOW,
            mandatory_window: MANDATORY_WINDOW,
            deadline: DEADLINE,
            retries: None,
            store: None,
            observer: Observer::default(),
        }
    }

    /// The credentials that the client is for.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Signs with `signer` instead of the key that the credentials name: with a key behind a network service, for example.
    /// Credentials whose key is [`SigningKey::External`](ims_credentials::SigningKey::External) need it.
    ///
    /// ```
    /// use ims::{Client, Credentials, sign::Signer};
    ///
    /// # fn client(signer: impl Signer + 'static) -> Result<Client, Box<dyn std::error::Error>> {
    /// // The file says `"signer": "external"`; the signer asks a key management service.
    /// let credentials = Credentials::from_file("credentials.json")?;
    /// let client = Client::builder(&credentials).with_signer(signer).build()?;
    /// # Ok(client)
    /// # }
    /// ```
    #[cfg(feature = "service-account")]
    pub fn with_signer(mut self, signer: impl Signer + 'static) -> Self {
        self.signing.signer = Some(SharedSigner::new(signer));
        self
    }

    /// Signs with `signer` if IMS no longer accepts the first key. It replaces the second key that the credentials name. So
    /// a key can be replaced without a moment in which IMS accepts none.
    ///
    /// ```
    /// use ims::{Client, Credentials, sign::Signer};
    ///
    /// # fn client(old: impl Signer + 'static, new: impl Signer + 'static) -> Result<Client, Box<dyn std::error::Error>> {
    /// let credentials = Credentials::from_file("credentials.json")?;
    /// let client = Client::builder(&credentials).with_signer(old).with_second_signer(new).build()?;
    /// # Ok(client)
    /// # }
    /// ```
    #[cfg(feature = "service-account")]
    pub fn with_second_signer(mut self, signer: impl Signer + 'static) -> Self {
        self.signing.second_signer = Some(SharedSigner::new(signer));
        self
    }

    /// Takes the refresh token of a person from `refresh_tokens`, and saves the new ones that IMS gives there. Without it no
    /// one is signed in.
    ///
    /// ```
    /// use ims::{Client, Credentials, RefreshTokens};
    ///
    /// # fn client(credentials: &Credentials) -> Result<Client, ims::Error> {
    /// let refresh_tokens = RefreshTokens::in_memory("eyJ.refresh".parse().expect("visible ASCII"));
    /// let client = Client::builder(credentials).with_refresh_tokens(refresh_tokens).build()?;
    /// # Ok(client)
    /// # }
    /// ```
    pub fn with_refresh_tokens(self, refresh_tokens: RefreshTokens) -> Self {
        Self { refresh_tokens, ..self }
    }

    /// Warns of the certificate's expiry, from `margin` before it, instead of [`CERTIFICATE_MARGIN`]. With two
    /// certificates, the later expiry counts, as long as both are known.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// // Six weeks to get a new certificate approved.
    /// let client = Client::builder(&credentials)
    ///     .with_certificate_margin(Duration::from_secs(42 * 24 * 3_600))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_certificate_margin(self, margin: Duration) -> Self {
        Self { certificate_margin: margin, ..self }
    }

    /// Sends requests through `transport` instead of reqwest.
    ///
    /// ```
    /// use ims::{Client, Credentials, exchange::ReqwestTransport};
    ///
    /// # fn client(credentials: &Credentials) -> Result<Client, Box<dyn std::error::Error>> {
    /// // Trusts the CA of a proxy that decrypts the traffic, next to the CAs of the system.
    /// let ca = std::fs::read("/etc/ssl/company-ca.pem")?;
    /// let transport = ReqwestTransport::with_ca_certificates(&ca)?;
    /// let client = Client::builder(credentials).with_transport(transport).build()?;
    /// # Ok(client)
    /// # }
    /// ```
    pub fn with_transport(self, transport: impl Transport + 'static) -> Self {
        Self { transport: Some(SharedTransport::new(transport)), ..self }
    }

    /// Limits the time of one request to `timeout` instead of [`REQUEST_TIMEOUT`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// let client = Client::builder(&credentials)
    ///     .with_request_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_request_timeout(self, timeout: Duration) -> Self {
        Self { request_timeout: timeout, ..self }
    }

    /// Sends up to `retries` more requests after a temporary failure, also while callers wait: for a program that asks
    /// once and ends. Without it, callers get the first failure at once; see
    /// [`TokenKeeperBuilder::with_retries`](ims_token::TokenKeeperBuilder::with_retries).
    ///
    /// ```
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// // A command asks once, and no one asks again later.
    /// let client = Client::builder(&credentials).with_retries(3).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_retries(self, retries: u32) -> Self {
        Self { retries: Some(retries), ..self }
    }

    /// Begins to refresh the token in the background `window` before it expires, instead of [`ADVISORY_WINDOW`].
    /// It is at most a quarter of the token's lifetime.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// let client = Client::builder(&credentials)
    ///     .with_advisory_window(Duration::from_secs(2 * 3_600))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_advisory_window(self, window: Duration) -> Self {
        Self { advisory_window: window, ..self }
    }

    /// Makes callers wait for a new token once the old one expires within `window`, instead of [`MANDATORY_WINDOW`].
    /// It is at most a twentieth of the token's lifetime.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// // Requests that need up to two minutes with their token.
    /// let client = Client::builder(&credentials)
    ///     .with_mandatory_window(Duration::from_secs(120))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_mandatory_window(self, window: Duration) -> Self {
        Self { mandatory_window: window, ..self }
    }

    /// Limits the time of one refresh, with all its requests, to `deadline` instead of [`DEADLINE`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// // Five seconds for one request, twenty for all of a refresh.
    /// let client = Client::builder(&credentials)
    ///     .with_request_timeout(Duration::from_secs(5))
    ///     .with_deadline(Duration::from_secs(20))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Signs assertions that live for `lifetime` instead of five minutes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims::{Client, Credentials, claims::AssertionLifetime};
    ///
    /// # fn client(credentials: &Credentials) -> Result<Client, Box<dyn std::error::Error>> {
    /// let lifetime = AssertionLifetime::new(Duration::from_secs(60))?;
    /// let client = Client::builder(credentials).with_assertion_lifetime(lifetime).build()?;
    /// # Ok(client)
    /// # }
    /// ```
    #[cfg(feature = "service-account")]
    pub fn with_assertion_lifetime(mut self, lifetime: AssertionLifetime) -> Self {
        self.signing.assertion_lifetime = lifetime;
        self
    }

    /// Uses `clock` instead of the system's.
    ///
    /// ```
    /// use ims::token::SystemClock;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// let client = Client::builder(&credentials).with_clock(SystemClock).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: SharedClock::new(clock), ..self }
    }

    /// Calls `observe` with each [`Event`] of the keeper. It runs within a refresh, so it should be quick.
    ///
    /// ```
    /// use ims::token::Event;
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// let client = Client::builder(&credentials)
    ///     .with_observer(|event| {
    ///         if let Event::RefreshFailed { error, .. } = event {
    ///             eprintln!("no new token: {error}");
    ///         }
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_observer(self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self { observer: Observer::new(observe), ..self }
    }

    /// Shares the token through `store` with other processes of the same integration.
    ///
    /// The token of a person is saved under the name of the place where the refresh token is. A file or an entry of the
    /// keyring may have the same name for another user of the machine, so the store must belong to one user alone. With
    /// refresh tokens in memory, only clients with clones of the same [`RefreshTokens`] share the token.
    ///
    /// ```
    /// use ims::token::{MemoryStore, SharedClock, SystemClock};
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// let store = MemoryStore::new(SharedClock::new(SystemClock)); // or a FileStore, or a RedisStore
    /// let client = Client::builder(&credentials).with_store(store).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_store(self, store: impl TokenStore + 'static) -> Self {
        Self { store: Some(SharedStore::new(store)), ..self }
    }

    /// Builds the client: reads the private keys and their certificates, and sets up the transport. Nothing is sent.
    ///
    /// # Errors
    /// [`Error`]; [`Error::MissingFeature`] if no transport is given and the feature `reqwest` is off.
    pub fn build(self) -> Result<Client, Error> {
        let environment = self.credentials.environment().clone();
        let id = self.credentials.client_id().clone();
        let credential = self.credentials.credential();
        let org_id = credential.org_id();
        let Some(source) = self.source(credential.clone())? else {
            let access = Access::ApiKey(api_headers(&id, org_id));
            let unsaved = UnsavedRefreshToken::default();
            return Ok(Client { access, environment, id, unsaved });
        };

        let mut keeper = TokenKeeper::builder(source.tokens, self.clock.clone())
            .with_client_id(&id)
            .with_deadline(self.deadline)
            .with_shared_observer(self.observer.clone());
        if let Some(org_id) = org_id {
            keeper = keeper.with_org_id(org_id);
        }
        if let Credential::Token(_) = credential {
            // It cannot be renewed, so callers get it until it expires. And a store is of no use: every process has the
            // token.
            keeper =
                keeper.with_advisory_window(Duration::ZERO).with_mandatory_window(Duration::ZERO);
        } else {
            keeper = keeper
                .with_advisory_window(self.advisory_window)
                .with_mandatory_window(self.mandatory_window);
            // The key names environment, client, grant, account and scopes, so that no other token is found under it.
            if let Some(store) = self.store.clone() {
                keeper = keeper.with_store(store, self.cache_key());
            }
        }
        if let Some(retries) = self.retries {
            keeper = keeper.with_retries(retries);
        }
        if let Some(ends_at) = source.ends_at {
            keeper = keeper.with_credential_end(ends_at, self.certificate_margin);
        }
        let access = Access::Token(keeper.build());
        Ok(Client { access, environment, id, unsaved: source.unsaved })
    }

    /// Builds the keeper of these credentials in `pool`, or returns the existing one: for a program that serves many
    /// integrations with one exchange for each.
    ///
    /// ```no_run
    /// use ims::{Client, Credentials, token::KeeperPool};
    ///
    /// # async fn token() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = KeeperPool::new(std::num::NonZeroUsize::new(1_000).ok_or("not zero")?);
    /// let credentials = Credentials::from_file("tenant.json")?;
    /// let keeper = Client::builder(&credentials).build_in(&pool)?;
    /// let token = keeper.token().await?;
    /// # let _ = token;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`build`](Self::build), and [`Error::ApiKeyAlone`] for an API key, which has no token to keep.
    pub fn build_in(self, pool: &KeeperPool) -> Result<TokenKeeper, Error> {
        pool.try_keeper(&self.cache_key(), || match self.build()?.access {
            Access::Token(keeper) => Ok(keeper),
            Access::ApiKey(_) => Err(Error::ApiKeyAlone),
        })
    }

    /// The name under which a store or a [`KeeperPool`] keeps the token of these credentials.
    ///
    /// ```
    /// use ims::{Client, Credentials};
    ///
    /// # let credentials: Credentials = r#"{"client_id":"a","client_secret":"p8e-x","scopes":["openid"]}"#.parse()?;
    /// let key = Client::builder(&credentials).cache_key();
    /// assert_eq!(key.client_id(), "a");
    /// println!("{}", key.canonical()); // no secret is in it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cache_key(&self) -> CacheKey {
        cache_key(&self.credentials, &self.refresh_tokens)
    }

    /// `None` for an API key alone, which gets no token.
    fn source(&self, credential: Credential) -> Result<Option<Source>, Error> {
        let client_id = credential.client_id().clone();
        let notice = Notice { client_id, observer: self.observer.clone() };
        let source = match credential {
            #[cfg(feature = "service-account")]
            Credential::ServiceAccount(credential) => {
                // The transport is set up first: without one, no key needs to be opened.
                let (connection, signing) = (self.connect()?, self.signing.clone());
                let (source, ends_at) =
                    ServiceAccountSource::new(connection, credential, signing, notice)?;
                Source { ends_at, ..Source::new(source, ServiceAccountSource::fetch) }
            }
            #[cfg(not(feature = "service-account"))]
            Credential::ServiceAccount(_) => {
                return Err(Error::MissingFeature { feature: "service-account" });
            }
            Credential::ServerToServer(credential) => {
                let source = ServerToServerSource::new(self.connect()?, credential, notice);
                Source::new(source, ServerToServerSource::fetch)
            }
            Credential::User(credential) => {
                let refresh_tokens = self.refresh_tokens.clone();
                let source = UserSource::new(self.connect()?, credential, refresh_tokens, notice);
                let unsaved = source.unsaved();
                Source { unsaved, ..Source::new(source, UserSource::fetch) }
            }
            Credential::ApiKey(_) => return Ok(None),
            Credential::Token(credential) => {
                TokenSource::of_token(credential.token, self.clock.clone()).into()
            }
            _ => return Err(Error::UnknownKind { what: "credential" }),
        };
        Ok(Some(source))
    }

    fn connect(&self) -> Result<Connection, Error> {
        let environment = self.credentials.environment().clone();
        let (transport, clock) = (self.transport.clone(), self.clock.clone());
        Connection::of(environment, transport, self.request_timeout, clock)
    }
}
