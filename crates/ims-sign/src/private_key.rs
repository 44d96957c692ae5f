//! Private key files: which form they have, whether RS256 can use the key, and the key prepared for signing.

use std::fmt;

use aws_lc_rs::rsa::KeyPair;
use der::Decode;
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;

use crate::{
    encrypted_key::{EncryptedPkcs8, Passphrase, open_legacy_pem},
    error::KeyError,
    file_kind::FileKind,
    pem::{self, Block},
    public_key::{PublicKey, bit_length, expect_rsa, expect_size},
};

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
    /// Reads the private key of a file, which may hold other things as well.
    pub(crate) fn read(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        let mut blocks = pem::blocks(file)?;
        blocks.retain(|block| KEY_LABELS.contains(&block.label()));
        let Some((first, more)) = blocks.split_first() else {
            return Self::from_file_without_pem(file, passphrase);
        };
        let key = Self::from_block(first, passphrase);
        for other in more {
            let is_same_text = first.der() == other.der();
            if !is_same_text && !is_same_key(&key, &Self::from_block(other, passphrase)) {
                return Err(KeyError::SeveralKeys { count: blocks.len() });
            }
        }
        key
    }

    fn from_block(block: &Block, passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        match block.label() {
            "EC PRIVATE KEY" => Err(KeyError::NotRsa { found: "an elliptic curve key".into() }),
            "DSA PRIVATE KEY" => Err(KeyError::NotRsa { found: "a DSA key".into() }),
            _ if block.is_legacy_encrypted() => {
                let passphrase = passphrase.ok_or(KeyError::PassphraseMissing)?;
                let der = open_legacy_pem(block, passphrase)?;
                let key = Self::from_pkcs1(&der, KeyFormat::LegacyEncryptedPem);
                key.map_err(as_wrong_passphrase)
            }
            // Some tools write PKCS#1 under the label of PKCS#8, so the bytes decide.
            _ => Self::from_der(block.der(), passphrase).unwrap_or(Err(MALFORMED)),
        }
    }

    fn from_file_without_pem(
        file: &[u8],
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, KeyError> {
        if let Some(der) = pem::bare_der(file)
            && let Some(key) = Self::from_der(&der, passphrase)
        {
            return key;
        }
        Err(match FileKind::of(file) {
            FileKind::PrivateKey | FileKind::EncryptedPrivateKey => MALFORMED,
            FileKind::EcPrivateKey => KeyError::NotRsa { found: "an elliptic curve key".into() },
            found => KeyError::NoPrivateKey { found },
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
        Some(Self::from_encrypted_pkcs8(&encrypted, passphrase))
    }

    fn from_encrypted_pkcs8(
        encrypted: &EncryptedPkcs8<'_>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, KeyError> {
        let der = encrypted.open(passphrase.ok_or(KeyError::PassphraseMissing)?)?;
        Self::from_pkcs8(&der, KeyFormat::EncryptedPkcs8).map_err(as_wrong_passphrase)
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
                reason: "the key has more than two primes, which is not supported",
            });
        }
        expect_size(bit_length(key.modulus.as_bytes()))?;
        let public_key =
            PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
        // This checks once that the numbers belong together, so that no signature needs to check it again.
        let inconsistent =
            KeyError::Malformed { reason: "the numbers of the private key do not fit together" };
        let key_pair = KeyPair::from_der(der).map_err(|_| inconsistent)?;
        Ok(Self { key_pair, public_key, format })
    }
}

fn is_same_key(one: &Result<PrivateKey, KeyError>, other: &Result<PrivateKey, KeyError>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one.public_key == other.public_key,
        _ => false,
    }
}

/// One wrong pass phrase in 256 gives correct padding by chance. Then the decrypted bytes are not a key.
fn as_wrong_passphrase(error: KeyError) -> KeyError {
    if error == MALFORMED { KeyError::PassphraseWrong } else { error }
}

const MALFORMED: KeyError = KeyError::Malformed { reason: "the private key is damaged" };

/// The labels of private keys that are read, and of those that are refused with the name of their algorithm (RFC 7468 §10
/// and §11, and OpenSSL's older ones).
const KEY_LABELS: [&str; 5] = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
];
