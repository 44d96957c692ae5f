//! The proxy that the environment asks for. The HTTP library ignores a value that it cannot read and goes to IMS directly; a
//! proxy that was asked for must not be gone around, so such a value is an error here.

use std::ffi::OsString;

use http::Uri;
use ims_claims::Environment;

/// Correct the variable that names the proxy, or unset it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the variable {variable} does not name a proxy: {problem}")]
pub struct ProxyError {
    variable: &'static str,
    problem: &'static str,
}

impl ProxyError {
    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }
}

/// The variable that names the proxy, if one is named that the HTTP library looks at. `variable` reads one of them.
#[cfg_attr(
    not(any(test, feature = "reqwest")),
    expect(dead_code, reason = "another transport has its own proxies")
)]
pub(crate) fn check(
    environment: &Environment,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<&'static str>, ProxyError> {
    // Plain http stays on this machine, and the transport takes no proxy for it.
    if environment.base_url().starts_with("http://") {
        return Ok(None);
    }
    // In this order, and of each pair the first that is set, as the HTTP library looks.
    for names in [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]] {
        let set = names.into_iter().find_map(|name| Some((name, variable(name)?)));
        let Some((name, value)) = set else { continue };
        if value.is_empty() {
            continue;
        }
        // The value is never repeated: it may hold a password.
        return match problem(&value) {
            Some(problem) => Err(ProxyError { variable: name, problem }),
            None => Ok(Some(name)),
        };
    }
    Ok(None)
}

/// What is wrong with a value that names no proxy.
fn problem(value: &OsString) -> Option<&'static str> {
    let Some(uri) = value.to_str().and_then(|text| text.parse::<Uri>().ok()) else {
        return Some("it is not a URL of the form http://HOST:PORT");
    };
    match uri.scheme_str() {
        None | Some("http" | "https") => {}
        Some("socks4" | "socks4a" | "socks5" | "socks5h") => {
            return Some("SOCKS is not supported, only http and https");
        }
        Some(_) => return Some("its scheme is neither http nor https"),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Some("it names no host");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables, and which of them is wrong.
    type Row = (&'static [(&'static str, &'static str)], Option<&'static str>);

    #[test]
    fn a_proxy_that_was_asked_for_is_used_or_is_an_error() {
        #[rustfmt::skip]
        let table: [Row; 17] = [
            (&[],                                                                None),
            (&[("HTTPS_PROXY", "http://proxy.example:8080")],                    None),
            (&[("HTTPS_PROXY", "https://user:pw@proxy.example")],                None),
            (&[("https_proxy", "proxy.example:8080")],                           None),
            (&[("ALL_PROXY", "127.0.0.1:8080")],                                 None),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "")],                          None),
            (&[("HTTPS_PROXY", "http://a"), ("ALL_PROXY", "socks5://b")],        None),
            (&[("HTTP_PROXY", ":::")],                                           None),
            (&[("HTTPS_PROXY", ":::")],                                          Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "http://")],                                      Some("HTTPS_PROXY")),
            (&[("https_proxy", "ftp://h:1")],                                    Some("https_proxy")),
            (&[("ALL_PROXY", "foo://bar")],                                      Some("ALL_PROXY")),
            (&[("HTTPS_PROXY", "http://bad host")],                              Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "socks5://h:1080")],                              Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "/proxy")],                                       Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", ":::"), ("ALL_PROXY", "http://a")],               Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", ""), ("all_proxy", "canary-password@")],          Some("all_proxy")),
        ];
        for (variables, wrong) in table {
            let variable = |name: &str| {
                let found = variables.iter().find(|(it, _)| *it == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let checked = check(&Environment::production(), variable);
            let named = checked.err().map(|error| error.variable());
            assert_eq!(named, wrong, "{variables:?}");
            let said = format!("{checked:?} {}", checked.err().map_or("", |error| error.problem));
            assert!(!said.contains("canary"), "{said}");
        }
    }

    #[test]
    fn a_loopback_address_needs_no_proxy() {
        let environment: Environment = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(check(&environment, |_| Some(OsString::from(":::"))), Ok(None));
    }
}
