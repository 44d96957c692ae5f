//! The source of the tokens of a credential, and the name under which a store keeps them. The source of OAuth
//! Server-to-Server is here; those of service accounts and people have their own files.

use std::sync::Arc;

use ims_claims::{ClientId, Metascope, NumericDate, OrgId};
use ims_credentials::{Credential, Credentials, ServerToServerCredential};
use ims_exchange::{AccessToken, ClientCredentials, ClientSecret, ExchangeError, Scope};
use ims_token::{Alternative, CacheKey, FetchError, GrantName, TokenSource};

use crate::{
    alternatives::{Alternatives, Notice, is_wrong_secret},
    connection::Connection,
    user::{refresh_tokens::RefreshTokens, unsaved_refresh_token::UnsavedRefreshToken},
};

/// Where tokens come from, and what else is known about it.
pub(crate) struct Source {
    pub(crate) tokens: TokenSource,
    /// When the credential expires, such as the certificate of a key.
    pub(crate) ends_at: Option<NumericDate>,
    pub(crate) unsaved: UnsavedRefreshToken,
}

impl Source {
    /// Gets tokens from `source` with its method `fetch`.
    pub(crate) fn new<S, Fetching>(
        source: S,
        fetch: impl Fn(Arc<S>) -> Fetching + Send + Sync + 'static,
    ) -> Self
    where
        S: Send + Sync + 'static,
        Fetching: Future<Output = Result<AccessToken, FetchError>> + Send + 'static,
    {
        // Each fetch may outlive the call that began it, so it holds the source.
        let source = Arc::new(source);
        let tokens = TokenSource::new(move || fetch(Arc::clone(&source)));
        tokens.into()
    }
}

impl From<TokenSource> for Source {
    fn from(tokens: TokenSource) -> Self {
        Self { tokens, ends_at: None, unsaved: UnsavedRefreshToken::default() }
    }
}

/// Obtains tokens by client credentials, for OAuth Server-to-Server.
#[derive(Debug)]
pub(crate) struct ServerToServerSource {
    connection: Connection,
    client_id: ClientId,
    client_secrets: Alternatives<ClientSecret>,
    scopes: Vec<Scope>,
    org_id: Option<OrgId>,
}

impl ServerToServerSource {
    pub(crate) fn new(
        connection: Connection,
        credential: ServerToServerCredential,
        notice: Notice,
    ) -> Self {
        let ServerToServerCredential { client_id, client_secrets, scopes, org_id, .. } = credential;
        let kind = Alternative::ClientSecret;
        let client_secrets = Alternatives::new(kind, client_secrets.iter().cloned(), notice);
        Self { connection, client_id, client_secrets, scopes, org_id }
    }

    /// One exchange with each client secret, until one is right.
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        let obtained = self
            .client_secrets
            .try_each(|_| false, |client_secret| self.exchange(client_secret), is_wrong_secret)
            .await;
        let asked = self.scopes.iter().map(Scope::as_str);
        obtained.map_err(|error| FetchError::from(error).with_asked_scopes(asked))
    }

    /// Grant, transport, token.
    async fn exchange(&self, client_secret: &ClientSecret) -> Result<AccessToken, ExchangeError> {
        let mut grant = ClientCredentials::new(&self.client_id, client_secret, &self.scopes);
        if let Some(org_id) = &self.org_id {
            grant = grant.with_org_id(org_id);
        }
        self.connection.send(&grant).await
    }
}

/// The name of the token of these credentials in a store.
pub(crate) fn cache_key(credentials: &Credentials, refresh_tokens: &RefreshTokens) -> CacheKey {
    let key = |grant| CacheKey::new(credentials.environment(), credentials.client_id(), grant);
    match credentials.credential() {
        Credential::ServiceAccount(credential) => {
            let account = &credential.account;
            key(GrantName::JWT)
                .with_account(account.technical_account_id().as_str())
                .with_scopes(account.metascopes().iter().map(Metascope::as_str))
        }
        Credential::ServerToServer(credential) => {
            let key = key(GrantName::CLIENT_CREDENTIALS)
                .with_scopes(credential.scopes.iter().map(Scope::as_str));
            match &credential.org_id {
                Some(org_id) => key.with_account(org_id.as_str()),
                None => key,
            }
        }
        // Who has signed in is not known here, only where the refresh token is kept.
        Credential::User(_) => {
            key(GrantName::REFRESH_TOKEN).with_account(refresh_tokens.identity())
        }
        Credential::Token(credential) => {
            key(GrantName::new("token")).with_account(credential.token.fingerprint())
        }
        // An API key has no token.
        _ => key(GrantName::new("none")),
    }
}
