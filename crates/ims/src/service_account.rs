//! Service accounts: from the claims to the access token.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ims_claims::{AssertionLifetime, ClaimsSet, Environment, JwtId, Metascope, NumericDate};
use ims_credentials::ServiceAccountCredential;
use ims_exchange::{AccessToken, ClientSecret, JwtExchange, Reason};
use ims_sign::{SharedSigner, SignError, sign_assertion};
use ims_token::{Alternative, Clock, FetchError};

pub(crate) mod signing_pair;

use crate::{
    alternatives::{Alternatives, Notice},
    connection::Connection,
    error::Error,
    source::scope_evidence,
};
use signing_pair::SigningPair;

/// Obtains tokens for a service account.
#[derive(Debug)]
pub(crate) struct ServiceAccountSource {
    connection: Connection,
    credential: ServiceAccountCredential,
    assertion_lifetime: AssertionLifetime,
    client_secrets: Alternatives<ClientSecret>,
    signing_pairs: Alternatives<SigningPair>,
}

/// How a service account signs, if the builder has more than the credentials.
#[derive(Debug, Clone, Default)]
pub(crate) struct SigningOptions {
    pub(crate) assertion_lifetime: AssertionLifetime,
    pub(crate) signer: Option<SharedSigner>,
    pub(crate) second_signer: Option<SharedSigner>,
}

impl ServiceAccountSource {
    /// Opens the keys and reads their certificates. Also returns when the last certificate expires, if all are known: until
    /// then, IMS gives tokens.
    pub(crate) fn new(
        connection: Connection,
        credential: ServiceAccountCredential,
        options: SigningOptions,
        notice: Notice,
    ) -> Result<(Self, Option<NumericDate>), Error> {
        let mut signing_pairs = Vec::new();
        let given = [options.signer, options.second_signer];
        let named = [Some(credential.signing_keys.first()), credential.signing_keys.second()];
        for (given, named) in given.into_iter().zip(named) {
            if let Some(signer) = given {
                let certificate = named.and_then(|pair| pair.certificate.as_deref());
                signing_pairs.push(SigningPair::new(signer, certificate)?);
            } else if let Some(pair) = named {
                signing_pairs.push(SigningPair::open(pair)?);
            }
        }
        // If one key has no certificate, it is not known when the last one expires.
        let ends: Option<Vec<_>> = signing_pairs.iter().map(SigningPair::ends_at).collect();
        let ends_at = ends.and_then(|ends| ends.into_iter().max());
        let source = Self {
            connection,
            client_secrets: Alternatives::new(
                Alternative::ClientSecret,
                credential.client_secrets.iter().cloned(),
                notice.clone(),
            ),
            credential,
            assertion_lifetime: options.assertion_lifetime,
            signing_pairs: Alternatives::new(Alternative::Key, signing_pairs, notice),
        };
        Ok((source, ends_at))
    }

    /// One exchange with each client secret, until one is right.
    pub(crate) async fn fetch(self: Arc<Self>) -> Result<AccessToken, FetchError> {
        self.client_secrets
            .try_each(
                |_| false,
                // Secrets outside, keys inside: a refusal of the secret ends the loop over the keys, so that no key is tried
                // with a secret that is known to be wrong.
                |client_secret| self.by_each_key(client_secret),
                |error: &FetchError| has(error, Reason::is_about_the_secret),
            )
            .await
    }

    /// One exchange with each key, until IMS knows the certificate of a key. A key whose certificate is not valid now is
    /// tried last.
    async fn by_each_key(&self, client_secret: &ClientSecret) -> Result<AccessToken, FetchError> {
        // One time for all keys, so that their order cannot change while they are tried.
        let now = self.connection.clock().now();
        self.signing_pairs
            .try_each(
                |pair: &SigningPair| pair.is_outside_validity(now),
                async |pair: &SigningPair| {
                    let obtained = self.exchange(client_secret, &pair.signer).await;
                    obtained.map_err(|error| self.explain(error, pair, now))
                },
                |error: &FetchError| has(error, Reason::is_about_the_key),
            )
            .await
    }

    /// Adds what is known here about why IMS refused.
    fn explain(&self, error: FetchError, pair: &SigningPair, now: NumericDate) -> FetchError {
        let Some(refusal) = error.refusal() else { return error };
        let evidence = if refusal.reason().may_be_the_certificate() {
            pair.evidence(now)
        } else {
            let metascopes = self.credential.account.metascopes();
            let asked: Vec<&str> = metascopes.iter().map(Metascope::as_str).collect();
            scope_evidence(refusal, &asked)
        };
        match evidence {
            Some(evidence) => error.with_evidence(evidence),
            None => error,
        }
    }

    /// Claims, signature, grant, transport, token. Each call signs again, so that no assertion is sent twice.
    async fn exchange(
        &self,
        client_secret: &ClientSecret,
        signer: &SharedSigner,
    ) -> Result<AccessToken, FetchError> {
        let now = self.connection.clock().now();
        let environment = self.connection.environment();
        let lifetime = self.assertion_lifetime;
        // Within the retry: a second use of one assertion can be refused as a replay of its jti.
        let claims = assertion_claims(&self.credential, environment, lifetime, now);
        let assertion = sign_assertion(&claims, signer).await.map_err(unsigned)?;
        let grant =
            JwtExchange::new(self.credential.account.client_id(), client_secret, &assertion);
        Ok(self.connection.send(&grant).await?)
    }
}

/// Whether IMS refused for a reason of this kind.
fn has(error: &FetchError, kind: fn(Reason) -> bool) -> bool {
    error.refusal().is_some_and(|refusal| kind(refusal.reason()))
}

fn unsigned(error: SignError) -> FetchError {
    let name = error.reason_name();
    if error.is_transient() {
        FetchError::unsent(error).named(name)
    } else {
        FetchError::permanent(error).named(name)
    }
}

/// The claims of the next assertion of a service account at `now`, with a `jti` if the credentials ask for one. Two calls
/// never give the same `jti` in one process.
///
/// ```
/// use ims::{ServiceAccountCredential, assertion_claims, claims::{AssertionLifetime, Environment, NumericDate}};
///
/// # fn claims(credential: &ServiceAccountCredential) {
/// let (production, now) = (Environment::production(), NumericDate::from_secs(1_550_001_138));
/// let claims = assertion_claims(credential, &production, AssertionLifetime::default(), now);
/// # let _ = claims;
/// # }
/// ```
#[must_use]
pub fn assertion_claims(
    credential: &ServiceAccountCredential,
    environment: &Environment,
    lifetime: AssertionLifetime,
    now: NumericDate,
) -> ClaimsSet {
    let claims = credential.account.claims(environment, now, lifetime);
    if credential.sends_jti { claims.with_jti(next_jti(now)) } else { claims }
}

/// A number greater than any before in this process: Unix time in microseconds. The part below a second is
/// random, so that two processes rarely choose the same number.
fn next_jti(now: NumericDate) -> JwtId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let seconds = u64::try_from(now.as_secs()).unwrap_or_default();
    // Microseconds stay below 2^53 until the year 2255, so that a JSON reader with doubles keeps them exactly.
    let micros = seconds.saturating_mul(1_000_000) + fastrand::u64(..1_000_000);
    let last = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(micros.max(last + 1)))
        .expect("the closure always returns a value, so the update cannot fail");
    JwtId::from_number(micros.max(last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_jti_is_greater_than_the_one_before_even_if_the_clock_goes_back() {
        let mut last = 0;
        for seconds in [1_550_001_138, 1_550_001_138, 1_550_001_139, 1_550_001_000, 0, -1] {
            let jti = next_jti(NumericDate::from_secs(seconds)).as_number();
            assert!(jti > last, "{jti} after {last}");
            last = jti;
        }
    }
}
