//! The first host of a connection to IMS: that of its base URL, or the proxy of the environment.

use std::env;

use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use ims::claims::Environment;

use super::checklist::Check;

/// The host that is asked, and the proxy in between.
pub(super) struct Route {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_https: bool,
    pub(super) proxy: Option<Proxy>,
}

/// A proxy, whose credentials are sent to it and never shown.
pub(super) struct Proxy {
    intercept: Intercept,
    variable: Option<&'static str>,
}

impl Route {
    pub(super) fn to(environment: &Environment) -> Option<Self> {
        let url: Uri = environment.base_url().parse().ok()?;
        let is_https = url.scheme() == Some(&Scheme::HTTPS);
        // Plain HTTP stays on this machine, and the transport uses no proxy for it.
        let proxy = if is_https { Matcher::from_env().intercept(&url) } else { None };
        Some(Self {
            host: url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            is_https,
            proxy: proxy.map(|intercept| Proxy { intercept, variable: variable() }),
        })
    }

    /// The host and the port to which the first connection goes.
    pub(super) fn first_stop(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (&self.host, self.port),
        }
    }

    /// The same in words, with the variable that names a proxy.
    pub(super) fn first_stop_in_words(&self) -> String {
        match &self.proxy {
            Some(proxy) => proxy.in_words(),
            None => format!("{}:{}", self.host, self.port),
        }
    }

    /// What the environment says about proxies. A variable that names no proxy was refused before.
    pub(super) fn proxy_check(&self) -> Check {
        let evidence = match (&self.proxy, variable()) {
            (Some(proxy), _) => proxy.shown(),
            (None, Some(name)) if self.is_https => {
                format!("no proxy for {}: NO_PROXY exempts it from {name}", self.host)
            }
            (None, _) => "none".to_owned(),
        };
        Check::ok("proxy", evidence)
    }
}

/// The variable that names the proxy of https, in the order in which the transport looks.
fn variable() -> Option<&'static str> {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

impl Proxy {
    fn host(&self) -> &str {
        // The matcher accepts no URL without a host.
        self.intercept.uri().host().unwrap_or_default()
    }

    fn port(&self) -> u16 {
        let is_https = self.intercept.uri().scheme_str() == Some("https");
        self.intercept.uri().port_u16().unwrap_or(if is_https { 443 } else { 80 })
    }

    /// The same in a sentence.
    pub(super) fn in_words(&self) -> String {
        format!("the proxy {}", self.shown())
    }

    /// Its URL without its credentials, and the variable that names it.
    fn shown(&self) -> String {
        let scheme = self.intercept.uri().scheme_str().unwrap_or("http");
        let at = format!("{scheme}://{}:{}", self.host(), self.port());
        match self.variable {
            Some(name) => format!("{at} ({name})"),
            None => at,
        }
    }

    /// Whether the proxy uses plain HTTP, the only protocol that is supported here.
    pub(super) fn can_be_looked_behind(&self) -> bool {
        self.intercept.uri().scheme_str() == Some("http")
    }

    pub(super) fn connect_request(&self, host: &str, port: u16) -> String {
        let credentials = self.intercept.basic_auth().map(HeaderValue::to_str);
        let credentials = match credentials {
            Some(Ok(value)) => format!("Proxy-Authorization: {value}\r\n"),
            _ => String::new(),
        };
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{credentials}\r\n")
    }
}
