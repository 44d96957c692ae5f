//! PKCS#12 files (RFC 7292), which Windows and certificate authorities give their users: certificates and their key under one
//! pass phrase.
//!
//! The format needs ciphers that aws-lc does not have (RC2, and its own key derivation), so the reader adds a second
//! cryptographic library. That is why it is behind a feature.

use ims_sign::{KeyError, Passphrase, PemSigner, PrivateKeyPem, Signer};
use p12_keystore::{Pkcs12Archive, error::Error};

use crate::{certificate::Certificate, error::CertError};

/// The contents of a PKCS#12 file.
///
/// ```
/// use ims_cert::Pkcs12;
/// use ims_sign::Passphrase;
///
/// fn subjects(file: &[u8], passphrase: String) -> Result<Vec<String>, ims_cert::CertError> {
///     let archive = Pkcs12::from_bytes(file, &Passphrase::new(passphrase))?;
///     Ok(archive.certificates().iter().map(|it| it.subject().to_string()).collect())
/// }
/// assert!(subjects(b"no PKCS#12 file", String::new()).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct Pkcs12 {
    certificates: Vec<Certificate>,
    private_key: Option<PrivateKeyPem>,
}

impl Pkcs12 {
    /// Opens a file.
    ///
    /// It reads the encryptions that OpenSSL, Java and Windows write, old and new. Copies of the private key that the
    /// reader below makes are not wiped from memory.
    ///
    /// # Errors
    /// [`CertError::Pkcs12`] for what is not a PKCS#12 file, or one without certificates;
    /// [`KeyError::PassphraseWrong`] and [`KeyError::UnsupportedEncryption`] as [`CertError::Key`];
    /// [`CertError::DamagedCertificate`].
    pub fn from_bytes(file: &[u8], passphrase: &Passphrase) -> Result<Self, CertError> {
        let archive = Pkcs12Archive::from_pkcs12(file, passphrase.expose_secret())
            .map_err(|error| refused(&error))?;
        let mut certificates = Vec::new();
        for (index, bag) in archive.certs.iter().enumerate() {
            let read = Certificate::read_first(bag.cert.as_der());
            let (certificate, _) = read
                .map_err(|reason| CertError::DamagedCertificate { position: index + 1, reason })?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            return Err(CertError::Pkcs12 { problem: "has no certificate" });
        }
        let private_key = archive.keys.first();
        let private_key = private_key.map(|bag| PrivateKeyPem::from_pkcs8(bag.key.as_der()));
        if let Some(private_key) = &private_key {
            put_own_first(&mut certificates, private_key);
        }
        Ok(Self { certificates, private_key })
    }

    /// The certificates, that of the private key first.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The private key, if the file has one.
    pub fn private_key(&self) -> Option<&PrivateKeyPem> {
        self.private_key.as_ref()
    }
}

/// Certificates of authorities may come before that of the key.
fn put_own_first(certificates: &mut [Certificate], private_key: &PrivateKeyPem) {
    if let Ok(signer) = PemSigner::from_bytes(private_key.expose_secret().as_bytes(), None) {
        certificates.sort_by_key(|certificate| {
            certificate.public_key().as_ref() != Ok(signer.public_key())
        });
    }
}

fn refused(error: &Error) -> CertError {
    match error {
        Error::MacError(_) | Error::Pkcs5Error(_) | Error::UnpadError => {
            KeyError::PassphraseWrong.into()
        }
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            KeyError::UnsupportedEncryption { scheme: "a PKCS#12 scheme".to_owned() }.into()
        }
        _ => CertError::Pkcs12 { problem: "cannot be read: it is damaged, or of another kind" },
    }
}

#[cfg(test)]
mod tests;
