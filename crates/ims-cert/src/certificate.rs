//! One certificate, read and checked.

use std::{fmt, ops::Range, time::Duration};

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ims_claims::NumericDate;
use ims_sign::{KeyError, PublicKey, pem};

use crate::{
    distinguished_name::DistinguishedName,
    error::CertError,
    naming,
    reading::{self, Damage},
    validity::Validity,
};

/// An X.509 certificate (RFC 5280).
///
/// Reading checks its structure and no signature. Two are equal when their bytes are.
///
/// ```
/// use ims_cert::CertificateFile;
///
/// let file = CertificateFile::from_bytes(ims_testkit::certificates::FIRST.as_bytes())?;
/// let certificate = &file.certificates()[0];
/// println!("{} ends {}", certificate.subject(), certificate.validity().not_after());
/// assert_eq!(certificate.key_bits(), Some(2048));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    der: Vec<u8>,
    version: u32,
    serial_number: String,
    subject: DistinguishedName,
    issuer: DistinguishedName,
    validity: Validity,
    signature_algorithm: String,
    has_weak_signature: bool,
    key_algorithm: String,
    key_bits: Option<u64>,
    /// The position of the `SubjectPublicKeyInfo` in `der`.
    spki: Range<usize>,
}

impl Certificate {
    /// Takes one certificate as DER.
    ///
    /// ```
    /// use ims_cert::{Certificate, CertificateFile};
    ///
    /// let file = CertificateFile::from_bytes(ims_testkit::certificates::FIRST.as_bytes())?;
    /// let first = &file.certificates()[0];
    /// assert_eq!(&Certificate::from_der(first.der())?, first);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CertError::DamagedCertificate`], also for bytes after the certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertError> {
        let read = Self::read_first(der).and_then(|(certificate, rest)| {
            if rest.is_empty() { Ok(certificate) } else { Err("something follows it") }
        });
        read.map_err(|reason| CertError::DamagedCertificate { position: 1, reason })
    }

    /// Reads the certificate that `bytes` begins with, and returns the rest, too.
    pub(crate) fn read_first(bytes: &[u8]) -> Result<(Self, &[u8]), Damage> {
        let read = reading::certificate(bytes)?;
        let (der, rest) = bytes.split_at(read.as_raw().len());
        let name = "a name in it cannot be read";
        let key = naming::key(read.public_key());
        let (key_algorithm, key_bits) = key.ok_or("its key cannot be read")?;
        let validity = read.validity();
        let [not_before, not_after] = [&validity.not_before, &validity.not_after]
            .map(|date| NumericDate::from_secs(date.timestamp()));
        let signature_algorithm = read.signature_algorithm.oid();
        let subject = DistinguishedName::read(read.subject()).ok_or(name)?;
        // For a certificate that is signed with its own key, as most certificates here are.
        let issuer = if read.issuer().as_raw() == read.subject().as_raw() {
            subject.clone()
        } else {
            DistinguishedName::read(read.issuer()).ok_or(name)?
        };
        let spki = read.public_key().raw;
        let spki_start = spki.as_ptr().addr() - der.as_ptr().addr();
        let certificate = Self {
            der: der.to_vec(),
            version: read.version().0.saturating_add(1),
            serial_number: serial_number(read.raw_serial()),
            subject,
            issuer,
            validity: Validity::read(not_before, not_after),
            signature_algorithm: naming::algorithm(signature_algorithm)
                .ok_or("its signature algorithm has no identifier")?,
            has_weak_signature: naming::is_weak(signature_algorithm),
            key_algorithm,
            key_bits,
            spki: spki_start..spki_start + spki.len(),
        };
        Ok((certificate, rest))
    }
}

/// What the certificate says.
impl Certificate {
    /// 1, 2 or 3; extensions need 3.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The serial number in hexadecimal, as `openssl x509 -serial` prints it.
    pub fn serial_number(&self) -> &str {
        &self.serial_number
    }

    /// The subject of the certificate.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// Who has signed it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// When it may be used.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// How it is signed, such as `sha256WithRSAEncryption`; the numbers of the object identifier if it has no name.
    pub fn signature_algorithm(&self) -> &str {
        &self.signature_algorithm
    }

    /// Whether the hash of its signature is MD2, MD4, MD5 or SHA-1, for which collisions can be made (RFC 6151, RFC 6194).
    pub fn has_weak_signature(&self) -> bool {
        self.has_weak_signature
    }

    /// The algorithm of its key, such as `RSA`.
    pub fn key_algorithm(&self) -> &str {
        &self.key_algorithm
    }

    /// The length of the modulus of its key in bits, if that is an RSA key.
    pub fn key_bits(&self) -> Option<u64> {
        self.key_bits
    }

    /// Its key, to compare it with that of a private key or a request.
    ///
    /// # Errors
    /// [`KeyError`] for a key that cannot verify RS256.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki_der(&self.der[self.spki.clone()])
    }

    /// Whether it is the certificate of this key. One with a key that cannot verify RS256 is not.
    pub fn is_of_key(&self, public_key: &PublicKey) -> bool {
        self.public_key().is_ok_and(|own| own == *public_key)
    }

    /// Whether its signature is by `public_key`: RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, or RSASSA-PSS with SHA-2.
    pub fn is_signed_by(&self, public_key: &PublicKey) -> bool {
        reading::is_signed_by(public_key, &self.der)
    }

    /// Whether it has expired at `now + margin`.
    ///
    /// The last second of the validity still counts as valid (RFC 5280 §4.1.2.5). A fraction of a second in `margin`
    /// is dropped.
    pub fn needs_renewal(&self, now: NumericDate, margin: Duration) -> bool {
        now.plus(margin) > self.validity.not_after()
    }

    /// The SHA-1 of its DER, which Adobe's consoles and older tools show, as `openssl x509 -fingerprint` prints it:
    /// `2E:82:53:…`.
    pub fn sha1_fingerprint(&self) -> String {
        self.fingerprint(&SHA1_FOR_LEGACY_USE_ONLY)
    }

    /// The SHA-256 of its DER in the same form.
    pub fn sha256_fingerprint(&self) -> String {
        self.fingerprint(&SHA256)
    }

    fn fingerprint(&self, algorithm: &'static Algorithm) -> String {
        naming::hexadecimal(digest(algorithm, &self.der).as_ref(), ":")
    }

    /// Its bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its bytes as PEM, which is what Adobe's consoles take.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.subject, self.serial_number)
    }
}

/// OpenSSL's writing of an `INTEGER`: pairs of digits, and a minus sign where it belongs. x509-parser drops the sign.
fn serial_number(octets: &[u8]) -> String {
    let is_negative = octets.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = octets.to_vec();
    if is_negative {
        negate(&mut magnitude);
    }
    let Some(first) = magnitude.iter().position(|octet| *octet != 0) else {
        return "00".to_owned();
    };
    let digits = naming::hexadecimal(&magnitude[first..], "");
    if is_negative { format!("-{digits}") } else { digits }
}

/// Turns a negative number into its absolute value (two's complement, X.690 §8.3.3).
fn negate(octets: &mut [u8]) {
    let mut carry = true;
    for octet in octets.iter_mut().rev() {
        (*octet, carry) = (!*octet).overflowing_add(u8::from(carry));
    }
}

#[cfg(test)]
mod tests;
