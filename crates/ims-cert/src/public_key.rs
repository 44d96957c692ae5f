//! The public key of anything that shows one, so that any two can be compared.

use ims_sign::{KeyError, Passphrase, PemSigner, PublicKey, Signer};

use crate::{certificate_file::CertificateFile, error::CertError, request::CertificateRequest};

/// The public key that a file's contents show, PEM or DER: that of the first certificate, of a request, of a private key, or
/// a public key alone, whichever of these in this order the file holds.
///
/// Two files belong together when their keys are equal; a key in a hardware module is compared by [`Signer::public_key`].
/// The certificate of a key among several is found by [`CertificateFile::position_of`].
///
/// # Errors
/// [`CertError::Key`] for a key that RS256 cannot use, for an encrypted one without its pass phrase, and for a file
/// that holds no key at all; [`CertError::DamagedCertificate`] and [`CertError::DamagedRequest`].
pub fn public_key(file: &[u8], passphrase: Option<&Passphrase>) -> Result<PublicKey, CertError> {
    match CertificateFile::from_bytes(file) {
        Ok(file) => return Ok(file.certificates()[0].public_key()?),
        Err(CertError::NoCertificate { .. }) => {}
        Err(error) => return Err(error),
    }
    match CertificateRequest::from_bytes(file) {
        Ok(request) => return Ok(request.public_key()?),
        Err(CertError::NoRequest { .. }) => {}
        Err(error) => return Err(error),
    }
    match PemSigner::from_bytes(file, passphrase) {
        Ok(signer) => Ok(signer.public_key().clone()),
        Err(KeyError::NoPrivateKey { .. }) => Ok(PublicKey::from_bytes(file)?),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
