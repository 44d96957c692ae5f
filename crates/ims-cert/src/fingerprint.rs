//! Fingerprints, by which people compare certificates.

use std::fmt;

use aws_lc_rs::digest::{Algorithm, Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// The hash of a certificate's DER, printed as `openssl x509 -fingerprint` prints it: `2E:82:53:…`.
#[derive(Clone, Copy)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    pub(crate) fn sha1(der: &[u8]) -> Self {
        Self::of(&SHA1_FOR_LEGACY_USE_ONLY, der)
    }

    pub(crate) fn sha256(der: &[u8]) -> Self {
        Self::of(&SHA256, der)
    }

    fn of(algorithm: &'static Algorithm, der: &[u8]) -> Self {
        Self(digest(algorithm, der))
    }

    /// The octets of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Fingerprint {}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octet) in self.as_bytes().iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{octet:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
