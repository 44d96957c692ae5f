//! The seam to the network: one request out, one whole answer in, or the phase in which it failed.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use ims_claims::DurationText;

use crate::{
    message::{Request, Response},
    proxy_refusal::ProxyRefusal,
};

/// Carries one request to IMS and one answer back.
///
/// A transport follows no redirect, since the body holds secrets; it retries nothing, since a retry needs a newly
/// signed assertion; and it takes at most [`Response::MAX_BODY`] bytes.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and returns the answer, whatever its status. All of it, from the first look-up to the last byte, is
    /// over after `timeout`.
    ///
    /// # Errors
    /// [`TransportError`], by what the caller can do.
    fn send(
        &self,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, TransportError>> + Send;
}

/// An exchange with IMS that did not come to an answer.
///
/// Its `Display` names the cause in one line, its `Debug` adds what to do.
#[derive(Clone)]
#[non_exhaustive]
pub enum TransportError {
    /// Wait and try again: no connection came about.
    Connect {
        /// What the network said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask the person who runs the proxy, or wait if [`ProxyRefusal::is_transient`]: the proxy on the way does not connect to IMS.
    Proxy(ProxyRefusal),
    /// Wait and try again: no whole answer came in time.
    Timeout {
        /// The time that was given.
        timeout: Duration,
    },
    /// Wait and try again: the connection broke before the answer was whole.
    Broken {
        /// What the network said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Report it: no answer of IMS is that long, so something else is answering.
    TooLong,
    /// Ask a person: the server's certificate is not trusted. Perhaps a proxy reads along, and its CA is not installed.
    Untrusted {
        /// What TLS said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask a person: the HTTP client cannot be set up, for example because the system has no CA certificates.
    Setup {
        /// What the client said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Fix the call: this transport does not take this URL, since it is plain `http` or since it is not.
    Scheme,
}

impl TransportError {
    /// Whether waiting and trying again can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => true,
            Self::Proxy(refusal) => refusal.is_transient(),
            Self::TooLong | Self::Untrusted { .. } | Self::Setup { .. } | Self::Scheme => false,
        }
    }

    /// What to do, if something is known that helps.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Untrusted { .. } => {
                "if a proxy reads along, put its CA certificate into a file and name it in SSL_CERT_FILE"
            }
            Self::Setup { .. } => {
                "install the system's CA certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE"
            }
            Self::Proxy(refusal) => refusal.hint(),
            Self::TooLong => "look at what is behind the base URL: it is not IMS",
            Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } | Self::Scheme => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { source } => write!(f, "{source}"),
            Self::Proxy(refusal) => write!(f, "{refusal}"),
            Self::Timeout { timeout } => {
                write!(f, "no answer from IMS within {}", DurationText(*timeout))
            }
            Self::Broken { source } => write!(f, "the connection to IMS broke: {source}"),
            Self::TooLong => {
                write!(
                    f,
                    "the answer is longer than {} bytes, so it is not one of IMS",
                    Response::MAX_BODY
                )
            }
            Self::Untrusted { source } => {
                write!(f, "the certificate of the server is not trusted: {source}")
            }
            Self::Setup { source } => write!(f, "the HTTP client cannot be set up: {source}"),
            Self::Scheme => f.write_str("this transport does not take this kind of URL"),
        }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.hint() {
            Some(hint) => write!(f, "\n  what to do: {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for TransportError {
    /// What is behind the cause, which `Display` has named.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect { source }
            | Self::Broken { source }
            | Self::Untrusted { source }
            | Self::Setup { source } => source.source(),
            Self::Proxy(_) | Self::Timeout { .. } | Self::TooLong | Self::Scheme => None,
        }
    }
}

/// Any [`Transport`], shared: cheap to clone, and without a type parameter to carry along.
#[derive(Clone)]
pub struct SharedTransport(Arc<dyn DynTransport>);

impl SharedTransport {
    /// Shares `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self(Arc::new(transport))
    }
}

impl Transport for SharedTransport {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        self.0.dyn_send(request, timeout).await
    }
}

impl fmt::Debug for SharedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The object-safe twin of [`Transport`].
trait DynTransport: fmt::Debug + Send + Sync {
    fn dyn_send(
        &self,
        request: Request,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Response, TransportError>>;
}

impl<T: Transport> DynTransport for T {
    fn dyn_send(
        &self,
        request: Request,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.send(request, timeout))
    }
}
