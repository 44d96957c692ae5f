//! The whole way of a service account, from its claims to its token.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ims_claims::{AssertionLifetime, ClaimsSet, Environment, JwtId, NumericDate, ServiceAccount};
use ims_exchange::{AccessToken, Grant, JwtExchange, SharedTransport, Transport};
use ims_sign::{SharedSigner, SignError, sign_assertion};
use ims_token::{Clock, FetchError, SharedClock};

use crate::ClientSecrets;

/// Obtains tokens for a service account.
#[derive(Debug)]
pub(crate) struct ServiceAccountSource {
    pub(crate) environment: Environment,
    pub(crate) account: ServiceAccount,
    pub(crate) assertion_lifetime: AssertionLifetime,
    pub(crate) sends_jti: bool,
    pub(crate) client_secrets: ClientSecrets,
    pub(crate) signer: SharedSigner,
    pub(crate) transport: SharedTransport,
    pub(crate) request_timeout: Duration,
    pub(crate) clock: SharedClock,
}

impl ServiceAccountSource {
    /// One exchange: claims, signature, grant, transport, token. Nothing is tried twice here, and each call signs anew.
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        let now = self.clock.now();
        let claims = self.claims(now);
        let assertion = sign_assertion(&claims, &self.signer).await.map_err(unsigned)?;
        let grant =
            JwtExchange::new(self.account.client_id(), self.client_secrets.first(), &assertion);
        let request = grant.request(&self.environment);
        let response = self.transport.send(request, self.request_timeout).await;
        Ok(grant.token(&response.map_err(ims_exchange::ExchangeError::from)?, now)?)
    }

    fn claims(&self, now: NumericDate) -> ClaimsSet {
        let claims = self.account.claims(&self.environment, now, self.assertion_lifetime);
        if self.sends_jti { claims.with_jti(next_jti(now)) } else { claims }
    }
}

fn unsigned(error: SignError) -> FetchError {
    if error.is_transient() {
        FetchError::transient(error, None)
    } else {
        FetchError::permanent(error)
    }
}

/// A number greater than any before in this process: Unix time in microseconds. What lies below the second is drawn at
/// random, so that two processes seldom choose the same.
fn next_jti(now: NumericDate) -> JwtId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let seconds = u64::try_from(now.as_seconds()).unwrap_or_default();
    let micros = seconds.saturating_mul(1_000_000) + fastrand::u64(..1_000_000);
    let later = |last: u64| Some(micros.max(last + 1));
    // The closure never declines, so the update cannot fail.
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).unwrap_or_default();
    JwtId::from_number(micros.max(last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_jti_is_greater_than_the_one_before_even_if_the_clock_goes_back() {
        let mut last = 0;
        for seconds in [1_550_001_138, 1_550_001_138, 1_550_001_139, 1_550_001_000, 0, -1] {
            let jti = next_jti(NumericDate::from_seconds(seconds)).as_number();
            assert!(jti > last, "{jti} after {last}");
            last = jti;
        }
    }
}
