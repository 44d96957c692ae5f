//! Writing private keys: PKCS#8 (RFC 5958) as PEM, encrypted or not. The reader of both is `private_key.rs`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::pem;

/// A private key as the text of a PEM file, wiped from memory when it is dropped.
///
/// ```no_run
/// use ims_sign::PrivateKeyPem;
///
/// # let pkcs8 = [];
/// let private_key = PrivateKeyPem::from_pkcs8(&pkcs8);
/// assert!(private_key.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----\n"));
/// ```
#[derive(Clone)]
pub struct PrivateKeyPem(SecretString);

impl PrivateKeyPem {
    /// Takes the DER of a `PrivateKeyInfo` (RFC 5958 §2). Anyone who has the text has the key.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Self {
        Self(pem::encode("PRIVATE KEY", der).into())
    }

    /// The text.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(..)")
    }
}

#[cfg(feature = "encrypt")]
mod encryption {
    use std::num::NonZeroU32;

    use aws_lc_rs::{
        cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
        iv::FixedLength,
        pbkdf2, rand,
    };
    use pkcs8::{
        EncryptedPrivateKeyInfo,
        der::{Encode, asn1::OctetStringRef},
        pkcs5::pbes2::Parameters,
    };
    use zeroize::Zeroizing;

    use super::PrivateKeyPem;
    use crate::{encrypted_key::Passphrase, error::EncryptError, pem};

    impl PrivateKeyPem {
        /// Encrypts the DER of a `PrivateKeyInfo` (RFC 5958 §2) with a pass phrase: PBES2 (RFC 8018 §6.2) with
        /// PBKDF2-HMAC-SHA256, 600,000 iterations, and AES-256-CBC, which `openssl pkcs8` reads.
        ///
        /// It takes some 100 ms of one core, on purpose: every guess of the pass phrase takes as long.
        ///
        /// ```
        /// use ims_sign::{Passphrase, PrivateKeyPem};
        /// # fn encrypted(der: &[u8]) -> Result<PrivateKeyPem, ims_sign::EncryptError> {
        ///
        /// let passphrase = Passphrase::new("correct horse battery staple".to_owned());
        /// let pem = PrivateKeyPem::from_pkcs8_encrypted(der, &passphrase)?;
        /// assert!(pem.expose_secret().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        /// # Ok(pem)
        /// # }
        /// ```
        ///
        /// # Errors
        /// [`EncryptError`].
        pub fn from_pkcs8_encrypted(
            der: &[u8],
            passphrase: &Passphrase,
        ) -> Result<Self, EncryptError> {
            let passphrase = passphrase.expose_secret();
            if passphrase.is_empty() {
                return Err(EncryptError::EmptyPassphrase);
            }
            let (salt, iv) = (random_octets()?, random_octets()?);
            let mut key = Zeroizing::new([0; 32]);
            let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
            pbkdf2::derive(algorithm, ITERATIONS, &salt, passphrase.as_bytes(), key.as_mut());
            let encrypted = aes_256_cbc(der, &key, iv)?;
            let file = write(&salt, iv, &encrypted).map_err(|_| EncryptError::TooLong)?;
            Ok(Self(pem::encode("ENCRYPTED PRIVATE KEY", &file).into()))
        }
    }

    /// `EncryptedPrivateKeyInfo` (RFC 5958 §3).
    fn write(salt: &[u8], iv: [u8; 16], encrypted: &[u8]) -> pkcs8::Result<Vec<u8>> {
        let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS.get(), salt, iv)?;
        let encrypted_data = OctetStringRef::new(encrypted)?;
        let encryption_algorithm = parameters.into();
        Ok(EncryptedPrivateKeyInfo { encryption_algorithm, encrypted_data }.to_der()?)
    }

    fn aes_256_cbc(der: &[u8], key: &[u8; 32], iv: [u8; 16]) -> Result<Vec<u8>, EncryptError> {
        // The room for the padding is there from the start: growing would leave a copy of the key in freed memory.
        let mut text = Vec::with_capacity(der.len() + iv.len());
        text.extend_from_slice(der);
        let key =
            UnboundCipherKey::new(&AES_256, key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        key.and_then(|key| key.less_safe_encrypt(&mut text, context))
            .map_err(|_| EncryptError::Randomness)?;
        Ok(text)
    }

    fn random_octets() -> Result<[u8; 16], EncryptError> {
        let mut octets = [0; 16];
        rand::fill(&mut octets).map_err(|_| EncryptError::Randomness)?;
        Ok(octets)
    }

    /// Not zero, as the compiler has checked. Source: OWASP, Password Storage Cheat Sheet, for PBKDF2-HMAC-SHA256.
    const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
}

#[cfg(test)]
mod tests;
