//! What is wrong with a certificate before it goes to Adobe, why, and what to do about it.

use std::time::Duration;

use ims_claims::NumericDate;
use ims_sign::{KeyError, PublicKey};

use crate::{certificate::Certificate, validity::ValidityState};

/// Something about a certificate that Adobe IMS refuses, or that should be changed. It prints the reason.
///
/// ```
/// use ims_cert::CertificateFile;
/// use ims_claims::NumericDate;
///
/// let file = CertificateFile::from_bytes(ims_testkit::certificates::FIRST.as_bytes())?;
/// for finding in file.certificates()[0].findings(NumericDate::from_secs(1_800_000_000)) {
///     println!("{finding}: {}", finding.remedy());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// IMS verifies only RS256, and this key cannot be used for it.
    #[error(transparent)]
    Key {
        /// Why not.
        reason: KeyError,
    },
    /// The last second has passed.
    #[error("the certificate expired {} ago", rough(*since))]
    Expired {
        /// How long ago.
        since: Duration,
    },
    /// It is not valid yet.
    #[error("the certificate begins in {}", rough(*starts_in))]
    NotYetValid {
        /// How long until then.
        starts_in: Duration,
    },
    /// It was made for another key than the one that signs.
    #[error("the certificate is not that of the key that signs")]
    OtherKey,
    /// Adobe's samples and consoles have version 3 only.
    #[error("the certificate is of version {version}, not 3")]
    NotVersion3 {
        /// The version.
        version: u32,
    },
    /// The hash under the signature is broken.
    #[error("the certificate is signed with {algorithm}, which is broken")]
    WeakSignature {
        /// How the certificate is signed.
        algorithm: String,
    },
    /// The file for the upload holds a secret.
    #[error("the file holds a private key too")]
    PrivateKeyInFile,
    /// Something that is not a certificate follows in the file.
    #[error("{count} bytes after the certificate are not a certificate")]
    TrailingBytes {
        /// How many bytes.
        count: usize,
    },
}

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, and should be changed at the next renewal.
    Advice,
    /// With this certificate IMS gives no token, or a secret becomes known.
    Problem,
}

impl Finding {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::NotVersion3 { .. } | Self::WeakSignature { .. } | Self::TrailingBytes { .. } => {
                Severity::Advice
            }
            _ => Severity::Problem,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Key { .. } => {
                "make a new RSA key of 2048 bits with a certificate, and upload that certificate"
            }
            Self::Expired { .. } => "make a new certificate, upload it, and delete this one",
            Self::NotYetValid { .. } => {
                "check this machine's clock, or wait before using the certificate"
            }
            Self::OtherKey => {
                "sign with the key that was made with the certificate, or upload the certificate of this key"
            }
            Self::NotVersion3 { .. } | Self::WeakSignature { .. } => {
                "make the next certificate with SHA-256 and version 3"
            }
            Self::PrivateKeyInFile => {
                "upload a file that contains only the certificate, and keep the key to yourself"
            }
            Self::TrailingBytes { .. } => "save the certificate alone in a file",
        }
    }
}

impl Certificate {
    /// What IMS would refuse about it at `now`, or what should be changed.
    pub fn findings(&self, now: NumericDate) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Err(reason) = self.public_key() {
            findings.push(Finding::Key { reason });
        }
        findings.extend(self.outside_validity(now));
        if self.version() != 3 {
            findings.push(Finding::NotVersion3 { version: self.version() });
        }
        if self.has_weak_signature() {
            let algorithm = self.signature_algorithm().to_owned();
            findings.push(Finding::WeakSignature { algorithm });
        }
        findings
    }

    /// Why IMS would not accept a signature by the key of `public_key` at `now` with this certificate, if it would not: the
    /// certificate is not valid at that time, or it is that of another key.
    ///
    /// ```
    /// use ims_cert::{CertificateFile, Finding};
    /// use ims_claims::NumericDate;
    ///
    /// # fn finding(file: &CertificateFile, signer: &impl ims_sign::Signer, now: NumericDate) -> Option<Finding> {
    /// let finding = file.certificates().first()?.finding_for(signer.public_key(), now)?;
    /// println!("{finding}; {}", finding.remedy());
    /// # Some(finding)
    /// # }
    /// ```
    pub fn finding_for(&self, public_key: &PublicKey, now: NumericDate) -> Option<Finding> {
        if let Some(finding) = self.outside_validity(now) {
            return Some(finding);
        }
        if self.is_of_key(public_key) { None } else { Some(Finding::OtherKey) }
    }

    fn outside_validity(&self, now: NumericDate) -> Option<Finding> {
        match self.validity().state(now) {
            ValidityState::Expired { since } => Some(Finding::Expired { since }),
            ValidityState::NotYetValid { starts_in } => Some(Finding::NotYetValid { starts_in }),
            ValidityState::Valid { .. } => None,
        }
    }
}

/// A length of time in its largest whole unit.
fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
