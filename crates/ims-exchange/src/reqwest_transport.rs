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

    /// A transport over a client of your own, with your proxy, roots or client certificate. It sends to `https` alone.
    ///
    /// Build the client with `redirect(Policy::none())`: one that follows redirects may carry the secrets of a body to another
    /// host. Without its own retries, nothing is sent twice.
    ///
    /// ```
    /// use ims_exchange::ReqwestTransport;
    ///
    /// # fn transport() -> Result<ReqwestTransport, reqwest::Error> {
    /// let client = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .https_only(true)
    ///     .build()?;
    /// Ok(ReqwestTransport::from_client(client))
    /// # }
    /// ```
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self { client, scheme: "https://" }
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
        let host = host_of(request.url());
        let explain = |error| explain(error, &host, timeout);
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

/// The host of a URL, for errors.
fn host_of(url: &str) -> String {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host);
    host.unwrap_or("IMS").to_owned()
}

fn setup(error: reqwest::Error) -> TransportError {
    TransportError::Setup { source: Arc::new(Problem(innermost(&error.without_url()))) }
}

/// What the network said, in one line: the innermost cause, without the layers of the HTTP library around it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Problem(String);

/// Sorts an error by its phase. `host` is who was to be reached; the rest of the URL is not repeated.
fn explain(error: reqwest::Error, host: &str, timeout: Duration) -> TransportError {
    let error = error.without_url();
    if error.is_timeout() {
        return TransportError::Timeout { timeout };
    }
    let is_untrusted = causes(&error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        )
    });
    // A request that cannot even be written will not be better the next time.
    if error.is_builder() {
        return TransportError::Setup { source: Arc::new(Problem(innermost(&error))) };
    }
    if is_untrusted {
        return TransportError::Untrusted { source: Arc::new(Problem(innermost(&error))) };
    }
    if !error.is_connect() {
        return TransportError::Broken { source: Arc::new(Problem(innermost(&error))) };
    }
    TransportError::Connect { source: Arc::new(Problem(not_connected(&error, host))) }
}

/// Why no connection came about. The HTTP library has no types for the phases, only texts.
fn not_connected(error: &reqwest::Error, host: &str) -> String {
    let innermost = innermost(error);
    let says = |phrase| causes(error).any(|cause| cause.to_string().starts_with(phrase));
    if says("tunnel error: failed to create underlying connection") {
        return format!("cannot connect to the proxy on the way to {host}: {innermost}");
    }
    if says("dns error") {
        let reason = innermost.strip_prefix("failed to lookup address information: ");
        let reason = reason.unwrap_or(&innermost).to_lowercase();
        return format!("cannot resolve {host}: {reason}");
    }
    if says("tunnel error: proxy authorization required") {
        return format!("the proxy on the way to {host} asks for a user name and a password");
    }
    if says("tunnel error: unsuccessful") {
        return format!("the proxy refuses to connect to {host}");
    }
    format!("cannot connect to {host}: {innermost}")
}

/// The last cause, without a capital letter or the number of the operating system.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).last().map_or_else(String::new, ToString::to_string);
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return "no reason is known".to_owned() };
    let is_word = letters.clone().next().is_some_and(char::is_lowercase);
    if is_word { first.to_lowercase().chain(letters).collect() } else { text.to_owned() }
}

/// An error and all that is behind it. An [`io::Error`](std::io::Error) hides what it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}
