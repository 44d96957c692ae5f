//! The way of a token: what is remembered of it, else its form, its signature and its claims.

use std::sync::Arc;

use ims_claims::{Algorithm, CompactJwt, Environment, JwtError, NumericDate};
use ims_exchange::SharedTransport;
use ims_sign::{VerificationKeys, VerifyError};

use crate::{
    Authority, Fault, NotVerified, Requirements, VerifiedToken,
    ims::Ims,
    key_cache::KeyCache,
    memory::{Memory, TokenDigest},
    requirements::expect_current,
};

/// Verifies the access tokens that one IMS issues, for those who receive them. It holds no credentials.
///
/// A clone shares keys and memory. Building one needs no runtime and sends nothing; to fetch keys, tokio has to be running.
///
/// No clock is read: every call takes `now`, the time of day, and what is kept is kept by the same times. A clock that is put
/// back makes what was kept before it old, not young.
#[derive(Debug, Clone)]
pub struct TokenVerifier {
    ims: Arc<Ims>,
    authority: Authority,
    requirements: Arc<Requirements>,
    keys: KeyCache,
    /// `None` remembers nothing.
    memory: Option<Arc<Memory>>,
}

impl TokenVerifier {
    /// A verifier of tokens that `environment` issues and that fulfil `requirements`. IMS is reached through `transport`.
    #[must_use]
    pub fn new(
        environment: Environment,
        transport: SharedTransport,
        authority: Authority,
        requirements: Requirements,
    ) -> Self {
        let requirements = Arc::new(requirements.in_environment(&environment));
        let ims = Arc::new(Ims::new(environment, transport));
        let keys = KeyCache::new(Arc::clone(&ims));
        Self { ims, authority, requirements, keys, memory: Some(Arc::new(Memory::new())) }
    }

    /// Remembers no token, so that each is verified anew, by IMS too if that is the authority. Keys are still kept.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.memory = None;
        self
    }

    /// Verifies `token`, an access token as it stands behind `Bearer `, at the time `now`.
    ///
    /// # Errors
    /// [`NotVerified`], and then nobody may be let in: the token is bad, or names a key that is not published, or IMS was
    /// needed and gave no answer.
    ///
    /// # Panics
    /// Outside of a tokio runtime, when keys have to be fetched.
    pub async fn verify(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let memory = self.memory_of(token)?;
        if let Some(verdict) = memory.and_then(|(memory, digest)| memory.recall(&digest, now)) {
            let token = verdict?;
            expect_current(&token, now)?;
            return Ok(token);
        }
        let verdict = match self.authority {
            Authority::PublishedKeys => self.ask_keys(token, now).await,
            Authority::Ims => self.ask_ims(token, now).await,
            Authority::PublishedKeysElseIms => match self.ask_keys(token, now).await {
                Err(NotVerified::KeyNotPublished) => self.ask_ims(token, now).await,
                verdict => verdict,
            },
        };
        remember(memory, &verdict, now);
        verdict
    }

    /// Asks IMS about `token`, whatever the authority is and whatever is remembered; what IMS says is remembered then.
    ///
    /// What its claims are to be is looked at first, and IMS is not asked about a token that has expired, for example.
    ///
    /// # Errors
    /// [`NotVerified`], but never [`NotVerified::KeyNotPublished`].
    pub async fn verify_with_ims(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let memory = self.memory_of(token)?;
        let verdict = self.ask_ims(token, now).await;
        remember(memory, &verdict, now);
        verdict
    }

    async fn ask_keys(&self, token: &str, now: NumericDate) -> Result<VerifiedToken, NotVerified> {
        let jwt = CompactJwt::parse(token).map_err(Fault::NotAJwt)?;
        let keys = self.keys.current(now).await?;
        if names_its_signer(&jwt, &keys)? {
            return Ok(self.claims(&jwt, now)?);
        }
        // Nothing that it says can be believed yet, but what is bad by its own words is not worth a request.
        let token = self.claims(&jwt, now)?;
        let newer = self.keys.after(&keys, now).await?;
        let newer = newer.ok_or(NotVerified::KeyNotPublished)?;
        if names_its_signer(&jwt, &newer)? { Ok(token) } else { Err(NotVerified::KeyNotPublished) }
    }

    async fn ask_ims(&self, token: &str, now: NumericDate) -> Result<VerifiedToken, NotVerified> {
        let jwt = CompactJwt::parse(token).map_err(Fault::NotAJwt)?;
        let verified = self.claims(&jwt, now)?;
        self.ims.expect_valid(token, verified.client_id()).await?;
        Ok(verified)
    }

    fn claims(&self, jwt: &CompactJwt<'_>, now: NumericDate) -> Result<VerifiedToken, Fault> {
        self.requirements.claims(jwt.payload_object().map_err(Fault::NotAJwt)?, now)
    }

    /// The memory, and under what `token` is in it.
    fn memory_of(&self, token: &str) -> Result<Option<(&Memory, TokenDigest)>, Fault> {
        if token.len() > CompactJwt::MAX_LENGTH {
            return Err(Fault::NotAJwt(JwtError::TooLong));
        }
        Ok(self.memory.as_deref().map(|memory| (memory, TokenDigest::of(token))))
    }
}

/// Whether the key that `jwt` names, and that is among `keys`, has signed it; `false` if it is not among them.
fn names_its_signer(jwt: &CompactJwt<'_>, keys: &VerificationKeys) -> Result<bool, Fault> {
    match keys.verify(Algorithm::Rs256, jwt) {
        Ok(()) => Ok(true),
        Err(VerifyError::UnknownKey) => Ok(false),
        Err(error) => Err(Fault::Signature(error)),
    }
}

/// Remembers what took long to find out and stays as it is. A failure to find out is no verdict.
fn remember(
    memory: Option<(&Memory, TokenDigest)>,
    verdict: &Result<VerifiedToken, NotVerified>,
    now: NumericDate,
) {
    let Some((memory, digest)) = memory else { return };
    match verdict {
        Ok(token) => memory.keep(digest, token, now),
        Err(NotVerified::Bad(
            fault @ (Fault::Signature(VerifyError::Signature) | Fault::RefusedByIms { .. }),
        )) => memory.refuse(digest, fault, now),
        Err(_) => {}
    }
}
