//! Anything that shows a public key, so that any two can be compared.

use ims_sign::{KeyError, KeyFormat, Passphrase, PemSigner, PublicKey, Signer};

use crate::{
    certificate::Certificate, certificate_file::CertificateFile, error::CertError,
    request::CertificateRequest,
};

/// A file of which the public key is known. Two belong together when their [`public_key`](Self::public_key)s are equal;
/// a key in a hardware module is compared by [`Signer::public_key`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeyHolder {
    /// A certificate, the first of its file.
    Certificate(Certificate, PublicKey),
    /// A certificate request.
    Request(CertificateRequest, PublicKey),
    /// A private key, which is not kept.
    PrivateKey(KeyFormat, PublicKey),
    /// A public key alone.
    PublicKey(PublicKey),
}

impl KeyHolder {
    /// Reads a certificate, a request, a private key or a public key, PEM or DER, whichever of these in this order the
    /// file holds.
    ///
    /// # Errors
    /// [`CertError::Key`] for a key that RS256 cannot use, for an encrypted one without its pass phrase, and for a file
    /// that holds no key at all; [`CertError::DamagedCertificate`] and [`CertError::DamagedRequest`].
    pub fn from_bytes(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, CertError> {
        match CertificateFile::from_bytes(file) {
            Ok(certificates) => {
                return Self::from_certificate(certificates.certificates()[0].clone());
            }
            Err(CertError::NoCertificate { .. }) => {}
            Err(error) => return Err(error),
        }
        match CertificateRequest::from_bytes(file) {
            Ok(request) => {
                let public_key = request.public_key()?;
                return Ok(Self::Request(request, public_key));
            }
            Err(CertError::NoRequest { .. }) => {}
            Err(error) => return Err(error),
        }
        match PemSigner::from_bytes(file, passphrase) {
            Ok(signer) => Ok(Self::PrivateKey(signer.format(), signer.public_key().clone())),
            Err(KeyError::NoPrivateKey { .. }) => Ok(Self::PublicKey(PublicKey::from_bytes(file)?)),
            Err(error) => Err(error.into()),
        }
    }

    fn from_certificate(certificate: Certificate) -> Result<Self, CertError> {
        let public_key = certificate.public_key()?;
        Ok(Self::Certificate(certificate, public_key))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        match self {
            Self::Certificate(_, public_key)
            | Self::Request(_, public_key)
            | Self::PrivateKey(_, public_key)
            | Self::PublicKey(public_key) => public_key,
        }
    }
}

#[cfg(test)]
mod tests;
