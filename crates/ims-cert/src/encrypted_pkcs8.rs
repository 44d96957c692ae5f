//! Encrypting a private key with a pass phrase: `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2 (RFC 8018 §6.2).

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    pbkdf2, rand,
};
use der::{
    Sequence,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use ims_sign::Passphrase;
use spki::{AlgorithmIdentifier, AlgorithmIdentifierRef};
use zeroize::Zeroizing;

use crate::{CertError, signed::to_der};

/// Encrypts the DER of a `PrivateKeyInfo`.
pub(crate) fn encrypt(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CertError> {
    if passphrase.expose_secret().is_empty() {
        return Err(CertError::EmptyPassphrase);
    }
    let (salt, iv) = (random_octets()?, random_octets()?);
    let encrypted = aes_256_cbc(pkcs8, &derive(passphrase, &salt), iv)?;
    Ok(to_der(&EncryptedPrivateKeyInfo {
        encryption_algorithm: pbes2(octets(&salt), octets(&iv)),
        encrypted_data: octets(&encrypted),
    }))
}

fn derive(passphrase: &Passphrase, salt: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let passphrase = passphrase.expose_secret().as_bytes();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, salt, passphrase, key.as_mut());
    key
}

fn aes_256_cbc(pkcs8: &[u8], key: &[u8; 32], iv: [u8; 16]) -> Result<Vec<u8>, CertError> {
    // The room for the padding is there from the start: growing would leave a copy of the key behind in freed memory.
    let mut text = Vec::with_capacity(pkcs8.len() + iv.len());
    text.extend_from_slice(pkcs8);
    let key = UnboundCipherKey::new(&AES_256, key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.and_then(|key| key.less_safe_encrypt(&mut text, context))
        .map_err(|_| CertError::Randomness)?;
    Ok(text)
}

fn random_octets() -> Result<[u8; 16], CertError> {
    let mut octets = [0; 16];
    rand::fill(&mut octets).map_err(|_| CertError::Randomness)?;
    Ok(octets)
}

fn octets(octets: &[u8]) -> &OctetStringRef {
    OctetStringRef::new(octets).expect("a few kilobytes are not too many for a string")
}

#[derive(Sequence)]
struct EncryptedPrivateKeyInfo<'a> {
    encryption_algorithm: AlgorithmIdentifier<Pbes2Parameters<'a>>,
    encrypted_data: &'a OctetStringRef,
}

/// `PBES2-params` (RFC 8018 §A.4).
#[derive(Sequence)]
struct Pbes2Parameters<'a> {
    key_derivation: AlgorithmIdentifier<Pbkdf2Parameters<'a>>,
    encryption: AlgorithmIdentifierRef<'a>,
}

/// `PBKDF2-params` (RFC 8018 §A.2), without the length of the key, which the cipher gives.
#[derive(Sequence)]
struct Pbkdf2Parameters<'a> {
    salt: &'a OctetStringRef,
    iterations: u32,
    pseudo_random_function: AlgorithmIdentifierRef<'a>,
}

fn pbes2<'a>(
    salt: &'a OctetStringRef,
    iv: &'a OctetStringRef,
) -> AlgorithmIdentifier<Pbes2Parameters<'a>> {
    let pseudo_random_function =
        AlgorithmIdentifierRef { oid: HMAC_SHA256, parameters: Some(AnyRef::NULL) };
    let key_derivation =
        Pbkdf2Parameters { salt, iterations: ITERATIONS.get(), pseudo_random_function };
    let parameters = Pbes2Parameters {
        key_derivation: AlgorithmIdentifier { oid: PBKDF2, parameters: Some(key_derivation) },
        encryption: AlgorithmIdentifierRef { oid: AES_256_CBC, parameters: Some(iv.into()) },
    };
    AlgorithmIdentifier { oid: PBES2, parameters: Some(parameters) }
}

/// Not zero, as the compiler has checked. Source: OWASP, Password Storage Cheat Sheet, for PBKDF2-HMAC-SHA256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
