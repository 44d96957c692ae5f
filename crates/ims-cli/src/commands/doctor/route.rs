//! Where the way to IMS begins: at the host of its base URL, or at the proxy of the environment.

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
    /// Whether a proxy is named, but not for this host.
    is_excepted: bool,
}

/// A proxy, whose credentials are sent to it and shown to nobody.
pub(super) struct Proxy(Intercept);

impl Route {
    pub(super) fn to(environment: &Environment) -> Option<Self> {
        let url: Uri = environment.base_url().parse().ok()?;
        let is_https = url.scheme() == Some(&Scheme::HTTPS);
        // Plain HTTP stays on this machine, and the transport takes no proxy for it.
        let proxy = if is_https { Matcher::from_env().intercept(&url) } else { None };
        Some(Self {
            host: url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            is_https,
            is_excepted: is_https && proxy.is_none() && variable().is_some(),
            proxy: proxy.map(Proxy),
        })
    }

    /// The host and the port to which the first connection goes.
    pub(super) fn first_stop(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (&self.host, self.port),
        }
    }

    /// What the environment says about proxies.
    pub(super) fn proxy_check(&self) -> Check {
        let host = &self.host;
        let evidence = match (&self.proxy, variable()) {
            (Some(proxy), Some(name)) => format!("{}, by {name}", proxy.shown()),
            (Some(proxy), None) => proxy.shown(),
            (None, Some(name)) if self.is_excepted => {
                format!("none for {host}: NO_PROXY excepts it from {name}")
            }
            (None, _) => "none".to_owned(),
        };
        Check::ok("proxy", evidence)
    }
}

/// The variable that names the proxy of https, in the order in which the transport looks.
fn variable() -> Option<&'static str> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find(is_set)
}

impl Proxy {
    fn host(&self) -> &str {
        // The matcher takes no URL without a host.
        self.0.uri().host().unwrap_or_default()
    }

    fn port(&self) -> u16 {
        let default = match self.0.uri().scheme_str() {
            Some("https") => 443,
            Some("http") | None => 80,
            Some(_) => 1080,
        };
        self.0.uri().port_u16().unwrap_or(default)
    }

    fn shown(&self) -> String {
        let scheme = self.0.uri().scheme_str().unwrap_or("http");
        format!("{scheme}://{}:{}", self.host(), self.port())
    }

    /// Whether it speaks what is spoken here, which is plain HTTP.
    pub(super) fn can_be_looked_behind(&self) -> bool {
        self.0.uri().scheme_str() == Some("http")
    }

    pub(super) fn connect_request(&self, host: &str, port: u16) -> String {
        let credentials = self.0.basic_auth().map(HeaderValue::to_str);
        let credentials = match credentials {
            Some(Ok(value)) => format!("Proxy-Authorization: {value}\r\n"),
            _ => String::new(),
        };
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{credentials}\r\n")
    }
}
