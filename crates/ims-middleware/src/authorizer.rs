//! What both middlewares do with a request.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, header::AUTHORIZATION, uri::Scheme};
use ims_exchange::AccessToken;
use ims_token::{TokenError, TokenKeeper};

use crate::{allowed_hosts::AllowedHosts, no_token::NoToken};

/// Puts tokens on requests. A clone shares all.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keeper: TokenKeeper,
    hosts: AllowedHosts,
    /// The keeper's header fields besides the token, which never change.
    api_headers: OnceLock<HeaderMap>,
}

impl Authorizer {
    pub(crate) fn new(keeper: TokenKeeper, hosts: AllowedHosts) -> Self {
        Self(Arc::new(Inner { keeper, hosts, api_headers: OnceLock::new() }))
    }

    pub(crate) fn with_hosts(&self, hosts: AllowedHosts) -> Self {
        Self::new(self.0.keeper.clone(), hosts)
    }

    /// Whether a request to `host` with `headers` gets a token: not if it has its own `Authorization`. If not, the log says
    /// why.
    pub(crate) fn is_meant_for(&self, scheme: &Scheme, host: &str, headers: &HeaderMap) -> bool {
        let reason = if headers.contains_key(AUTHORIZATION) {
            "it has its own Authorization"
        } else if !self.0.hosts.allows(scheme, host) {
            "the token may not be sent to its host"
        } else {
            return true;
        };
        let client_id = self.client_id();
        let scheme = scheme.as_str();
        tracing::debug!(client_id, scheme, host, reason, "request sent without a token");
        false
    }

    fn client_id(&self) -> &str {
        self.0.keeper.client_id().unwrap_or_default()
    }

    /// Logs that a request is not sent, because there is no token.
    fn refuse(&self, error: TokenError) -> NoToken {
        let client_id = self.client_id();
        tracing::warn!(client_id, %error, "request not sent: there is no token");
        NoToken::from(error)
    }

    /// Adds a token and the keeper's other header fields to `headers`. A field that is already there stays.
    pub(crate) async fn authorize(&self, headers: &mut HeaderMap) -> Result<AccessToken, NoToken> {
        if let Some(token) = self.0.keeper.peek() {
            add(headers, token.headers());
            return Ok(token.clone());
        }
        let api_headers = self.api_headers().await?;
        let token = self.0.keeper.token().await.map_err(|error| self.refuse(error))?;
        add(headers, api_headers);
        headers.insert(AUTHORIZATION, token.authorization().clone());
        Ok(token)
    }

    /// Adds a token to `headers` after `token` was rejected. Whether it is another one.
    pub(crate) async fn replace(&self, token: &AccessToken, headers: &mut HeaderMap) -> bool {
        let another = self.authorize(headers).await;
        another.is_ok_and(|another| another.fingerprint() != token.fingerprint())
    }

    /// Tells the keeper that an API rejected `token`.
    pub(crate) fn report_rejected(&self, token: &AccessToken) {
        self.0.keeper.report_rejected(token);
    }

    /// Waits for a token the first time only: the header fields are obtained with one.
    async fn api_headers(&self) -> Result<&HeaderMap, NoToken> {
        if let Some(known) = self.0.api_headers.get() {
            return Ok(known);
        }
        let mut headers = self.0.keeper.headers().await.map_err(|error| self.refuse(error))?;
        headers.remove(AUTHORIZATION);
        Ok(self.0.api_headers.get_or_init(|| headers))
    }
}

fn add(headers: &mut HeaderMap, ours: &HeaderMap) {
    for (name, value) in ours {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}
