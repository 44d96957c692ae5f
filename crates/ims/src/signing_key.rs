//! The private key that credentials name, and the signer it becomes.

use std::{fmt, path::PathBuf};

use ims_sign::{Passphrase, PemSigner, SharedSigner};
use zeroize::Zeroizing;

use crate::{CredentialsError, Error};

/// Where a private key is.
#[derive(Clone)]
#[non_exhaustive]
pub enum SigningKey {
    /// In a file, whose contents are here.
    File {
        /// PEM or DER.
        contents: Zeroizing<Vec<u8>>,
        /// What opens it, if it is encrypted.
        passphrase: Option<Passphrase>,
    },
    /// In a hardware security module, named by a PKCS#11 URI (RFC 7512).
    Pkcs11 {
        /// The URI. It may hold the PIN, so it is kept like a secret.
        uri: Zeroizing<String>,
        /// Where a relative `pin-source` begins.
        folder: PathBuf,
    },
    /// Nobody knows: this is why it could not be read. Only a [`Migration`](crate::Migration), which needs no key, has such.
    Unread(CredentialsError),
}

impl SigningKey {
    /// Makes the signer: parses the key, or logs in to the module, whose PIN may also be in the environment variable
    /// `IMS_PKCS11_PIN`.
    ///
    /// # Errors
    /// [`Error::PrivateKey`], [`Error::HardwareKey`], [`Error::Credentials`] for a key that could not be read, and
    /// [`Error::MissingFeature`] without the feature `pkcs11`.
    pub fn signer(&self) -> Result<SharedSigner, Error> {
        match self {
            Self::File { contents, passphrase } => {
                Ok(SharedSigner::new(PemSigner::from_bytes(contents, passphrase.as_ref())?))
            }
            Self::Pkcs11 { uri, folder } => pkcs11_signer(uri, folder),
            Self::Unread(error) => Err(error.clone().into()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File { .. } => "SigningKey::File(..)",
            Self::Pkcs11 { .. } => "SigningKey::Pkcs11(..)",
            Self::Unread(_) => "SigningKey::Unread(..)",
        })
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
