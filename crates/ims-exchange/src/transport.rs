//! The boundary to the network: it sends one request and returns the whole answer, or the phase in which it failed.

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
///
/// ```
/// use std::time::Duration;
///
/// use ims_exchange::{Request, Response, Transport, TransportError};
///
/// /// Names each request, and leaves the sending to another transport.
/// #[derive(Debug)]
/// struct Named<T>(T);
///
/// impl<T: Transport> Transport for Named<T> {
///     async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
///         println!("{} {}", request.method(), request.url());
///         self.0.send(request, timeout).await
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and returns the answer, whatever its status. The time limit `timeout` covers everything, from the
    /// look-up of the host to the last byte.
    ///
    /// # Errors
    /// [`TransportError`], sorted by what the caller can do.
    fn send(
        &self,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, TransportError>> + Send;
}

/// An exchange with IMS that got no answer.
///
/// Its `Display` names the cause in one line, its `Debug` adds what to do.
///
/// ```
/// use std::time::Duration;
/// use ims_exchange::TransportError;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = TransportError::Timeout { timeout: Duration::from_secs(10) };
/// assert_eq!(error.to_string(), "no answer from IMS within 10 s");
/// assert_eq!(error.reason_name(), "no_answer");
/// assert!(error.is_transient(), "wait, and try again");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum TransportError {
    /// Wait and try again: the connection failed.
    Connect {
        /// What the network said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask the person who runs the proxy, or wait if [`ProxyRefusal::is_transient`]: the proxy on the way does not connect
    /// to IMS.
    Proxy(ProxyRefusal),
    /// Wait and try again: the answer was not complete in time.
    Timeout {
        /// The time that was given.
        timeout: Duration,
    },
    /// Wait and try again: the connection broke before the answer was complete.
    Broken {
        /// What the network said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Report it: no answer of IMS is that long, so something else is answering.
    TooLong,
    /// Ask a person: the server's certificate is not trusted. Perhaps a proxy decrypts the connection, and its CA is not
    /// installed.
    Untrusted {
        /// What TLS said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask a person: the HTTP client cannot be set up, for example because the system has no CA certificates.
    Setup {
        /// What the client said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Correct an environment variable that says how to reach IMS, or unset it.
    Variable(VariableError),
    /// Fix the call: this transport does not accept the scheme of this URL.
    Scheme,
}

impl TransportError {
    /// Whether waiting and trying again can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => true,
            Self::Proxy(refusal) => refusal.is_transient(),
            Self::TooLong
            | Self::Untrusted { .. }
            | Self::Setup { .. }
            | Self::Variable(_)
            | Self::Scheme => false,
        }
    }

    /// A name of the cause for programs, such as `no_connection`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "no_connection",
            Self::Proxy(_) => "proxy_refused",
            Self::Timeout { .. } => "no_answer",
            Self::Broken { .. } => "connection_broken",
            // A base URL with a small mistake often leads to a web page, and web pages are long.
            Self::TooLong => "not_ims",
            Self::Untrusted { .. } => "server_not_trusted",
            Self::Setup { .. } => "http_client_unusable",
            Self::Variable(error) => error.reason_name(),
            Self::Scheme => "url_not_allowed",
        }
    }

    /// What to do, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Untrusted { .. } => {
                "if a proxy decrypts the connection, put its CA certificate into a file and name it in SSL_CERT_FILE"
            }
            Self::Setup { .. } => {
                "install the system's CA certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE"
            }
            Self::Proxy(refusal) => refusal.hint(),
            Self::Variable(error) => return error.hint(),
            Self::TooLong => "check the base URL: the server there is not IMS",
            Self::Connect { .. } => {
                "check the name of the host, the network and the firewall; where a proxy is the only way out, name it in HTTPS_PROXY"
            }
            Self::Timeout { .. } => {
                "try again; if other hosts answer, ask the person who runs the network what is between this machine and IMS"
            }
            Self::Broken { .. } => {
                "try again; if it stays so, ask the person who runs the network what is between this machine and IMS"
            }
            Self::Scheme => "use https, and plain http for a loopback address alone",
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
                write!(f, "the server is not trusted: {source}")
            }
            Self::Setup { source } => write!(f, "the HTTP client cannot be set up: {source}"),
            Self::Variable(error) => write!(f, "{error}"),
            Self::Scheme => f.write_str("this transport does not accept this kind of URL"),
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
    /// The source of the cause that `Display` names.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect { source }
            | Self::Broken { source }
            | Self::Untrusted { source }
            | Self::Setup { source } => source.source(),
            Self::Proxy(_)
            | Self::Timeout { .. }
            | Self::TooLong
            | Self::Variable(_)
            | Self::Scheme => None,
        }
    }
}

/// Correct an environment variable that says how to reach IMS, or unset it.
///
/// Its `Display` is one line such as `the variable HTTPS_PROXY does not name a proxy: it names no host`. The value of the
/// variable is not in it: that of a proxy may hold a password.
///
/// ```
/// use ims_exchange::VariableError;
///
/// let error = VariableError::proxy("HTTPS_PROXY").because("it names no host");
/// assert_eq!(error.to_string(), "the variable HTTPS_PROXY does not name a proxy: it names no host");
/// assert!(error.is_about_a_proxy());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableError {
    variable: &'static str,
    names: Names,
    problem: Option<String>,
}

/// What a variable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Proxy,
    CaCertificates,
}

impl VariableError {
    /// The variable names no proxy.
    #[must_use]
    pub fn proxy(variable: &'static str) -> Self {
        Self { variable, names: Names::Proxy, problem: None }
    }

    /// The variable gives no CA certificate.
    #[must_use]
    pub fn ca_certificates(variable: &'static str) -> Self {
        Self { variable, names: Names::CaCertificates, problem: None }
    }

    /// Says why, without the value of the variable.
    ///
    /// ```
    /// use ims_exchange::VariableError;
    ///
    /// let error = VariableError::ca_certificates("SSL_CERT_FILE").because("there is no such file");
    /// assert_eq!(error.to_string(), "the variable SSL_CERT_FILE gives no CA certificate: there is no such file");
    /// ```
    #[must_use]
    pub fn because(self, problem: impl Into<String>) -> Self {
        Self { problem: Some(problem.into()), ..self }
    }

    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Whether the variable is to name a proxy; otherwise it is to name CA certificates.
    #[must_use]
    pub fn is_about_a_proxy(&self) -> bool {
        self.names == Names::Proxy
    }

    /// A name of the cause for programs: `proxy_malformed` or `ca_certificates_not_found`.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self.names {
            Names::Proxy => "proxy_malformed",
            Names::CaCertificates => "ca_certificates_not_found",
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let variable = self.variable;
        Some(match self.names {
            Names::Proxy => format!("set {variable} to http://HOST:PORT, or unset it"),
            Names::CaCertificates => {
                format!("correct {variable}, or unset it: then those of the system are used")
            }
        })
    }

    /// Whether trying again, without any change, can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        false
    }
}

impl fmt::Display for VariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match self.names {
            Names::Proxy => "does not name a proxy",
            Names::CaCertificates => "gives no CA certificate",
        };
        write!(f, "the variable {} {fault}", self.variable)?;
        match &self.problem {
            Some(problem) => write!(f, ": {problem}"),
            None => Ok(()),
        }
    }
}

impl Error for VariableError {}

impl From<VariableError> for TransportError {
    fn from(error: VariableError) -> Self {
        Self::Variable(error)
    }
}

/// Any [`Transport`], shared. Cheap to clone, and types that hold it need no type parameter.
///
/// ```
/// use std::time::Duration;
/// use ims_claims::Environment;
/// use ims_exchange::{Call, PublishedKeys, SharedTransport, Transport, testing::FakeTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # async fn send() -> Result<(), ims_exchange::TransportError> {
/// let answer = FakeTransport::answer(200, r#"{"keys":[]}"#);
/// let transport = SharedTransport::new(FakeTransport::new([Ok(answer)]));
/// let request = PublishedKeys::new().request(&Environment::production());
/// let response = transport.clone().send(request, Duration::from_secs(10)).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// # let _ = send;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedTransport(Arc<dyn DynTransport>);

impl SharedTransport {
    /// Shares `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self(Arc::new(transport))
    }
}

impl Transport for SharedTransport {
    fn send(
        &self,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, TransportError>> + Send {
        self.0.dyn_send(request, timeout)
    }
}

impl fmt::Debug for SharedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The object-safe form of [`Transport`].
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

#[cfg(test)]
mod tests {
    use std::io;

    use http::StatusCode;

    use super::*;
    use crate::error::ExchangeError;

    /// An error with another behind it.
    fn source() -> Arc<dyn Error + Send + Sync> {
        Arc::new(io::Error::other("what the network said"))
    }

    #[test]
    fn each_error_says_what_is_wrong_what_to_do_and_whether_waiting_can_help() {
        use TransportError as E;
        let refusal = |status| ProxyRefusal::new("p:1", StatusCode::from_u16(status).unwrap());
        let proxy = VariableError::proxy("HTTPS_PROXY");
        let certificates = VariableError::ca_certificates("SSL_CERT_FILE");
        #[rustfmt::skip]
        let table = [
            (E::Connect { source: source() },                     true,  "no_connection",             "what the network said",                                              "check the name of the host"),
            (E::Timeout { timeout: Duration::from_secs(10) },     true,  "no_answer",                 "no answer from IMS within 10 s",                                     "try again; if other hosts answer"),
            (E::Broken { source: source() },                      true,  "connection_broken",         "the connection to IMS broke: what the network said",                 "try again; if it stays so"),
            (E::Proxy(refusal(503)),                              true,  "proxy_refused",             "the proxy p:1 answered 503 Service Unavailable",                     "wait;"),
            (E::Proxy(refusal(403)),                              false, "proxy_refused",             "the proxy p:1 answered 403 Forbidden",                               "ask the person who runs the proxy"),
            (E::TooLong,                                          false, "not_ims",                   "the answer is longer than 65536 bytes, so it is not one of IMS",     "check the base URL: the server there is not IMS"),
            (E::Untrusted { source: source() },                   false, "server_not_trusted",        "the server is not trusted: what the network said",                   "if a proxy decrypts the connection"),
            (E::Setup { source: source() },                       false, "http_client_unusable",      "the HTTP client cannot be set up: what the network said",            "install the system's CA certificates"),
            (E::Variable(proxy),                                  false, "proxy_malformed",           "the variable HTTPS_PROXY does not name a proxy",                     "set HTTPS_PROXY to http://HOST:PORT"),
            (E::Variable(certificates),                           false, "ca_certificates_not_found", "the variable SSL_CERT_FILE gives no CA certificate",                 "correct SSL_CERT_FILE, or unset it"),
            (E::Scheme,                                           false, "url_not_allowed",           "this transport does not accept this kind of URL",                    "use https"),
        ];
        for (error, is_transient, name, said, to_do) in table {
            let hint = error.hint().unwrap();
            assert_eq!(error.reason_name(), name);
            assert_eq!(error.is_transient(), is_transient, "{name}");
            assert_eq!(error.to_string(), said, "{name}");
            assert!(hint.starts_with(to_do), "{name}: {hint}");
            assert_eq!(format!("{error:?}"), format!("{said}\n  what to do: {hint}"), "{name}");
            // The error of an exchange that fails in this way has the same name and the same hint.
            let error = ExchangeError::from(error);
            assert_eq!((error.reason_name(), error.hints()), (name, vec![hint]));
            assert_eq!(error.is_transient(), is_transient, "{name}");
        }
    }

    #[test]
    fn what_is_behind_an_error_is_what_is_behind_the_cause_that_it_names() {
        use TransportError as E;
        // What an I/O error wraps is not its source, but the source of what it wraps is.
        let behind = Arc::new(io::Error::other(Outer(io::Error::other("innermost"))));
        for error in [
            E::Connect { source: behind.clone() },
            E::Broken { source: behind.clone() },
            E::Untrusted { source: behind.clone() },
            E::Setup { source: behind },
        ] {
            assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("innermost"));
            let error = ExchangeError::from(error);
            assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("innermost"));
        }
        assert!(E::TooLong.source().is_none());
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_variable_that_cannot_be_used_is_named_with_what_it_is_to_name() {
        let proxy = VariableError::proxy("ALL_PROXY");
        let certificates = VariableError::ca_certificates("SSL_CERT_DIR");
        assert!(proxy.is_about_a_proxy() && !certificates.is_about_a_proxy());
        assert_eq!((proxy.variable(), certificates.variable()), ("ALL_PROXY", "SSL_CERT_DIR"));
        assert!(!proxy.is_transient() && !certificates.is_transient());
    }
}
