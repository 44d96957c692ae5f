//! Where a request is sent. A token goes to no other place than these rules find.

use std::{fmt, str::FromStr};

use http::{
    HeaderMap, Method, Uri, header,
    uri::{PathAndQuery, Scheme},
};
use ims_middleware::AllowedHosts;
use reqwest::Url;

use crate::{access::RequestRules, answer::Fault};

/// The API that requests are sent to which are addressed at the proxy itself: `https://platform.adobe.io`, with or without the
/// beginning of a path.
///
/// ```
/// use ims_agent::Destination;
///
/// let destination: Destination = "https://platform.adobe.io/data".parse()?;
/// assert_eq!(destination.to_string(), "https://platform.adobe.io/data");
/// assert!("http://platform.adobe.io".parse::<Destination>().is_err(), "a token is sent over TLS");
/// # Ok::<(), ims_agent::DestinationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(Url);

/// Give the base URL of an API: what was given is not one.
///
/// ```
/// use ims_agent::{Destination, DestinationError};
///
/// assert_eq!("http://platform.adobe.io".parse::<Destination>().unwrap_err(), DestinationError);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the base URL of an API, such as https://platform.adobe.io, without user, query and fragment; http only for loopback"
)]
pub struct DestinationError;

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let mut url: Url = text.parse().map_err(|_| DestinationError)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        let has_more = has_user || url.query().is_some() || url.fragment().is_some();
        let is_secure = url.scheme() == "https" && url.has_host();
        if has_more || !is_secure && !AllowedHosts::none().with_loopback().allows_url(&url) {
            return Err(DestinationError);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())
    }
}

impl Destination {
    /// Whether a token may be sent there.
    pub(crate) fn is_allowed_by(&self, hosts: &AllowedHosts) -> bool {
        hosts.allows_url(&self.0)
    }

    fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The URL of `path_and_query`, which begins with a slash, below the destination.
    fn join(&self, path_and_query: &str) -> Result<Url, Fault> {
        let base = self.base();
        let url: Url = [base, path_and_query].concat().parse().map_err(|_| Fault::TARGET)?;
        // The path may lead up (`/../`): the parser has followed it.
        let rest = url.as_str().strip_prefix(base);
        let is_below = rest.is_some_and(|rest| rest.starts_with(['/', '?']));
        if is_below { Ok(url) } else { Err(Fault::TARGET) }
    }
}

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The proxy itself: its path.
    Own(String),
    /// An API.
    Api(Url),
}

/// The rules that find the target of a request.
pub(crate) struct Targets<'a> {
    pub(crate) destination: Option<&'a Destination>,
    pub(crate) hosts: &'a AllowedHosts,
    pub(crate) rules: &'a RequestRules,
}

impl Targets<'_> {
    /// Where a request goes: below the destination if it is addressed at the proxy (a reverse proxy), else to the host that it names
    /// (a forward proxy), if a token may be sent there.
    pub(crate) fn find(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Target, Fault> {
        if method == Method::CONNECT {
            return Err(Fault::TUNNEL);
        }
        // On a Unix socket any Host is accepted, because no page in a browser can reach it.
        let is_on_socket = self.rules.hosts.is_empty();
        let named = uri.authority().map(http::uri::Authority::as_str);
        let foreign = named.filter(|named| {
            let is_local = is_on_socket && named.eq_ignore_ascii_case("localhost");
            !is_local && !self.rules.is_own(named)
        });
        let Some(foreign) = foreign else {
            self.rules.check_host(uri, headers)?;
            return self.own(uri);
        };
        // RFC 9112 §3.2.2 says that a proxy ignores it, but other programs may use it.
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().map_or(foreign.as_bytes(), http::HeaderValue::as_bytes);
        if hosts.next().is_some() || !host.eq_ignore_ascii_case(foreign.as_bytes()) {
            return Err(Fault::TWO_HOSTS);
        }
        self.foreign(uri)
    }

    fn own(&self, uri: &Uri) -> Result<Target, Fault> {
        let path_and_query = path_and_query(uri);
        if let Some(own) = path_and_query.strip_prefix("/_ims/") {
            return Ok(Target::Own(own.to_owned()));
        }
        if !path_and_query.starts_with('/') {
            return Err(Fault::TARGET);
        }
        let destination = self.destination.ok_or(Fault::NO_DESTINATION)?;
        Ok(Target::Api(destination.join(path_and_query)?))
    }

    /// The URL of a request that names its host. Whatever it says, the request is sent over TLS, except to loopback.
    fn foreign(&self, uri: &Uri) -> Result<Target, Fault> {
        let host = uri.host().unwrap_or_default();
        let default_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(Fault::TARGET),
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Fault::TARGET);
        }
        let url = if AllowedHosts::none().with_loopback().allows(&Scheme::HTTP, host) {
            uri.to_string()
        } else if uri.port_u16().is_some_and(|port| port != default_port) {
            return Err(Fault::HOST);
        } else {
            format!("https://{host}{}", path_and_query(uri))
        };
        let url: Url = url.parse().map_err(|_| Fault::TARGET)?;
        let is_same = url.host_str().is_some_and(|parsed| parsed.eq_ignore_ascii_case(host));
        if is_same && self.hosts.allows_url(&url) { Ok(Target::Api(url)) } else { Err(Fault::HOST) }
    }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", PathAndQuery::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(hosts: &[&str]) -> RequestRules {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        RequestRules { capability: None, hosts, field: header::PROXY_AUTHORIZATION }
    }

    fn find(hosts: &[&str], to: Option<&str>, method: &str, uri: &str, host: &str) -> String {
        let destination = to.map(|to| to.parse().unwrap());
        let (allowed, rules) = (AllowedHosts::default(), rules(hosts));
        let targets = Targets { destination: destination.as_ref(), hosts: &allowed, rules: &rules };
        let mut headers = HeaderMap::new();
        for host in host.split_whitespace() {
            headers.append(header::HOST, host.parse().unwrap());
        }
        let Ok(uri) = uri.parse() else { return "no URI".to_owned() };
        match targets.find(&method.parse().unwrap(), &uri, &headers) {
            Ok(Target::Api(url)) => url.to_string(),
            Ok(Target::Own(path)) => format!("own {path}"),
            Err(fault) => fault.reason.to_owned(),
        }
    }

    #[test]
    fn a_request_for_the_proxy_itself_goes_below_the_destination_and_nowhere_else() {
        let own = ["127.0.0.1:80", "localhost:80"];
        #[rustfmt::skip]
        let table = [
            ("/a?b=c",                       "127.0.0.1:80",   "https://platform.adobe.io/data/a?b=c"),
            ("/",                            "localhost:80",   "https://platform.adobe.io/data/"),
            ("/a%2Fb",                       "localhost:80",   "https://platform.adobe.io/data/a%2Fb"),
            ("http://localhost:80/a",        "localhost:80",   "https://platform.adobe.io/data/a"),
            ("/../a",                        "localhost:80",   "target_malformed"),
            ("/%2e%2e/a",                    "localhost:80",   "target_malformed"),
            ("/a",                           "evil.example",   "wrong_host"),
            ("/a",                           "",               "wrong_host"),
            ("/a",                           "localhost:80 localhost:80", "wrong_host"),
            ("/a",                           "platform.adobe.io", "wrong_host"),
            ("//evil.example/a",             "localhost:80",   "https://platform.adobe.io/data//evil.example/a"),
            ("/@evil.example/a",             "localhost:80",   "https://platform.adobe.io/data/@evil.example/a"),
            ("/_ims/health",                 "localhost:80",   "own health"),
            ("*",                            "localhost:80",   "target_malformed"),
        ];
        for (uri, host, expected) in table {
            let found = find(&own, Some("https://platform.adobe.io/data"), "GET", uri, host);
            assert_eq!(found, expected, "{uri} {host}");
        }
        assert_eq!(find(&own, None, "GET", "/a", "localhost:80"), "destination_missing");
        let on_socket = |uri, host| find(&[], Some("https://platform.adobe.io"), "GET", uri, host);
        assert_eq!(on_socket("/a", "anything"), "https://platform.adobe.io/a");
        assert_eq!(on_socket("http://localhost/a", "localhost"), "https://platform.adobe.io/a");
        assert_eq!(on_socket("http://evil.example/a", "evil.example"), "host_not_allowed");
    }

    #[test]
    fn a_request_that_names_its_host_goes_there_over_tls_if_a_token_may() {
        #[rustfmt::skip]
        let table = [
            ("GET", "http://platform.adobe.io/a?b",          "platform.adobe.io",     "https://platform.adobe.io/a?b"),
            ("GET", "http://platform.adobe.io",              "platform.adobe.io",     "https://platform.adobe.io/"),
            ("GET", "http://platform.adobe.io:80/a",         "platform.adobe.io:80",  "https://platform.adobe.io/a"),
            ("GET", "https://PLATFORM.adobe.io/a",           "platform.adobe.io",     "https://platform.adobe.io/a"),
            ("GET", "https://platform.adobe.io:443/a",       "",                      "https://platform.adobe.io/a"),
            ("GET", "http://platform.adobe.io:8080/a",       "",                      "host_not_allowed"),
            ("GET", "http://platform.adobe.io/a",            "evil.example",          "hosts_differ"),
            ("GET", "http://evil.example/a",                 "platform.adobe.io",     "hosts_differ"),
            ("GET", "http://evil.example/a",                 "evil.example",          "host_not_allowed"),
            ("GET", "http://platform.adobe.io/a",            "platform.adobe.io platform.adobe.io", "hosts_differ"),
            ("GET", "http://evil-adobe.io/a",                "evil-adobe.io",         "host_not_allowed"),
            ("GET", "http://platform.adobe.io./a",           "",                      "host_not_allowed"),
            ("GET", "http://platform.adobe.io@evil.example/a", "",                    "target_malformed"),
            ("GET", "http://evil.example@platform.adobe.io/a", "",                    "target_malformed"),
            ("GET", "ftp://platform.adobe.io/a",             "",                      "target_malformed"),
            ("GET", "http://127.0.0.1:8080/a",               "",                      "host_not_allowed"),
            ("CONNECT", "platform.adobe.io:443",             "",                      "tunnel_refused"),
            ("GET", "platform.adobe.io:443",                 "",                      "target_malformed"),
        ];
        for (method, uri, host, expected) in table {
            let found = find(&["localhost:80"], None, method, uri, host);
            assert_eq!(found, expected, "{method} {uri} {host}");
        }
    }

    #[test]
    fn a_destination_is_a_base_url() {
        for text in [
            "http://platform.adobe.io",
            "https://user@platform.adobe.io",
            "https://platform.adobe.io?a",
            "https://platform.adobe.io#a",
            "ftp://127.0.0.1",
            "platform.adobe.io",
            "",
        ] {
            assert_eq!(text.parse::<Destination>(), Err(DestinationError), "{text}");
        }
        for text in ["https://platform.adobe.io", "http://127.0.0.1:8080/a", "http://[::1]:1"] {
            assert_eq!(format!("{text}/").parse::<Destination>().unwrap().to_string(), text);
        }
    }
}
