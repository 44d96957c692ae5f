//! New RSA keys, and how they are written down.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa,
};
use ims_claims::{Algorithm, Signature};
use ims_sign::{Passphrase, PemSigner, PrivateKeyPem, PublicKey, SignError, Signer};
use zeroize::Zeroizing;

use crate::error::CertError;

/// The key sizes that Adobe's documents name and most hardware supports.
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

/// A new RSA key. It signs its own certificate or request, and is then written to a file.
///
/// ```
/// use ims_cert::{Certificate, GeneratedKey, KeySize, Validity};
/// use ims_claims::NumericDate;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = GeneratedKey::generate(KeySize::Rsa2048)?;
/// let validity = Validity::from_days(NumericDate::from_secs(1_800_000_000), 365)?;
/// let certificate = Certificate::self_signed(&"/CN=my-service".parse()?, validity, &key).await?;
/// assert!(key.to_pem().expose_secret().starts_with("-----BEGIN PRIVATE KEY-----"));
/// println!("{}", certificate.to_pem());
/// # Ok(())
/// # }
/// ```
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
        PrivateKeyPem::from_pkcs8(&self.pkcs8)
    }

    /// The key as encrypted PKCS#8, as [`PrivateKeyPem::from_pkcs8_encrypted`] makes it.
    ///
    /// # Errors
    /// [`CertError::Encryption`].
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<PrivateKeyPem, CertError> {
        Ok(PrivateKeyPem::from_pkcs8_encrypted(&self.pkcs8, passphrase)?)
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

#[cfg(test)]
mod tests;
