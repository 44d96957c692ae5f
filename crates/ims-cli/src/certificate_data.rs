//! A certificate and a key in the JSON of every command: always the same members.

use std::path::Path;

use ims::{
    cert::{Certificate, ValidityState},
    claims::NumericDate,
};
use serde::Serialize;

use crate::when;

/// A certificate.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateData {
    /// Where it was found: a file, or a context.
    pub(crate) file: String,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial_number: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    /// Whole days until its end, below zero after it.
    pub(crate) days_left: i64,
    pub(crate) state: &'static str,
    pub(crate) key: KeyData,
    pub(crate) signature_algorithm: String,
    pub(crate) sha1_fingerprint: String,
    pub(crate) sha256_fingerprint: String,
}

/// A public or private key.
#[derive(Debug, Serialize)]
pub(crate) struct KeyData {
    pub(crate) algorithm: String,
    /// The length of an RSA key.
    pub(crate) bits: Option<u64>,
}

impl CertificateData {
    /// Describes the certificate that was found at `place`.
    pub(crate) fn new(place: &Path, certificate: &Certificate, now: NumericDate) -> Self {
        let validity = certificate.validity();
        Self {
            file: ims_files::shown(place),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial_number: certificate.serial_number().to_owned(),
            not_before: when::rfc3339(validity.not_before()),
            not_after: when::rfc3339(validity.not_after()),
            days_left: days_left(validity.not_after(), now),
            state: state(validity.state(now)),
            key: KeyData {
                algorithm: certificate.key_algorithm().to_owned(),
                bits: certificate.key_bits(),
            },
            signature_algorithm: certificate.signature_algorithm().to_owned(),
            sha1_fingerprint: certificate.sha1_fingerprint(),
            sha256_fingerprint: certificate.sha256_fingerprint(),
        }
    }
}

impl KeyData {
    /// An RSA key.
    pub(crate) fn rsa(bits: usize) -> Self {
        Self { algorithm: "RSA".to_owned(), bits: u64::try_from(bits).ok() }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        match self.bits {
            Some(bits) => format!("{}, {bits} bits", self.algorithm),
            None => self.algorithm.clone(),
        }
    }
}

/// Its name in words.
pub(crate) fn state(state: ValidityState) -> &'static str {
    match state {
        ValidityState::NotYetValid { .. } => "not yet valid",
        ValidityState::Valid { .. } => "valid",
        ValidityState::Expired { .. } => "expired",
    }
}

/// Whole days until `end`, rounded down, and so below zero from the first second after it.
pub(crate) fn days_left(end: NumericDate, now: NumericDate) -> i64 {
    end.as_secs().saturating_sub(now.as_secs()).div_euclid(86_400)
}
