//! Signs a person in with an authorization code and PKCE (RFC 7636). The program opens the browser and receives the
//! redirect.
//!
//! This module opens no browser and listens at no port.

use ims_credentials::{Credential, Credentials, UserCredential};
use ims_exchange::{
    AccessToken, AuthorizationCode, AuthorizeUrl, ClientSecret, CodeExchange, CodeVerifier,
    ExchangeError, IdToken, Nonce, Prompt, RedirectError, RefreshToken, Resource, State,
    UserTokens,
};
use ims_token::{Clock, Observer, StoreError, TokenStore};

use super::refresh_tokens::RefreshTokens;
use crate::{
    alternatives::{Notice, is_wrong_secret, one_or_none},
    connection::Connection,
    source::cache_key,
};

mod error;

pub use error::SignInError;

/// One sign-in, with its own state, nonce and code verifier, which no one else knows.
///
/// Send the person to [`url`](Self::url), wait for the redirect, and [`finish`](Self::finish) with it.
///
/// ```no_run
/// use ims::{Client, Connection, Credential, Credentials, RefreshTokens, SignIn, claims::Environment};
///
/// # async fn sign_in(credential: ims::UserCredential, redirect: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let environment = Environment::production();
/// let connection = Connection::new(environment.clone())?;
/// let sign_in = SignIn::new(connection, credential.clone(), "http://127.0.0.1:8912/callback");
/// println!("open {}", sign_in.url());
/// // The browser is redirected to a server on loopback, or a person pastes the URL: that is the redirect.
/// let person = sign_in.finish(redirect).await?;
///
/// let refresh_tokens = RefreshTokens::empty();
/// person.keep_in(&refresh_tokens).await?;
/// let credentials = Credentials::new(environment, Credential::User(credential));
/// let client = Client::builder(&credentials).with_refresh_tokens(refresh_tokens).build()?;
/// let headers = client.headers().await?;
/// # let _ = headers;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct SignIn {
    connection: Connection,
    credential: UserCredential,
    redirect_uri: String,
    verifier: CodeVerifier,
    state: State,
    nonce: Nonce,
    prompt: Option<Prompt>,
    resources: Vec<Resource>,
}

impl SignIn {
    /// Signs a person in at the IMS of `connection`, for the integration of `credential`. The browser is redirected to
    /// `redirect_uri`, which must be registered for the integration.
    ///
    /// # Panics
    /// If the random number generator of the system fails.
    pub fn new(
        connection: Connection,
        credential: UserCredential,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            connection,
            credential,
            redirect_uri: redirect_uri.into(),
            verifier: CodeVerifier::generate(),
            state: State::generate(),
            nonce: Nonce::generate(),
            prompt: None,
            resources: Vec::new(),
        }
    }

    /// Says whether the person may or must be asked to sign in.
    ///
    /// ```
    /// use ims::{Connection, SignIn, UserCredential, claims::Environment, exchange::Prompt};
    ///
    /// let connection = Connection::new(Environment::production())?;
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(connection, credential, "http://127.0.0.1:8912/callback").with_prompt(Prompt::Login);
    /// assert!(sign_in.url().contains("prompt=login"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_prompt(self, prompt: Prompt) -> Self {
        Self { prompt: Some(prompt), ..self }
    }

    /// Asks for tokens for `resources` only (RFC 8707 §2.1).
    ///
    /// ```
    /// # use ims::{Connection, SignIn, UserCredential, claims::Environment};
    /// # let connection = Connection::new(Environment::production())?;
    /// # let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(connection, credential, "http://127.0.0.1:8912/callback")
    ///     .with_resources(["https://api.example.com".parse()?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_resources(self, resources: impl IntoIterator<Item = Resource>) -> Self {
        Self { resources: resources.into_iter().collect(), ..self }
    }

    /// Where to send the person. It holds no secret.
    #[must_use]
    pub fn url(&self) -> String {
        self.authorize_url().url(self.connection.environment())
    }

    /// The redirect URI.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Reads the code out of `redirect`: the whole URL, as a person pastes it, or the path and query of the request to a
    /// server on loopback. Nothing is sent.
    ///
    /// # Errors
    /// [`RedirectError`]; after [`RedirectError::AnotherSignIn`], keep waiting.
    pub fn code(&self, redirect: &str) -> Result<AuthorizationCode, RedirectError> {
        self.authorize_url().answer(redirect)
    }

    /// Exchanges the code in `redirect` for tokens, and checks them.
    ///
    /// # Errors
    /// [`SignInError`], sorted by what the caller can do.
    pub async fn finish(&self, redirect: &str) -> Result<SignedIn, SignInError> {
        let code = self.code(redirect)?;
        let client_id = self.credential.client_id.clone();
        let notice = Notice { client_id, observer: Observer::default() };
        let client_secrets = one_or_none(self.credential.client_secrets.as_ref(), notice);
        let tokens = client_secrets
            .try_each(
                |_| false,
                async |secret: &Option<_>| self.redeem(&code, secret.as_ref()).await,
                is_wrong_secret,
            )
            .await?;
        // Before anyone gets the tokens: with those of another sign-in, a person could act as someone else.
        // The ID token came from IMS itself over TLS, which replaces the check of its signature (OpenID Connect Core 1.0
        // §3.1.3.7, 6).
        let now = self.connection.clock().now();
        let UserCredential { client_id, scopes, .. } = &self.credential;
        tokens.check(scopes, &self.nonce, client_id, now)?;
        let environment = self.connection.environment().clone();
        let credentials = Credentials::new(environment, Credential::User(self.credential.clone()));
        Ok(SignedIn { tokens, credentials })
    }

    async fn redeem(
        &self,
        code: &AuthorizationCode,
        client_secret: Option<&ClientSecret>,
    ) -> Result<UserTokens, ExchangeError> {
        let mut grant = CodeExchange::new(&self.credential.client_id, code, &self.verifier);
        if let Some(client_secret) = client_secret {
            grant = grant.with_client_secret(client_secret);
        }
        self.connection.send(&grant).await
    }

    fn authorize_url(&self) -> AuthorizeUrl<'_> {
        let UserCredential { client_id, scopes, .. } = &self.credential;
        let url =
            AuthorizeUrl::new(client_id, &self.redirect_uri, scopes, &self.verifier, &self.state)
                .with_nonce(&self.nonce)
                .with_resources(&self.resources);
        match self.prompt {
            Some(prompt) => url.with_prompt(prompt),
            None => url,
        }
    }
}

/// A person who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    tokens: UserTokens,
    credentials: Credentials,
}

impl SignedIn {
    /// The first access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.tokens.access_token
    }

    /// The token for the next refresh. IMS gives one for the scope `offline_access` only.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.tokens.refresh_token.as_ref()
    }

    /// Who signed in, according to IMS, if the scope `openid` was asked for. Its nonce, its audience and its end are
    /// checked; its signature is not, since IMS itself gave it over TLS.
    #[must_use]
    pub fn id_token(&self) -> Option<&IdToken> {
        self.tokens.id_token.as_ref()
    }

    /// The account, as IMS sent it: it may hold any character, so escape it where it is shown.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.tokens.user_id.as_deref()
    }

    /// Puts the refresh token into `place`, where a [`Client`](crate::Client) finds it: see
    /// [`with_refresh_tokens`](crate::ClientBuilder::with_refresh_tokens). If one place fails, another can be tried.
    ///
    /// # Errors
    /// [`SignInError::NoRefreshToken`], [`SignInError::NotKept`]
    pub async fn keep_in(&self, place: &RefreshTokens) -> Result<(), SignInError> {
        let refresh_token = self.refresh_token().ok_or(SignInError::NoRefreshToken)?;
        Ok(place.save(refresh_token).await?)
    }

    /// Saves the access token in `store`. As long as it lasts, a [`Client`](crate::Client) with that store and these refresh
    /// tokens finds it there, and works even if there is no refresh token.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn cache_in(
        &self,
        store: &impl TokenStore,
        refresh_tokens: &RefreshTokens,
    ) -> Result<(), StoreError> {
        store.save(&cache_key(&self.credentials, refresh_tokens), self.access_token()).await
    }
}

#[cfg(test)]
mod tests;
