//! Signs a person in by the authorization code with PKCE (RFC 7636). The program opens the browser and receives the redirect.
//!
//! No browser and no listener here.

use std::time::Duration;

use ims_claims::{Environment, NumericDate};
use ims_credentials::{Credential, Credentials, UserCredential};
use ims_exchange::{
    AccessToken, AuthorizationCode, AuthorizeUrl, ClientSecret, CodeExchange, CodeVerifier,
    ExchangeError, IdToken, IdTokenFault, Nonce, Prompt, RedirectError, RefreshToken, Resource,
    SharedTransport, State, Transport, UserTokens,
};
use ims_token::{Clock, SharedClock, StoreError, TokenStore};

use super::refresh_tokens::RefreshTokens;
use crate::{
    alternatives::{Notice, is_wrong_secret, one_or_none},
    connection::{Connection, ConnectionOptions},
    source::cache_key,
};

mod error;

pub use error::SignInError;

/// One sign-in, with its own state, nonce and code verifier, which no one else knows.
///
/// Send the person to [`url`](Self::url), wait for the redirect, and [`finish`](Self::finish) with it.
///
/// ```no_run
/// use ims::{Client, Credential, Credentials, RefreshTokens, SignIn, claims::Environment};
///
/// # async fn sign_in(credential: ims::UserCredential, redirect: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let environment = Environment::production();
/// let sign_in = SignIn::new(environment.clone(), credential.clone(), "http://127.0.0.1:8912/callback");
/// println!("open {}", sign_in.url());
/// // The browser comes back to a server on loopback, or a person pastes the URL: that is the redirect.
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
    environment: Environment,
    credential: UserCredential,
    redirect_uri: String,
    verifier: CodeVerifier,
    state: State,
    nonce: Nonce,
    prompt: Option<Prompt>,
    resources: Vec<Resource>,
    connection: ConnectionOptions,
}

impl SignIn {
    /// Signs a person in for the integration of `credential`. The browser comes back to `redirect_uri`, which the integration
    /// has to know.
    ///
    /// # Panics
    /// If the system has no random numbers.
    pub fn new(
        environment: Environment,
        credential: UserCredential,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            environment,
            credential,
            redirect_uri: redirect_uri.into(),
            verifier: CodeVerifier::generate(),
            state: State::generate(),
            nonce: Nonce::generate(),
            prompt: None,
            resources: Vec::new(),
            connection: ConnectionOptions::default(),
        }
    }

    /// Says whether the person may or must be asked to sign in.
    ///
    /// ```
    /// use ims::{SignIn, UserCredential, claims::Environment, exchange::Prompt};
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(Environment::production(), credential, "http://127.0.0.1:8912/callback")
    ///     .with_prompt(Prompt::Login);
    /// assert!(sign_in.url().contains("prompt=login"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_prompt(self, prompt: Prompt) -> Self {
        Self { prompt: Some(prompt), ..self }
    }

    /// Asks for tokens for `resources` only (RFC 8707 §2.1).
    ///
    /// ```
    /// use ims::{SignIn, UserCredential, claims::Environment};
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(Environment::production(), credential, "http://127.0.0.1:8912/callback")
    ///     .with_resources(["https://api.example.com".parse()?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_resources(self, resources: impl IntoIterator<Item = Resource>) -> Self {
        Self { resources: resources.into_iter().collect(), ..self }
    }

    /// Sends requests through `transport` instead of reqwest.
    ///
    /// ```
    /// use ims::{SignIn, UserCredential, claims::Environment, exchange::testing::FakeTransport};
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(Environment::production(), credential, "http://127.0.0.1:8912/callback")
    ///     .with_transport(FakeTransport::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_transport(mut self, transport: impl Transport + 'static) -> Self {
        self.connection.transport = Some(SharedTransport::new(transport));
        self
    }

    /// Gives one request `timeout` instead of [`REQUEST_TIMEOUT`](crate::REQUEST_TIMEOUT).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims::{SignIn, UserCredential, claims::Environment};
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(Environment::production(), credential, "http://127.0.0.1:8912/callback")
    ///     .with_request_timeout(Duration::from_secs(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = timeout;
        self
    }

    /// Uses `clock` instead of the system's.
    ///
    /// ```
    /// use ims::{SignIn, UserCredential, claims::{Environment, NumericDate}, token::testing::FakeClock};
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?]);
    /// let sign_in = SignIn::new(Environment::production(), credential, "http://127.0.0.1:8912/callback")
    ///     .with_clock(FakeClock::new(NumericDate::from_secs(1_800_000_000)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.connection.clock = SharedClock::new(clock);
        self
    }

    /// Where to send the person. It holds no secret.
    #[must_use]
    pub fn url(&self) -> String {
        self.authorize_url().url(&self.environment)
    }

    /// Where the browser comes back to.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Reads the code out of `redirect`: the whole URL, as a person pastes it, or the path and query that a server on
    /// loopback was asked for. Nothing is sent.
    ///
    /// # Errors
    /// [`RedirectError`]; after [`RedirectError::AnotherSignIn`], go on waiting.
    pub fn code(&self, redirect: &str) -> Result<AuthorizationCode, RedirectError> {
        self.authorize_url().answer(redirect)
    }

    /// Redeems the code that `redirect` brought, and checks what comes for it.
    ///
    /// # Errors
    /// [`SignInError`], by what the caller can do.
    pub async fn finish(&self, redirect: &str) -> Result<SignedIn, SignInError> {
        let code = self.code(redirect)?;
        // After the redirect was judged: one that belongs to another sign-in must not cost a connection.
        let connection = self.connection.connect(&self.environment).map_err(SignInError::Client)?;
        let notice = Notice { client_id: self.credential.client_id.clone(), observer: None };
        let client_secrets = one_or_none(self.credential.client_secrets.as_ref(), notice);
        let tokens = client_secrets
            .try_each(
                |_| false,
                async |secret: &Option<_>| self.redeem(&connection, &code, secret.as_ref()).await,
                is_wrong_secret,
            )
            .await?;
        // Before anyone has the tokens: those of another sign-in would let a person act as somebody else.
        self.check(&tokens, connection.clock().now())?;
        let (environment, credential) = (self.environment.clone(), self.credential.clone());
        Ok(SignedIn { environment, tokens, credential })
    }

    async fn redeem(
        &self,
        connection: &Connection,
        code: &AuthorizationCode,
        client_secret: Option<&ClientSecret>,
    ) -> Result<UserTokens, ExchangeError> {
        let mut grant = CodeExchange::new(&self.credential.client_id, code, &self.verifier);
        if let Some(client_secret) = client_secret {
            grant = grant.with_client_secret(client_secret);
        }
        connection.send(&grant).await
    }

    /// The ID token came from IMS itself, over TLS, which stands for its signature (`OpenID` Connect Core 1.0 §3.1.3.7, 6).
    fn check(&self, tokens: &UserTokens, now: NumericDate) -> Result<(), IdTokenFault> {
        let Some(id_token) = &tokens.id_token else {
            // OpenID Connect Core 1.0 §3.1.3.3: an answer to a request with `openid` has an ID token. Without it no one knows
            // whether the tokens belong to this sign-in.
            let is_expected = self.credential.scopes.iter().any(|scope| scope.as_str() == "openid");
            return if is_expected { Err(IdTokenFault::Missing) } else { Ok(()) };
        };
        id_token.check(&self.nonce, &self.credential.client_id, now)
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
    environment: Environment,
    tokens: UserTokens,
    credential: UserCredential,
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

    /// Who signed in, as IMS attests it, if the scope `openid` was asked for. Its nonce, its audience and its end are
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
        let credential = Credential::User(self.credential.clone());
        let credentials = Credentials::new(self.environment.clone(), credential);
        store.save(&cache_key(&credentials, refresh_tokens), self.access_token()).await
    }
}

#[cfg(test)]
mod tests;
