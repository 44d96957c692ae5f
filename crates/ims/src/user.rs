//! People: from the refresh token to the next access token.

use std::sync::Arc;

use ims_claims::ClientId;
use ims_credentials::UserCredential;
use ims_exchange::{
    AccessToken, ClientSecret, ExchangeError, RefreshToken, TokenRefresh, UserTokens,
};
use ims_token::FetchError;

pub(crate) mod refresh_tokens;
#[cfg(feature = "sign-in")]
pub(crate) mod sign_in;
pub(crate) mod unsaved_refresh_token;

use crate::{
    alternatives::{Alternatives, Notice, is_wrong_secret, one_or_none},
    connection::Connection,
};
use refresh_tokens::RefreshTokens;
use unsaved_refresh_token::UnsavedRefreshToken;

/// Obtains tokens by refresh tokens.
#[derive(Debug)]
pub(crate) struct UserSource {
    connection: Connection,
    client_id: ClientId,
    client_secrets: Alternatives<Option<ClientSecret>>,
    refresh_tokens: RefreshTokens,
    unsaved: UnsavedRefreshToken,
}

/// Let the person sign in: there is no refresh token.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no one is signed in: there is no refresh token in {place}")]
struct NotSignedIn {
    place: String,
}

impl UserSource {
    pub(crate) fn new(
        connection: Connection,
        credential: UserCredential,
        refresh_tokens: RefreshTokens,
        notice: Notice,
    ) -> Self {
        Self {
            connection,
            client_id: credential.client_id,
            client_secrets: one_or_none(credential.client_secrets.as_ref(), notice),
            refresh_tokens,
            unsaved: UnsavedRefreshToken::default(),
        }
    }

    /// The state of the newest refresh token.
    pub(crate) fn unsaved(&self) -> UnsavedRefreshToken {
        self.unsaved.clone()
    }

    /// One refresh, with the refresh token that is saved now, since another process may have replaced it. If another
    /// process replaces it during the refresh, IMS refuses the old one, and the new one is tried once.
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        let refresh_token = self.current().await?;
        match self.refresh(&refresh_token).await {
            // Each use may replace the refresh token, so a refusal can mean that another process was faster.
            Err(ExchangeError::SignInNeeded(refusal)) => {
                let newer = self.current().await?;
                if newer.matches(&refresh_token) {
                    return Err(ExchangeError::SignInNeeded(refusal).into());
                }
                Ok(self.refresh(&newer).await?)
            }
            obtained => Ok(obtained?),
        }
    }

    /// The newest refresh token that is known here.
    async fn current(&self) -> Result<RefreshToken, FetchError> {
        let saved = self.refresh_tokens.load().await;
        if let Some(newer) = self.unsaved.newer_than(&saved) {
            return Ok(newer);
        }
        match saved {
            Ok(Some(refresh_token)) => Ok(refresh_token),
            Ok(None) => {
                let place = self.refresh_tokens.place();
                Err(FetchError::sign_in_needed(NotSignedIn { place }))
            }
            Err(error) => {
                let name = error.reason_name();
                Err(FetchError::permanent(error).named(name))
            }
        }
    }

    /// One refresh with each client secret, until one is right. A new refresh token is saved before any caller has the
    /// access token.
    async fn refresh(&self, refresh_token: &RefreshToken) -> Result<AccessToken, ExchangeError> {
        let tokens = self
            .client_secrets
            .try_each(
                |_| false,
                async |secret: &Option<_>| self.ask(refresh_token, secret.as_ref()).await,
                is_wrong_secret,
            )
            .await?;
        self.keep(refresh_token, tokens.refresh_token).await;
        Ok(tokens.access_token)
    }

    async fn ask(
        &self,
        refresh_token: &RefreshToken,
        client_secret: Option<&ClientSecret>,
    ) -> Result<UserTokens, ExchangeError> {
        let mut grant = TokenRefresh::new(&self.client_id, refresh_token);
        if let Some(client_secret) = client_secret {
            grant = grant.with_client_secret(client_secret);
        }
        self.connection.send(&grant).await
    }

    /// Saves the refresh token that IMS gave in place of `old`. If that fails, the access token is still valid, and the
    /// refresh token is kept in memory and saved at the next refresh.
    async fn keep(&self, old: &RefreshToken, new: Option<RefreshToken>) {
        // From here on, a caller that gives up waiting does not lose it.
        let Some((replaced, newest)) = self.unsaved.after(old, new) else { return };
        match self.refresh_tokens.replace(&replaced, &newest).await {
            Ok(()) => self.unsaved.saved(&newest),
            Err(error) => self.unsaved.failed(&self.client_id, &newest, error),
        }
    }
}
