//! Verifying RS256 with keys that the caller chose. The token chooses nothing: neither the algorithm nor the key's origin.

use std::fmt;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::{Algorithm, CompactJwt, JsonObject, JwtHeader, strict_object};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{KeyError, VerifyError},
    public_key::PublicKey,
};

/// The keys by which a JWT may be signed: one public key, or all RSA keys of a JWK Set (RFC 7517 §5).
///
/// ```no_run
/// use ims_claims::{Algorithm, CompactJwt};
/// use ims_sign::VerificationKeys;
///
/// # let (token, published) = ("", b"");
/// let keys = VerificationKeys::from_jwks(published)?; // the answer of IMS's /ims/keys
/// keys.verify(Algorithm::Rs256, &CompactJwt::parse(token)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct VerificationKeys(Vec<Key>);

#[derive(Clone)]
struct Key {
    kid: Option<String>,
    public: PublicKey,
    prepared: ParsedPublicKey,
}

impl VerificationKeys {
    /// Reads a JWK Set or a single JWK.
    ///
    /// Keys that are not RSA, are meant for encryption or for another algorithm, or are too small are ignored, as RFC 7517
    /// §5 requires. A member that is named twice is an error wherever it is.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if it is not a JWK Set, [`KeyError::NoVerificationKey`] if none of its keys can verify RS256.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyError> {
        let mut members = strict_object(json, "JWK Set").map_err(|_| MALFORMED)?;
        let jwks = match members.remove("keys") {
            Some(Value::Array(keys)) => keys,
            Some(_) => return Err(MALFORMED),
            None => vec![Value::Object(members)],
        };
        let mut keys = Vec::new();
        for jwk in jwks {
            if let Value::Object(members) = jwk {
                keys.extend(Key::from_jwk(members));
            }
        }
        if keys.is_empty() { Err(KeyError::NoVerificationKey) } else { Ok(Self(keys)) }
    }

    /// Whether one of these keys signed `jwt` with `algorithm`.
    ///
    /// A key with a `kid` is tried only for a header without one or with the same. Claims are not checked.
    ///
    /// # Errors
    /// [`VerifyError`], for the first rule broken: `alg` is not `algorithm`; the header has `crit`; it has `jwk`, `jku`,
    /// `x5c`, or an `x5u` that is more than the bare file name that IMS writes there; no key has its `kid`; the signature is
    /// not by any key.
    pub fn verify(&self, algorithm: Algorithm, jwt: &CompactJwt<'_>) -> Result<(), VerifyError> {
        expect_plain_header(algorithm, jwt)?;
        expect_signed(self.named_by(jwt), jwt)
    }

    /// The same for all JWTs with the header of `jwt`: what [`verify`](Self::verify) says of the header is decided once.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify) except [`VerifyError::Signature`].
    pub fn for_header_of(
        &self,
        algorithm: Algorithm,
        jwt: &CompactJwt<'_>,
    ) -> Result<HeaderKeys, VerifyError> {
        expect_plain_header(algorithm, jwt)?;
        let keys: Vec<ParsedPublicKey> = self.named_by(jwt).cloned().collect();
        if keys.is_empty() {
            return Err(VerifyError::UnknownKey);
        }
        Ok(HeaderKeys { header: jwt.shared_header().clone(), keys })
    }

    /// The keys that may have signed `jwt` by what its header says.
    fn named_by(&self, jwt: &CompactJwt<'_>) -> impl Iterator<Item = &ParsedPublicKey> {
        let kid = jwt.header().get("kid").and_then(Value::as_str);
        self.0.iter().filter(move |key| key.may_be(kid)).map(|key| &key.prepared)
    }

    /// The public keys, each with its `kid`, for use elsewhere.
    pub fn public_keys(&self) -> impl Iterator<Item = (Option<&str>, &PublicKey)> {
        self.0.iter().map(|key| (key.kid.as_deref(), &key.public))
    }
}

/// The keys by which a JWT with a certain header may be signed; made by [`VerificationKeys::for_header_of`].
///
/// For those who verify many JWTs of one issuer, which nearly all have one header.
///
/// ```
/// use ims_claims::{Algorithm, CompactJwt};
/// use ims_sign::{VerificationKeys, VerifyError};
///
/// fn verify_all(tokens: [&str; 2], keys: &VerificationKeys) -> Result<(), Box<dyn std::error::Error>> {
///     let first = CompactJwt::parse(tokens[0])?;
///     let usual = keys.for_header_of(Algorithm::Rs256, &first)?;
///     for token in tokens {
///         let jwt = CompactJwt::parse_after(usual.header(), token)?;
///         match usual.verify(&jwt) {
///             Some(verdict) => verdict?,
///             None => keys.verify(Algorithm::Rs256, &jwt)?,
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct HeaderKeys {
    header: JwtHeader,
    keys: Vec<ParsedPublicKey>,
}

impl HeaderKeys {
    /// The header, to read other JWTs with [`CompactJwt::parse_after`].
    #[must_use]
    pub fn header(&self) -> &JwtHeader {
        &self.header
    }

    /// What [`VerificationKeys::verify`] says about `jwt`, and `None` if it has another header.
    #[must_use]
    pub fn verify(&self, jwt: &CompactJwt<'_>) -> Option<Result<(), VerifyError>> {
        (*jwt.shared_header() == self.header).then(|| expect_signed(self.keys.iter(), jwt))
    }
}

impl fmt::Debug for HeaderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderKeys")
            .field("header", &self.header)
            .field("keys", &format_args!("{} keys", self.keys.len()))
            .finish()
    }
}

impl From<&PublicKey> for VerificationKeys {
    fn from(public_key: &PublicKey) -> Self {
        Self(vec![Key::new(public_key.clone(), None)])
    }
}

impl Key {
    fn new(public: PublicKey, kid: Option<String>) -> Self {
        // A PublicKey has passed the same parser before.
        let prepared = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.pkcs1_der())
            .expect("a PublicKey holds a key that aws-lc takes");
        Self { kid, public, prepared }
    }

    /// Takes a JWK that verifies RS256 (RFC 7517 §4, RFC 7518 §6.3), `None` if it is for something else.
    fn from_jwk(mut members: JsonObject) -> Option<Self> {
        // A member that does not matter here may have any form.
        members.retain(|name, _| READ_MEMBERS.contains(&name.as_str()));
        let jwk = Jwk::deserialize(Value::Object(members)).ok()?;
        if !is_for_rs256(&jwk) {
            return None;
        }
        let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return None };
        let modulus = BASE64_URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
        let exponent = BASE64_URL_SAFE_NO_PAD.decode(&rsa.e).ok()?;
        let public_key = PublicKey::from_components(&modulus, &exponent).ok()?;
        Some(Self::new(public_key, jwk.common.key_id))
    }

    fn may_be(&self, kid: Option<&str>) -> bool {
        match (kid, &self.kid) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.kid.as_deref().unwrap_or("without kid"))
    }
}

/// Accepts a JWT that one of `keys` has signed.
fn expect_signed<'k>(
    keys: impl Iterator<Item = &'k ParsedPublicKey>,
    jwt: &CompactJwt<'_>,
) -> Result<(), VerifyError> {
    let message = jwt.signing_input().as_bytes();
    let signature = jwt.signature().as_bytes();
    let mut is_known = false;
    for key in keys {
        is_known = true;
        if key.verify_sig(message, signature).is_ok() {
            return Ok(());
        }
    }
    Err(if is_known { VerifyError::Signature } else { VerifyError::UnknownKey })
}

fn expect_plain_header(algorithm: Algorithm, jwt: &CompactJwt<'_>) -> Result<(), VerifyError> {
    let header = jwt.header();
    if header.get("alg").and_then(Value::as_str) != Some(algorithm.name()) {
        return Err(VerifyError::Algorithm { expected: algorithm });
    }
    if header.contains_key("crit") {
        return Err(VerifyError::Critical);
    }
    if let Some(member) =
        ["jwk", "jku", "x5c"].into_iter().find(|member| header.contains_key(*member))
    {
        return Err(VerifyError::EmbeddedKey { member });
    }
    // IMS names its key in x5u by a bare file name, such as "ims_na1-key-at-1.cer"; no one can fetch that.
    match header.get("x5u") {
        Some(x5u) if !is_file_name(x5u) => Err(VerifyError::EmbeddedKey { member: "x5u" }),
        _ => Ok(()),
    }
}

fn is_file_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| !name.contains(['/', ':', '\\']))
}

/// Whether `alg`, `use` and `key_ops` allow the key to verify RS256; one that is absent allows it (RFC 7517 §4).
fn is_for_rs256(jwk: &Jwk) -> bool {
    let common = &jwk.common;
    if common.key_algorithm.is_some_and(|algorithm| algorithm != KeyAlgorithm::RS256) {
        return false;
    }
    if common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return false;
    }
    match &common.key_operations {
        Some(operations) => operations.contains(&KeyOperations::Verify),
        None => true,
    }
}

const MALFORMED: KeyError =
    KeyError::Malformed { reason: "the JWK Set is not JSON with a member \"keys\"" };

/// The members of a JWK that decide whether it verifies RS256, and how.
const READ_MEMBERS: [&str; 7] = ["kty", "n", "e", "kid", "alg", "use", "key_ops"];

#[cfg(test)]
mod tests;
