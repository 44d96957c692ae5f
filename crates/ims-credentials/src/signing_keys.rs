//! The keys that a service account signs with, of which there are two while they are rotated.

use std::{fmt, path::PathBuf};

use secrecy::{SecretSlice, SecretString};

use crate::error::CredentialsError;

/// Where a private key is.
#[derive(Clone)]
#[non_exhaustive]
pub enum SigningKey {
    /// The contents of a file.
    File {
        /// PEM or DER.
        contents: SecretSlice<u8>,
        /// The pass phrase, if it is encrypted.
        passphrase: Option<SecretString>,
    },
    /// In a hardware security module, named by a PKCS#11 URI (RFC 7512).
    Pkcs11 {
        /// The URI. It may hold the PIN, so it is kept like a secret.
        uri: SecretString,
        /// Where a relative `pin-source` begins.
        folder: PathBuf,
    },
    /// Outside: the program provides the signer, for example for a key behind a network service.
    External,
    /// It could not be read. This is the reason. Only a [`Migration`](crate::Migration), which needs no key, has one.
    Unread(CredentialsError),
}

/// A private key, and the certificate that was made for it.
///
/// ```
/// use ims_credentials::{KeyPair, SigningKey};
/// # let (key_file, certificate_file) = (ims_testkit::keys::FIRST, ims_testkit::certificates::FIRST);
///
/// let signing_key = SigningKey::File { contents: key_file.as_bytes().to_vec().into(), passphrase: None };
/// let pair = KeyPair { signing_key, certificate: Some(certificate_file.as_bytes().to_vec()) };
/// ```
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// The key that signs.
    pub signing_key: SigningKey,
    /// The contents of the certificate's file, if one is named.
    pub certificate: Option<Vec<u8>>,
}

/// One key pair, or two, each of which IMS may know. So a key can be replaced without a moment in which IMS accepts none.
///
/// The second is tried if IMS does not know the certificate of the first.
///
/// ```
/// use ims_credentials::{KeyPair, SigningKey, SigningKeys};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pair = |pem: &str| KeyPair {
///     signing_key: SigningKey::File { contents: pem.as_bytes().to_vec().into(), passphrase: None },
///     certificate: None,
/// };
/// // While a key is rotated: the second one is tried if IMS does not know the certificate of the first.
/// let keys = SigningKeys::new(pair("-----BEGIN…")).with_second(pair("-----BEGIN…"));
/// assert_eq!(keys.iter().count(), 2);
/// # Ok(())
/// # }
/// ```
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

    /// A second key pair next to the first.
    ///
    /// ```
    /// use ims_credentials::{KeyPair, SigningKey, SigningKeys};
    ///
    /// // Both in the program: the builder of the client gets their signers.
    /// let pair = || KeyPair { signing_key: SigningKey::External, certificate: None };
    /// let keys = SigningKeys::new(pair()).with_second(pair());
    /// assert!(keys.second().is_some());
    /// ```
    #[must_use]
    pub fn with_second(self, second: KeyPair) -> Self {
        Self { second: Some(second), ..self }
    }

    /// The key pair that is tried first.
    #[must_use]
    pub fn first(&self) -> &KeyPair {
        &self.first
    }

    /// The key pair that is tried if IMS does not accept the first.
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

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File { .. } => "SigningKey::File(..)",
            Self::Pkcs11 { .. } => "SigningKey::Pkcs11(..)",
            Self::External => "SigningKey::External",
            Self::Unread(_) => "SigningKey::Unread(..)",
        })
    }
}
