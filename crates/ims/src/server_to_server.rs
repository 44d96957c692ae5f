//! OAuth Server-to-Server: from the client secret to the access token.

use std::sync::Arc;

use ims_claims::{ClientId, OrgId};
use ims_credentials::ServerToServerCredential;
use ims_exchange::{AccessToken, ClientCredentials, ClientSecret, ExchangeError, Scope};
use ims_token::FetchError;

use crate::{
    alternatives::{Alternatives, is_wrong_secret},
    connection::Connection,
};

/// Obtains tokens by client credentials.
#[derive(Debug)]
pub(crate) struct ServerToServerSource {
    connection: Connection,
    client_id: ClientId,
    client_secrets: Alternatives<ClientSecret>,
    scopes: Vec<Scope>,
    org_id: Option<OrgId>,
}

impl ServerToServerSource {
    pub(crate) fn new(connection: Connection, credential: ServerToServerCredential) -> Self {
        let ServerToServerCredential { client_id, client_secrets, scopes, org_id, .. } = credential;
        let client_secrets = Alternatives::new(client_secrets.iter().cloned());
        Self { connection, client_id, client_secrets, scopes, org_id }
    }

    /// One exchange with each client secret, until one is right.
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        let token = self
            .client_secrets
            .try_each(|_| false, |client_secret| self.exchange(client_secret), is_wrong_secret)
            .await?;
        Ok(token)
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
