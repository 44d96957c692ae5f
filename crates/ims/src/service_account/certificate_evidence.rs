//! A refusal of IMS that the certificate at hand explains.

use std::fmt;

use ims_cert::Finding;
use ims_exchange::ExchangeError;
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

/// Whether IMS matches no certificate of the integration with the signature: the only refusal after which another key is
/// tried.
///
/// Sources: Adobe, "JWT Authentication Reference", Responses, for `invalid_signature`; AdobeDocs/adobeio-auth#67 for the
/// `invalid_token` that IMS answers in fact.
pub(crate) fn is_unmatched(error: &ExchangeError) -> bool {
    error.refusal().is_some_and(|refusal| {
        let description = refusal.description().unwrap_or_default().to_lowercase();
        match (refusal.status(), refusal.code()) {
            (400, Some("invalid_signature")) => true,
            (400, Some("invalid_token")) => description.contains("could not match jwt signature"),
            _ => false,
        }
    })
}

/// Whether a certificate may be behind the refusal. Source: Adobe's PDF Services SDKs, which read any `invalid_token` so.
pub(crate) fn may_be_certificate(error: &ExchangeError) -> bool {
    let refusal = error.refusal();
    refusal.is_some_and(|refusal| {
        refusal.status() == 400
            && matches!(refusal.code(), Some("invalid_signature" | "invalid_token"))
    })
}
