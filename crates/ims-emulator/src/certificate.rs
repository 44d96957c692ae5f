//! A certificate that was uploaded to an integration: the public key that its assertions are verified with.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use ims_claims::NumericDate;
use jsonwebtoken::{
    Algorithm,
    crypto::JwtVerifier,
    signature::{self, Verifier},
};
use x509_parser::{
    certificate::X509Certificate, oid_registry::OID_PKCS1_RSAENCRYPTION, pem::Pem, prelude::FromDer,
};

/// A certificate in the form that the Developer Console accepts, read and prepared once.
///
/// Only its key and its validity period count: IMS checks neither issuer nor revocation. Source: Adobe, "Public Key
/// Certificates for JWT".
///
/// ```
/// use ims_emulator::Certificate;
///
/// let certificates = Certificate::read_all(ims_testkit::certificates::FIRST.as_bytes())?;
/// println!("{} until {}", certificates[0].subject(), certificates[0].not_after());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    fingerprint: String,
    not_before: NumericDate,
    not_after: NumericDate,
    public_key_der: Vec<u8>,
    verifier: Rs256,
}

/// A verifier of RS256 with one public key, for `jsonwebtoken`. It is passed as an argument. The process-wide providers of
/// that library are neither used nor installed, so that a program may use any of them next to the emulator.
struct Rs256(ParsedPublicKey);

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.verify_sig(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

/// A file that is not a certificate IMS can verify assertions with.
///
/// ```
/// use ims_emulator::{Certificate, CertificateError};
/// # let private_key = ims_testkit::keys::FIRST.as_bytes();
///
/// let error = Certificate::read_all(private_key).unwrap_err();
/// assert_eq!(error, CertificateError::PrivateKey);
/// assert_eq!(error.to_string(), "a private key instead of a certificate");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Give a certificate as PEM or DER.
    #[error("not a certificate in PEM or DER")]
    NotACertificate,
    /// Give the certificate, not the private key: the key never leaves the integration.
    #[error("a private key instead of a certificate")]
    PrivateKey,
    /// Give a certificate of an RSA key of 2048 to 8192 bits: IMS verifies RS256 alone.
    #[error("not a certificate of an RSA key of 2048 to 8192 bits")]
    NotRsa,
}

impl Certificate {
    /// Reads all certificates of a file: PEM, one or more of them, or DER.
    ///
    /// # Errors
    /// [`CertificateError`]. A file without any certificate is an error, and so is a file with a private key in it.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if file.first() == Some(&DER_SEQUENCE) {
            return Ok(vec![Self::from_der(file)?]);
        }
        let text = unindented(file);
        let blocks: Vec<Pem> = Pem::iter_from_buffer(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::NotACertificate)?;
        if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
            return Err(CertificateError::PrivateKey);
        }
        if blocks.is_empty() {
            return Err(CertificateError::NotACertificate);
        }
        blocks.iter().map(|block| Self::from_der(&block.contents)).collect()
    }

    fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| CertificateError::NotACertificate)?;
        if !rest.is_empty() {
            return Err(CertificateError::NotACertificate);
        }
        let spki = certificate.public_key();
        if spki.algorithm.algorithm != OID_PKCS1_RSAENCRYPTION {
            return Err(CertificateError::NotRsa);
        }
        let public_key =
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki.subject_public_key.data)
                .map_err(|_| CertificateError::NotRsa)?;
        let validity = certificate.validity();
        Ok(Self {
            der: der.to_owned(),
            subject: certificate.subject().to_string(),
            fingerprint: fingerprint(der),
            not_before: NumericDate::from_secs(validity.not_before.timestamp()),
            not_after: NumericDate::from_secs(validity.not_after.timestamp()),
            public_key_der: spki.raw.to_owned(),
            verifier: Rs256(public_key),
        })
    }

    /// The certificate itself, DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM (RFC 7468 §5), in lines of 64 characters: not every reader accepts one long line.
    pub(crate) fn to_pem(&self) -> String {
        let base64 = BASE64_STANDARD.encode(&self.der);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        for (place, c) in base64.chars().enumerate() {
            if place > 0 && place % 64 == 0 {
                pem.push('\n');
            }
            pem.push(c);
        }
        pem.push_str("\n-----END CERTIFICATE-----\n");
        pem
    }

    /// The public key, a `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }

    /// The subject's distinguished name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The SHA-1 fingerprint in lower-case hexadecimal digits, by which Adobe's console lists certificates.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The first second of the validity period.
    #[must_use]
    pub fn not_before(&self) -> NumericDate {
        self.not_before
    }

    /// The last second of the validity period (RFC 5280 §4.1.2.5).
    #[must_use]
    pub fn not_after(&self) -> NumericDate {
        self.not_after
    }

    /// The verifier for signatures of its key.
    pub(crate) fn verifier(&self) -> &dyn JwtVerifier {
        &self.verifier
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject, self.fingerprint)
    }
}

/// The first octet of a certificate in DER; no PEM file begins with it, for it is the digit 0.
const DER_SEQUENCE: u8 = 0x30;

/// The text without a byte order mark and without white space before its lines: the PEM reader silently ignores blocks that
/// have either.
fn unindented(file: &[u8]) -> String {
    let text: Cow<'_, str> = String::from_utf8_lossy(file);
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for octet in digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref() {
        let _ = write!(text, "{octet:02x}"); // writing to a string never fails
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_testkit::{certificates, keys};
    use proptest::prelude::*;

    #[track_caller]
    fn count(file: &[u8]) -> Result<usize, CertificateError> {
        Certificate::read_all(file).map(|certificates| certificates.len())
    }

    #[test]
    fn pem_and_der_read_as_the_same_certificate() {
        let pem = &Certificate::read_all(certificates::FIRST.as_bytes()).unwrap()[0];
        let der = &Certificate::read_all(certificates::FIRST_DER).unwrap()[0];
        assert_eq!(pem.as_der(), der.as_der());
        assert_eq!(pem.subject(), "C=US, O=Example, CN=first");
        assert_eq!(pem.not_before(), NumericDate::from_secs(1_795_227_368));
    }

    #[test]
    fn pem_is_read_however_it_is_wrapped() {
        let first = certificates::FIRST;
        for file in [
            first.replace('\n', "\r\n"),
            format!("\u{feff}{first}"),
            format!("  {}", first.replace('\n', " \n  ")),
            format!("Bag Attributes\n  x: y\n{first}"),
        ] {
            assert_eq!(count(file.as_bytes()), Ok(1), "{file}");
        }
        assert_eq!(count(format!("{first}{}", certificates::SECOND).as_bytes()), Ok(2));
    }

    #[test]
    fn what_is_not_a_certificate_of_an_rsa_key_is_refused() {
        let truncated = &certificates::FIRST_DER[..certificates::FIRST_DER.len() - 1];
        let with_key = format!("{}{}", certificates::FIRST, keys::FIRST);
        #[rustfmt::skip]
        let table: [(&[u8], CertificateError); 7] = [
            (b"",                                CertificateError::NotACertificate),
            (b"not a certificate",               CertificateError::NotACertificate),
            (truncated,                          CertificateError::NotACertificate),
            (keys::FIRST_PUBLIC.as_bytes(),      CertificateError::NotACertificate),
            (keys::FIRST.as_bytes(),             CertificateError::PrivateKey),
            (with_key.as_bytes(),                CertificateError::PrivateKey),
            (certificates::EC.as_bytes(),        CertificateError::NotRsa),
        ];
        for (file, fault) in table {
            assert_eq!(count(file), Err(fault), "{}", String::from_utf8_lossy(file));
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(file in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Certificate::read_all(&file);
        }

        #[test]
        fn no_changed_certificate_makes_it_panic(place in 0..certificates::FIRST_DER.len(), octet: u8) {
            let mut der = certificates::FIRST_DER.to_vec();
            der[place] = octet;
            let _ = Certificate::read_all(&der);
        }
    }
}
