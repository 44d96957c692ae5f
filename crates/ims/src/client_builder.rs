//! Putting a client together. Every part has a default, and every part can be your own.

use std::{sync::Arc, time::Duration};

use ims_claims::{AssertionLifetime, Environment};
use ims_exchange::{AccessToken, Scope, SharedTransport, Transport};
use ims_sign::{SharedSigner, Signer};
use ims_token::{
    CacheKey, Clock, FetchError, SharedClock, SharedStore, SystemClock, TokenKeeper, TokenSource,
    TokenStore,
};

use crate::{
    ApiKeyAlone, Client, Credential, Credentials, Error, ServiceAccountCredential,
    server_to_server::ServerToServerSource, service_account::ServiceAccountSource,
};

/// How long one request to IMS may take. Several of them fit into the deadline of a refresh
/// ([`DEADLINE`](ims_token::DEADLINE)).
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Puts a [`Client`] together.
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    credentials: Credentials,
    assertion_lifetime: AssertionLifetime,
    signer: Option<SharedSigner>,
    transport: Option<SharedTransport>,
    request_timeout: Duration,
    clock: SharedClock,
    store: Option<SharedStore>,
}

impl ClientBuilder {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            assertion_lifetime: AssertionLifetime::default(),
            signer: None,
            transport: None,
            request_timeout: REQUEST_TIMEOUT,
            clock: SharedClock::new(SystemClock),
            store: None,
        }
    }

    /// Signs with `signer` instead of the key that the credentials name: with a key behind a network service, say.
    pub fn with_signer(self, signer: impl Signer + 'static) -> Self {
        Self { signer: Some(SharedSigner::new(signer)), ..self }
    }

    /// Sends requests through `transport` instead of reqwest.
    pub fn with_transport(self, transport: impl Transport + 'static) -> Self {
        Self { transport: Some(SharedTransport::new(transport)), ..self }
    }

    /// Gives one request `timeout` instead of [`REQUEST_TIMEOUT`].
    pub fn with_request_timeout(self, timeout: Duration) -> Self {
        Self { request_timeout: timeout, ..self }
    }

    /// Signs assertions that live for `lifetime` instead of five minutes.
    pub fn with_assertion_lifetime(self, lifetime: AssertionLifetime) -> Self {
        Self { assertion_lifetime: lifetime, ..self }
    }

    /// Goes by `clock` instead of the system's.
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: SharedClock::new(clock), ..self }
    }

    /// Shares the token through `store` with other processes of the same integration.
    pub fn with_store(self, store: impl TokenStore + 'static) -> Self {
        Self { store: Some(SharedStore::new(store)), ..self }
    }

    /// Builds the client: reads the private key, and sets up the transport. Nothing is sent.
    ///
    /// # Errors
    /// [`Error`]; [`Error::MissingFeature`] if no transport is given and the feature `reqwest` is off.
    pub fn build(self) -> Result<Client, Error> {
        let environment = self.credentials.environment().clone();
        let client_id = self.credentials.client_id().clone();
        let org_id = self.credentials.org_id().cloned();
        let (store, key, clock) =
            (self.store.clone(), cache_key(&self.credentials), self.clock.clone());
        let mut keeper = TokenKeeper::new(self.source()?, clock).with_client_id(&client_id);
        if let Some(org_id) = org_id {
            keeper = keeper.with_org_id(&org_id);
        }
        if let Some(store) = store {
            keeper = keeper.with_store(store, key);
        }
        Ok(Client { keeper, environment, id: client_id })
    }

    fn source(self) -> Result<TokenSource, Error> {
        let environment = self.credentials.environment().clone();
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&environment)?,
        };
        Ok(match self.credentials.into_credential() {
            Credential::ServiceAccount(ServiceAccountCredential {
                account,
                client_secrets,
                signing_keys,
                sends_jti,
            }) => {
                let signer =
                    self.signer.map_or_else(|| signing_keys.first().signing_key.signer(), Ok)?;
                let source = ServiceAccountSource {
                    environment,
                    account,
                    assertion_lifetime: self.assertion_lifetime,
                    sends_jti,
                    client_secrets,
                    signer,
                    transport,
                    request_timeout: self.request_timeout,
                    clock: self.clock,
                };
                asking(source, ServiceAccountSource::fetch)
            }
            Credential::ServerToServer(credential) => {
                let source = ServerToServerSource {
                    environment,
                    credential,
                    transport,
                    request_timeout: self.request_timeout,
                    clock: self.clock,
                };
                asking(source, ServerToServerSource::fetch)
            }
            Credential::ApiKey(_) => {
                TokenSource::new(async || Err(FetchError::permanent(ApiKeyAlone)))
            }
        })
    }
}

/// A source of tokens that asks `source` by its method `fetch`.
fn asking<Source, Fetching>(source: Source, fetch: fn(Arc<Source>) -> Fetching) -> TokenSource
where
    Source: Send + Sync + 'static,
    Fetching: Future<Output = Result<AccessToken, FetchError>> + Send + 'static,
{
    let source = Arc::new(source);
    TokenSource::new(move || fetch(Arc::clone(&source)))
}

/// Under what the token of these credentials is kept in a store.
fn cache_key(credentials: &Credentials) -> CacheKey {
    let key = |grant| CacheKey::new(credentials.environment(), credentials.client_id(), grant);
    match credentials.credential() {
        Credential::ServiceAccount(credential) => key("jwt")
            .with_account(credential.account.technical_account_id().as_str())
            .with_scopes(credential.account.metascopes().iter().map(ims_claims::Metascope::as_str)),
        Credential::ServerToServer(credential) => {
            let key =
                key("client_credentials").with_scopes(credential.scopes.iter().map(Scope::as_str));
            match &credential.org_id {
                Some(org_id) => key.with_account(org_id.as_str()),
                None => key,
            }
        }
        Credential::ApiKey(_) => key("none"),
    }
}

#[cfg(feature = "reqwest")]
fn default_transport(environment: &Environment) -> Result<SharedTransport, Error> {
    Ok(SharedTransport::new(ims_exchange::ReqwestTransport::new(environment)?))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport(_environment: &Environment) -> Result<SharedTransport, Error> {
    Err(Error::MissingFeature { feature: "reqwest" })
}
