//! The keys that tokens are signed with, one after another: the newest signs, all are published and verify.

use std::sync::Arc;

use crate::TokenKey;

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

    /// The id of the key that signs.
    pub(crate) fn key_id(&self) -> String {
        key_id(self.0.len())
    }

    /// Puts the newest key's signature behind `signing_input`, RS256.
    pub(crate) fn sign(&self, signing_input: String) -> String {
        let newest = self.0.last().expect("a ring begins with a key and loses none");
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

#[cfg(test)]
mod tests {
    use super::*;
    use ims_testkit::keys;

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
