//! A signer, with its certificate if that is known.

use ims_cert::{CertError, Certificate, CertificateFile, KeyFile};
use ims_claims::NumericDate;
use ims_credentials::{KeyPair, SigningKey};
use ims_sign::{FileKind, Passphrase, SharedSigner, Signer};
use ims_token::Evidence;
use secrecy::ExposeSecret;

use crate::error::Error;

/// A signer, and its certificate, which may turn out to be that of another key.
#[derive(Debug)]
pub(crate) struct SigningPair {
    pub(crate) signer: SharedSigner,
    certificate: Option<Certificate>,
}

impl SigningPair {
    /// A file without a certificate is refused: a program that names one expects a warning before it expires.
    pub(crate) fn new(signer: SharedSigner, file: Option<&[u8]>) -> Result<Self, CertError> {
        let certificate = match file {
            Some(file) => {
                let file = CertificateFile::from_bytes(file)?;
                Some(file.certificate_for(signer.public_key()).clone())
            }
            None => None,
        };
        Ok(Self { signer, certificate })
    }

    /// Opens the key of the pair, with the certificate that is named next to it, else that in the PKCS#12 file of the key.
    pub(crate) fn open(pair: &KeyPair) -> Result<Self, Error> {
        let (signer, certificates) = open(&pair.signing_key)?;
        // A named certificate has priority over one in the key file.
        if pair.certificate.is_some() {
            return Ok(Self::new(signer, pair.certificate.as_deref())?);
        }
        // The first is that of the key, see `KeyFile::into_parts`.
        Ok(Self { signer, certificate: certificates.into_iter().next() })
    }

    /// When the certificate expires.
    pub(crate) fn ends_at(&self) -> Option<NumericDate> {
        Some(self.certificate.as_ref()?.validity().not_after())
    }

    /// Whether the certificate shows that IMS will not accept what is signed at `now`.
    pub(crate) fn is_outside_validity(&self, now: NumericDate) -> bool {
        let Some(certificate) = &self.certificate else { return false };
        !certificate.validity().contains(now)
    }

    /// Why IMS refuses what is signed at `now`, as far as the certificate shows it.
    pub(crate) fn evidence(&self, now: NumericDate) -> Option<Evidence> {
        let finding = self.certificate.as_ref()?.finding_for(self.signer.public_key(), now)?;
        Some(Evidence::new(finding.to_string()).with_remedy(finding.remedy()))
    }
}

/// Makes the signer of a key that credentials name: parses the key, or logs in to the module, whose PIN may also be in the
/// environment variable `IMS_PKCS11_PIN`. With the feature `pkcs12` the key's file may be PKCS#12.
///
/// ```
/// use ims::{Error, SigningKey, open_signing_key};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
/// let key = SigningKey::File { contents: certificate.into_bytes().into(), passphrase: None };
/// let error = open_signing_key(&key).unwrap_err();
/// assert!(matches!(error, Error::PrivateKey(_)), "this is a certificate, not a private key");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::PrivateKey`], [`Error::HardwareKey`], [`Error::Credentials`] for a key that could not be read,
/// [`Error::Certificate`] for a PKCS#12 file that cannot be read, [`Error::SignerMissing`] for a key whose signer the
/// program has to provide, and [`Error::MissingFeature`] without the feature `pkcs11`.
pub fn open_signing_key(signing_key: &SigningKey) -> Result<SharedSigner, Error> {
    let (signer, _) = open(signing_key)?;
    Ok(signer)
}

/// The certificates that come with a key: those in its file if that is PKCS#12, and none for other keys.
///
/// ```
/// use ims::{SigningKey, certificates_of_signing_key};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A file in PEM with the key alone. A PKCS#12 file often has the certificate too.
/// let contents = std::fs::read("private.key").unwrap_or_default().into();
/// let key = SigningKey::File { contents, passphrase: None };
/// assert!(certificates_of_signing_key(&key)?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`open_signing_key`].
pub fn certificates_of_signing_key(signing_key: &SigningKey) -> Result<Vec<Certificate>, Error> {
    match signing_key {
        SigningKey::File { contents, .. }
            if FileKind::of(contents.expose_secret()) == FileKind::Pkcs12 =>
        {
            let (_, certificates) = open(signing_key)?;
            Ok(certificates)
        }
        _ => Ok(Vec::new()),
    }
}

/// The signer, and the certificates that were in the same file.
fn open(signing_key: &SigningKey) -> Result<(SharedSigner, Vec<Certificate>), Error> {
    match signing_key {
        SigningKey::File { contents, passphrase } => {
            let passphrase = passphrase.as_ref().map(|text| text.expose_secret().to_owned());
            let passphrase = passphrase.map(Passphrase::new);
            let file = KeyFile::from_bytes(contents.expose_secret(), passphrase.as_ref())?;
            let (signer, certificates) = file.into_parts();
            Ok((SharedSigner::new(signer), certificates))
        }
        SigningKey::Pkcs11 { uri, folder } => {
            Ok((pkcs11_signer(uri.expose_secret(), folder)?, Vec::new()))
        }
        SigningKey::External => Err(Error::SignerMissing),
        SigningKey::Unread(error) => Err(error.clone().into()),
        _ => Err(Error::UnknownKind { what: "signing key" }),
    }
}

#[cfg(feature = "pkcs11")]
fn pkcs11_signer(uri: &str, folder: &std::path::Path) -> Result<SharedSigner, Error> {
    use ims_sign::{
        SignError,
        pkcs11::{Pin, PinSource, Pkcs11Signer, Pkcs11Uri},
    };

    let uri = Pkcs11Uri::from_private_text(uri);
    // The text is not repeated: it may hold the PIN.
    let uri = uri.map_err(|error| Error::HardwareKey(SignError::refused(error)))?;
    let mut uri = uri.in_folder(folder);
    if uri.pin.is_none()
        && let Ok(pin) = std::env::var("IMS_PKCS11_PIN")
    {
        uri.pin = Some(PinSource::Pin(Pin::new(pin)?));
    }
    Ok(SharedSigner::new(Pkcs11Signer::open(uri.try_into()?)?))
}

#[cfg(not(feature = "pkcs11"))]
fn pkcs11_signer(_uri: &str, _folder: &std::path::Path) -> Result<SharedSigner, Error> {
    Err(Error::MissingFeature { feature: "pkcs11" })
}
