//! What a proxy answers instead of a connection to IMS.

use std::fmt;

use http::StatusCode;

/// A proxy that was asked for a connection to IMS (`CONNECT`, RFC 9110 §9.3.6) and gave none.
///
/// Its `Display` is one line such as `the proxy proxy.example:8080 (HTTPS_PROXY) answered 403 Forbidden`. The user name and
/// the password for the proxy are not in it.
///
/// ```
/// use http::StatusCode;
/// use ims_exchange::{ProxyRefusal, TransportError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let refusal = ProxyRefusal::new("proxy.example:8080", StatusCode::FORBIDDEN);
/// assert_eq!(refusal.to_string(), "the proxy proxy.example:8080 answered 403 Forbidden");
/// assert!(!refusal.is_transient());
/// println!("{}", TransportError::Proxy(refusal).hint().unwrap_or_default());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyRefusal {
    proxy: String,
    status: StatusCode,
}

impl ProxyRefusal {
    /// The answer `status` of a proxy. `proxy` names it in errors: `HOST:PORT`, then in brackets where the setting comes
    /// from.
    #[must_use]
    pub fn new(proxy: impl Into<String>, status: StatusCode) -> Self {
        Self { proxy: proxy.into(), status }
    }

    /// The proxy as `HOST:PORT`, then in brackets the variable that names it, if that is known.
    #[must_use]
    pub fn proxy(&self) -> &str {
        &self.proxy
    }

    /// What the proxy answered.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether waiting and trying again can help. 4xx means that the proxy does not accept the request, and 3xx that it
    /// requires something else first, such as a sign-in at a portal (RFC 9110 §15). Only 5xx are failures of the proxy
    /// itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.status.is_server_error()
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return "give the user name and the password in the URL of the proxy: http://USER:PASSWORD@HOST:PORT";
        }
        if self.status.is_redirection() {
            return "sign in to the network first: the proxy redirects the request, as a portal does";
        }
        if self.is_transient() {
            return "wait; if it does not change, ask the person who runs the proxy whether it can connect to IMS";
        }
        "ask the person who runs the proxy to allow connections to IMS, or name the host in NO_PROXY if there is a direct connection"
    }
}

impl fmt::Display for ProxyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} answered {}", self.proxy, self.status.as_u16())?;
        match self.status.canonical_reason() {
            Some(reason) => write!(f, " {reason}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_depends_on_what_the_proxy_answered() {
        #[rustfmt::skip]
        let table = [
            (302, false, "sign in to the network first"),
            (399, false, "sign in to the network first"),
            (400, false, "ask the person who runs the proxy to allow"),
            (403, false, "ask the person who runs the proxy to allow"),
            (407, false, "give the user name and the password in the URL"),
            (429, false, "ask the person who runs the proxy to allow"),
            (500, true,  "wait;"),
            (599, true,  "wait;"),
        ];
        for (status, is_transient, hint) in table {
            let refusal =
                ProxyRefusal::new("proxy.example:8080", StatusCode::from_u16(status).unwrap());
            assert_eq!(refusal.proxy(), "proxy.example:8080");
            assert_eq!(refusal.status().as_u16(), status);
            assert_eq!(refusal.is_transient(), is_transient, "{status}");
            assert!(refusal.hint().starts_with(hint), "{status}: {}", refusal.hint());
        }
    }
}
