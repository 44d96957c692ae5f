//! One certificate, read and looked at.

use std::{fmt, time::Duration};

use der::{Decode, Reader, SliceReader};
use ims_claims::NumericDate;
use ims_sign::{KeyError, PublicKey};

use crate::{
    AlternativeName, CertError, DistinguishedName, Fingerprint, KeyAlgorithm, SignatureAlgorithm,
    Validity,
    distinguished_name::expect_name,
    extension::{self, BASIC_CONSTRAINTS, BasicConstraints},
    signed::{pem, to_der},
    x509::{Extension, Signed, TbsCertificate},
};

/// An X.509 certificate (RFC 5280).
///
/// Reading checks its structure and no signature. Two are equal when their bytes are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    der: Vec<u8>,
    validity: Validity,
}

impl Certificate {
    /// Takes one certificate as DER.
    ///
    /// # Errors
    /// [`CertError::DamagedCertificate`], also for bytes after the certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertError> {
        let damaged = CertError::DamagedCertificate { position: 1 };
        Self::read_first(der)
            .filter(|(_, rest)| rest.is_empty())
            .map(|(certificate, _)| certificate)
            .ok_or(damaged)
    }

    /// Takes the certificate that `bytes` begins with and leaves the rest.
    pub(crate) fn read_first(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = SliceReader::new(bytes).ok()?;
        let signed = Signed::decode(&mut reader).ok()?;
        let content: TbsCertificate<'_> = signed.content.decode_as().ok()?;
        expect_name(content.subject).ok()?;
        expect_name(content.issuer).ok()?;
        let validity = Validity::read(&content.validity).ok()?;
        let (der, rest) = bytes.split_at_checked(usize::try_from(reader.position()).ok()?)?;
        Some((Self { der: der.to_vec(), validity }, rest))
    }

    /// Takes what was written here right before.
    pub(crate) fn from_parts(der: Vec<u8>, validity: Validity) -> Self {
        Self { der, validity }
    }

    fn signed(&self) -> Signed<'_> {
        Signed::from_der(&self.der).expect("was read or written as a certificate before")
    }

    fn content(&self) -> TbsCertificate<'_> {
        self.signed().content.decode_as().expect("was read or written as a certificate before")
    }
}

/// What the certificate says.
impl Certificate {
    /// 1, 2 or 3; extensions need 3.
    #[must_use]
    pub fn version(&self) -> u16 {
        u16::from(self.content().version) + 1
    }

    /// The serial number in hexadecimal, as `openssl x509 -serial` prints it.
    #[must_use]
    pub fn serial_number(&self) -> String {
        serial_number(self.content().serial_number.as_bytes())
    }

    /// Whom the certificate is about.
    #[must_use]
    pub fn subject(&self) -> DistinguishedName {
        DistinguishedName::checked(self.content().subject)
    }

    /// Who has signed it.
    #[must_use]
    pub fn issuer(&self) -> DistinguishedName {
        DistinguishedName::checked(self.content().issuer)
    }

    /// When it may be used.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// How it is signed.
    #[must_use]
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::new(self.signed().algorithm.oid)
    }

    /// The kind and size of its key, `None` if the key is damaged.
    #[must_use]
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        KeyAlgorithm::read(self.content().subject_public_key_info)
    }

    /// Its key, by which it is matched with a private key or a request.
    ///
    /// # Errors
    /// [`KeyError`] for a key that cannot verify RS256.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki_der(&to_der(&self.content().subject_public_key_info))
    }

    /// Whether it may sign other certificates: `openssl req -x509` says so of all that it makes.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        extension::read(&self.extensions(), BASIC_CONSTRAINTS)
            .is_some_and(|constraints: BasicConstraints| constraints.ca)
    }

    /// What its key may be used for; nothing said means anything goes.
    #[must_use]
    pub fn key_usages(&self) -> Vec<&'static str> {
        extension::key_usages(&self.extensions())
    }

    /// For which purposes it may be used; nothing said means for any.
    #[must_use]
    pub fn extended_key_usages(&self) -> Vec<String> {
        extension::extended_key_usages(&self.extensions())
    }

    /// The other names of its subject.
    #[must_use]
    pub fn alternative_names(&self) -> Vec<AlternativeName> {
        extension::alternative_names(&self.extensions())
    }

    /// Whether subject and issuer are the same. The signature is not looked at; [`is_signed_by`](Self::is_signed_by)
    /// does that.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        let content = self.content();
        content.subject == content.issuer
    }

    /// Whether its signature, RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, is by `public_key`.
    #[must_use]
    pub fn is_signed_by(&self, public_key: &PublicKey) -> bool {
        self.signed().is_by(public_key)
    }

    /// Whether it will have ended at `now + margin`, or has ended.
    ///
    /// The last second of the validity still counts as valid (RFC 5280 §4.1.2.5). A fraction of a second in `margin`
    /// is dropped.
    #[must_use]
    pub fn needs_renewal(&self, now: NumericDate, margin: Duration) -> bool {
        now.plus(margin) > self.validity.not_after()
    }

    /// The SHA-1 of its DER, which Adobe's consoles and older tools show.
    #[must_use]
    pub fn sha1_fingerprint(&self) -> Fingerprint {
        Fingerprint::sha1(&self.der)
    }

    /// The SHA-256 of its DER.
    #[must_use]
    pub fn sha256_fingerprint(&self) -> Fingerprint {
        Fingerprint::sha256(&self.der)
    }

    /// Its bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its bytes as PEM, which is what Adobe's consoles take.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    fn extensions(&self) -> Vec<Extension<'_>> {
        self.content().extensions.unwrap_or_default()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.subject(), self.serial_number())
    }
}

/// OpenSSL's writing of an `INTEGER`: pairs of digits, and a minus sign where it belongs.
fn serial_number(octets: &[u8]) -> String {
    let is_negative = octets.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = octets.to_vec();
    if is_negative {
        negate(&mut magnitude);
    }
    let digits = match magnitude.as_slice() {
        [0, digits @ ..] if !digits.is_empty() => digits,
        digits => digits,
    };
    let sign = if is_negative { "-" } else { "" };
    digits.iter().fold(sign.to_owned(), |text, octet| text + &format!("{octet:02X}"))
}

/// Two's complement.
fn negate(octets: &mut [u8]) {
    let mut carry = true;
    for octet in octets.iter_mut().rev() {
        (*octet, carry) = (!*octet).overflowing_add(u8::from(carry));
    }
}

#[cfg(test)]
mod tests;
