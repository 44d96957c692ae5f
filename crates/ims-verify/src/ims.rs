//! The two questions to IMS: which keys it publishes, and whether a token is valid.

use std::time::Duration;

use ims_claims::{ClientId, Environment};
use ims_exchange::{
    ExchangeError, PublishedKeys, Request, Response, SharedTransport, TokenKind, TokenValidity,
    Transport, TransportError, ValidateToken,
};
use ims_sign::VerificationKeys;

use crate::{Fault, NotVerified};

/// How long IMS has for one answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// One IMS and the way there.
#[derive(Debug)]
pub(crate) struct Ims {
    environment: Environment,
    transport: SharedTransport,
}

impl Ims {
    pub(crate) fn new(environment: Environment, transport: SharedTransport) -> Self {
        Self { environment, transport }
    }

    pub(crate) async fn published_keys(&self) -> Result<VerificationKeys, NotVerified> {
        let question = PublishedKeys::new();
        let response = self.send(question.request(&self.environment)).await?;
        let jwks = question.answer(&response).map_err(NotVerified::Unavailable)?;
        VerificationKeys::from_jwks(jwks.as_bytes()).map_err(NotVerified::KeysUnusable)
    }

    /// Passes a token that IMS takes from the client that it was issued to.
    pub(crate) async fn expect_valid(
        &self,
        token: &str,
        client_id: &ClientId,
    ) -> Result<(), NotVerified> {
        let question = ValidateToken::new(client_id, TokenKind::AccessToken, token);
        let response = self.send(question.request(&self.environment)).await?;
        match question.answer(&response).map_err(NotVerified::Unavailable)? {
            TokenValidity::Valid { .. } => Ok(()),
            TokenValidity::Invalid { reason } => Err(Fault::RefusedByIms { reason }.into()),
            _ => Err(Fault::RefusedByIms { reason: None }.into()),
        }
    }

    async fn send(&self, request: Request) -> Result<Response, NotVerified> {
        let response = self.transport.send(request, REQUEST_TIMEOUT).await;
        let response = response.and_then(|response| {
            // Transports promise this, but keys are read from strangers' transports, too.
            let is_short = response.body().len() <= Response::MAX_BODY;
            if is_short { Ok(response) } else { Err(TransportError::TooLong) }
        });
        response.map_err(|error| NotVerified::Unavailable(ExchangeError::from(error)))
    }
}
