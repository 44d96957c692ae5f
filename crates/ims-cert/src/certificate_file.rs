//! Files of certificates: one or several, PEM or DER, alone or beside a private key.

use der::{Decode, asn1::AnyRef};
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
        let none = |found| CertError::NoCertificate { found };
        let der = pem::bare_der(file).ok_or_else(|| none(pem::describe(file)))?;
        let mut rest = der.as_slice();
        let mut certificates = Vec::new();
        while let Some((certificate, after)) = Certificate::read_first(rest) {
            certificates.push(certificate);
            rest = after;
        }
        if !certificates.is_empty() {
            return Ok(Self { certificates, has_private_key: false, trailing_bytes: rest.len() });
        }
        Err(match describe_der(&der) {
            found if found == "a certificate" => CertError::DamagedCertificate { position: 1 },
            found => none(found),
        })
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

/// What a DER file is that does not begin with a certificate, and how to get at the certificates that may be inside.
fn describe_der(der: &[u8]) -> String {
    let content = AnyRef::from_der(der).map(AnyRef::value).unwrap_or_default();
    if content.starts_with(&PKCS12_VERSION) {
        "a PKCS#12 file, of which openssl pkcs12 -nokeys makes PEM".to_owned()
    } else if content.starts_with(&PKCS7_SIGNED_DATA) {
        "a PKCS#7 file, of which openssl pkcs7 -print_certs makes PEM".to_owned()
    } else {
        pem::describe(der)
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

/// The version of a `PFX`, always 3 (RFC 7292 §4), and the beginning of what follows.
const PKCS12_VERSION: [u8; 4] = [0x02, 1, 3, 0x30];

/// The object identifier of `SignedData` (RFC 2315 §14), which certificate authorities use as an envelope.
const PKCS7_SIGNED_DATA: [u8; 11] = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

#[cfg(test)]
mod tests;
