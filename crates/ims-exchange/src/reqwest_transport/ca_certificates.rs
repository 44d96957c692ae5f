//! CA certificates from a file, in the forms in which people have them.

use std::fmt;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// The certificates of authorities, at least one, each of which TLS can use.
///
/// ```
/// use ims_exchange::{CaCertificates, CaCertificatesError};
///
/// let error = CaCertificates::from_bytes(b"no certificate").unwrap_err();
/// assert_eq!(error, CaCertificatesError::NoCertificate);
/// ```
#[derive(Clone)]
pub struct CaCertificates(Vec<CertificateDer<'static>>);

/// Name another file: this one gives no CA certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaCertificatesError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is text in UTF-16; write it as UTF-8 or ASCII.
    #[error("it is UTF-16 text, and a PEM file is ASCII")]
    Utf16,
    /// It holds something else.
    #[error("it holds no certificate, neither PEM nor DER")]
    NoCertificate,
    /// It holds certificates, and none can be read.
    #[error("no certificate in it can be read: it is damaged")]
    Damaged,
}

impl CaCertificates {
    /// Reads PEM with any number of certificates, also behind a byte order mark, or one certificate in DER.
    ///
    /// In PEM, a certificate that TLS cannot use is left out as long as there is another: the bundles of systems have some.
    ///
    /// # Errors
    /// [`CaCertificatesError`], by what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CaCertificatesError> {
        if bytes.trim_ascii().is_empty() {
            return Err(CaCertificatesError::Empty);
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(CaCertificatesError::Utf16);
        }
        // A DER certificate is a SEQUENCE of more than 127 bytes (X.690 §8.1.3.5).
        if bytes.starts_with(&[0x30, 0x81]) || bytes.starts_with(&[0x30, 0x82]) {
            let certificate = CertificateDer::from(bytes.to_vec());
            return Self::usable([certificate]).ok_or(CaCertificatesError::Damaged);
        }
        let text = without_byte_order_marks(bytes);
        let mut certificates = Vec::new();
        let mut has_damaged = false;
        for certificate in CertificateDer::pem_slice_iter(&text) {
            match certificate {
                Ok(certificate) => certificates.push(certificate),
                Err(_) => has_damaged = true,
            }
        }
        if certificates.is_empty() && !has_damaged {
            return Err(CaCertificatesError::NoCertificate);
        }
        Self::usable(certificates).ok_or(CaCertificatesError::Damaged)
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Each certificate in DER.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Those that TLS can use, unless there is none.
    fn usable(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Option<Self> {
        let mut store = RootCertStore::empty();
        let mut usable = Vec::new();
        for certificate in certificates {
            if store.add(certificate.clone()).is_ok() {
                usable.push(certificate);
            }
        }
        if usable.is_empty() { None } else { Some(Self(usable)) }
    }
}

impl fmt::Debug for CaCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaCertificates({})", self.0.len())
    }
}

/// Several files put together may have a byte order mark (UTF-8's) in front of each.
fn without_byte_order_marks(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        if let Some(after_mark) = rest.strip_prefix(b"\xef\xbb\xbf") {
            rest = after_mark;
        } else {
            text.push(first);
            rest = after;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate by `openssl req -x509`.
    const PEM: &str = include_str!("../../tests/ca.pem");

    fn der() -> Vec<u8> {
        CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn a_certificate_is_read_in_each_form_in_which_people_have_it() {
        let der = der();
        #[rustfmt::skip]
        let table: [(&str, Vec<u8>, usize); 7] = [
            ("PEM",                        PEM.into(),                                           1),
            ("PEM behind a byte order mark", format!("\u{feff}{PEM}").into(),                    1),
            ("two files put together",     format!("\u{feff}{PEM}\u{feff}{PEM}").into(),         2),
            ("lines that end in CR LF",    PEM.replace('\n', "\r\n").into(),                     1),
            ("text around it",             format!("# Example CA, ümlaut\n{PEM}\nend").into(),   1),
            ("a damaged one next to it",   format!("{PEM}{}", PEM.replace("MIIB", "AAAA")).into(), 1),
            ("DER",                        der,                                                  1),
        ];
        for (form, bytes, count) in table {
            let certificates = CaCertificates::from_bytes(&bytes);
            let certificates = certificates.unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!(certificates.iter().count(), count, "{form}");
        }
    }

    #[test]
    fn each_input_without_a_certificate_has_its_own_error() {
        use CaCertificatesError as E;
        let utf16: Vec<u8> =
            format!("\u{feff}{PEM}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        #[rustfmt::skip]
        let table: [(Vec<u8>, E); 8] = [
            (Vec::new(),                                        E::Empty),
            (b" \r\n".to_vec(),                                 E::Empty),
            (utf16,                                             E::Utf16),
            (b"<html></html>".to_vec(),                         E::NoCertificate),
            (PEM.replace("CERTIFICATE", "PRIVATE KEY").into(),  E::NoCertificate),
            (PEM.replace("MIIB", "AAAA").into(),                E::Damaged),
            (PEM.replace("MIIB", "!!!!").into(),                E::Damaged),
            (der()[..100].to_vec(),                             E::Damaged),
        ];
        for (bytes, expected) in table {
            let error = CaCertificates::from_bytes(&bytes).unwrap_err();
            assert_eq!(error, expected, "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
