//! How a token is verified: by an earlier verdict, else by its form, its signature and its claims.

use std::sync::Arc;

use ims_claims::{CompactJwt, Environment, JwtError, NumericDate};
use ims_exchange::SharedTransport;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    error::{Fault, NotVerified},
    ims::Ims,
    key_cache::KeyCache,
    requirements::{Requirements, expect_current},
    single_flight::Questions,
    verdict_cache::{TokenDigest, VerdictCache},
    verified_token::VerifiedToken,
};

/// Who decides whether a token's signature is valid.
///
/// IMS publishes its keys at `/ims/keys`, but third parties report tokens signed by a key that is not among them. So there
/// are three ways: never ask IMS, ask it about such tokens only, or always ask it.
///
/// ```
/// use ims_verify::Authority;
///
/// // IMS is asked only about tokens whose key it does not publish.
/// let authority = Authority::PublishedKeysElseIms;
/// assert_ne!(authority, Authority::Ims);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authority {
    /// Only the published keys. Nothing is sent for a token, and a token that was invalidated is accepted until it expires.
    PublishedKeys,
    /// The published keys and, for a token whose key is not among them, IMS.
    ///
    /// Anyone can make a token that names another key, and so make the verifier ask IMS: limit the rate of calls
    /// without a valid token.
    PublishedKeysElseIms,
    /// IMS. It is asked about every token that is not remembered. A token that was invalidated is accepted for
    /// [`VALID_REMEMBERED`](crate::VALID_REMEMBERED) at most.
    Ims,
}

/// Verifies the access tokens that one IMS issues, for services that receive them. It has no credentials.
///
/// A clone shares keys and memory. Building one needs no runtime and sends nothing; to ask IMS, tokio has to be running.
/// However many callers need the same answer, IMS is asked once, and a caller that gives up cancels nothing, up to
/// [`MAX_QUESTIONS`] questions at a time. [`without_memory`](TokenVerifier::without_memory) each call asks about its own
/// token.
///
/// [`MAX_QUESTIONS`]: crate::MAX_QUESTIONS
///
/// No clock is read: every call takes `now`, the time of day, which also decides how long something is remembered. If a
/// clock is set back, what was kept before counts as old.
///
/// ```
/// use ims_claims::{Environment, NumericDate};
/// use ims_exchange::SharedTransport;
/// use ims_verify::{Authority, NotVerified, Requirements, TokenVerifier};
///
/// // The transport: SharedTransport::new(ReqwestTransport::new(&environment)?)
/// async fn client_of(bearer: &str, transport: SharedTransport, now: NumericDate) -> Result<String, NotVerified> {
///     let requirements = Requirements::of_any_client();
///     let verifier = TokenVerifier::new(Environment::production(), transport, Authority::PublishedKeys, requirements);
///     let token = verifier.verify(bearer, now).await?;
///     Ok(token.client_id().to_string())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct TokenVerifier {
    ims: Arc<Ims>,
    authority: Authority,
    requirements: Arc<Requirements>,
    keys: KeyCache,
    /// `None` remembers nothing.
    memory: Option<Arc<VerdictCache>>,
    questions: Arc<Questions>,
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
        let (memory, questions) = (Some(Arc::new(VerdictCache::new())), Arc::default());
        Self { ims, authority, requirements, keys, memory, questions }
    }

    /// Remembers no token, so that each is verified again in every call, if necessary by IMS. Keys are still kept.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::{SharedTransport, testing::FakeTransport};
    /// use ims_verify::{Authority, Requirements, TokenVerifier};
    ///
    /// let transport = SharedTransport::new(FakeTransport::default());
    /// let requirements = Requirements::of_clients(["my-client".parse()?]);
    /// // A token that was revoked is refused at once, for one question to IMS in each call.
    /// let verifier = TokenVerifier::new(Environment::production(), transport, Authority::Ims, requirements)
    ///     .without_memory();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.memory = None;
        self
    }

    /// Verifies `token`, an access token as it is after `Bearer `, at the time `now`.
    ///
    /// # Errors
    /// [`NotVerified`], and then refuse the request: the token is invalid, or names a key that is not published, or IMS was
    /// needed and gave no answer.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer, when keys have to be fetched or IMS has to be asked.
    pub async fn verify(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let memory = self.remembered(token)?;
        if let Some(verdict) = memory.and_then(|(memory, digest)| memory.recall(&digest, now)) {
            let token = verdict?;
            expect_current(&token, now)?;
            return Ok(token);
        }
        match self.authority {
            Authority::PublishedKeys => self.ask_keys(token, memory, now).await,
            Authority::Ims => self.ask_ims(token, memory, now).await,
            Authority::PublishedKeysElseIms => match self.ask_keys(token, memory, now).await {
                Err(NotVerified::KeyNotPublished) => self.ask_ims(token, memory, now).await,
                verdict => verdict,
            },
        }
    }

    /// Asks IMS about `token`, whatever the authority is and whatever is cached. The answer is cached.
    ///
    /// The required claims are checked first, and IMS is not asked about a token that has expired, for example.
    ///
    /// # Errors
    /// [`NotVerified`], but never [`NotVerified::KeyNotPublished`].
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer.
    pub async fn verify_with_ims(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let memory = self.remembered(token)?;
        self.ask_ims(token, memory, now).await
    }

    async fn ask_keys(
        &self,
        token: &str,
        memory: Remembered<'_>,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let verdict = self.check_signature(token, now).await;
        if let Some((memory, digest)) = memory {
            memory.remember(digest, &verdict, now);
        }
        verdict
    }

    async fn check_signature(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let fresh = self.keys.fresh(now);
        let parsed = match &fresh {
            Some(keys) => keys.parse(token),
            None => CompactJwt::parse(token),
        };
        let jwt = parsed.map_err(Fault::NotAJwt)?;
        let keys = match fresh {
            Some(keys) => keys,
            None => self.keys.current(now).await?,
        };
        if keys.have_signed(&jwt)? {
            return Ok(self.requirements.claims(jwt.into_payload(), now)?);
        }
        // Its claims are not verified yet, but a token whose own claims show that it is not valid needs no request.
        let token = self.requirements.claims(jwt.payload().to_vec(), now)?;
        let newer = self.keys.after(&keys, now).await?;
        let newer = newer.ok_or(NotVerified::KeyNotPublished)?;
        if newer.have_signed(&jwt)? { Ok(token) } else { Err(NotVerified::KeyNotPublished) }
    }

    async fn ask_ims(
        &self,
        token: &str,
        memory: Remembered<'_>,
        now: NumericDate,
    ) -> Result<VerifiedToken, NotVerified> {
        let jwt = CompactJwt::parse(token).map_err(Fault::NotAJwt)?;
        let verified = self.requirements.claims(jwt.into_payload(), now)?;
        let Some((memory, digest)) = memory else {
            self.ims.expect_valid(token, verified.client_id(), now).await?;
            return Ok(verified);
        };
        // The question may last longer than its caller, so it owns its data.
        self.questions
            .ask(digest, || {
                let (ims, memory) = (Arc::clone(&self.ims), Arc::clone(memory));
                let (token, verified) = (SecretString::from(token), verified.clone());
                async move {
                    let (token, client_id) = (token.expose_secret(), verified.client_id());
                    let verdict = ims.expect_valid(token, client_id, now).await.map(|()| verified);
                    memory.remember(digest, &verdict, now);
                    verdict
                }
            })
            .await
    }

    fn remembered(&self, token: &str) -> Result<Remembered<'_>, Fault> {
        if token.len() > CompactJwt::MAX_LENGTH {
            return Err(Fault::NotAJwt(JwtError::TooLong));
        }
        Ok(self.memory.as_ref().map(|memory| (memory, TokenDigest::of(token))))
    }
}

/// The memory, if there is one, and the key of a token in it.
type Remembered<'a> = Option<(&'a Arc<VerdictCache>, TokenDigest)>;
