//! A signer as a service account uses it: with what its certificate says about it.

use ims_cert::{CertError, Certificate, CertificateFile, Finding, Validity, ValidityState};
use ims_claims::NumericDate;
use ims_credentials::{KeyPair, SigningKey};
#[cfg(feature = "pkcs12")]
use ims_sign::KeyError;
use ims_sign::{FileKind, Passphrase, PemSigner, SharedSigner, Signer};
use secrecy::ExposeSecret;

use super::certificate_evidence::CertificateEvidence;
use crate::error::Error;

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
    /// A file without a certificate is refused: a program that names one wants a warning before it ends.
    pub(crate) fn new(signer: SharedSigner, file: Option<&[u8]>) -> Result<Self, CertError> {
        let file = file.map(CertificateFile::from_bytes).transpose()?;
        let certificate = file.and_then(|file| Known::of(file.certificates(), &signer));
        Ok(Self { signer, certificate })
    }

    /// Opens the key of the pair, with the certificate that is named next to it, else that in the PKCS#12 file of the key.
    pub(crate) fn open(pair: &KeyPair) -> Result<Self, Error> {
        let Opened { signer, certificates } = Opened::of(&pair.signing_key)?;
        if pair.certificate.is_some() {
            return Ok(Self::new(signer, pair.certificate.as_deref())?);
        }
        let certificate = Known::of(&certificates, &signer);
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
    /// Takes the signer's certificate if it is among `certificates`, otherwise the first.
    fn of(certificates: &[Certificate], signer: &SharedSigner) -> Option<Self> {
        let own = certificates.iter().find(|certificate| {
            certificate.public_key().is_ok_and(|key| key == *signer.public_key())
        });
        let certificate = own.or(certificates.first())?;
        Some(Self { validity: certificate.validity(), is_of_signer: own.is_some() })
    }
}

/// Makes the signer of a key that credentials name: parses the key, or logs in to the module, whose PIN may also be in the
/// environment variable `IMS_PKCS11_PIN`. With the feature `pkcs12` the key's file may be PKCS#12.
///
/// # Errors
/// [`Error::PrivateKey`], [`Error::HardwareKey`], [`Error::Credentials`] for a key that could not be read,
/// [`Error::Certificate`] for a PKCS#12 file that cannot be read, [`Error::SignerMissing`] for a key that the program has to
/// bring, and [`Error::MissingFeature`] without the feature `pkcs11`.
pub fn open_signing_key(signing_key: &SigningKey) -> Result<SharedSigner, Error> {
    Ok(Opened::of(signing_key)?.signer)
}

/// The certificates that come with a key: those in its file if that is PKCS#12, and none for other keys.
///
/// # Errors
/// Those of [`open_signing_key`].
pub fn certificates_of_signing_key(signing_key: &SigningKey) -> Result<Vec<Certificate>, Error> {
    match signing_key {
        SigningKey::File { contents, .. }
            if FileKind::of(contents.expose_secret()) == FileKind::Pkcs12 =>
        {
            Ok(Opened::of(signing_key)?.certificates)
        }
        _ => Ok(Vec::new()),
    }
}

/// A signer, and the certificates that were in the same file.
struct Opened {
    signer: SharedSigner,
    certificates: Vec<Certificate>,
}

impl Opened {
    fn of(signing_key: &SigningKey) -> Result<Self, Error> {
        let signer = match signing_key {
            SigningKey::File { contents, passphrase } => {
                let contents = contents.expose_secret();
                let passphrase = passphrase.as_ref();
                let passphrase =
                    passphrase.map(|text| Passphrase::new(text.expose_secret().to_owned()));
                if FileKind::of(contents) == FileKind::Pkcs12
                    && let Some(opened) = of_pkcs12(contents, passphrase.as_ref())?
                {
                    return Ok(opened);
                }
                SharedSigner::new(PemSigner::from_bytes(contents, passphrase.as_ref())?)
            }
            SigningKey::Pkcs11 { uri, folder } => pkcs11_signer(uri.expose_secret(), folder)?,
            SigningKey::External => return Err(Error::SignerMissing),
            SigningKey::Unread(error) => return Err(error.clone().into()),
            _ => return Err(Error::UnknownKind { what: "signing key" }),
        };
        Ok(Self { signer, certificates: Vec::new() })
    }
}

/// Key and certificates of a PKCS#12 file. A file without a given pass phrase may have the empty one, as Windows and key
/// vaults write it.
#[cfg(feature = "pkcs12")]
fn of_pkcs12(contents: &[u8], passphrase: Option<&Passphrase>) -> Result<Option<Opened>, Error> {
    let empty = Passphrase::new(String::new());
    let file = match ims_cert::Pkcs12::from_bytes(contents, passphrase.unwrap_or(&empty)) {
        Err(CertError::Key(KeyError::PassphraseWrong)) if passphrase.is_none() => {
            return Err(KeyError::PassphraseMissing.into());
        }
        Err(CertError::Key(error)) => return Err(error.into()),
        read => read?,
    };
    let Some(private_key) = file.private_key() else {
        return Err(CertError::Pkcs12 { problem: "has no private key" }.into());
    };
    let signer = PemSigner::from_bytes(private_key.expose_secret().as_bytes(), None)?;
    let certificates = file.certificates().to_vec();
    Ok(Some(Opened { signer: SharedSigner::new(signer), certificates }))
}

/// Without the reader, the error of the key says what the file is and how to convert it.
#[cfg(not(feature = "pkcs12"))]
#[expect(clippy::unnecessary_wraps, reason = "the same as with pkcs12")]
fn of_pkcs12(_contents: &[u8], _passphrase: Option<&Passphrase>) -> Result<Option<Opened>, Error> {
    Ok(None)
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
