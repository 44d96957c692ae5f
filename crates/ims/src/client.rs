//! The client: credentials in, a token that is always fresh out.

use http::HeaderMap;
use ims_claims::{ClientId, Environment};
use ims_exchange::AccessToken;
use ims_token::{Health, TokenError, TokenKeeper};

use crate::{ClientBuilder, Credentials, Error, RefreshTokensError, unsaved::Unsaved};

/// Obtains and keeps the access token of one integration. Cheap to clone; clones share the token.
///
/// Nothing is sent before the first call, and building needs no runtime.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) keeper: TokenKeeper,
    pub(crate) environment: Environment,
    pub(crate) id: ClientId,
    pub(crate) unsaved: Unsaved,
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
    /// the [`SignError`](ims_sign::SignError), is among its sources. With an API key alone it is
    /// [`TokenError::ApiKeyAlone`], since the [`headers`](Self::headers) are all there is.
    pub async fn access_token(&self) -> Result<AccessToken, TokenError> {
        self.keeper.token().await
    }

    /// The header fields that Adobe's APIs want: `Authorization`, `x-api-key` and, where the organization is known,
    /// `x-gw-ims-org-id`. With an API key alone there is no `Authorization`, and nothing is sent for them.
    ///
    /// # Errors
    /// Those of [`Client::access_token`].
    pub async fn headers(&self) -> Result<HeaderMap, TokenError> {
        self.keeper.headers().await
    }

    /// How the keeper is doing, and when the certificate of a service account ends, if it is known.
    #[must_use]
    pub fn health(&self) -> Health {
        self.keeper.health()
    }

    /// Why the newest refresh token of a person lies nowhere but in the memory of this process: it could not be saved.
    ///
    /// Access tokens are handed out all the same, and each refresh tries to save it again. If the process ends before, the
    /// person has to sign in anew.
    #[must_use]
    pub fn unsaved_refresh_token(&self) -> Option<RefreshTokensError> {
        self.unsaved.error()
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
