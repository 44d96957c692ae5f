//! The seam to the network: one request out, one whole answer in, or the phase in which it failed.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

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
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Wait and try again: no connection came about.
    #[error("{source}")]
    Connect {
        /// What the network said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask whoever runs the proxy, or wait if [`ProxyRefusal::is_transient`]: the proxy on the way does not connect to IMS.
    #[error("{0}")]
    Proxy(ProxyRefusal),
    /// Wait and try again: no whole answer came in time.
    #[error("no answer from IMS within {} ms", .timeout.as_millis())]
    Timeout {
        /// The time that was given.
        timeout: Duration,
    },
    /// Wait and try again: the connection broke before the answer was whole.
    #[error("the connection to IMS broke: {source}")]
    Broken {
        /// What the network said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Report it: no answer of IMS is that long, so something else is answering.
    #[error("the answer is longer than {} bytes", Response::MAX_BODY)]
    TooLong,
    /// Ask a person: the server's certificate is not trusted. Perhaps a proxy reads along, and its CA is not installed.
    #[error("the certificate of the server is not trusted: {source}")]
    Untrusted {
        /// What TLS said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask a person: the HTTP client cannot be set up, for example because the system has no CA certificates.
    #[error("the HTTP client cannot be set up: {source}")]
    Setup {
        /// What the client said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Fix the call: this transport does not take this URL, since it is plain `http` or since it is not.
    #[error("this transport does not take this kind of URL")]
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
