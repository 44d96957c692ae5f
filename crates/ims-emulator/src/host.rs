//! The host names that the emulator accepts. A web page in the user's browser could otherwise reach it under a
//! foreign name that resolves to this machine (DNS rebinding).

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, Uri, header::HOST, uri::Authority};

/// The hosts that the emulator replaces: those of IMS, that of the API for client secrets, and that of admin consent.
/// Sources: adobe/aio-lib-ims, `src/ims.js`; AdobeDocs/adobeio-auth, `Resources/IMS.md`; AdobeDocs/adobe-dev-console,
/// `ServerToServerAuthentication/ims.md` and `AdminAuthentication/ims.md`.
pub(crate) const ADOBE_HOSTS: [&str; 5] = [
    "ims-na1.adobelogin.com",
    "ims-na1-stg1.adobelogin.com",
    "adobeid-na1.services.adobe.com",
    "api.adobe.io",
    "id.adobe.com",
];

/// The names of hosts that are allowed besides the loopback's, IP addresses and Adobe's.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts(pub(crate) Vec<String>);

impl AllowedHosts {
    /// Whether a request may come under `authority`.
    pub(crate) fn allow(&self, authority: &Authority) -> bool {
        let host = authority.host().to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        // DNS rebinding needs a name; an address in the Host header is the one that the client connected to.
        let is_address = bare.parse::<IpAddr>().is_ok() || bare.parse::<Ipv6Addr>().is_ok();
        let is_adobe = is_adobe_ims(&host) || ADOBE_HOSTS.contains(&host.as_str());
        is_address || host == "localhost" || is_adobe || self.names(&host)
    }

    /// Whether `host` is one of the names that the emulator was given.
    pub(crate) fn names(&self, host: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Whether `host` is one under which Adobe serves IMS: `ims-na1.adobelogin.com` and similar hosts, or the twin for
/// browsers. Sources: adobe/aio-lib-ims, `src/ims.js`; AdobeDocs/adobeio-auth, `Resources/IMS.md`.
pub(crate) fn is_adobe_ims(host: &str) -> bool {
    if host == "adobeid-na1.services.adobe.com" {
        return true;
    }
    let cluster = host.strip_suffix(".adobelogin.com");
    cluster.is_some_and(|label| label.starts_with("ims-") && !label.contains('.'))
}

/// The authority that a request is meant for; that of the request line has priority over the header (RFC 9112 §3.2.2).
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?.parse::<Authority>().ok()?;
    let is_one = hosts.next().is_none() && !host.as_str().contains('@');
    is_one.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_and_of_ims_are_allowed_and_no_others() {
        let hosts = AllowedHosts(vec!["Emulator".to_owned()]);
        #[rustfmt::skip]
        let table = [
            ("127.0.0.1:8080",                      true),
            ("localhost:1",                         true),
            ("LOCALHOST",                           true),
            ("[::1]:8080",                          true),
            ("192.168.1.5",                         true),
            ("emulator:8080",                       true),
            ("ims-na1.adobelogin.com",              true),
            ("ims-na1-stg1.adobelogin.com:443",     true),
            ("adobeid-na1.services.adobe.com",      true),
            ("api.adobe.io",                        true),
            ("id.adobe.com",                        true),
            ("other.adobe.io",                      false),
            ("evil.example",                        false),
            ("localhost.evil.example",              false),
            ("ims-na1.adobelogin.com.evil.example", false),
            ("ims-x.evil.adobelogin.com",           false),
            ("127.0.0.1.evil.example",              false),
        ];
        for (authority, is_allowed) in table {
            assert_eq!(hosts.allow(&authority.parse().unwrap()), is_allowed, "{authority}");
        }
    }
}
