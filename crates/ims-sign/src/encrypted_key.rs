//! Opening encrypted private keys: PBES2 (RFC 8018 §6.2), which is what `openssl pkcs8 -topk8` writes, and the legacy
//! encryption inside PEM (RFC 1421 with OpenSSL's key derivation), which `openssl rsa -traditional -aes256` writes.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
        UnboundCipherKey,
    },
    iv::FixedLength,
    pbkdf2,
};
use der::{
    Decode, Reader, SliceReader,
    asn1::{AnyRef, OctetStringRef},
};
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};
use zeroize::Zeroizing;

use crate::{error::KeyError, pem::Block};

/// Three times as many as OWASP recommends. The limit bounds how long a hostile file can make a program compute: less than
/// a second.
const MAX_ITERATIONS: u32 = 2_000_000;

const MALFORMED: KeyError = KeyError::Malformed { reason: "the encrypted private key is damaged" };

/// What opens an encrypted private key.
///
/// ```
/// use ims_sign::Passphrase;
///
/// let passphrase = Passphrase::new("correct horse".to_owned());
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
/// ```
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

/// An `EncryptedPrivateKeyInfo` (RFC 5958 §3).
pub(crate) struct EncryptedPkcs8<'a> {
    scheme: AlgorithmIdentifierRef<'a>,
    encrypted: &'a [u8],
}

impl<'a> EncryptedPkcs8<'a> {
    /// Parses `der`; `None` if it is something else.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let sequence = AnyRef::from_der(der).ok()?;
        let mut reader = SliceReader::new(sequence.value()).ok()?;
        let scheme = reader.decode().ok()?;
        let encrypted: &OctetStringRef = reader.decode().ok()?;
        reader.is_finished().then_some(Self { scheme, encrypted: encrypted.as_bytes() })
    }

    /// The `PrivateKeyInfo` inside.
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if self.scheme.oid != PBES2 {
            return Err(unsupported(self.scheme.oid));
        }
        let [derivation, encryption] = pair(self.scheme.parameters)?;
        let (cipher, iv) = cbc(encryption)?;
        let mut key = Zeroizing::new(vec![0; cipher.key_length]);
        pbkdf2_into(derivation, passphrase, &mut key)?;
        decrypt(&cipher, &key, iv, self.encrypted)
    }
}

/// The DER inside a PEM block with the header fields `Proc-Type: 4,ENCRYPTED` and `DEK-Info`.
pub(crate) fn open_legacy_pem(
    block: &Block,
    passphrase: &Passphrase,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (name, iv) = block.header("DEK-Info").and_then(|h| h.split_once(',')).ok_or(MALFORMED)?;
    let cipher = match name {
        "AES-128-CBC" => Cipher::AES_128,
        "AES-192-CBC" => Cipher::AES_192,
        "AES-256-CBC" => Cipher::AES_256,
        "DES-EDE3-CBC" => Cipher::DES_EDE3,
        other => return Err(KeyError::UnsupportedEncryption { scheme: printable(other) }),
    };
    let iv = hex(iv).filter(|iv| iv.len() == cipher.iv_length).ok_or(MALFORMED)?;
    let key = openssl_bytes_to_key(passphrase, &iv[..8], cipher.key_length);
    decrypt(&cipher, &key, &iv, block.der())
}

/// A block cipher in CBC mode.
struct Cipher {
    algorithm: &'static Algorithm,
    key_length: usize,
    iv_length: usize,
}

impl Cipher {
    const AES_128: Self = Self { algorithm: &AES_128, key_length: 16, iv_length: 16 };
    const AES_192: Self = Self { algorithm: &AES_192, key_length: 24, iv_length: 16 };
    const AES_256: Self = Self { algorithm: &AES_256, key_length: 32, iv_length: 16 };
    #[expect(deprecated, reason = "only to open files that were written with it")]
    const DES_EDE3: Self = Self {
        algorithm: &aws_lc_rs::cipher::DES_EDE3_FOR_LEGACY_USE_ONLY,
        key_length: 24,
        iv_length: 8,
    };
}

fn decrypt(
    cipher: &Cipher,
    key: &[u8],
    iv: &[u8],
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let context = match <[u8; 16]>::try_from(iv) {
        Ok(iv) => DecryptionContext::Iv128(FixedLength::from(iv)),
        Err(_) => DecryptionContext::Iv64(FixedLength::from(
            <[u8; 8]>::try_from(iv).map_err(|_| MALFORMED)?,
        )),
    };
    let key =
        UnboundCipherKey::new(cipher.algorithm, key).map_err(|_| KeyError::PassphraseWrong)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| KeyError::PassphraseWrong)?;
    let mut der = Zeroizing::new(encrypted.to_vec());
    // With a wrong pass phrase, the padding is wrong, or the result is not a key.
    let length = key.decrypt(&mut der, context).map_err(|_| KeyError::PassphraseWrong)?.len();
    der.truncate(length);
    Ok(der)
}

/// `PBES2-params`: key derivation and encryption (RFC 8018 §A.4).
fn pair(parameters: Option<AnyRef<'_>>) -> Result<[AlgorithmIdentifierRef<'_>; 2], KeyError> {
    let mut reader = sequence(parameters)?;
    let pair = [reader.decode().map_err(|_| MALFORMED)?, reader.decode().map_err(|_| MALFORMED)?];
    Ok(pair)
}

fn cbc(encryption: AlgorithmIdentifierRef<'_>) -> Result<(Cipher, &[u8]), KeyError> {
    let cipher = match encryption.oid {
        AES_128_CBC => Cipher::AES_128,
        AES_192_CBC => Cipher::AES_192,
        AES_256_CBC => Cipher::AES_256,
        DES_EDE3_CBC => Cipher::DES_EDE3,
        oid => return Err(unsupported(oid)),
    };
    let iv = encryption.parameters.map_or(&[][..], |iv| iv.value());
    if iv.len() == cipher.iv_length { Ok((cipher, iv)) } else { Err(MALFORMED) }
}

/// `PBKDF2-params` (RFC 8018 §A.2); the key length is that of the cipher.
fn pbkdf2_into(
    derivation: AlgorithmIdentifierRef<'_>,
    passphrase: &Passphrase,
    key: &mut [u8],
) -> Result<(), KeyError> {
    if derivation.oid != PBKDF2 {
        return Err(unsupported(derivation.oid));
    }
    let mut reader = sequence(derivation.parameters)?;
    let salt: &OctetStringRef = reader.decode().map_err(|_| MALFORMED)?;
    let iterations: u32 = reader.decode().map_err(|_| MALFORMED)?;
    let _key_length: Option<u16> = Option::decode(&mut reader).map_err(|_| MALFORMED)?;
    let prf: Option<AlgorithmIdentifierRef<'_>> =
        Option::decode(&mut reader).map_err(|_| MALFORMED)?;
    let algorithm = match prf.map(|prf| prf.oid) {
        None | Some(HMAC_SHA1) => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(HMAC_SHA256) => pbkdf2::PBKDF2_HMAC_SHA256,
        Some(HMAC_SHA384) => pbkdf2::PBKDF2_HMAC_SHA384,
        Some(HMAC_SHA512) => pbkdf2::PBKDF2_HMAC_SHA512,
        Some(oid) => return Err(unsupported(oid)),
    };
    if iterations > MAX_ITERATIONS {
        let scheme = format!("PBKDF2 of {iterations} iterations");
        return Err(KeyError::UnsupportedEncryption { scheme });
    }
    let iterations = NonZeroU32::new(iterations).ok_or(MALFORMED)?;
    pbkdf2::derive(
        algorithm,
        iterations,
        salt.as_bytes(),
        passphrase.expose_secret().as_bytes(),
        key,
    );
    Ok(())
}

fn sequence(parameters: Option<AnyRef<'_>>) -> Result<SliceReader<'_>, KeyError> {
    SliceReader::new(parameters.ok_or(MALFORMED)?.value()).map_err(|_| MALFORMED)
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round, which its legacy PEM encryption is built on.
fn openssl_bytes_to_key(passphrase: &Passphrase, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut digest = Zeroizing::new([0; 16]);
    while key.len() < length {
        let mut md5 = Md5::new();
        if !key.is_empty() {
            md5.update(*digest);
        }
        md5.update(passphrase.expose_secret());
        md5.update(salt);
        *digest = md5.finalize().into();
        key.extend_from_slice(&*digest);
    }
    key.truncate(length);
    key
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for pair in text.as_bytes().chunks_exact(2) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(bytes)
}

fn unsupported(oid: ObjectIdentifier) -> KeyError {
    let scheme = match oid {
        SCRYPT => "scrypt".to_owned(),
        PBE_SHA1_3DES => "PBE-SHA1-3DES".to_owned(),
        PBE_SHA1_RC2_40 => "PBE-SHA1-RC2-40".to_owned(),
        oid => oid.to_string(),
    };
    KeyError::UnsupportedEncryption { scheme }
}

/// A cipher's name from a file, cut to a reasonable length.
fn printable(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(24).collect()
}

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const PBE_SHA1_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const PBE_SHA1_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const DES_EDE3_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");
