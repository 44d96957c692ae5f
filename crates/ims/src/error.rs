//! Why a client cannot be built, sorted by what has to be put right.

use std::fmt;

#[cfg(feature = "service-account")]
use ims_cert::CertError;
use ims_credentials::CredentialsError;
use ims_exchange::TransportError;
#[cfg(feature = "service-account")]
use ims_sign::{KeyError, SignError};

#[cfg(feature = "reqwest")]
use crate::ca_certificates::CaVariableError;
#[cfg(feature = "service-account")]
use crate::user::refresh_tokens::one_line;
use crate::{
    proxy::ProxyError,
    report::{Next, Report},
};

/// A client that cannot be built.
///
/// Its `Display` is the cause in one line, its `Debug` the [`Report`], so that a program whose `main` returns the error
/// prints something that a person can act on.
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
    /// Give the file of a certificate, or name none: a token needs none, but without it there is no warning before it ends.
    #[cfg(feature = "service-account")]
    #[error("{}", one_line(.0))]
    Certificate(CertError),
    /// Look at the hardware security module.
    #[cfg(feature = "service-account")]
    #[error("{}", one_line(.0))]
    HardwareKey(SignError),
    /// Put right how this machine reaches IMS.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Correct the variable that names the proxy, or unset it.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// Correct the variable that names CA certificates, or unset it.
    #[cfg(feature = "reqwest")]
    #[error(transparent)]
    CaVariable(#[from] CaVariableError),
    /// Free resources of the system: it gave no thread for the refreshes.
    #[cfg(feature = "blocking")]
    #[error("the system gives no thread for the refreshes: {0}")]
    Thread(std::sync::Arc<std::io::Error>),
    /// Give a signer to the builder: the credentials say that the program provides it.
    #[cfg(feature = "service-account")]
    #[error("the credentials name no key, and no signer was given: ClientBuilder::with_signer")]
    SignerMissing,
    /// Send the API key without a token: there is nothing to obtain one with.
    #[error("an API key alone gets no access token")]
    ApiKeyAlone,
    /// Use versions of `ims` and `ims-credentials` that belong together: this kind is newer than this crate.
    #[error("this version knows no such kind of {what}")]
    UnknownKind {
        /// What it is a kind of.
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
        Self::Certificate(error)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Report::from(self), f)
    }
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Self {
        match error {
            Error::Credentials(error) => error.into(),
            Error::Transport(error) => error.into(),
            Error::Proxy(error) => error.into(),
            #[cfg(feature = "reqwest")]
            Error::CaVariable(error) => Self::new("ca_certificates_not_found", error, Next::Person)
                .with_remedies([format!("correct {}, or unset it", error.variable())]),
            #[cfg(feature = "service-account")]
            Error::PrivateKey(error) => error.into(),
            #[cfg(feature = "service-account")]
            Error::Certificate(error) => error.into(),
            #[cfg(feature = "service-account")]
            Error::HardwareKey(error) => error.into(),
            #[cfg(feature = "service-account")]
            Error::SignerMissing => Self::new("signer_missing", error, Next::Program),
            #[cfg(feature = "blocking")]
            Error::Thread(_) => Self::new("no_thread", error, Next::Wait),
            Error::ApiKeyAlone => Self::new("api_key_alone", error, Next::Program),
            Error::UnknownKind { .. } => Self::new("unknown_kind", error, Next::Program),
            Error::MissingFeature { .. } => Self::new("missing_feature", error, Next::Program),
        }
    }
}
