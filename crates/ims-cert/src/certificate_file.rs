//! Files of certificates: one or several, PEM or DER, alone or next to a private key; and the public key of any file that
//! has one, so that any two can be compared.

use ims_sign::{
    FileKind, KeyError, Passphrase, PemSigner, PublicKey, Signer,
    pem::{self, Block, PemError},
};

use crate::{
    certificate::Certificate,
    error::CertError,
    finding::Finding,
    reading::{Damage, damage},
    request::CertificateRequest,
};

/// What a file of certificates holds, at least one.
///
/// ```
/// use ims_cert::{CertError, CertificateFile};
///
/// let file = CertificateFile::from_bytes(ims_testkit::certificates::FIRST.as_bytes())?;
/// assert_eq!(file.certificates().len(), 1);
/// // A key in place of a certificate is named.
/// let error = CertificateFile::from_bytes(ims_testkit::keys::FIRST.as_bytes()).unwrap_err();
/// assert!(matches!(error, CertError::NoCertificate { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    certificates: Vec<Certificate>,
    findings: Vec<Finding>,
}

impl CertificateFile {
    /// Reads all certificates of a file's contents, in order.
    ///
    /// It reads PEM in every form that mail, Windows, JSON and environment variables give it, among other blocks and
    /// text; DER, also several one after another; and DER in base64. No signature is checked.
    ///
    /// # Errors
    /// [`CertError::NoCertificate`], which says what the file holds instead, and [`CertError::DamagedCertificate`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, CertError> {
        let blocks = pem::blocks(file).map_err(|error| match error {
            PemError::TooLong => CertError::NoCertificate { found: FileKind::TooLong },
            error => CertError::DamagedCertificate { position: 1, reason: damage(error) },
        })?;
        if blocks.is_empty() { Self::from_bare_der(file) } else { Self::from_blocks(file, &blocks) }
    }

    fn from_blocks(file: &[u8], blocks: &[Block]) -> Result<Self, CertError> {
        let mut certificates = Vec::new();
        let mut findings = Vec::new();
        for block in blocks {
            if block.is_certificate() {
                let position = certificates.len() + 1;
                let certificate = from_block(block)
                    .map_err(|reason| CertError::DamagedCertificate { position, reason })?;
                certificates.push(certificate);
            } else if block.label().ends_with("PRIVATE KEY") {
                findings = vec![Finding::PrivateKeyInFile];
            }
        }
        if certificates.is_empty() {
            return Err(CertError::NoCertificate { found: FileKind::of(file) });
        }
        Ok(Self { certificates, findings })
    }

    fn from_bare_der(file: &[u8]) -> Result<Self, CertError> {
        let found = FileKind::of(file);
        let der = pem::bare_der(file).ok_or(CertError::NoCertificate { found })?;
        let (first, mut rest) = Certificate::read_first(&der).map_err(|reason| match found {
            FileKind::Certificate => CertError::DamagedCertificate { position: 1, reason },
            _ => CertError::NoCertificate { found },
        })?;
        let mut certificates = vec![first];
        while let Ok((certificate, after)) = Certificate::read_first(rest) {
            certificates.push(certificate);
            rest = after;
        }
        let mut findings = Vec::new();
        if !rest.is_empty() {
            findings.push(Finding::TrailingBytes { count: rest.len() });
        }
        Ok(Self { certificates, findings })
    }

    /// The certificates in the file's order. That of an account is usually the first, and those of authorities follow;
    /// [`position_of`](Self::position_of) finds it wherever it is.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The same certificates, without a copy of each.
    pub fn into_certificates(self) -> Vec<Certificate> {
        self.certificates
    }

    /// The certificate of this key, or the first one if the file has none of it: a file may hold the chain, or the
    /// certificates of two keys while one replaces the other.
    pub fn certificate_for(&self, public_key: &PublicKey) -> &Certificate {
        &self.certificates[self.position_of(public_key).unwrap_or(0)]
    }

    /// The place of the certificate of this key, counted from zero; `None` if the file has none.
    pub fn position_of(&self, public_key: &PublicKey) -> Option<usize> {
        self.certificates.iter().position(|it| it.is_of_key(public_key))
    }

    /// What Adobe would refuse or a person should change about the file, apart from the findings about each
    /// [`Certificate`] in it: a private key next to the certificates, or bytes after them.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }
}

/// The public key in a file's contents, PEM or DER. It looks for a certificate, a request, a private key and a public key,
/// in this order, and uses the first that the file holds.
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

fn from_block(block: &Block) -> Result<Certificate, Damage> {
    let (certificate, rest) = Certificate::read_first(block.der())?;
    // OpenSSL's TRUSTED CERTIFICATE continues with what the certificate is trusted for.
    if rest.is_empty() || block.label() == "TRUSTED CERTIFICATE" {
        Ok(certificate)
    } else {
        Err("something follows it")
    }
}

#[cfg(test)]
mod tests;
