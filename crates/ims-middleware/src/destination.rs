//! Where a proxy sends a request that gets a token. It goes to no other place than these rules find.

use std::{fmt, str::FromStr};

use http::{
    Uri,
    uri::{PathAndQuery, Scheme},
};
use reqwest_middleware::reqwest::Url;

use crate::allowed_hosts::AllowedHosts;

#[cfg(test)]
mod tests;

/// The API to which a proxy sends the requests that are addressed to itself: `https://platform.adobe.io`, with or without the
/// beginning of a path.
///
/// ```
/// use ims_middleware::{Destination, DestinationError};
///
/// let destination: Destination = "https://platform.adobe.io/data".parse()?;
/// assert_eq!(destination.to_string(), "https://platform.adobe.io/data");
/// assert_eq!(destination.url_of("/a?b")?.as_str(), "https://platform.adobe.io/data/a?b");
/// assert_eq!(destination.url_of("/../a"), Err(DestinationError::Target), "that leads elsewhere");
/// # Ok::<(), DestinationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(Url);

/// Why a request is not sent, sorted by what to do.
///
/// ```
/// use ims_middleware::{Destination, DestinationError};
///
/// let error = "http://platform.adobe.io".parse::<Destination>().unwrap_err();
/// assert_eq!(error, DestinationError::Base, "a token is sent over TLS");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// Give the base URL of an API: what was given is not one.
    #[error(
        "not the base URL of an API, such as https://platform.adobe.io, without user, query and fragment; http only for loopback"
    )]
    Base,
    /// Refuse the request: its target is not the URL of an API.
    #[error("not the URL of an API")]
    Target,
    /// Refuse the request: its host may not get a token.
    #[error("the token may not be sent to this host")]
    Host,
}

impl FromStr for Destination {
    type Err = DestinationError;

    /// # Errors
    /// [`DestinationError::Base`].
    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let mut url: Url = text.parse().map_err(|_| DestinationError::Base)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        let has_more = has_user || url.query().is_some() || url.fragment().is_some();
        let is_secure = url.scheme() == "https" && url.has_host();
        if has_more || !is_secure && !AllowedHosts::none().with_loopback().allows_url(&url) {
            return Err(DestinationError::Base);
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
    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of `path_and_query`, which begins with a slash, below the destination.
    ///
    /// # Errors
    /// [`DestinationError::Target`] if it is not below, as with `/../`.
    pub fn url_of(&self, path_and_query: &str) -> Result<Url, DestinationError> {
        let base = self.base();
        let joined = [base, path_and_query].concat();
        let url: Url = joined.parse().map_err(|_| DestinationError::Target)?;
        // The path may contain `/../`, which the parser has resolved.
        let rest = url.as_str().strip_prefix(base);
        let is_below = rest.is_some_and(|rest| rest.starts_with(['/', '?']));
        if is_below { Ok(url) } else { Err(DestinationError::Target) }
    }

    fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl AllowedHosts {
    /// The URL for a request whose target names its host, as clients send it to a proxy (RFC 9112 §3.2.2). The scheme is
    /// always `https`, whatever the target says, except to loopback.
    ///
    /// ```
    /// use ims_middleware::{AllowedHosts, DestinationError};
    ///
    /// let hosts = AllowedHosts::default();
    /// let url = hosts.url_of(&"http://platform.adobe.io/a?b".parse()?)?;
    /// assert_eq!(url.as_str(), "https://platform.adobe.io/a?b");
    /// assert_eq!(hosts.url_of(&"http://evil.example/".parse()?), Err(DestinationError::Host));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DestinationError::Target`] if it is not a URL of http or https, or has a user; [`DestinationError::Host`] if the host may
    /// not get a token.
    pub fn url_of(&self, target: &Uri) -> Result<Url, DestinationError> {
        let host = target.host().unwrap_or_default();
        let default_port = match target.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(DestinationError::Target),
        };
        if target.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(DestinationError::Target);
        }
        let url = if Self::none().with_loopback().allows(&Scheme::HTTP, host) {
            target.to_string()
        } else if target.port_u16().is_some_and(|port| port != default_port) {
            return Err(DestinationError::Host);
        } else {
            let path_and_query = target.path_and_query().map_or("/", PathAndQuery::as_str);
            format!("https://{host}{path_and_query}")
        };
        let url: Url = url.parse().map_err(|_| DestinationError::Target)?;
        // The parser of URLs may read another host, so the rules are applied to the host of its result.
        let is_same = url.host_str().is_some_and(|parsed| parsed.eq_ignore_ascii_case(host));
        if is_same && self.allows_url(&url) { Ok(url) } else { Err(DestinationError::Host) }
    }
}
