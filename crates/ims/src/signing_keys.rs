//! The keys that a service account signs with, of which there are two while they are rotated.

use crate::SigningKey;

/// A private key, and the certificate that was made for it.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// The key that signs.
    pub signing_key: SigningKey,
    /// The contents of the certificate's file, if one is named.
    pub certificate: Option<Vec<u8>>,
}

/// One key pair, or two of which IMS may know either: so a key can be replaced without a moment in which none is taken.
///
/// The second is tried if IMS no longer matches the first. A [`Client`](crate::Client) remembers which was taken.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    first: KeyPair,
    second: Option<KeyPair>,
}

impl SigningKeys {
    /// One key pair.
    #[must_use]
    pub fn new(first: KeyPair) -> Self {
        Self { first, second: None }
    }

    /// A second key pair beside the first.
    #[must_use]
    pub fn with_second(self, second: KeyPair) -> Self {
        Self { second: Some(second), ..self }
    }

    /// The key pair that is tried first.
    #[must_use]
    pub fn first(&self) -> &KeyPair {
        &self.first
    }

    /// The key pair that is tried if IMS does not match the first.
    #[must_use]
    pub fn second(&self) -> Option<&KeyPair> {
        self.second.as_ref()
    }

    /// One key pair or both, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &KeyPair> {
        std::iter::once(&self.first).chain(&self.second)
    }
}

impl From<KeyPair> for SigningKeys {
    fn from(first: KeyPair) -> Self {
        Self::new(first)
    }
}
