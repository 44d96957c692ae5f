//! Certificate signing requests (PKCS#10, RFC 2986): a certificate authority gets a request, and never the key.

use std::fmt;

use ims_sign::{FileKind, KeyError, PublicKey, pem};

use crate::{
    distinguished_name::DistinguishedName,
    error::CertError,
    naming,
    reading::{self, Damage, damage},
};

/// A request for a certificate, signed with the key that the certificate is for.
///
/// Reading checks its structure and no signature. Two are equal when their bytes are.
///
/// ```
/// use ims_cert::CertificateRequest;
/// use ims_sign::PemSigner;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?;
/// # #[cfg(feature = "generate")] {
/// let request = CertificateRequest::new(&"/CN=my-service".parse()?, &signer).await?;
/// let read = CertificateRequest::from_bytes(request.to_pem().as_bytes())?;
/// assert_eq!(read.key_bits(), Some(2048));
/// # }
/// # let _ = signer;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateRequest {
    der: Vec<u8>,
    subject: DistinguishedName,
    key_algorithm: String,
    key_bits: Option<u64>,
    /// The `SubjectPublicKeyInfo` as DER.
    spki: Vec<u8>,
}

impl CertificateRequest {
    /// Takes the first request of a file's contents, PEM or DER.
    ///
    /// # Errors
    /// [`CertError::NoRequest`] and [`CertError::DamagedRequest`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, CertError> {
        let blocks = pem::blocks(file)
            .map_err(|error| CertError::DamagedRequest { reason: damage(error) })?;
        for block in &blocks {
            if matches!(block.label(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") {
                return Self::from_der(block.der());
            }
        }
        let found = FileKind::of(file);
        let der = pem::bare_der(file).ok_or(CertError::NoRequest { found })?;
        Self::from_der(&der).map_err(|error| {
            if found == FileKind::CertificateRequest {
                error
            } else {
                CertError::NoRequest { found }
            }
        })
    }

    /// Takes one request as DER. No signature is checked.
    ///
    /// ```
    /// use ims_cert::{CertError, CertificateRequest};
    ///
    /// fn key_bits(der: &[u8]) -> Result<Option<u64>, CertError> {
    ///     Ok(CertificateRequest::from_der(der)?.key_bits())
    /// }
    /// assert!(key_bits(b"no request").is_err());
    /// ```
    ///
    /// # Errors
    /// [`CertError::DamagedRequest`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertError> {
        Self::read(der).map_err(|reason| CertError::DamagedRequest { reason })
    }

    fn read(der: &[u8]) -> Result<Self, Damage> {
        let read = reading::request(der)?;
        let info = &read.certification_request_info;
        let subject = DistinguishedName::read(&info.subject).ok_or("its subject cannot be read")?;
        let key = naming::key(&info.subject_pki);
        let (key_algorithm, key_bits) = key.ok_or("its key cannot be read")?;
        let spki = info.subject_pki.raw.to_vec();
        Ok(Self { der: der.to_vec(), subject, key_algorithm, key_bits, spki })
    }

    /// The subject of the certificate.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The algorithm of its key, such as `RSA`.
    pub fn key_algorithm(&self) -> &str {
        &self.key_algorithm
    }

    /// The length of the modulus of its key in bits, if that is an RSA key.
    pub fn key_bits(&self) -> Option<u64> {
        self.key_bits
    }

    /// The key that the certificate is for.
    ///
    /// # Errors
    /// [`KeyError`] for a key that cannot verify RS256.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki_der(&self.spki)
    }

    /// Whether its signature is by `public_key`: RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, or RSASSA-PSS with SHA-2.
    pub fn is_signed_by(&self, public_key: &PublicKey) -> bool {
        reading::is_signed_by(public_key, &self.der)
    }

    /// Its bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its bytes as PEM, which is what certificate authorities take.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE REQUEST", &self.der)
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRequest({})", self.subject)
    }
}

#[cfg(test)]
mod tests;
