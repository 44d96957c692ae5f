//! The signer for a key in a file: parsed once, kept ready, signing in place.

use std::fmt;

use aws_lc_rs::{
    error::Unspecified, rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256,
};
use ims_claims::{Algorithm, Signature};

use crate::{
    encrypted_key::Passphrase,
    error::{KeyError, SignError},
    private_key::{KeyFormat, PrivateKey},
    public_key::PublicKey,
    signer::Signer,
};

/// Signs RS256 with an RSA key of 2048 to 8192 bits from a PEM or DER file.
///
/// The key is parsed and checked once, when the signer is made. Signing happens in place, on the caller's thread, and
/// takes less than a millisecond with 2048 bits. A clone shares the key.
///
/// ```no_run
/// use ims_sign::{Passphrase, PemSigner};
///
/// let file = std::fs::read("private.key")?;
/// let passphrase = Passphrase::new("read from another file".to_owned());
/// let signer = PemSigner::from_bytes(&file, Some(&passphrase))?;
/// println!("the key is {}", signer.format());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PemSigner {
    key_pair: KeyPair,
    public_key: PublicKey,
    format: KeyFormat,
}

impl PemSigner {
    /// Reads the private key in a file's contents.
    ///
    /// It reads PKCS#8, PKCS#1, PKCS#8 encrypted with PBES2 (PBKDF2 with AES or DES-EDE3 in CBC mode) and legacy encrypted
    /// PEM; as PEM in every form that [`pem::blocks`](crate::pem::blocks) reads, as DER, and as DER in base64.
    ///
    /// Whether others may read the file is not checked here; the crate `ims-files` reads files that are private.
    ///
    /// # Errors
    /// [`KeyError`], which says what the file is instead and never repeats a byte of it.
    /// [`KeyError::SeveralKeys`] if there are two private keys that are not the same.
    pub fn from_bytes(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        let PrivateKey { key_pair, public_key, format } = PrivateKey::read(file, passphrase)?;
        Ok(Self { key_pair, public_key, format })
    }

    /// Signs on the calling thread.
    pub(crate) fn sign_in_place(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut signature = vec![0; self.key_pair.public_modulus_len()];
        self.key_pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
        Ok(signature)
    }

    /// How the key was written down.
    #[must_use]
    pub fn format(&self) -> KeyFormat {
        self.format
    }
}

impl Signer for PemSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let signature = self.sign_in_place(message).map_err(SignError::refused)?;
        Ok(Signature::from_bytes(signature))
    }
}

impl fmt::Debug for PemSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PemSigner(RSA {})", self.public_key.modulus_bits())
    }
}

#[cfg(test)]
mod tests;
