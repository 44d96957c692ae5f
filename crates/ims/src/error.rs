//! Why a client cannot be built, sorted by what has to be put right.

#[cfg(feature = "service-account")]
use ims_cert::CertError;
use ims_credentials::CredentialsError;
use ims_exchange::TransportError;
#[cfg(feature = "service-account")]
use ims_sign::{KeyError, SignError};

#[cfg(feature = "reqwest")]
use crate::ca_certificates::CaVariableError;
use crate::proxy::ProxyError;

/// A client that cannot be built.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Correct the credentials: the private key that they name cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Give another private key, or its pass phrase.
    #[cfg(feature = "service-account")]
    #[error("the private key cannot be used")]
    PrivateKey(#[from] KeyError),
    /// Give the file of a certificate, or name none: a token takes none, but without it nobody is warned of its end.
    #[cfg(feature = "service-account")]
    #[error("the certificate cannot be used")]
    Certificate(#[from] CertError),
    /// Look at the hardware security module: its own reason is the source.
    #[cfg(feature = "service-account")]
    #[error("the key in the hardware security module cannot be used")]
    HardwareKey(#[source] SignError),
    /// Put right how this machine reaches IMS.
    #[error("IMS cannot be reached from here")]
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
    #[error("no thread for the refreshes")]
    Thread(#[source] std::sync::Arc<std::io::Error>),
    /// Give a signer to the builder: the credentials say that the program brings it.
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
