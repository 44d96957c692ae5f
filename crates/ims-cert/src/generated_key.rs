//! New RSA keys, and how they are written down.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    encoding::{AsDer, Pkcs8V1Der},
    iv::FixedLength,
    pbkdf2, rand, rsa,
};
use ims_claims::{Algorithm, Signature};
use ims_sign::{Passphrase, PemSigner, PublicKey, SignError, Signer};
use pkcs8::{
    EncryptedPrivateKeyInfo,
    der::{Encode, asn1::OctetStringRef},
    pkcs5::pbes2::Parameters,
};
use zeroize::Zeroizing;

use crate::{error::CertError, pem::PrivateKeyPem};

/// The sizes of key that Adobe's documents and most hardware know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySize {
    /// 2048 bits, the size in all of Adobe's samples.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

impl From<KeySize> for rsa::KeySize {
    fn from(size: KeySize) -> Self {
        match size {
            KeySize::Rsa2048 => Self::Rsa2048,
            KeySize::Rsa3072 => Self::Rsa3072,
            KeySize::Rsa4096 => Self::Rsa4096,
        }
    }
}

/// A new RSA key. It signs its own certificate or request, and then goes to a file.
pub struct GeneratedKey {
    pkcs8: Zeroizing<Vec<u8>>,
    signer: PemSigner,
}

impl GeneratedKey {
    /// Generates a key, which takes some 70 ms of one core for 2048 bits and ten times that for 4096.
    ///
    /// # Errors
    /// [`CertError::Randomness`].
    pub fn generate(size: KeySize) -> Result<Self, CertError> {
        let key_pair = rsa::KeyPair::generate(size.into()).map_err(|_| CertError::Randomness)?;
        let der: Pkcs8V1Der<'static> = key_pair.as_der().map_err(|_| CertError::Randomness)?;
        let pkcs8 = Zeroizing::new(der.as_ref().to_vec());
        let signer = PemSigner::from_bytes(&pkcs8, None)?;
        Ok(Self { pkcs8, signer })
    }

    /// The key as PKCS#8, `BEGIN PRIVATE KEY`, which anyone who has the file can read.
    pub fn to_pem(&self) -> PrivateKeyPem {
        PrivateKeyPem::new("PRIVATE KEY", &self.pkcs8)
    }

    /// The key as encrypted PKCS#8, `BEGIN ENCRYPTED PRIVATE KEY`: PBES2 (RFC 8018 §6.2) with PBKDF2-HMAC-SHA256, 600,000
    /// iterations, and AES-256-CBC, which `openssl pkcs8` reads.
    ///
    /// # Errors
    /// [`CertError::EmptyPassphrase`] and [`CertError::Randomness`].
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<PrivateKeyPem, CertError> {
        let encrypted = encrypt(&self.pkcs8, passphrase)?;
        Ok(PrivateKeyPem::new("ENCRYPTED PRIVATE KEY", &encrypted))
    }
}

impl Signer for GeneratedKey {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        self.signer.sign(message).await
    }
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneratedKey(..)")
    }
}

/// Encrypts the DER of a `PrivateKeyInfo`: `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2 (RFC 8018 §6.2).
fn encrypt(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CertError> {
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

#[cfg(test)]
mod tests;
