//! A signer as a service account uses it: with what its certificate says about it.

use ims_cert::{CertError, Certificate, CertificateFile, Finding, Validity, ValidityState};
use ims_claims::NumericDate;
use ims_sign::{SharedSigner, Signer};

use crate::CertificateEvidence;

/// A signer, and what is known of its certificate.
#[derive(Debug)]
pub(crate) struct SigningPair {
    pub(crate) signer: SharedSigner,
    certificate: Option<Known>,
}

/// What a certificate says about a signer.
#[derive(Debug, Clone, Copy)]
struct Known {
    validity: Validity,
    is_of_signer: bool,
}

impl SigningPair {
    /// A file in which there is no certificate is refused: whoever names one wants to be warned of its end.
    pub(crate) fn new(signer: SharedSigner, file: Option<&[u8]>) -> Result<Self, CertError> {
        let file = file.map(CertificateFile::read).transpose()?;
        let certificate = file.and_then(|file| Known::of(file.certificates(), &signer));
        Ok(Self { signer, certificate })
    }

    /// When the certificate ends.
    pub(crate) fn ends_at(&self) -> Option<NumericDate> {
        self.certificate.map(|certificate| certificate.validity.not_after())
    }

    /// Whether the certificate says that IMS will not take what is signed at `now`.
    pub(crate) fn is_hopeless(&self, now: NumericDate) -> bool {
        let validity = self.certificate.map(|certificate| certificate.validity.state(now));
        !matches!(validity, None | Some(ValidityState::Valid { .. }))
    }

    /// Why IMS does not match what is signed at `now`, as far as the certificate tells.
    pub(crate) fn evidence(&self, now: NumericDate) -> Option<CertificateEvidence> {
        let certificate = self.certificate?;
        match certificate.validity.state(now) {
            ValidityState::Expired { since } => {
                Some(CertificateEvidence::Dates(Finding::Expired { since }))
            }
            ValidityState::NotYetValid { starts_in } => {
                Some(CertificateEvidence::Dates(Finding::NotYetValid { starts_in }))
            }
            ValidityState::Valid { .. } => {
                (!certificate.is_of_signer).then_some(CertificateEvidence::OtherKey)
            }
        }
    }
}

impl Known {
    /// Of several certificates the signer's own counts, else the first.
    fn of(certificates: &[Certificate], signer: &SharedSigner) -> Option<Self> {
        let is_own = |certificate: &&Certificate| {
            certificate.public_key().is_ok_and(|key| key == *signer.public_key())
        };
        let own = certificates.iter().find(is_own);
        let certificate = own.or(certificates.first())?;
        Some(Self { validity: certificate.validity(), is_of_signer: own.is_some() })
    }
}
