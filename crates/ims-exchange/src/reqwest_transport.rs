//! The transport over reqwest: rustls with aws-lc-rs, the system's CA certificates, the proxies of the environment.

use std::{error::Error, sync::Arc, time::Duration};

use ims_claims::Environment;

use crate::{
    message::{Request, Response},
    transport::{Transport, TransportError},
};

/// Sends requests with reqwest, over `https` alone unless it was made for a loopback address.
///
/// Redirects are not followed and nothing is sent twice. `HTTPS_PROXY` and `NO_PROXY` are honoured, and so is
/// `SSL_CERT_FILE` for the CA certificates. It needs a tokio runtime when it sends, not when it is made.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    scheme: &'static str,
}

impl ReqwestTransport {
    /// A transport for `environment`: `https` with the system's CA certificates or, where the environment is plain `http` on
    /// a loopback address, just that, without TLS and without a proxy.
    ///
    /// # Errors
    /// [`TransportError::Setup`], for example on a system without CA certificates.
    pub fn new(environment: &Environment) -> Result<Self, TransportError> {
        if environment.base_url().starts_with("http://") {
            // No CA certificates are read, which takes longer than the whole exchange.
            let builder = builder().no_proxy().tls_certs_only([]);
            Self::build(builder, "http://")
        } else {
            Self::build(builder().https_only(true), "https://")
        }
    }

    /// A transport that trusts the CA certificates in `pem` beside the system's: for a proxy that reads along, or a test.
    ///
    /// # Errors
    /// [`TransportError::Setup`], also if `pem` holds no certificate.
    pub fn with_ca_certificates(pem: &[u8]) -> Result<Self, TransportError> {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?;
        if certificates.is_empty() {
            return Err(TransportError::Setup {
                source: Arc::from(Box::from("no CA certificate in the PEM file")),
            });
        }
        Self::build(builder().https_only(true).tls_certs_merge(certificates), "https://")
    }

    fn build(
        builder: reqwest::ClientBuilder,
        scheme: &'static str,
    ) -> Result<Self, TransportError> {
        Ok(Self { client: builder.build().map_err(setup)?, scheme })
    }
}

impl Transport for ReqwestTransport {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        if !request.url().starts_with(self.scheme) {
            return Err(TransportError::Scheme);
        }
        let explain = |error| explain(error, timeout);
        let (method, url, headers, body) = request.into_parts();
        let mut answer = self
            .client
            .request(method, url)
            .headers(headers)
            .body(body)
            .timeout(timeout)
            .send()
            .await
            .map_err(explain)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(explain)? {
            if body.len() + chunk.len() > Response::MAX_BODY {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response::new(answer.status(), std::mem::take(answer.headers_mut()), body))
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("ims-rust/", env!("CARGO_PKG_VERSION")))
}

fn setup(error: reqwest::Error) -> TransportError {
    TransportError::Setup { source: Arc::new(error.without_url()) }
}

/// Sorts an error by its phase. The URL is taken out: whoever logs errors need not log it.
fn explain(error: reqwest::Error, timeout: Duration) -> TransportError {
    let error = error.without_url();
    if error.is_timeout() {
        return TransportError::Timeout { timeout };
    }
    let is_connect = error.is_connect();
    let is_untrusted = causes(&error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        )
    });
    let source = Arc::new(error);
    match (is_untrusted, is_connect) {
        (true, _) => TransportError::Untrusted { source },
        (false, true) => TransportError::Connect { source },
        (false, false) => TransportError::Broken { source },
    }
}

/// An error and all that is behind it. An [`io::Error`](std::io::Error) hides what it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}
