//! A signer as a service account uses it: with what its certificate says about it.

use ims_cert::{CertError, Certificate, CertificateFile, Finding, Validity, ValidityState};
use ims_claims::NumericDate;
use ims_credentials::SigningKey;
use ims_sign::{Passphrase, PemSigner, SharedSigner, Signer};
use secrecy::ExposeSecret;

use super::certificate_evidence::CertificateEvidence;
use crate::Error;

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
        let file = file.map(CertificateFile::from_bytes).transpose()?;
        let certificate = file.and_then(|file| Known::of(file.certificates(), &signer));
        Ok(Self { signer, certificate })
    }

    /// When the certificate ends.
    pub(crate) fn ends_at(&self) -> Option<NumericDate> {
        self.certificate.map(|certificate| certificate.validity.not_after())
    }

    /// Whether the certificate says that IMS will not take what is signed at `now`.
    pub(crate) fn is_outside_validity(&self, now: NumericDate) -> bool {
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

/// Makes the signer of a key that credentials name: parses the key, or logs in to the module, whose PIN may also be in the
/// environment variable `IMS_PKCS11_PIN`.
///
/// # Errors
/// [`Error::PrivateKey`], [`Error::HardwareKey`], [`Error::Credentials`] for a key that could not be read,
/// [`Error::SignerMissing`] for a key that the program has to bring, and [`Error::MissingFeature`] without the feature
/// `pkcs11`.
pub fn open_signing_key(signing_key: &SigningKey) -> Result<SharedSigner, Error> {
    match signing_key {
        SigningKey::File { contents, passphrase } => {
            let passphrase = passphrase.as_ref();
            let passphrase =
                passphrase.map(|text| Passphrase::new(text.expose_secret().to_owned()));
            Ok(SharedSigner::new(PemSigner::from_bytes(contents, passphrase.as_ref())?))
        }
        SigningKey::Pkcs11 { uri, folder } => pkcs11_signer(uri, folder),
        SigningKey::External => Err(Error::SignerMissing),
        SigningKey::Unread(error) => Err(error.clone().into()),
        _ => Err(Error::UnknownKind { what: "signing key" }),
    }
}

#[cfg(feature = "pkcs11")]
fn pkcs11_signer(uri: &str, folder: &std::path::Path) -> Result<SharedSigner, Error> {
    use ims_sign::{
        SignError,
        pkcs11::{Pin, PinSource, Pkcs11Config, Pkcs11Error, Pkcs11Signer, Pkcs11Uri},
    };

    let hardware = |error: Pkcs11Error| Error::HardwareKey(error.into());
    let mut uri =
        Pkcs11Uri::from_private_text(uri).map_err(|e| Error::HardwareKey(SignError::refused(e)))?;
    uri.pin = match (uri.pin.take(), std::env::var("IMS_PKCS11_PIN")) {
        (Some(PinSource::File(path)), _) => Some(PinSource::File(folder.join(path))),
        (Some(pin), _) => Some(pin),
        (None, Ok(pin)) => Some(PinSource::Pin(Pin::new(pin).map_err(hardware)?)),
        (None, Err(_)) => None,
    };
    let signer = Pkcs11Config::try_from(uri).and_then(Pkcs11Signer::open).map_err(hardware)?;
    Ok(SharedSigner::new(signer))
}

#[cfg(not(feature = "pkcs11"))]
fn pkcs11_signer(_uri: &str, _folder: &std::path::Path) -> Result<SharedSigner, Error> {
    Err(Error::MissingFeature { feature: "pkcs11" })
}
