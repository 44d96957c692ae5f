//! The redirect URI of a sign-in, `redirect_uri`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use http::Uri;

/// The path of the redirect URI if none is given.
const PATH: &str = "/callback";

/// A redirect URI, as it was registered in Adobe's Developer Console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    text: String,
    uri: Uri,
}

impl RedirectUri {
    /// That of a listener on `port` of this machine (RFC 8252 §7.3), without a port for none in particular.
    pub(super) fn on_loopback(port: Option<u16>) -> Self {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("http://{}{port}{PATH}", Ipv4Addr::LOCALHOST);
        text.parse().expect("an address and a path are a URI")
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where to listen for it: nowhere, unless it leads to this machine over plain HTTP.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let host = self.uri.host()?.trim_matches(['[', ']']);
        let ip = match host.parse() {
            Ok(ip) => Some(ip),
            Err(_) if host.eq_ignore_ascii_case("localhost") => Some(Ipv4Addr::LOCALHOST.into()),
            Err(_) => None,
        };
        let ip = ip.filter(|ip: &IpAddr| self.uri.scheme_str() == Some("http") && ip.is_loopback());
        Some(SocketAddr::new(ip?, self.uri.port_u16().unwrap_or(80)))
    }

    /// The `Host` that a browser sends with this redirect.
    pub(super) fn host(&self) -> &str {
        self.uri.authority().map_or("", http::uri::Authority::as_str)
    }

    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }
}

impl FromStr for RedirectUri {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHOLE: &str = "a redirect URI is whole, like http://127.0.0.1:8000/callback";
        let uri: Uri = text.parse().map_err(|_| WHOLE)?;
        if uri.scheme().is_none() || text.contains('#') {
            return Err(WHOLE);
        }
        Ok(Self { text: text.to_owned(), uri })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_redirect_uri_that_leads_here_over_plain_http_has_an_address() {
        #[rustfmt::skip]
        let table = [
            ("http://127.0.0.1:8000/callback",    Some("127.0.0.1:8000")),
            ("http://127.0.0.2/",                 Some("127.0.0.2:80")),
            ("http://localhost:1",                Some("127.0.0.1:1")),
            ("http://[::1]:8000/x?y=z",           Some("[::1]:8000")),
            ("https://127.0.0.1:8000/callback",   None),
            ("http://192.0.2.1:8000/callback",    None),
            ("https://app.example/callback",      None),
            ("http://localhost.example/callback", None),
        ];
        for (text, address) in table {
            let redirect_uri: RedirectUri = text.parse().unwrap();
            assert_eq!(redirect_uri.as_str(), text);
            assert_eq!(redirect_uri.address(), address.map(|text| text.parse().unwrap()), "{text}");
        }
        for wrong in
            ["", "callback", "/callback", "127.0.0.1:80", "http://a.example/#b", "http:// /"]
        {
            assert!(wrong.parse::<RedirectUri>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_port_none_is_named() {
        assert_eq!(RedirectUri::on_loopback(Some(1)).as_str(), "http://127.0.0.1:1/callback");
        assert_eq!(RedirectUri::on_loopback(None).as_str(), "http://127.0.0.1/callback");
    }
}
