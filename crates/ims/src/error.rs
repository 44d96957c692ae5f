//! Why a client cannot be built, sorted by what has to be corrected.

use std::fmt;

#[cfg(feature = "service-account")]
use ims_cert::CertError;
#[cfg(feature = "service-account")]
use ims_claims::ErrorLine;
use ims_credentials::CredentialsError;
use ims_exchange::TransportError;
#[cfg(feature = "service-account")]
use ims_sign::{KeyError, SignError};

use crate::report::{Next, Report};

/// A client that cannot be built.
///
/// Its `Display` is the cause in one line, its `Debug` the [`Report`], so that a program whose `main` returns the error
/// prints something that a person can act on.
///
/// ```
/// use ims::{Client, Credentials, Report};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let credentials: Credentials = r#"{"api_key":"a"}"#.parse()?;
/// # let pool = ims::token::KeeperPool::new(std::num::NonZeroUsize::MIN);
/// let error = Client::builder(&credentials).build_in(&pool).unwrap_err();
/// assert_eq!(error.to_string(), "an API key alone gets no access token");
/// let report = Report::from(&error);
/// assert_eq!(report.reason(), "api_key_alone");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Correct the credentials: the private key that they name cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Give another private key, or its pass phrase.
    #[cfg(feature = "service-account")]
    #[error(transparent)]
    PrivateKey(#[from] KeyError),
    /// Give the file of a certificate, or name none: a token needs none, but without it there is no warning before it
    /// expires.
    #[cfg(feature = "service-account")]
    #[error("{}", ErrorLine(.0))]
    Certificate(CertError),
    /// Look at the hardware security module.
    #[cfg(feature = "service-account")]
    #[error("{}", ErrorLine(.0))]
    HardwareKey(SignError),
    /// Correct how this machine reaches IMS: its CA certificates, or the variable that names them or a proxy.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Free resources of the system: the thread for the refreshes could not be started.
    #[cfg(feature = "blocking")]
    #[error("the system gives no thread for the refreshes: {0}")]
    Thread(std::sync::Arc<std::io::Error>),
    /// Give a signer to the builder: the credentials say that the program provides it.
    #[cfg(feature = "service-account")]
    #[error("the credentials name no key, and no signer was given: ClientBuilder::with_signer")]
    SignerMissing,
    /// Send the API key without a token: it cannot obtain one.
    #[error("an API key alone gets no access token")]
    ApiKeyAlone,
    /// Use `ims` and `ims-credentials` in the same version: this kind is newer than this crate.
    #[error("this version does not know this kind of {what}")]
    UnknownKind {
        /// For example `credential` or `signing key`.
        what: &'static str,
    },
    /// Build with the feature that is named, or use the builder.
    #[error("this program was built without the feature \"{feature}\"")]
    MissingFeature {
        /// The feature of the crate `ims`.
        feature: &'static str,
    },
}

#[cfg(feature = "service-account")]
impl From<CertError> for Error {
    fn from(error: CertError) -> Self {
        match error {
            CertError::Key(error) => Self::PrivateKey(error),
            error => Self::Certificate(error),
        }
    }
}

#[cfg(feature = "pkcs11")]
impl From<ims_sign::pkcs11::Pkcs11Error> for Error {
    fn from(error: ims_sign::pkcs11::Pkcs11Error) -> Self {
        Self::HardwareKey(error.into())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Report::from(self), f)
    }
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Self {
        let (reason, next) = match error {
            Error::Credentials(error) => return error.into(),
            Error::Transport(error) => return error.into(),
            #[cfg(feature = "service-account")]
            Error::PrivateKey(error) => return error.into(),
            #[cfg(feature = "service-account")]
            Error::Certificate(error) => return error.into(),
            #[cfg(feature = "service-account")]
            Error::HardwareKey(error) => return error.into(),
            #[cfg(feature = "service-account")]
            Error::SignerMissing => ("signer_missing", Next::Program),
            #[cfg(feature = "blocking")]
            Error::Thread(_) => ("no_thread", Next::Wait),
            Error::ApiKeyAlone => ("api_key_alone", Next::Program),
            Error::UnknownKind { .. } => ("unknown_kind", Next::Program),
            Error::MissingFeature { .. } => ("missing_feature", Next::Program),
        };
        Self::new(reason, error, next)
    }
}
