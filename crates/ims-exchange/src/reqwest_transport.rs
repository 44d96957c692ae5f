//! The transport over reqwest: rustls with aws-lc-rs, the system's CA certificates, the proxies of the environment.

use std::{ffi::OsString, sync::Arc, time::Duration};

use http::{StatusCode, Uri};
use ims_claims::Environment;

use crate::{
    message::{Request, Response},
    proxy_refusal::ProxyRefusal,
    transport::{Transport, TransportError},
};
use ca_certificates::CaCertificates;
use last_url::LastUrl;
use plain_words::{causes, of_certificate, plain_words};
use proxies::{Proxies, Proxy, ProxyAnswer, variable_of_proxy};
use trust::Trust;

pub(crate) mod ca_certificates;
mod last_url;
pub(crate) mod plain_words;
mod proxies;
mod trust;

/// Sends requests with reqwest, over `https` only unless it was made for a loopback address.
///
/// Redirects are not followed and nothing is sent twice. `HTTPS_PROXY` and `NO_PROXY` are honoured, and so is
/// `SSL_CERT_FILE` for the CA certificates. A proxy that does not connect is asked again, for at most two seconds, since the
/// HTTP library does not give its answer. It needs a tokio runtime when it sends, not when it is made.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    scheme: &'static str,
    /// The proxies of `client`, for errors; unknown for a client that the program has built.
    proxies: Option<Proxies>,
    last_url: LastUrl,
}

impl ReqwestTransport {
    /// A transport for `environment`: `https` with the system's CA certificates. If the environment is plain `http` on a
    /// loopback address, it uses neither TLS nor a proxy.
    ///
    /// # Errors
    /// [`TransportError::Setup`], for example on a system without CA certificates.
    pub fn new(environment: &Environment) -> Result<Self, TransportError> {
        if is_plain_http(environment) {
            // It reads no CA certificates: that would take longer than the whole exchange.
            let client = builder().no_proxy().tls_certs_only([]).build().map_err(setup)?;
            Ok(Self { client, scheme: "http://", proxies: None, last_url: LastUrl::default() })
        } else {
            Self::over_https(builder(), Trust::System)
        }
    }

    /// The transport for `environment` that the variables `HTTPS_PROXY`, `ALL_PROXY`, `SSL_CERT_FILE` and `SSL_CERT_DIR` ask
    /// for. `variable` reads one of them, as `std::env::var_os` does; the HTTP library reads those of the proxies itself.
    ///
    /// ```
    /// use ims_exchange::{ReqwestTransport, TransportError, VariableError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let production = ims_claims::Environment::production();
    /// let transport = ReqwestTransport::from_variables(&production, |name| {
    ///     (name == "HTTPS_PROXY").then(|| "socks5://proxy.example".into())
    /// });
    /// let Err(TransportError::Variable(error)) = transport else { return Err("no error".into()) };
    /// assert_eq!(error.variable(), "HTTPS_PROXY");
    /// assert_eq!(error.hint().unwrap(), "set HTTPS_PROXY to http://HOST:PORT, or unset it");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`TransportError::Variable`] if one of them is set to a value that cannot be used, and those of [`new`](Self::new).
    pub fn from_variables(
        environment: &Environment,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, TransportError> {
        if is_plain_http(environment) {
            return Self::new(environment);
        }
        // This comes before the certificates: if both variables are wrong, the error names the proxy, which is used first.
        let proxy = variable_of_proxy(&variable)?;
        let transport = match CaCertificates::from_variables(&variable)? {
            Some(certificates) => Self::with_only_ca_certificates(&certificates)?,
            None => Self::new(environment)?,
        };
        Ok(match proxy {
            Some(name) => transport.with_proxy_variable(name),
            None => transport,
        })
    }

    /// A transport that trusts the CA certificates in `bytes` as well as the system's: for a proxy that decrypts the traffic,
    /// or a test.
    ///
    /// ```
    /// use ims_exchange::ReqwestTransport;
    ///
    /// fn transport() -> Result<ReqwestTransport, Box<dyn std::error::Error>> {
    ///     // The proxy of the company decrypts the traffic.
    ///     Ok(ReqwestTransport::with_ca_certificates(&std::fs::read("company-ca.pem")?)?)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`TransportError::Setup`], also if [`CaCertificates::from_bytes`] finds no certificate in `bytes`.
    pub fn with_ca_certificates(bytes: &[u8]) -> Result<Self, TransportError> {
        let certificates = CaCertificates::from_bytes(bytes)
            .map_err(|error| TransportError::Setup { source: Arc::new(error) })?;
        let builder = builder().tls_certs_merge(for_reqwest(&certificates)?);
        Self::over_https(builder, Trust::SystemAnd(certificates))
    }

    /// A transport that trusts `certificates` and not the system's.
    ///
    /// ```
    /// use ims_exchange::{CaCertificates, ReqwestTransport};
    ///
    /// fn transport() -> Result<ReqwestTransport, Box<dyn std::error::Error>> {
    ///     let certificates = CaCertificates::from_bytes(&std::fs::read("ca.pem")?)?;
    ///     Ok(ReqwestTransport::with_only_ca_certificates(&certificates)?)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`TransportError::Setup`].
    pub fn with_only_ca_certificates(
        certificates: &CaCertificates,
    ) -> Result<Self, TransportError> {
        let builder = builder().tls_certs_only(for_reqwest(certificates)?);
        Self::over_https(builder, Trust::Only(certificates.clone()))
    }

    /// A transport over your own client, with your proxy, roots or client certificate. It sends only to `https`.
    ///
    /// Build the client with `redirect(Policy::none())`: one that follows redirects may send the secrets of a body to
    /// another host. reqwest must not retry: nothing may be sent twice.
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
        Self { client, scheme: "https://", proxies: None, last_url: LastUrl::default() }
    }

    /// Sets the variable that errors name as the source of the proxy, such as `HTTPS_PROXY`.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::ReqwestTransport;
    ///
    /// let transport = ReqwestTransport::new(&Environment::production())?.with_proxy_variable("COMPANY_PROXY");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_proxy_variable(self, variable: impl Into<String>) -> Self {
        let proxies = self.proxies.map(|proxies| proxies.with_variable(variable.into()));
        Self { proxies, ..self }
    }

    fn over_https(builder: reqwest::ClientBuilder, trust: Trust) -> Result<Self, TransportError> {
        let client = builder.https_only(true).build().map_err(setup)?;
        let proxies = Some(Proxies::from_environment(trust));
        Ok(Self { client, scheme: "https://", proxies, last_url: LastUrl::default() })
    }

    /// Why the connection to `url` failed.
    async fn not_connected(&self, error: &reqwest::Error, url: &str) -> TransportError {
        let url: Uri = url.parse().unwrap_or_default();
        let host = url.host().unwrap_or("IMS");
        let innermost = plain_words(error);
        // The HTTP library has no types for the phases, only texts.
        if says(error, "tunnel error: ") {
            let proxy = self.proxies.as_ref().and_then(|proxies| proxies.on_the_way_to(&url));
            let name = proxy.as_ref().map_or("on the way", Proxy::name);
            if says(error, "tunnel error: failed to create underlying connection") {
                let reason = without_resolver(&innermost);
                return connect(format!("cannot connect to the proxy {name}: {reason}"));
            }
            let answer = match &proxy {
                _ if says(error, "tunnel error: proxy authorization required") => {
                    ProxyAnswer::Status(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
                }
                Some(proxy) => proxy.ask(&url, LONGEST_QUESTION).await,
                None => ProxyAnswer::Unknown,
            };
            return match answer {
                // If the proxy connects now, only the earlier refusal is known.
                ProxyAnswer::Status(status) if !status.is_success() => {
                    TransportError::Proxy(ProxyRefusal::new(name, status))
                }
                ProxyAnswer::NotHttp => {
                    connect(format!("the proxy {name} does not answer in HTTP"))
                }
                ProxyAnswer::Status(_) | ProxyAnswer::Unknown => {
                    connect(format!("the proxy {name} does not connect to {host}"))
                }
            };
        }
        if says(error, "dns error") {
            let reason = without_resolver(&innermost);
            return connect(format!("cannot resolve {host}: {reason}"));
        }
        connect(format!("cannot connect to {host}: {innermost}"))
    }

    /// Whether the certificate that is not trusted is that of a proxy or that of the host in `url`.
    fn untrusted(&self, error: &reqwest::Error, url: &str) -> TransportError {
        let url: Uri = url.parse().unwrap_or_default();
        let is_proxy = says(error, "tunnel error: failed to create underlying connection");
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.on_the_way_to(&url));
        let whose = match &proxy {
            Some(proxy) if is_proxy => format!("the proxy {}", proxy.name()),
            _ => url.host().unwrap_or("the server").to_owned(),
        };
        TransportError::Untrusted { source: Arc::new(Problem(of_certificate(&whose, error))) }
    }
}

impl Transport for ReqwestTransport {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        if !request.url().starts_with(self.scheme) {
            return Err(TransportError::Scheme);
        }
        // A timer costs nearly nothing until something waits for it. Most requests do not: the HTTP library has the same
        // deadline.
        let deadline = tokio::time::sleep(timeout);
        let (method, url, headers, body) = request.into_parts();
        let request = match self.last_url.parse(&url) {
            Some(parsed) => self.client.request(method, parsed),
            // The HTTP library says what is wrong with it.
            None => self.client.request(method, &url),
        };
        let sent = request.headers(headers).body(body).timeout(timeout).send().await;
        let mut answer = match sent {
            Ok(answer) => answer,
            Err(error) if is_not_connected(&error) => {
                // Then the proxy is asked, which belongs to no request of the HTTP library. Boxed, so that other requests
                // need no room for it: this future is large.
                let reason = Box::pin(self.not_connected(&error, &url));
                let reason = tokio::time::timeout_at(deadline.deadline(), reason).await;
                return Err(reason.unwrap_or(TransportError::Timeout { timeout }));
            }
            Err(error) if is_untrusted(&error) => return Err(self.untrusted(&error, &url)),
            Err(error) => return Err(explain(error, timeout)),
        };
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| explain(error, timeout))? {
            if body.len() + chunk.len() > Response::MAX_BODY {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response::new(answer.status(), std::mem::take(answer.headers_mut()), body))
    }
}

/// Whether requests stay on this machine, without TLS and without a proxy.
fn is_plain_http(environment: &Environment) -> bool {
    environment.base_url().starts_with("http://")
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("ims-rust/", env!("CARGO_PKG_VERSION")))
}

fn for_reqwest(certificates: &CaCertificates) -> Result<Vec<reqwest::Certificate>, TransportError> {
    let certificates = certificates.iter().map(reqwest::Certificate::from_der);
    certificates.collect::<Result<_, _>>().map_err(setup)
}

fn setup(error: reqwest::Error) -> TransportError {
    TransportError::Setup { source: Arc::new(Problem(plain_words(&error.without_url()))) }
}

/// What the network said, in one line: the innermost cause, without the layers of the HTTP library around it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Problem(String);

/// Whether connecting failed, for a reason other than a timeout, TLS and the request itself.
fn is_not_connected(error: &reqwest::Error) -> bool {
    error.is_connect() && !error.is_timeout() && !error.is_builder() && !is_untrusted(error)
}

fn is_untrusted(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        )
    })
}

/// Sorts an error that is not about connecting by its phase. The URL is not repeated.
fn explain(error: reqwest::Error, timeout: Duration) -> TransportError {
    let error = error.without_url();
    if error.is_timeout() {
        return TransportError::Timeout { timeout };
    }
    let source = Arc::new(Problem(plain_words(&error)));
    // A request that cannot even be written will fail again.
    if error.is_builder() {
        return TransportError::Setup { source };
    }
    TransportError::Broken { source }
}

fn connect(text: String) -> TransportError {
    TransportError::Connect { source: Arc::new(Problem(text)) }
}

/// Whether the text of a cause begins with `phrase`.
fn says(error: &reqwest::Error, phrase: &str) -> bool {
    causes(error).any(|cause| cause.to_string().starts_with(phrase))
}

/// What the resolver said, without its own name.
fn without_resolver(innermost: &str) -> String {
    let reason = innermost.strip_prefix("failed to lookup address information: ");
    reason.unwrap_or(innermost).to_lowercase()
}

/// How long a failed request waits for the reason of the proxy.
const LONGEST_QUESTION: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
