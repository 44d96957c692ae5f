//! The client: credentials in, a token that is always fresh out.

use http::HeaderMap;
use ims_claims::{ClientId, Environment};
use ims_exchange::AccessToken;
use ims_token::{TokenError, TokenKeeper};

use crate::{ClientBuilder, Credentials, Error};

/// Obtains and keeps the access token of one integration. Cheap to clone; clones share the token.
///
/// Nothing is sent before the first call, and building needs no runtime.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) keeper: TokenKeeper,
    pub(crate) environment: Environment,
    pub(crate) id: ClientId,
}

impl Client {
    /// A client with the defaults of [`ClientBuilder`].
    ///
    /// # Errors
    /// Those of [`ClientBuilder::build`].
    pub fn new(credentials: &Credentials) -> Result<Self, Error> {
        Self::builder(credentials).build()
    }

    /// A client with a transport, a signer, a clock or a store of your own.
    pub fn builder(credentials: &Credentials) -> ClientBuilder {
        ClientBuilder::new(credentials.clone())
    }

    /// A token that can be used now: from memory while it is fresh, else from IMS.
    ///
    /// # Errors
    /// [`TokenError`], sorted by what you can do. The [`ExchangeError`](ims_exchange::ExchangeError) with IMS's answer, or
    /// the [`SignError`](ims_sign::SignError), is among its sources.
    pub async fn access_token(&self) -> Result<AccessToken, TokenError> {
        self.keeper.token().await
    }

    /// The header fields that Adobe's APIs want: `Authorization`, `x-api-key` and, where the organization is known,
    /// `x-gw-ims-org-id`.
    ///
    /// # Errors
    /// Those of [`Client::access_token`].
    pub async fn headers(&self) -> Result<HeaderMap, TokenError> {
        self.keeper.headers().await
    }

    /// What keeps the token fresh, for [`report_rejected`](TokenKeeper::report_rejected),
    /// [`keep_fresh`](TokenKeeper::keep_fresh), [`health`](TokenKeeper::health) and the like.
    #[must_use]
    pub fn keeper(&self) -> &TokenKeeper {
        &self.keeper
    }

    /// The IMS that is asked.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The integration's client id, which APIs want as `x-api-key`.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.id
    }
}
