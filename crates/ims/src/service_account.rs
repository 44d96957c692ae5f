//! Service accounts: from the claims to the access token.

use std::sync::Arc;

use ims_claims::{Assertion, AssertionLifetime, Metascope, NumericDate};
use ims_credentials::ServiceAccountCredential;
use ims_exchange::{AccessToken, ClientSecret, JwtExchange, Reason};
use ims_sign::{SharedSigner, SignError, sign_assertion};
use ims_token::{Alternative, Clock, FetchError};

pub(crate) mod signing_pair;

use crate::{
    alternatives::{Alternatives, Notice},
    connection::Connection,
    error::Error,
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
        if !has(&error, Reason::may_be_the_certificate) {
            let metascopes = self.credential.account.metascopes();
            return error.with_asked_scopes(metascopes.iter().map(Metascope::as_str));
        }
        match pair.evidence(now) {
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
        // Made again for each retry: a second use of one assertion can be refused as a replay of its jti.
        let assertion = self.assertion(signer).await?;
        let grant =
            JwtExchange::new(self.credential.account.client_id(), client_secret, &assertion);
        Ok(self.connection.send(&grant).await?)
    }

    async fn assertion(&self, signer: &SharedSigner) -> Result<Assertion, FetchError> {
        let now = self.connection.clock().now();
        let environment = self.connection.environment();
        let claims = self.credential.claims(environment, now, self.assertion_lifetime);
        sign_assertion(&claims, signer).await.map_err(unsigned)
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
