//! Verifying RS256 by keys that the caller chose. The token chooses nothing: neither the algorithm nor the key's origin.

use std::fmt;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::{Algorithm, CompactJwt};
use serde::Deserialize;
use serde_json::Value;

use crate::{KeyError, PublicKey, VerifyError};

/// The keys by which a JWT may be signed: one public key, or all RSA keys of a JWK Set (RFC 7517 §5).
#[derive(Debug, Clone)]
pub struct VerificationKeys(Vec<Key>);

#[derive(Clone)]
struct Key {
    kid: Option<String>,
    prepared: ParsedPublicKey,
}

impl VerificationKeys {
    /// Reads a JWK Set or a single JWK.
    ///
    /// Keys that are not RSA, are meant for encryption or for another algorithm, or are too small are passed over, as
    /// RFC 7517 §5 asks.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if it is not a JWK Set, [`KeyError::NoVerificationKey`] if none of its keys can verify RS256.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyError> {
        let malformed =
            KeyError::Malformed { reason: "the JWK Set is not JSON with a member \"keys\"" };
        let set: JwkSet = serde_json::from_slice(json).map_err(|_| malformed)?;
        let jwks = match set {
            JwkSet::Set { keys } => keys,
            JwkSet::One(jwk) => vec![jwk],
        };
        let keys: Vec<Key> = jwks
            .into_iter()
            .filter_map(|jwk| Jwk::deserialize(jwk).ok()?.verification_key())
            .collect();
        if keys.is_empty() {
            return Err(KeyError::NoVerificationKey);
        }
        Ok(Self(keys))
    }

    /// Whether one of these keys signed `jwt` with `algorithm`.
    ///
    /// A key with a `kid` is tried only for a header without one or with the same. Claims are not looked at.
    ///
    /// # Errors
    /// [`VerifyError`], for the first rule broken: `alg` is not `algorithm`; the header has `crit`; it has `jwk`, `jku`,
    /// `x5c`, or an `x5u` that is more than the bare file name that IMS writes there; no key has its `kid`; the signature is
    /// not by any key.
    pub fn verify(&self, algorithm: Algorithm, jwt: &CompactJwt<'_>) -> Result<(), VerifyError> {
        expect_plain_header(algorithm, jwt)?;
        let kid = jwt.header().get("kid").and_then(Value::as_str);
        let mut candidates = self.0.iter().filter(|key| key.may_be(kid)).peekable();
        candidates.peek().ok_or(VerifyError::UnknownKey)?;
        let message = jwt.signing_input().as_bytes();
        let signature = jwt.signature().as_bytes();
        if candidates.any(|key| key.prepared.verify_sig(message, signature).is_ok()) {
            Ok(())
        } else {
            Err(VerifyError::Signature)
        }
    }
}

impl From<&PublicKey> for VerificationKeys {
    fn from(public_key: &PublicKey) -> Self {
        Self(vec![Key::new(public_key, None)])
    }
}

impl Key {
    fn new(public_key: &PublicKey, kid: Option<String>) -> Self {
        // A PublicKey has passed the same parser before.
        let prepared = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key.pkcs1_der())
            .expect("a PublicKey holds a key that aws-lc takes");
        Self { kid, prepared }
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
    // IMS names its key in x5u by a bare file name, such as "ims_na1-key-at-1.cer"; nobody can fetch that.
    let is_file_name =
        |x5u: &Value| x5u.as_str().is_some_and(|name| !name.contains(['/', ':', '\\']));
    match header.get("x5u") {
        Some(x5u) if !is_file_name(x5u) => Err(VerifyError::EmbeddedKey { member: "x5u" }),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JwkSet {
    Set { keys: Vec<Value> },
    One(Value),
}

/// The members of a JWK that decide whether it verifies RS256 (RFC 7517 §4, RFC 7518 §6.3).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    n: String,
    e: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    public_key_use: Option<String>,
    key_ops: Option<Vec<String>>,
}

impl Jwk {
    fn verification_key(self) -> Option<Key> {
        let is_meant_for_this = self.kty == "RSA"
            && self.alg.as_deref().is_none_or(|alg| alg == Algorithm::Rs256.name())
            && self.public_key_use.as_deref().is_none_or(|purpose| purpose == "sig")
            && self
                .key_ops
                .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !is_meant_for_this {
            return None;
        }
        let modulus = BASE64_URL_SAFE_NO_PAD.decode(self.n).ok()?;
        let exponent = BASE64_URL_SAFE_NO_PAD.decode(self.e).ok()?;
        Some(Key::new(&PublicKey::from_components(&modulus, &exponent).ok()?, self.kid))
    }
}

#[cfg(test)]
mod tests;
