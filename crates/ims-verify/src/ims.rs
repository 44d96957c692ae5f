//! The two questions to IMS: which keys it publishes, and whether a token is valid; and how long to wait after it gave no
//! answer.

use std::{sync::Mutex, time::Duration};

use ims_claims::{ClientId, Environment, NumericDate};
use ims_exchange::{
    AnyToken, Call, ExchangeError, PublishedKeys, SharedTransport, TokenKind, TokenValidity,
    Transport, ValidateToken,
};
use ims_sign::VerificationKeys;

use crate::{
    error::{Fault, NotVerified},
    sync::lock,
};

/// How long IMS has for one answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest that a `Retry-After` is honoured.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// One IMS and the connection to it.
#[derive(Debug)]
pub(crate) struct Ims {
    environment: Environment,
    transport: SharedTransport,
    /// The failure of the last question about a token, if it failed.
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

    /// Accepts a token that IMS accepts from the client that it was issued to. If IMS asked to wait, no request is sent.
    pub(crate) async fn expect_valid(
        &self,
        token: &str,
        client_id: &ClientId,
        now: NumericDate,
    ) -> Result<(), NotVerified> {
        let left_alone =
            lock(&self.failure).as_ref().and_then(|last| last.within(Duration::ZERO, now));
        if let Some(error) = left_alone {
            return Err(error);
        }
        let validity = self.validity(token, client_id, now).await;
        *lock(&self.failure) = validity.as_ref().err().map(|error| Failure::new(error, now));
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
        let token = AnyToken::new(TokenKind::AccessToken, token);
        let question = ValidateToken::new(client_id, token);
        self.ask(&question, now).await
    }

    async fn ask<C: Call>(&self, call: &C, now: NumericDate) -> Result<C::Answer, NotVerified> {
        let request = call.request(&self.environment);
        let response = self.transport.send(request, REQUEST_TIMEOUT).await;
        let response =
            response.map_err(|error| NotVerified::Unavailable(ExchangeError::from(error)))?;
        call.answer(&response, now).map_err(NotVerified::Unavailable)
    }
}

/// A question without an answer, and when it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    error: NotVerified,
    asked_at: NumericDate,
}

impl Failure {
    pub(crate) fn new(error: &NotVerified, asked_at: NumericDate) -> Self {
        Self { error: error.clone(), asked_at }
    }

    /// The same failure, if it is too early for another request at `now`: within `pause`, or within the time for which IMS
    /// asked to wait.
    pub(crate) fn within(&self, pause: Duration, now: NumericDate) -> Option<NotVerified> {
        let asked = match &self.error {
            NotVerified::Unavailable(error) => error.retry_after().unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let pause = pause.max(asked.min(LONGEST_RETRY_AFTER));
        (distance(self.asked_at, now) < pause).then(|| self.error.clone())
    }
}

/// The distance between two times. It is used in place of the time since then: if the clock was put back, nothing that was
/// learned before is remembered for longer than usual.
pub(crate) fn distance(one: NumericDate, other: NumericDate) -> Duration {
    one.since(other).max(other.since(one))
}
