//! What the proxy does with a request: where it goes, and which of its header fields go along.

use http::{
    HeaderMap, HeaderValue, Method, Uri,
    header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHORIZATION, UPGRADE, VIA},
    uri::PathAndQuery,
};
use ims_middleware::{AllowedHosts, Destination, DestinationError, remove_hop_by_hop};
use reqwest::Url;

use crate::{access::RequestRules, answer::Fault};

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
    /// Where a request goes: below the destination if it is addressed at the proxy (a reverse proxy), else to the host that
    /// it names (a forward proxy), if a token may be sent there.
    pub(crate) fn find(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Target, Fault> {
        match *method {
            Method::CONNECT => return Err(Fault::TUNNEL),
            // RFC 9110 §9.3.8: no client sends secrets with it.
            Method::TRACE => return Err(Fault::TRACE),
            _ => {}
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
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().map_or(foreign.as_bytes(), HeaderValue::as_bytes);
        if hosts.next().is_some() || !host.eq_ignore_ascii_case(foreign.as_bytes()) {
            return Err(Fault::TWO_HOSTS);
        }
        Ok(Target::Api(self.hosts.url_of(uri)?))
    }

    fn own(&self, uri: &Uri) -> Result<Target, Fault> {
        let path_and_query = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        if let Some(own) = path_and_query.strip_prefix("/_ims/") {
            return Ok(Target::Own(own.to_owned()));
        }
        if !path_and_query.starts_with('/') {
            return Err(Fault::TARGET);
        }
        let destination = self.destination.ok_or(Fault::NO_DESTINATION)?;
        Ok(Target::Api(destination.url_of(path_and_query)?))
    }
}

impl From<DestinationError> for Fault {
    fn from(error: DestinationError) -> Self {
        match error {
            DestinationError::Host => Self::HOST,
            _ => Self::TARGET,
        }
    }
}

/// Prepares the fields of a request for the API. What the client itself sends as `Authorization` is replaced.
pub(crate) fn prepare(headers: &mut HeaderMap) -> Result<(), Fault> {
    let upgrades = headers.get_all(UPGRADE).iter();
    // A client that offers HTTP/2 must expect an answer without it.
    if upgrades.into_iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"h2c")) {
        return Err(Fault::UPGRADE);
    }
    // RFC 9110 §7.6.3, also for the name: a proxy whose destination is itself would send requests forever.
    let via = HeaderValue::from_static("1.1 ims");
    if headers.get_all(VIA).iter().any(|value| value == via) {
        return Err(Fault::LOOP);
    }
    remove_hop_by_hop(headers);
    // The HTTP client sets its own, and the server has answered what was expected.
    for name in [HOST, CONTENT_LENGTH, EXPECT, AUTHORIZATION, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
    headers.append(VIA, via);
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn rules(hosts: &[&str]) -> RequestRules {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        RequestRules { capability: None, hosts, field: PROXY_AUTHORIZATION }
    }

    fn find(hosts: &[&str], to: Option<&str>, method: &str, uri: &str, host: &str) -> String {
        let destination = to.map(|to| to.parse().unwrap());
        let (allowed, rules) = (AllowedHosts::default(), rules(hosts));
        let targets = Targets { destination: destination.as_ref(), hosts: &allowed, rules: &rules };
        let mut headers = HeaderMap::new();
        for host in host.split_whitespace() {
            headers.append(HOST, host.parse().unwrap());
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
            ("TRACE", "http://platform.adobe.io/a",          "platform.adobe.io",     "trace_refused"),
        ];
        for (method, uri, host, expected) in table {
            let found = find(&["localhost:80"], None, method, uri, host);
            assert_eq!(found, expected, "{method} {uri} {host}");
        }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_what_is_for_the_api_is_passed_on() {
        let mut fields = headers(&[
            ("host", "localhost:80"),
            ("authorization", "Bearer of the client"),
            ("proxy-authorization", "Bearer canary"),
            ("connection", "x-only-here"),
            ("x-only-here", "1"),
            ("expect", "100-continue"),
            ("accept", "*/*"),
            ("x-api-key", "of the client"),
        ]);
        prepare(&mut fields).unwrap();
        let mut left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "via", "x-api-key"]);
    }

    #[test]
    fn an_upgrade_and_a_request_that_has_been_here_are_refused() {
        #[rustfmt::skip]
        let table = [
            (headers(&[("upgrade", "websocket"), ("connection", "upgrade")]),           Err(Fault::UPGRADE)),
            (headers(&[("upgrade", "h2c"), ("upgrade", "websocket")]),                  Err(Fault::UPGRADE)),
            (headers(&[("upgrade", "h2c, websocket")]),                                 Err(Fault::UPGRADE)),
            (headers(&[("via", "1.1 other"), ("via", "1.1 ims")]),                      Err(Fault::LOOP)),
            (headers(&[("via", "1.1 other")]),                                          Ok(())),
            (headers(&[("content-length", "5")]),                                       Ok(())),
        ];
        for (mut fields, expected) in table {
            assert_eq!(prepare(&mut fields), expected, "{fields:?}");
        }
    }
}
