//! The two questions to IMS: which keys it publishes, and whether a token is valid.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ims_claims::{ClientId, Environment, NumericDate};
use ims_exchange::{
    Call, ExchangeError, PublishedKeys, SharedTransport, TokenKind, TokenValidity, Transport,
    ValidateToken,
};
use ims_sign::VerificationKeys;

use crate::{Fault, NotVerified, failure::Failure};

/// How long IMS has for one answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// One IMS and the way there.
#[derive(Debug)]
pub(crate) struct Ims {
    environment: Environment,
    transport: SharedTransport,
    /// Of the last question about a token, if it failed.
    failure: Mutex<Option<Failure>>,
}

impl Ims {
    pub(crate) fn new(environment: Environment, transport: SharedTransport) -> Self {
        Self { environment, transport, failure: Mutex::default() }
    }

    pub(crate) async fn published_keys(
        &self,
        now: NumericDate,
    ) -> Result<VerificationKeys, NotVerified> {
        let jwks = self.ask(&PublishedKeys::new(), now).await?;
        VerificationKeys::from_jwks(jwks.as_bytes()).map_err(NotVerified::KeysUnusable)
    }

    /// Passes a token that IMS takes from the client that it was issued to. Where IMS asked to be left alone, it is.
    pub(crate) async fn expect_valid(
        &self,
        token: &str,
        client_id: &ClientId,
        now: NumericDate,
    ) -> Result<(), NotVerified> {
        if let Some(error) = self.failure().as_ref().and_then(|it| it.within(Duration::ZERO, now)) {
            return Err(error);
        }
        let validity = self.validity(token, client_id, now).await;
        *self.failure() = validity.as_ref().err().map(|error| Failure::new(error, now));
        match validity? {
            TokenValidity::Valid { .. } => Ok(()),
            TokenValidity::Invalid { reason } => Err(Fault::RefusedByIms { reason }.into()),
            _ => Err(Fault::RefusedByIms { reason: None }.into()),
        }
    }

    async fn validity(
        &self,
        token: &str,
        client_id: &ClientId,
        now: NumericDate,
    ) -> Result<TokenValidity, NotVerified> {
        let question = ValidateToken::new(client_id, TokenKind::AccessToken, token);
        self.ask(&question, now).await
    }

    /// Under this lock, nothing panics.
    fn failure(&self) -> MutexGuard<'_, Option<Failure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask<C: Call>(&self, call: &C, now: NumericDate) -> Result<C::Answer, NotVerified> {
        let request = call.request(&self.environment);
        let response = self.transport.send(request, REQUEST_TIMEOUT).await;
        let response =
            response.map_err(|error| NotVerified::Unavailable(ExchangeError::from(error)))?;
        call.answer(&response, now).map_err(NotVerified::Unavailable)
    }
}
