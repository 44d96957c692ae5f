//! Encrypting a private key with a pass phrase: `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2 (RFC 8018 §6.2).

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    pbkdf2, rand,
};
use ims_sign::Passphrase;
use pkcs8::{
    EncryptedPrivateKeyInfo,
    der::{Encode, asn1::OctetStringRef},
    pkcs5::pbes2::Parameters,
};
use zeroize::Zeroizing;

use crate::error::CertError;

/// Encrypts the DER of a `PrivateKeyInfo`.
pub(crate) fn encrypt(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CertError> {
    if passphrase.expose_secret().is_empty() {
        return Err(CertError::EmptyPassphrase);
    }
    let (salt, iv) = (random_octets()?, random_octets()?);
    let encrypted = aes_256_cbc(pkcs8, &derive(passphrase, &salt), iv)?;
    write(&salt, iv, &encrypted).map_err(|_| CertError::Unwritable)
}

fn write(salt: &[u8], iv: [u8; 16], encrypted: &[u8]) -> pkcs8::Result<Vec<u8>> {
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS.get(), salt, iv)?;
    let encrypted_data = OctetStringRef::new(encrypted)?;
    let encryption_algorithm = parameters.into();
    Ok(EncryptedPrivateKeyInfo { encryption_algorithm, encrypted_data }.to_der()?)
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

/// Not zero, as the compiler has checked. Source: OWASP, Password Storage Cheat Sheet, for PBKDF2-HMAC-SHA256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
