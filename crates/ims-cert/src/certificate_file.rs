//! Files of certificates: one or several, PEM or DER, alone or beside a private key.

use ims_claims::NumericDate;
use ims_sign::pem;

use crate::{CertError, Certificate, Finding};

/// What a file of certificates holds, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    certificates: Vec<Certificate>,
    has_private_key: bool,
    trailing_bytes: usize,
}

impl CertificateFile {
    /// Reads all certificates of a file, in order.
    ///
    /// Read are PEM in every form that mail, Windows, JSON and environment variables give it, among other blocks and
    /// text; DER, also several one after another; and DER in base64. No signature is checked.
    ///
    /// # Errors
    /// [`CertError::NoCertificate`], which says what the file holds instead, and [`CertError::DamagedCertificate`].
    pub fn read(file: &[u8]) -> Result<Self, CertError> {
        let blocks =
            pem::blocks(file).map_err(|_| CertError::DamagedCertificate { position: 1 })?;
        if blocks.is_empty() { Self::from_bare_der(file) } else { Self::from_blocks(file, &blocks) }
    }

    fn from_blocks(file: &[u8], blocks: &[pem::Block]) -> Result<Self, CertError> {
        let of_certificates = blocks.iter().filter(|block| is_certificate(block.label()));
        let certificates: Vec<Certificate> = of_certificates
            .enumerate()
            .map(|(index, block)| {
                from_block(block).ok_or(CertError::DamagedCertificate { position: index + 1 })
            })
            .collect::<Result<_, _>>()?;
        if certificates.is_empty() {
            return Err(CertError::NoCertificate { found: pem::describe(file) });
        }
        let has_private_key = blocks.iter().any(|block| block.label().ends_with("PRIVATE KEY"));
        Ok(Self { certificates, has_private_key, trailing_bytes: 0 })
    }

    fn from_bare_der(file: &[u8]) -> Result<Self, CertError> {
        let none = || CertError::NoCertificate { found: pem::describe(file) };
        let der = pem::bare_der(file).ok_or_else(none)?;
        let mut rest = der.as_slice();
        let mut certificates = Vec::new();
        while let Some((certificate, after)) = Certificate::read_first(rest) {
            certificates.push(certificate);
            rest = after;
        }
        if certificates.is_empty() {
            Err(none())
        } else {
            Ok(Self { certificates, has_private_key: false, trailing_bytes: rest.len() })
        }
    }

    /// The certificates in the file's order; the first is the one that counts.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether a private key lies in the same file.
    #[must_use]
    pub fn has_private_key(&self) -> bool {
        self.has_private_key
    }

    /// How many bytes follow the last certificate of a DER file that are none.
    #[must_use]
    pub fn trailing_bytes(&self) -> usize {
        self.trailing_bytes
    }

    /// What Adobe would refuse or a careful person would change about the file and its first certificate.
    #[must_use]
    pub fn findings(&self, now: NumericDate) -> Vec<Finding> {
        let mut findings =
            self.certificates.first().map(|first| first.findings(now)).unwrap_or_default();
        if self.has_private_key {
            findings.push(Finding::PrivateKeyInFile);
        }
        if self.trailing_bytes > 0 {
            findings.push(Finding::TrailingBytes { count: self.trailing_bytes });
        }
        findings
    }
}

fn is_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
}

fn from_block(block: &pem::Block) -> Option<Certificate> {
    let (certificate, rest) = Certificate::read_first(block.der())?;
    // OpenSSL's TRUSTED CERTIFICATE goes on with what the certificate is trusted for.
    (rest.is_empty() || block.label() == "TRUSTED CERTIFICATE").then_some(certificate)
}

#[cfg(test)]
mod tests;
