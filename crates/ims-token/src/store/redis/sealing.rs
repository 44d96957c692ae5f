//! Sealing with AES-256-GCM: without the key, no one can read a value or replace it with another.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf, rand,
};
use zeroize::Zeroizing;

use crate::{cache_key::CacheKey, store::StoreError};

/// The key under which a fleet seals its tokens.
///
/// One key may seal some four thousand million tokens, since nonces are random (NIST SP 800-38D §8.3); a fleet
/// needs one or two a day for each integration.
///
/// ```
/// use ims_token::SealingKey;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // From a secret manager. Anyone who has only the Redis server can neither read nor make a token.
/// let secret = "a secret of at least 32 random bytes";
/// let sealing_key = SealingKey::derive(secret.as_bytes());
/// # let _ = sealing_key;
/// # Ok(())
/// # }
/// ```
pub struct SealingKey(RandomizedNonceKey);

impl SealingKey {
    /// Derives the key from a secret that the fleet has and Redis does not have, such as the client secret, by HKDF with
    /// SHA-256 (RFC 5869). It must be random: a password that a person has chosen can be guessed.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "HKDF with SHA-256 gives 32 bytes, whatever it is given"
    )]
    pub fn derive(secret: &[u8]) -> Self {
        let pseudorandom_key = hkdf::Salt::new(hkdf::HKDF_SHA256, b"ims-token").extract(secret);
        let mut key = Zeroizing::new([0; 32]);
        pseudorandom_key
            .expand(&[b"sealing key 1"], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(&mut *key))
            .expect("HKDF gives as many bytes as its hash has");
        Self::from_bytes(&key)
    }

    /// Takes the key itself, 32 random bytes.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "AES-256 takes any 32 bytes")]
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
    }

    /// [`VERSION`], the nonce, the sealed text and its tag.
    pub(crate) fn seal(&self, key: &CacheKey, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::with_capacity(plain.len() + TAG_LENGTH);
        text.extend_from_slice(plain);
        let nonce = self
            .0
            .seal_in_place_append_tag(associated(key), &mut text)
            .map_err(StoreError::unavailable)?;
        Ok([VERSION, nonce.as_ref(), &text].concat())
    }

    pub(crate) fn open(
        &self,
        key: &CacheKey,
        mut sealed: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let Some(after_version) = sealed.strip_prefix(VERSION) else {
            return Err(StoreError::Garbled);
        };
        let nonce = *after_version.first_chunk().ok_or(StoreError::Garbled)?;
        // The nonce was unique when the text was sealed, and the same one is needed to open it.
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_in_place(nonce, associated(key), &mut sealed[TEXT_START..]);
        let length = opened.map_err(|_| StoreError::Garbled)?.len();
        let mut sealed = Zeroizing::new(sealed);
        sealed.copy_within(TEXT_START..TEXT_START + length, 0);
        sealed.truncate(length);
        Ok(sealed)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// Additional data of the encryption: a value that was sealed for one key cannot be opened under another, even by someone
/// who can write to Redis.
fn associated(key: &CacheKey) -> Aad<String> {
    Aad::from(key.canonical())
}

/// A number for the owner of a lease, which no other process has.
pub(crate) fn random_owner() -> Result<u128, StoreError> {
    let mut octets = [0; 16];
    rand::fill(&mut octets).map_err(StoreError::unavailable)?;
    Ok(u128::from_be_bytes(octets))
}

const VERSION: &[u8] = b"ims1";
const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;
const TEXT_START: usize = VERSION.len() + NONCE_LENGTH;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache_key::GrantName;
    use ims_claims::Environment;

    #[track_caller]
    fn key(client_id: &str) -> CacheKey {
        CacheKey::new(&Environment::production(), &client_id.parse().unwrap(), GrantName::JWT)
    }

    #[test]
    fn only_the_same_key_opens_what_was_sealed_and_only_in_its_place() {
        let sealing_key = SealingKey::derive(b"p8e-secret");
        let sealed = sealing_key.seal(&key("a"), b"canary").unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"canary"));
        let opened = sealing_key.open(&key("a"), sealed.clone()).unwrap();
        assert_eq!(&**opened, b"canary");

        assert!(sealing_key.open(&key("b"), sealed.clone()).is_err());
        assert!(SealingKey::derive(b"another").open(&key("a"), sealed.clone()).is_err());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(sealing_key.open(&key("a"), changed).is_err(), "byte {position}");
            assert!(sealing_key.open(&key("a"), sealed[..position].to_vec()).is_err());
        }
        assert_eq!(format!("{sealing_key:?}"), "SealingKey(..)");
    }

    #[test]
    fn the_same_token_is_never_sealed_to_the_same_bytes() {
        let sealing_key = SealingKey::from_bytes(&[7; 32]);
        let seal = || sealing_key.seal(&key("a"), b"text").unwrap();
        assert_ne!(seal(), seal());
    }
}
