//! Encrypting a private key with a pass phrase: `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2 (RFC 8018 §6.2).

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    pbkdf2, rand,
};
use ims_sign::Passphrase;
use yasna::{DERWriterSeq, models::ObjectIdentifier};
use zeroize::Zeroizing;

use crate::error::CertError;

/// Encrypts the DER of a `PrivateKeyInfo`.
pub(crate) fn encrypt(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CertError> {
    if passphrase.expose_secret().is_empty() {
        return Err(CertError::EmptyPassphrase);
    }
    let (salt, iv) = (random_octets()?, random_octets()?);
    let encrypted = aes_256_cbc(pkcs8, &derive(passphrase, &salt), iv)?;
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|info| {
            info.next().write_sequence(|algorithm| write_pbes2(algorithm, &salt, &iv));
            info.next().write_bytes(&encrypted);
        });
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

/// `PBES2-params` (RFC 8018 §A.4) with `PBKDF2-params` (§A.2), without the length of the key, which the cipher gives.
fn write_pbes2(algorithm: &mut DERWriterSeq<'_>, salt: &[u8], iv: &[u8]) {
    write_oid(algorithm, PBES2);
    algorithm.next().write_sequence(|parameters| {
        parameters.next().write_sequence(|key_derivation| {
            write_oid(key_derivation, PBKDF2);
            key_derivation.next().write_sequence(|parameters| {
                parameters.next().write_bytes(salt);
                parameters.next().write_u32(ITERATIONS.get());
                parameters.next().write_sequence(|pseudo_random_function| {
                    write_oid(pseudo_random_function, HMAC_SHA256);
                    pseudo_random_function.next().write_null();
                });
            });
        });
        parameters.next().write_sequence(|encryption| {
            write_oid(encryption, AES_256_CBC);
            encryption.next().write_bytes(iv);
        });
    });
}

fn write_oid(writer: &mut DERWriterSeq<'_>, oid: &[u64]) {
    writer.next().write_oid(&ObjectIdentifier::from_slice(oid));
}

/// Not zero, as the compiler has checked. Source: OWASP, Password Storage Cheat Sheet, for PBKDF2-HMAC-SHA256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

const PBES2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 13];
const PBKDF2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 12];
const HMAC_SHA256: &[u64] = &[1, 2, 840, 113_549, 2, 9];
const AES_256_CBC: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 1, 42];
