//! The whole way of an OAuth Server-to-Server credential to its token.

use std::{sync::Arc, time::Duration};

use ims_claims::Environment;
use ims_exchange::{
    AccessToken, ClientCredentials, ExchangeError, Grant, SharedTransport, Transport,
};
use ims_token::{Clock, FetchError, SharedClock};

use crate::ServerToServerCredential;

/// Obtains tokens by client credentials.
#[derive(Debug)]
pub(crate) struct ServerToServerSource {
    pub(crate) environment: Environment,
    pub(crate) credential: ServerToServerCredential,
    pub(crate) transport: SharedTransport,
    pub(crate) request_timeout: Duration,
    pub(crate) clock: SharedClock,
}

impl ServerToServerSource {
    /// One exchange: grant, transport, token. Nothing is tried twice here.
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        let ServerToServerCredential { client_id, client_secrets, scopes, org_id } =
            &self.credential;
        let now = self.clock.now();
        let mut grant = ClientCredentials::new(client_id, client_secrets.first(), scopes);
        if let Some(org_id) = org_id {
            grant = grant.with_org_id(org_id);
        }
        let request = grant.request(&self.environment);
        let response = self.transport.send(request, self.request_timeout).await;
        Ok(grant.token(&response.map_err(ExchangeError::from)?, now)?)
    }
}
