//! Which IMS is meant: Adobe's production, its stage, or any other base URL, such as an emulator's.

use alloc::{borrow::ToOwned, format, string::String};
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::{ClientId, FormatError, Metascope};

/// An Adobe IMS, named by its base URL.
///
/// The base URL is `https://host[:port][/prefix]`; the prefix is kept, for those who reach IMS through a
/// reverse proxy. Plain `http` is taken for loopback addresses (`127.0.0.0/8`, `[::1]`, `localhost`) and for
/// nothing else. User names, queries and fragments are refused. Two spellings of one base URL are equal: the
/// host is put in lower case, the default port and trailing slashes are dropped.
///
/// ```
/// # use ims_claims::Environment;
/// let environment: Environment = "https://Proxy.example:443/adobe/".parse()?;
/// assert_eq!(environment.endpoint("/ims/exchange/jwt"), "https://proxy.example/adobe/ims/exchange/jwt");
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    base_url: String,
    is_loopback: bool,
}

impl Environment {
    const PRODUCTION: &str = "https://ims-na1.adobelogin.com";
    const STAGE: &str = "https://ims-na1-stg1.adobelogin.com";

    /// Adobe's production, `https://ims-na1.adobelogin.com`. Source: adobe/aio-lib-ims, `src/ims.js`.
    #[must_use]
    pub fn production() -> Self {
        Self { base_url: Self::PRODUCTION.to_owned(), is_loopback: false }
    }

    /// Adobe's stage, `https://ims-na1-stg1.adobelogin.com`. Source: adobe/aio-lib-ims, `src/ims.js`.
    #[must_use]
    pub fn stage() -> Self {
        Self { base_url: Self::STAGE.to_owned(), is_loopback: false }
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether the host is this machine itself, the one case in which plain `http` is taken.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// The URL of the endpoint at `path`, which begins with a slash.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The assertion's `aud`: `…/c/<client_id>`.
    #[must_use]
    pub fn audience(&self, client_id: &ClientId) -> String {
        format!("{}/c/{client_id}", self.base_url)
    }

    /// The name of the claim for `metascope`: `…/s/<code>`.
    #[must_use]
    pub fn metascope_claim(&self, metascope: &Metascope) -> String {
        format!("{}/s/{metascope}", self.base_url)
    }
}

impl Default for Environment {
    /// Adobe's production.
    fn default() -> Self {
        Self::production()
    }
}

impl FromStr for Environment {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let (scheme, rest) = text.split_once("://").ok_or(FormatError::Environment)?;
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(FormatError::Environment),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        let is_loopback = is_loopback(&host).ok_or(FormatError::Environment)?;
        if !is_https && !is_loopback {
            return Err(FormatError::PlainHttp);
        }
        let port = match port {
            None => String::new(),
            Some(port) if port == if is_https { 443 } else { 80 } => String::new(),
            Some(port) => format!(":{port}"),
        };
        let prefix = path.trim_end_matches('/');
        if !prefix.bytes().all(is_prefix_byte) || prefix.split('/').any(|s| s == "." || s == "..") {
            return Err(FormatError::Environment);
        }
        let scheme = if is_https { "https" } else { "http" };
        Ok(Self { base_url: format!("{scheme}://{host}{port}{prefix}"), is_loopback })
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_url)
    }
}

/// Splits `host[:port]`; an IPv6 address keeps its brackets (RFC 3986 §3.2.2).
fn split_port(authority: &str) -> Result<(&str, Option<u16>), FormatError> {
    let end_of_host = authority.find(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[end_of_host..].find(':') else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(end_of_host + colon);
    let is_number = port.len() > 1 && port[1..].bytes().all(|b| b.is_ascii_digit());
    match port[1..].parse() {
        Ok(port) if is_number && port > 0 => Ok((host, Some(port))),
        _ => Err(FormatError::Environment),
    }
}

/// Whether `host` is this machine, `None` if it is no host name or address at all.
fn is_loopback(host: &str) -> Option<bool> {
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']')?.parse().ok().map(|ip: Ipv6Addr| ip.is_loopback());
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Some(ip.is_loopback());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits would be read as an IPv4 address by some resolvers: `127.1`, `2130706433`.
    let last = host.rsplit('.').next()?;
    let is_name = host.len() <= 253
        && host.split('.').all(is_label)
        && !last.bytes().all(|b| b.is_ascii_digit());
    is_name.then(|| host == "localhost")
}

/// Whether a path holds `byte` as it is (RFC 3986 §3.3), percent signs of escapes included.
fn is_prefix_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn a_base_url_is_put_in_its_one_form() {
        #[rustfmt::skip]
        let table = [
            ("https://ims-na1.adobelogin.com",       "https://ims-na1.adobelogin.com"),
            ("HTTPS://IMS-NA1.AdobeLogin.com:443//", "https://ims-na1.adobelogin.com"),
            ("https://proxy.example/Adobe/",         "https://proxy.example/Adobe"),
            ("https://proxy.example:8443/a/b",       "https://proxy.example:8443/a/b"),
            ("http://127.0.0.1:80",                  "http://127.0.0.1"),
            ("http://127.9.9.9:8080/",               "http://127.9.9.9:8080"),
            ("http://[::1]:8080",                    "http://[::1]:8080"),
            ("http://localhost:8080",                "http://localhost:8080"),
            ("https://[2001:db8::1]/x",              "https://[2001:db8::1]/x"),
        ];
        for (text, base_url) in table {
            assert_eq!(
                text.parse::<Environment>().map(|e| e.to_string()).as_deref(),
                Ok(base_url),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for text in [
            "",
            "ims-na1.adobelogin.com",
            "ftp://ims.example",
            "https://",
            "https:///x",
            "https://a b",
            "https://user@host",
            "https://user:secret@host",
            "https://host?x=1",
            "https://host/#x",
            "https://host:0",
            "https://host:99999",
            "https://host:",
            "https://host:+1",
            "https://::1",
            "https://[127.0.0.1]",
            "https://[::1",
            "https://127.1",
            "https://2130706433",
            "https://-a.example",
            "https://a..b",
            "https://host/../x",
            "https://host/\n",
            "https://host\\@evil.example",
        ] {
            assert_eq!(text.parse::<Environment>(), Err(FormatError::Environment), "{text:?}");
        }
    }

    #[test]
    fn plain_http_is_taken_for_loopback_only() {
        for text in [
            "http://ims-na1.adobelogin.com",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://0.0.0.0",
        ] {
            assert_eq!(text.parse::<Environment>(), Err(FormatError::PlainHttp), "{text:?}");
        }
    }

    #[test]
    fn audience_and_metascope_claim_begin_with_the_base_url() {
        let client_id: ClientId = "a64f5f10849a410a97ffdac8ae1".parse().unwrap();
        let stage = Environment::stage();
        assert_eq!(
            stage.audience(&client_id),
            "https://ims-na1-stg1.adobelogin.com/c/a64f5f10849a410a97ffdac8ae1"
        );
        assert_eq!(
            stage.metascope_claim(&Metascope::ENT_USER_SDK),
            "https://ims-na1-stg1.adobelogin.com/s/ent_user_sdk"
        );
    }

    proptest! {
        #[test]
        fn an_environment_reads_its_own_print(text in "https://[a-z]{1,9}(\\.[a-z]{1,9}){0,3}(:[1-9][0-9]{0,3})?(/[a-z]{1,5}){0,2}/?") {
            let environment: Environment = text.parse()?;
            prop_assert_eq!(environment.base_url().parse::<Environment>()?, environment);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(https?://)?\\PC{0,30}") {
            let _ = text.parse::<Environment>();
        }
    }
}
