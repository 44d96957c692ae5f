//! A refusal of IMS that the certificate at hand explains.

use std::fmt;

use ims_cert::Finding;
use ims_token::Evidence;

/// What a certificate says about why IMS does not match a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CertificateEvidence {
    /// It has expired, or is not yet valid.
    Dates(Finding),
    /// It was made for another key than the one that signed.
    OtherKey,
}

impl CertificateEvidence {
    /// What to do about it.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Dates(finding) => finding.remedy(),
            Self::OtherKey => {
                "sign with the key that was made with the certificate, or upload the certificate of this key"
            }
        }
    }
}

impl fmt::Display for CertificateEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dates(finding) => finding.fmt(f),
            Self::OtherKey => f.write_str("the certificate is not that of the key that signs"),
        }
    }
}

impl From<CertificateEvidence> for Evidence {
    fn from(evidence: CertificateEvidence) -> Self {
        Self::new(evidence.to_string(), evidence.remedy())
    }
}
