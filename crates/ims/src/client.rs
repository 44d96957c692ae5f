//! The client: it takes credentials and gives a token that is always fresh.

use std::time::Duration;

use http::HeaderMap;
use ims_claims::{ClientId, Environment};
use ims_credentials::RefreshTokensError;
use ims_exchange::AccessToken;
use ims_token::{FetchError, Health, TokenError, TokenKeeper};

use crate::user::unsaved_refresh_token::UnsavedRefreshToken;

/// Obtains and keeps the access token of one integration. Cheap to clone; clones share the token.
///
/// Nothing is sent before the first call, and building needs no runtime.
///
/// ```no_run
/// use ims::{Client, Credentials};
///
/// # async fn call() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new(&Credentials::from_file("credentials.json")?)?;
/// let token = client.access_token().await?; // from IMS, and from memory as long as it lasts
/// let headers = client.headers().await?; // Authorization, x-api-key, x-gw-ims-org-id
/// # let _ = (token, headers);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) access: Access,
    pub(crate) environment: Environment,
    pub(crate) id: ClientId,
    pub(crate) unsaved: UnsavedRefreshToken,
}

/// What the client sends to APIs.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    Token(TokenKeeper),
    /// An API key alone: these header fields, and no token.
    ApiKey(HeaderMap),
}

/// Send the [`headers`](Client::headers) without a token: the credentials are an API key alone, which gets no token.
///
/// ```
/// use ims::{Client, Credentials};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new(&Credentials::from_json(r#"{ "api_key": "my-key" }"#)?)?;
/// assert!(client.access_token().await.is_err(), "an API key alone gets no access token");
/// assert!(client.headers().await?.contains_key("x-api-key"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key alone gets no access token")]
pub struct ApiKeyAlone;

impl Client {
    /// A token that can be used now: from memory while it is fresh, else from IMS.
    ///
    /// # Errors
    /// [`TokenError`], sorted by what you can do: its [`refusal`](TokenError::refusal) is what IMS answered, its
    /// [`hints`](TokenError::hints) say what to do. With an API key alone it is [`TokenError::Refused`] with
    /// [`ApiKeyAlone`] as its [`cause`](FetchError::cause), since there are only the [`headers`](Self::headers).
    pub async fn access_token(&self) -> Result<AccessToken, TokenError> {
        self.expect_keeper()?.token().await
    }

    /// A token that can still be used in `duration`: for a request that takes long, or to give to another process.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # async fn export(client: &ims::Client) -> Result<(), ims::TokenError> {
    /// // For an upload that may take half an hour.
    /// let token = client.access_token_valid_for(Duration::from_secs(1_800)).await?;
    /// # let _ = token;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`TokenKeeper::token_valid_for`] and [`Client::access_token`].
    pub async fn access_token_valid_for(
        &self,
        duration: Duration,
    ) -> Result<AccessToken, TokenError> {
        self.expect_keeper()?.token_valid_for(duration).await
    }

    /// A new token, even if the old one is valid.
    ///
    /// # Errors
    /// Those of [`TokenKeeper::refresh`] and [`Client::access_token`].
    pub async fn refresh(&self) -> Result<AccessToken, TokenError> {
        self.expect_keeper()?.refresh().await
    }

    /// The header fields that Adobe's APIs expect: `Authorization`, `x-api-key` and, where the organization is known,
    /// `x-gw-ims-org-id`. With an API key alone there is no `Authorization`, and IMS is not asked.
    ///
    /// # Errors
    /// Those of [`Client::access_token`].
    pub async fn headers(&self) -> Result<HeaderMap, TokenError> {
        match &self.access {
            Access::Token(keeper) => keeper.headers().await,
            Access::ApiKey(headers) => Ok(headers.clone()),
        }
    }

    /// The state of the keeper, and when the certificate of a service account expires, if it is known. `None` with an API
    /// key alone.
    ///
    /// ```
    /// # fn check(client: &ims::Client) {
    /// if let Some(health) = client.health() {
    ///     println!("serving: {}, certificate expires: {:?}", health.is_serving(), health.credential_ends_at);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        self.keeper().map(TokenKeeper::health)
    }

    /// Why the newest refresh token of a person is only in the memory of this process: it could not be saved.
    ///
    /// The client still gives access tokens, and each refresh tries to save it again. If the process ends before that, the
    /// person has to sign in again.
    #[must_use]
    pub fn unsaved_refresh_token(&self) -> Option<RefreshTokensError> {
        self.unsaved.error()
    }

    /// The keeper of the token, for example for [`report_rejected`](TokenKeeper::report_rejected),
    /// [`keep_fresh`](TokenKeeper::keep_fresh) and the middlewares. `None` with an API key alone, which has no token to
    /// keep.
    #[must_use]
    pub fn keeper(&self) -> Option<&TokenKeeper> {
        match &self.access {
            Access::Token(keeper) => Some(keeper),
            Access::ApiKey(_) => None,
        }
    }

    fn expect_keeper(&self) -> Result<&TokenKeeper, TokenError> {
        self.keeper().ok_or_else(|| TokenError::Refused {
            retry_after: Duration::ZERO,
            // Not another error: callers handle one kind of failure for all kinds of credentials.
            source: FetchError::fix_call(ApiKeyAlone).named("api_key_alone"),
        })
    }

    /// The IMS that is asked.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The integration's client id, which APIs expect as `x-api-key`.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.id
    }
}
