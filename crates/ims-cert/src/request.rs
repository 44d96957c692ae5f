//! Certificate signing requests (PKCS#10, RFC 2986): what a certificate authority is handed instead of the key.

use std::fmt;

use der::{Decode, asn1::SetOfVec};
use ims_sign::{KeyError, PublicKey, Signer, pem as pem_reader};

use crate::{
    CertError, DistinguishedName, KeyAlgorithm,
    distinguished_name::expect_name,
    signed::{pem, public_key_info, sign, to_der},
    x509::{RequestInfo, Signed},
};

/// A request for a certificate, signed by the key that is to be certified.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateRequest {
    der: Vec<u8>,
}

impl CertificateRequest {
    /// Makes the request that `openssl req -new -sha256` makes, signed wherever the key is.
    ///
    /// # Errors
    /// [`CertError::Signing`] if the signer makes no signature, [`CertError::ForeignSignature`] if the signature is not
    /// by the public key that the signer shows.
    pub async fn new(subject: &DistinguishedName, signer: &impl Signer) -> Result<Self, CertError> {
        let content = RequestInfo {
            version: 0,
            subject: subject.as_any(),
            subject_public_key_info: public_key_info(signer),
            attributes: SetOfVec::new(),
        };
        Ok(Self { der: sign(&content, signer).await? })
    }

    /// Takes the first request of a file, PEM or DER.
    ///
    /// # Errors
    /// [`CertError::NoRequest`] and [`CertError::DamagedRequest`].
    pub fn from_file(file: &[u8]) -> Result<Self, CertError> {
        let blocks = pem_reader::blocks(file).map_err(|_| CertError::DamagedRequest)?;
        let is_request =
            |label: &str| matches!(label, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST");
        if let Some(block) = blocks.iter().find(|block| is_request(block.label())) {
            return Self::from_der(block.der());
        }
        let bare = pem_reader::bare_der(file).and_then(|der| Self::from_der(&der).ok());
        bare.ok_or_else(|| match pem_reader::describe(file) {
            found if found == "a certificate request" => CertError::DamagedRequest,
            found => CertError::NoRequest { found },
        })
    }

    /// Takes one request as DER. No signature is checked.
    ///
    /// # Errors
    /// [`CertError::DamagedRequest`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertError> {
        let checked = Signed::from_der(der).and_then(|signed| {
            let content: RequestInfo<'_> = signed.content.decode_as()?;
            expect_name(content.subject)
        });
        checked.map(|()| Self { der: der.to_vec() }).map_err(|_| CertError::DamagedRequest)
    }

    /// For whom the certificate is to be.
    #[must_use]
    pub fn subject(&self) -> DistinguishedName {
        DistinguishedName::checked(self.content().subject)
    }

    /// The kind and size of the key, `None` if the key is damaged.
    #[must_use]
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        KeyAlgorithm::read(self.content().subject_public_key_info)
    }

    /// The key that is to be certified.
    ///
    /// # Errors
    /// [`KeyError`] for a key that cannot verify RS256.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki_der(&to_der(&self.content().subject_public_key_info))
    }

    /// Whether the request's signature, RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, is by `public_key`.
    #[must_use]
    pub fn is_signed_by(&self, public_key: &PublicKey) -> bool {
        self.signed().is_by(public_key)
    }

    /// Its bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its bytes as PEM, which is what certificate authorities take.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("CERTIFICATE REQUEST", &self.der)
    }

    fn signed(&self) -> Signed<'_> {
        Signed::from_der(&self.der).expect("was read or written as a request before")
    }

    fn content(&self) -> RequestInfo<'_> {
        self.signed().content.decode_as().expect("was read or written as a request before")
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRequest({})", self.subject())
    }
}

#[cfg(test)]
mod tests;
