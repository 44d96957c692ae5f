//! Private key files: what form they have, whether RS256 can use the key, and the key made ready for signing.

use std::fmt;

use aws_lc_rs::rsa::KeyPair;
use der::Decode;
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    KeyError, PublicKey,
    encrypted_key::{EncryptedPkcs8, open_legacy_pem},
    pem,
    public_key::{bit_length, expect_rsa, expect_size},
};

/// What opens an encrypted private key.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Keeps `text`, which is wiped from memory when it is no longer needed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The pass phrase.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// How a private key is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFormat {
    /// `PrivateKeyInfo` (RFC 5958), PEM `PRIVATE KEY`.
    Pkcs8,
    /// `RSAPrivateKey` (RFC 8017 §A.1.2), PEM `RSA PRIVATE KEY`.
    Pkcs1,
    /// `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2, PEM `ENCRYPTED PRIVATE KEY`.
    EncryptedPkcs8,
    /// PEM `RSA PRIVATE KEY` with `Proc-Type: 4,ENCRYPTED` (RFC 1421).
    LegacyEncryptedPem,
}

impl fmt::Display for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs8 => "PKCS#8",
            Self::Pkcs1 => "PKCS#1",
            Self::EncryptedPkcs8 => "PKCS#8, encrypted with PBES2",
            Self::LegacyEncryptedPem => "PKCS#1, encrypted inside PEM",
        })
    }
}

/// An RSA private key that is parsed, checked and ready.
pub(crate) struct PrivateKey {
    pub(crate) key_pair: KeyPair,
    pub(crate) public_key: PublicKey,
    pub(crate) format: KeyFormat,
}

impl PrivateKey {
    /// Reads the first private key of a file.
    pub(crate) fn read(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        for block in pem::blocks(file)? {
            match block.label.as_str() {
                "RSA PRIVATE KEY"
                    if block
                        .header("Proc-Type")
                        .is_some_and(|kind| kind.ends_with("ENCRYPTED")) =>
                {
                    let der =
                        open_legacy_pem(&block, passphrase.ok_or(KeyError::PassphraseMissing)?)?;
                    return Self::from_pkcs1(&der, KeyFormat::LegacyEncryptedPem)
                        .map_err(as_wrong_passphrase);
                }
                // Some tools write PKCS#1 under the label of PKCS#8, so the bytes decide.
                "PRIVATE KEY" | "RSA PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
                    return Self::from_der(&block.der, passphrase).unwrap_or(Err(MALFORMED));
                }
                "EC PRIVATE KEY" => {
                    return Err(KeyError::NotRsa { found: "an elliptic curve key".into() });
                }
                "DSA PRIVATE KEY" => return Err(KeyError::NotRsa { found: "a DSA key".into() }),
                _ => {}
            }
        }
        let der = pem::bare_der(file).and_then(|der| Self::from_der(&der, passphrase));
        der.unwrap_or_else(|| {
            Err(match pem::describe(file) {
                found if found.ends_with("private key") => MALFORMED,
                found => KeyError::NoPrivateKey { found },
            })
        })
    }

    /// Reads a key of any form, `None` if it is something else.
    fn from_der(der: &[u8], passphrase: Option<&Passphrase>) -> Option<Result<Self, KeyError>> {
        if RsaPrivateKeyRef::from_der(der).is_ok() {
            return Some(Self::from_pkcs1(der, KeyFormat::Pkcs1));
        }
        if PrivateKeyInfoRef::from_der(der).is_ok() {
            return Some(Self::from_pkcs8(der, KeyFormat::Pkcs8));
        }
        let encrypted = EncryptedPkcs8::read(der)?;
        let opened = passphrase
            .ok_or(KeyError::PassphraseMissing)
            .and_then(|passphrase| encrypted.open(passphrase));
        Some(opened.and_then(|der| {
            Self::from_pkcs8(&der, KeyFormat::EncryptedPkcs8).map_err(as_wrong_passphrase)
        }))
    }

    fn from_pkcs8(der: &[u8], format: KeyFormat) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| MALFORMED)?;
        expect_rsa(info.algorithm.oid)?;
        Self::from_pkcs1(info.private_key.as_bytes(), format)
    }

    fn from_pkcs1(der: &[u8], format: KeyFormat) -> Result<Self, KeyError> {
        let key = RsaPrivateKeyRef::from_der(der).map_err(|_| MALFORMED)?;
        if key.other_prime_infos.is_some() {
            return Err(KeyError::Malformed {
                reason: "the key has more than two primes, which is not taken",
            });
        }
        expect_size(bit_length(key.modulus.as_bytes()))?;
        let public_key =
            PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
        // This checks that the numbers belong together, once; a signature needs no check of its own later.
        let inconsistent =
            KeyError::Malformed { reason: "the numbers of the private key do not fit together" };
        let key_pair = KeyPair::from_der(der).map_err(|_| inconsistent)?;
        Ok(Self { key_pair, public_key, format })
    }
}

/// One wrong pass phrase in 256 leaves right padding behind; what it opens is then no key.
fn as_wrong_passphrase(error: KeyError) -> KeyError {
    if error == MALFORMED { KeyError::PassphraseWrong } else { error }
}

const MALFORMED: KeyError = KeyError::Malformed { reason: "the private key is damaged" };
