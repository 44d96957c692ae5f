//! The hosts that may get a token, for both middlewares.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
};

use http::uri::Scheme;

#[cfg(test)]
mod tests;

/// The domains of Adobe's APIs, and of IMS.
/// Source: Adobe, Experience Platform API guide and User Management API, whose endpoints are `platform.adobe.io` and
/// `usermanagement.adobe.io`; IMS is `ims-na1.adobelogin.com`.
pub const ADOBE_DOMAINS: &[&str] = &["adobe.io", "adobe.com", "adobelogin.com"];

/// The hosts to which a token may be sent. The default is [`ADOBE_DOMAINS`].
///
/// A domain allows itself and all hosts below it, by whole labels: `adobe.io` for `platform.adobe.io`, and not for
/// `evil-adobe.io`. Except to loopback, a token is sent over HTTPS only.
///
/// ```
/// use http::uri::Scheme;
/// use ims_middleware::AllowedHosts;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hosts = AllowedHosts::default().with_domain("api.example")?;
/// assert!(hosts.allows(&Scheme::HTTPS, "platform.adobe.io"));
/// assert!(hosts.allows(&Scheme::HTTPS, "eu.api.example"));
/// assert!(!hosts.allows(&Scheme::HTTP, "platform.adobe.io"), "a token is sent over TLS only");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts {
    /// Each of two labels or more.
    domains: Vec<Cow<'static, str>>,
    is_loopback_allowed: bool,
}

impl Default for AllowedHosts {
    fn default() -> Self {
        let domains = ADOBE_DOMAINS.iter().map(|&domain| Cow::Borrowed(domain)).collect();
        Self { domains, ..Self::none() }
    }
}

impl AllowedHosts {
    /// No host: the start for a program that does not allow all of Adobe's domains.
    #[must_use]
    pub fn none() -> Self {
        Self { domains: Vec::new(), is_loopback_allowed: false }
    }

    /// Allows `domain` and all hosts below it too.
    ///
    /// # Errors
    /// [`DomainError`] if it is not two labels or more, of letters, digits and hyphens, or is an IP address.
    pub fn with_domain(mut self, domain: &str) -> Result<Self, DomainError> {
        if !is_domain(domain) {
            return Err(DomainError);
        }
        self.domains.push(domain.to_owned().into());
        Ok(self)
    }

    /// Allows `localhost` and the loopback addresses too, at every port and over plain HTTP: for tests and for a local
    /// IMS. Every program of the machine can listen there.
    ///
    /// ```
    /// use http::uri::Scheme;
    /// use ims_middleware::AllowedHosts;
    ///
    /// let hosts = AllowedHosts::none().with_loopback(); // an API in a test
    /// assert!(hosts.allows(&Scheme::HTTP, "127.0.0.1"));
    /// assert!(!hosts.allows(&Scheme::HTTPS, "platform.adobe.io"));
    /// ```
    #[must_use]
    pub fn with_loopback(self) -> Self {
        Self { is_loopback_allowed: true, ..self }
    }

    /// Whether a token may be sent to `host` over `scheme`. The host is as in a parsed URI: an IPv6 address is in brackets,
    /// and there is no port. Case does not matter.
    #[must_use]
    pub fn allows(&self, scheme: &Scheme, host: &str) -> bool {
        let is_https = *scheme == Scheme::HTTPS;
        let is_http = *scheme == Scheme::HTTP;
        is_https && self.domains.iter().any(|domain| is_within(host, domain))
            || (is_https || is_http) && self.is_loopback_allowed && is_loopback(host)
    }
}

/// Give a domain such as `adobe.io`: what was given is not one.
///
/// ```
/// use ims_middleware::AllowedHosts;
///
/// let error = AllowedHosts::none().with_domain("https://api.example/").unwrap_err();
/// println!("{error}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a domain of two labels or more, such as adobe.io")]
pub struct DomainError;

fn is_within(host: &str, domain: &str) -> bool {
    let start = host.len().checked_sub(domain.len());
    let parts = start.and_then(|start| host.split_at_checked(start));
    parts.is_some_and(|(below, end)| {
        end.eq_ignore_ascii_case(domain) && (below.is_empty() || below.ends_with('.'))
    })
}

fn is_domain(text: &str) -> bool {
    let Some((_, last)) = text.rsplit_once('.') else {
        return false;
    };
    // The last label of a domain is never a number, so that a domain cannot be confused with an address (RFC 3696 §2).
    let ends_in_number = last.bytes().all(|b| b.is_ascii_digit());
    !ends_in_number && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_loopback(host: &str) -> bool {
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    // In a URI, an IPv6 address is in brackets (RFC 3986 §3.2.2).
    let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(text) => text.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
    }
}
