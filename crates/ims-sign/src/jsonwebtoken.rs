//! An adapter for code that is written for the crate [`jsonwebtoken`](https://docs.rs/jsonwebtoken).
//!
//! [`encode`] takes a [`PemSigner`] where [`jsonwebtoken::encode`] takes an `EncodingKey`, and
//! signs without a backend of jsonwebtoken. A [`PublicKey`] converts into a `DecodingKey` and a `Jwk`, and
//! [`decoding_key`] takes one out of a JWK Set. No backend (`aws_lc_rs`, `rust_crypto`) is enabled here: the program
//! chooses one if it decodes, and with two of them jsonwebtoken panics.
//!
//! ```
//! use ims_sign::{PemSigner, Signer, jsonwebtoken::encode};
//! use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let private_key = ims_testkit::keys::FIRST.as_bytes();
//! let signer = PemSigner::from_bytes(private_key, None)?;
//! let claims = serde_json::json!({ "sub": "6657031C5C095BB40A4@techacct.adobe.com", "exp": 4_102_444_800_u64 });
//! let token = encode(&Header::new(Algorithm::RS256), &claims, &signer)?;
//!
//! let key = DecodingKey::from(signer.public_key());
//! let read = decode::<serde_json::Value>(&token, &key, &Validation::new(Algorithm::RS256))?;
//! assert_eq!(read.claims, claims);
//! # Ok(())
//! # }
//! ```
//!
//! If the call to `jsonwebtoken::encode` is in code that cannot be changed, a program can install a provider whose signer
//! is a [`PemSigner`]: it implements [`JwtSigner`]. There is one provider for the process, and it is a plain function, so
//! the signer has to be in a `static`.

use ::jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    crypto::JwtSigner,
    errors::{Error, ErrorKind},
    jwk::{
        AlgorithmParameters, CommonParameters, Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters,
    },
    signature,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{
    pem_signer::PemSigner, public_key::PublicKey, signer::Signer,
    verification_keys::VerificationKeys,
};

/// Makes a JWT of `header` and `claims`, signed by `signer`: what [`jsonwebtoken::encode`] makes,
/// to the byte. The result is a credential until it expires, so do not log it.
///
/// ```
/// use ims_sign::{PemSigner, jsonwebtoken::encode};
/// use jsonwebtoken::{Algorithm, Header};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?;
/// let claims = serde_json::json!({ "sub": "MY@techacct.adobe.com" });
/// let jwt = encode(&Header::new(Algorithm::RS256), &claims, &signer)?;
/// assert_eq!(jwt.split('.').count(), 3);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidAlgorithm`] if the header's `alg` is not RS256, [`ErrorKind::Json`] if `header` or `claims` is not
/// JSON, [`ErrorKind::Signing`] if the signature fails.
pub fn encode<T: Serialize>(
    header: &Header,
    claims: &T,
    signer: &PemSigner,
) -> Result<String, Error> {
    if header.alg != Algorithm::RS256 {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let header = serde_json::to_vec(header)?;
    let claims = serde_json::to_vec(claims)?;
    let mut jwt = BASE64_URL_SAFE_NO_PAD.encode(header);
    jwt.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut jwt);
    let signature = signature::Signer::<Vec<u8>>::try_sign(signer, jwt.as_bytes())?;
    jwt.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    Ok(jwt)
}

/// The key of a JWK Set that is called `kid`, or its only key if `kid` is `None`; `None` if there is no such key, or
/// more than one.
///
/// ```no_run
/// use ims_sign::{VerificationKeys, jsonwebtoken::decoding_key};
/// use jsonwebtoken::decode_header;
///
/// # let (token, published) = ("", b"");
/// let keys = VerificationKeys::from_jwks(published)?; // the answer of IMS's /ims/keys
/// let kid = decode_header(token)?.kid;
/// let key = decoding_key(&keys, kid.as_deref()).ok_or("the key is not published")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn decoding_key(keys: &VerificationKeys, kid: Option<&str>) -> Option<DecodingKey> {
    let mut found = None;
    for (own, public_key) in keys.public_keys() {
        if kid.is_some() && own != kid {
            continue;
        }
        if found.replace(public_key).is_some() {
            return None;
        }
    }
    found.map(DecodingKey::from)
}

impl From<&PublicKey> for DecodingKey {
    fn from(public_key: &PublicKey) -> Self {
        let (modulus, exponent) = public_key.components();
        Self::from_rsa_raw_components(&modulus, &exponent)
    }
}

impl From<&PublicKey> for Jwk {
    /// A key for RS256 signatures, without a `kid`.
    fn from(public_key: &PublicKey) -> Self {
        let (modulus, exponent) = public_key.components();
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(KeyAlgorithm::RS256),
            ..CommonParameters::default()
        };
        let rsa = RSAKeyParameters {
            n: BASE64_URL_SAFE_NO_PAD.encode(modulus),
            e: BASE64_URL_SAFE_NO_PAD.encode(exponent),
            ..RSAKeyParameters::default()
        };
        Self { common, algorithm: AlgorithmParameters::RSA(rsa) }
    }
}

impl signature::Signer<Vec<u8>> for PemSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.sign_in_place(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for PemSigner {
    fn algorithm(&self) -> Algorithm {
        match Signer::algorithm(self) {
            ims_claims::Algorithm::Rs256 => Algorithm::RS256,
            other => unreachable!("a PemSigner signs RS256 and not {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::jsonwebtoken::{EncodingKey, Validation, crypto::CryptoProvider, decode, errors::Result};
    use ims_testkit::{certificates, keys};
    use serde_json::{Value, json};

    #[track_caller]
    fn signer() -> PemSigner {
        PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap()
    }

    fn claims() -> Value {
        json!({"sub": "x", "exp": 4_102_444_800_u64})
    }

    #[track_caller]
    fn read(token: &str, key: &DecodingKey) -> Result<Value> {
        Ok(decode::<Value>(token, key, &Validation::new(Algorithm::RS256))?.claims)
    }

    #[test]
    fn our_encode_makes_the_bytes_that_jsonwebtoken_makes() {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some("key-1".to_owned());
        let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes()).unwrap();
        let theirs = ::jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        assert_eq!(encode(&header, &claims(), &signer()).unwrap(), theirs);
    }

    #[test]
    fn another_algorithm_is_refused() {
        for algorithm in [Algorithm::HS256, Algorithm::RS384, Algorithm::PS256] {
            let error = encode(&Header::new(algorithm), &claims(), &signer()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::InvalidAlgorithm), "{error:?}");
        }
    }

    #[test]
    fn a_public_key_decodes_its_own_tokens_and_no_others() {
        let token = encode(&Header::new(Algorithm::RS256), &claims(), &signer()).unwrap();
        let own = PublicKey::from_bytes(certificates::FIRST.as_bytes()).unwrap();
        let other = PublicKey::from_bytes(certificates::SECOND.as_bytes()).unwrap();
        assert_eq!(read(&token, &DecodingKey::from(&own)).unwrap(), claims());
        let jwk = Jwk::from(&own);
        assert_eq!(jwk.common.public_key_use, Some(PublicKeyUse::Signature));
        assert_eq!(jwk.common.key_algorithm, Some(KeyAlgorithm::RS256));
        assert_eq!(read(&token, &DecodingKey::from_jwk(&jwk).unwrap()).unwrap(), claims());
        let refused = read(&token, &DecodingKey::from(&other)).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::InvalidSignature), "{refused:?}");
    }

    #[test]
    fn a_jwk_set_gives_the_key_that_is_named_and_none_if_it_could_be_two() {
        let own = PublicKey::from_bytes(certificates::FIRST.as_bytes()).unwrap();
        let other = PublicKey::from_bytes(certificates::SECOND.as_bytes()).unwrap();
        let named = |public_key: &PublicKey, kid: &str| {
            let mut jwk = Jwk::from(public_key);
            jwk.common.key_id = Some(kid.to_owned());
            jwk
        };
        let read_set = |keys: &[Jwk]| {
            VerificationKeys::from_jwks(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
        };
        let both = read_set(&[named(&own, "own"), named(&other, "other")]);
        let token = encode(&Header::new(Algorithm::RS256), &claims(), &signer()).unwrap();

        let key = decoding_key(&both, Some("own")).unwrap();
        assert_eq!(read(&token, &key).unwrap(), claims());
        assert!(read(&token, &decoding_key(&both, Some("other")).unwrap()).is_err());
        assert!(decoding_key(&both, Some("third")).is_none());
        assert!(decoding_key(&both, None).is_none());
        assert!(decoding_key(&read_set(&[named(&own, "own")]), None).is_some());
        let twice = read_set(&[named(&own, "own"), named(&other, "own")]);
        assert!(decoding_key(&twice, Some("own")).is_none());
    }

    #[test]
    fn a_signer_serves_a_provider_of_a_program() {
        let provider = CryptoProvider {
            signer_factory: |_, _| Ok(Box::new(signer())),
            ..::jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.clone()
        };
        let key = EncodingKey::from_secret(b"not checked");
        let made = (provider.signer_factory)(&Algorithm::RS256, &key).unwrap();
        assert_eq!(made.algorithm(), Algorithm::RS256);
        let own = signature::Signer::<Vec<u8>>::try_sign(&signer(), b"message").unwrap();
        assert_eq!(made.try_sign(b"message").unwrap(), own);
    }
}
