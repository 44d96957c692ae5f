//! The emulator's own keys, which sign the tokens it issues and are published at `/ims/keys`: the newest signs, all verify.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use x509_parser::{pem::Pem, prelude::FromDer, public_key::RSAPublicKey};

/// The RSA key that signs access tokens.
///
/// The id of the first is `ims_emulator-key-at-1`, so that a token of the emulator is never confused with one of Adobe's.
///
/// ```
/// use ims_emulator::{Emulator, TokenKey};
///
/// let emulator = Emulator::builder().with_token_key(TokenKey::generate());
/// # let _ = emulator;
/// ```
pub struct TokenKey {
    key_pair: RsaKeyPair,
    public_key: ParsedPublicKey,
    modulus: String,
    exponent: String,
}

/// A text that is not an RSA private key for access tokens.
///
/// ```
/// use ims_emulator::{TokenKey, TokenKeyError};
///
/// let error = TokenKey::from_pkcs8_pem("-----BEGIN CERTIFICATE-----").unwrap_err();
/// assert_eq!(error, TokenKeyError::NotPkcs8);
/// assert_eq!(error.to_string(), "not a private key in PKCS#8 PEM");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenKeyError {
    /// Give the key as PKCS#8 PEM, `BEGIN PRIVATE KEY`.
    #[error("not a private key in PKCS#8 PEM")]
    NotPkcs8,
    /// Give an RSA key of 2048 to 8192 bits.
    #[error("not an RSA key of 2048 to 8192 bits")]
    NotRsa,
}

impl TokenKey {
    /// The `kid` of the first key, in tokens and at `/ims/keys`. That of the second ends in 2, and so on.
    pub const KEY_ID: &str = "ims_emulator-key-at-1";

    /// A new key of 2048 bits. It takes some 80 ms of computing.
    ///
    /// # Panics
    /// If the operating system gives no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        RsaKeyPair::generate(KeySize::Rsa2048)
            .ok()
            .and_then(Self::new)
            .expect("RSA keys of 2048 bits can be made wherever there are random numbers")
    }

    /// Reads a key from PKCS#8 PEM. With a given key, tokens stay valid from one start to the next.
    ///
    /// ```
    /// use ims_emulator::TokenKey;
    /// # let pem = ims_testkit::keys::FIRST;
    ///
    /// // `openssl genpkey -algorithm RSA -out token.key` makes the file.
    /// let key = TokenKey::from_pkcs8_pem(pem)?;
    /// # let _ = key;
    /// # Ok::<(), ims_emulator::TokenKeyError>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenKeyError`]; no error repeats the text.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, TokenKeyError> {
        let blocks = Pem::iter_from_buffer(pem.as_bytes());
        let block = blocks.flatten().find(|block| block.label == "PRIVATE KEY");
        let der = block.ok_or(TokenKeyError::NotPkcs8)?.contents;
        RsaKeyPair::from_pkcs8(&der).ok().and_then(Self::new).ok_or(TokenKeyError::NotRsa)
    }

    fn new(key_pair: RsaKeyPair) -> Option<Self> {
        let der = key_pair.public_key().as_ref();
        let public_key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).ok()?;
        let (_, numbers) = RSAPublicKey::from_der(der).ok()?;
        let (modulus, exponent) = (encoded(numbers.modulus), encoded(numbers.exponent));
        Some(Self { key_pair, public_key, modulus, exponent })
    }

    /// The public key as a JWK (RFC 7517 §4) under `key_id`.
    pub(crate) fn jwk(&self, key_id: &str) -> serde_json::Value {
        serde_json::json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": key_id,
            "n": self.modulus,
            "e": self.exponent,
        })
    }

    /// Appends the RS256 signature to `signing_input`.
    pub(crate) fn sign(&self, signing_input: String) -> String {
        let mut signature = vec![0; self.key_pair.public_modulus_len()];
        self.key_pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signing_input.as_bytes(), &mut signature)
            .expect("a checked RSA key signs, given a buffer as long as its modulus");
        let mut jwt = signing_input;
        jwt.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        jwt
    }

    /// Whether `signature` is this key's over `signing_input`.
    pub(crate) fn has_signed(&self, signing_input: &str, signature: &[u8]) -> bool {
        self.public_key.verify_sig(signing_input.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

/// At least one key, the newest last.
#[derive(Debug, Clone)]
pub(crate) struct KeyRing(Vec<Arc<TokenKey>>);

impl KeyRing {
    pub(crate) fn new(first: TokenKey) -> Self {
        Self(vec![Arc::new(first)])
    }

    /// The ring with one more key, which signs from now on.
    pub(crate) fn with(&self, newest: TokenKey) -> Self {
        let mut keys = self.0.clone();
        keys.push(Arc::new(newest));
        Self(keys)
    }

    /// The ids of the keys, that of the one which signs first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = String> {
        (1..=self.0.len()).rev().map(key_id)
    }

    /// The id of the key that signs.
    pub(crate) fn key_id(&self) -> String {
        key_id(self.0.len())
    }

    /// Appends the RS256 signature of the newest key to `signing_input`.
    pub(crate) fn sign(&self, signing_input: String) -> String {
        let newest = self.0.last().expect("a ring has at least one key");
        newest.sign(signing_input)
    }

    /// Whether `signature` is one of the keys' over `signing_input`.
    pub(crate) fn has_signed(&self, signing_input: &str, signature: &[u8]) -> bool {
        self.0.iter().rev().any(|key| key.has_signed(signing_input, signature))
    }

    /// All keys as a JWK Set (RFC 7517 §5), the newest first.
    pub(crate) fn key_set(&self) -> String {
        let numbered = self.0.iter().enumerate().rev();
        let keys: Vec<_> = numbered.map(|(place, key)| key.jwk(&key_id(place + 1))).collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}

/// The first is [`TokenKey::KEY_ID`], and the last figure counts.
fn key_id(number: usize) -> String {
    format!("{}{number}", TokenKey::KEY_ID.trim_end_matches('1'))
}

/// A number in base64url, without the zeros in front (RFC 7518 §2, `Base64urlUInt`).
fn encoded(number: &[u8]) -> String {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    BASE64_URL_SAFE_NO_PAD.encode(&number[zeros..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_testkit::keys;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};

    #[test]
    fn another_library_verifies_by_the_published_key() {
        let key = TokenKey::from_pkcs8_pem(keys::FIRST).unwrap();
        let jwt = key.sign("eyJhbGciOiJSUzI1NiJ9.e30".to_owned());
        let jwk: Jwk = serde_json::from_value(key.jwk(TokenKey::KEY_ID)).unwrap();
        let published = DecodingKey::from_jwk(&jwk).unwrap();
        let mut rules = Validation::new(Algorithm::RS256);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        jsonwebtoken::decode::<serde_json::Value>(&jwt, &published, &rules).unwrap();
    }

    #[test]
    fn only_its_own_signatures_are_its_own() {
        let key = TokenKey::from_pkcs8_pem(keys::FIRST).unwrap();
        let jwt = TokenKey::generate().sign("a.b".to_owned());
        let foreign = BASE64_URL_SAFE_NO_PAD.decode(&jwt["a.b.".len()..]).unwrap();
        assert!(!key.has_signed("a.b", &foreign));
        assert!(!key.has_signed("a.b", b""));
    }

    #[test]
    fn what_is_not_an_rsa_key_in_pkcs8_is_refused() {
        #[rustfmt::skip]
        let table = [
            ("",                TokenKeyError::NotPkcs8),
            (keys::FIRST_PKCS1, TokenKeyError::NotPkcs8),
            (keys::FIRST_PUBLIC, TokenKeyError::NotPkcs8),
            (keys::EC,          TokenKeyError::NotRsa),
            (keys::SMALL,       TokenKeyError::NotRsa),
        ];
        for (pem, fault) in table {
            assert_eq!(TokenKey::from_pkcs8_pem(pem).unwrap_err(), fault, "{pem}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = TokenKey::from_pkcs8_pem(keys::FIRST).unwrap();
        assert_eq!(format!("{key:?}"), "TokenKey(..)");
    }

    #[test]
    fn the_newest_key_signs_and_all_are_published() {
        let first = KeyRing::new(TokenKey::from_pkcs8_pem(keys::FIRST).unwrap());
        let second = first.with(TokenKey::from_pkcs8_pem(keys::SECOND).unwrap());
        assert_eq!(first.key_id(), TokenKey::KEY_ID);
        assert_eq!(second.key_id(), "ims_emulator-key-at-2");
        assert_ne!(first.sign("a.b".to_owned()), second.sign("a.b".to_owned()));
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&second.key_set()).unwrap();
        assert!(set.find(&first.key_id()).is_some() && set.find(&second.key_id()).is_some());
    }
}
