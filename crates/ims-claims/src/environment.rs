//! The IMS that is used: Adobe's production, its stage, or any other base URL, such as that of an emulator.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

use crate::{error::FormatError, host::Host, identity::ClientId, metascope::Metascope};

/// An Adobe IMS, named by its base URL.
///
/// The base URL is `https://host[:port][/prefix]`; the prefix is kept, for those who reach IMS through a
/// reverse proxy. Plain `http` is accepted for loopback addresses (`127.0.0.0/8`, `[::1]`, `localhost`) and for
/// nothing else. User names, queries and fragments are refused, and so are hosts that programs read in different
/// ways, such as the numbers `0x7f000001` and `127.1`. Two spellings of one base URL are equal: the host is put in
/// lower case, an IPv6 address in its shortest form; the default port and trailing slashes are dropped.
///
/// ```
/// use ims_claims::Environment;
///
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

    /// Whether the host is this machine itself, the one case in which plain `http` is accepted.
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

    /// # Errors
    /// [`FormatError::Environment`] with the first rule broken, and [`FormatError::PlainHttp`]. Neither repeats
    /// anything of the text, which may hold a password.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        let (scheme, rest) = text.split_once("://").ok_or(refused("it has no \"https://\""))?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(refused("its scheme is not https"));
        }
        let end_of_authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end_of_authority);
        if authority.contains('@') {
            return Err(refused("a user name or password is in front of its host"));
        }
        let (host, port) = split_port(authority)?;
        let host = Host::read(host).map_err(refused)?;
        if !is_https && !host.is_loopback {
            return Err(FormatError::PlainHttp);
        }
        expect_prefix(path)?;

        let mut base_url = String::with_capacity(text.len());
        base_url.push_str(if is_https { "https://" } else { "http://" });
        base_url.push_str(&host.text);
        let default_port = if is_https { 443 } else { 80 };
        if let Some(port) = port.filter(|port| *port != default_port) {
            base_url.push(':');
            base_url.push_str(&port.to_string());
        }
        base_url.push_str(path.trim_end_matches('/'));
        Ok(Self { base_url, is_loopback: host.is_loopback })
    }
}

impl TryFrom<String> for Environment {
    type Error = FormatError;

    fn try_from(text: String) -> Result<Self, FormatError> {
        text.parse()
    }
}

impl AsRef<str> for Environment {
    /// The base URL.
    fn as_ref(&self) -> &str {
        &self.base_url
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_url)
    }
}

/// Splits `host[:port]`; an IPv6 address keeps its brackets (RFC 3986 §3.2.2).
fn split_port(authority: &str) -> Result<(&str, Option<u16>), FormatError> {
    let end_of_host = match authority.find(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(end_of_host);
    if rest.is_empty() {
        return Ok((host, None));
    }
    let port = rest.strip_prefix(':').unwrap_or_default();
    if port.contains(':') {
        return Err(refused(
            "its host has several colons, and an IPv6 address is written in brackets",
        ));
    }
    // The parser of integers accepts a plus sign too.
    let is_number = port.bytes().all(|b| b.is_ascii_digit());
    match port.parse() {
        Ok(port) if is_number && port != 0 => Ok((host, Some(port))),
        _ => Err(refused("its port is not a number from 1 to 65535")),
    }
}

/// Accepts a path that means the same to every program (RFC 3986 §3.3), percent-encoded or not.
fn expect_prefix(path: &str) -> Result<(), FormatError> {
    if path.contains(['?', '#']) {
        return Err(refused("it has a query or a fragment"));
    }
    // The URL Standard treats an encoded dot as a dot.
    let path_in_dots = path.to_ascii_lowercase().replace("%2e", ".");
    if path_in_dots.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(refused("its path has a segment \".\" or \"..\""));
    }
    if path.bytes().all(is_path_byte) {
        Ok(())
    } else {
        Err(refused("its path has a character that has to be percent-encoded"))
    }
}

/// A byte of `pchar` or a slash (RFC 3986 §3.3).
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte)
}

const fn refused(reason: &'static str) -> FormatError {
    FormatError::Environment { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
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
            ("https://[2001:DB8:0:0::1]/x",          "https://[2001:db8::1]/x"),
            ("http://[0:0:0:0:0:0:0:1]:80",          "http://[::1]"),
            ("https://host:1",                       "https://host:1"),
            ("https://host:65535",                   "https://host:65535"),
            ("http://localhost:443",                 "http://localhost:443"),
            ("https://host:80",                      "https://host:80"),
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
    fn a_text_that_is_not_a_base_url_is_refused_with_the_reason() {
        let port = "its port is not a number from 1 to 65535";
        let user_info = "a user name or password is in front of its host";
        let colons = "its host has several colons, and an IPv6 address is written in brackets";
        let query = "it has a query or a fragment";
        let neither = "its host is neither a host name nor an IP address";
        let number = "its host ends in a number, which some programs read as an IPv4 address";
        #[rustfmt::skip]
        let table = [
            ("",                           "it has no \"https://\""),
            ("ims-na1.adobelogin.com",     "it has no \"https://\""),
            ("ftp://ims.example",          "its scheme is not https"),
            ("https://",                   "its host is missing"),
            ("https:///x",                 "its host is missing"),
            ("https://a b",                neither),
            ("https://user@host",          user_info),
            ("https://user:secret@host",   user_info),
            ("http://user:secret@host",    user_info),
            ("https://user:1@[::1]:8080/", user_info),
            ("https://host?x=1",           query),
            ("https://host/?x=1",          query),
            ("https://host/#x",            query),
            ("https://host#x",             query),
            ("https://host:0",             port),
            ("https://host:00",            port),
            ("https://host:65536",         port),
            ("https://host:",              port),
            ("https://host:+1",            port),
            ("https://::1",                colons),
            ("https://[::1",               colons),
            ("https://[::1]x",             port),
            ("https://a:1:2",              colons),
            ("https://[::1]:0",            port),
            ("https://[127.0.0.1]",        "its host begins with a bracket and is not an IPv6 address"),
            ("https://127.1",              number),
            ("https://0x7f000001",         number),
            ("https://-a.example",         neither),
            ("https://a..b",               neither),
            ("https://xn--bcher-ample",    "its host has a label that begins with \"xn--\" and is not Punycode"),
            ("https://host/../x",          "its path has a segment \".\" or \"..\""),
            ("https://host/%2E%2e/x",      "its path has a segment \".\" or \"..\""),
            ("https://host/a/.",           "its path has a segment \".\" or \"..\""),
            ("https://host/\n",            "its path has a character that has to be percent-encoded"),
            ("https://host/a\\b",          "its path has a character that has to be percent-encoded"),
            ("https://host\\@evil.example", user_info),
            ("https://host\\evil.example", neither),
        ];
        for (text, reason) in table {
            assert_eq!(text.parse::<Environment>(), Err(refused(reason)), "{text:?}");
        }
    }

    #[test]
    fn an_environment_knows_whether_it_is_this_machine() {
        #[rustfmt::skip]
        let table = [
            ("http://127.0.0.1:8080/prefix", true),
            ("https://127.0.0.1",            true),
            ("http://[::1]",                 true),
            ("http://localhost",             true),
            ("https://ims.example",          false),
            ("https://10.0.0.1",             false),
            ("https://localhost.example",    false),
        ];
        for (text, is_loopback) in table {
            assert_eq!(text.parse::<Environment>().unwrap().is_loopback(), is_loopback, "{text}");
        }
        assert!(!Environment::production().is_loopback());
        assert!(!Environment::stage().is_loopback());
    }

    #[test]
    fn a_password_in_a_url_is_in_no_error() {
        for text in [
            "https://user:canary@host",
            "ftp://user:canary@host",
            "https://canary@host:0",
            "http://user:canary@ims.example/../",
        ] {
            let error = text.parse::<Environment>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{text}");
        }
    }

    #[test]
    fn plain_http_is_accepted_for_loopback_only() {
        for text in [
            "http://ims-na1.adobelogin.com",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://0.0.0.0",
            "http://[2001:db8::1]",
        ] {
            assert_eq!(text.parse::<Environment>(), Err(FormatError::PlainHttp), "{text:?}");
        }
    }

    #[test]
    fn an_environment_is_read_of_an_owned_text_and_gives_its_base_url() {
        let environment = Environment::try_from("https://IMS.example/".to_owned()).unwrap();
        assert_eq!(environment.as_ref(), "https://ims.example");
        assert_eq!(environment.endpoint("/ims/keys"), "https://ims.example/ims/keys");
        assert!(Environment::try_from("ims.example".to_owned()).is_err());
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
