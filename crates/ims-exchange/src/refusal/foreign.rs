//! What an answer is that does not come from IMS.

use std::fmt;

use http::{
    StatusCode, Uri,
    header::{CONTENT_TYPE, LOCATION},
};

use crate::{message::Response, refusal::table::CredentialKind};

/// An answer of something other than IMS, as far as its head shows it. Nothing of its body is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// A page for people.
    Page,
    /// A redirect, with the host that it leads to.
    Redirect(Option<String>),
    /// A proxy that requires a user name and a password.
    ProxyLogin,
    /// A server without a path of IMS.
    NothingHere,
    /// A body of another media type.
    MediaType(String),
}

impl Foreign {
    /// What a response without an error code of IMS is, if it is not one of IMS.
    pub(crate) fn of(response: &Response, credential: CredentialKind) -> Option<Self> {
        let status = response.status();
        // No endpoint that is asked here redirects. The sign-in page of a network does.
        if status.is_redirection() {
            return Some(Self::Redirect(redirect_host(response)));
        }
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Some(Self::ProxyLogin);
        }
        if let Some(foreign) = Self::by_media_type(response) {
            return Some(foreign);
        }
        // IMS itself sends this answer for an unknown user.
        let is_about_a_user = credential == CredentialKind::AccessToken;
        (status == StatusCode::NOT_FOUND && !is_about_a_user).then_some(Self::NothingHere)
    }

    /// What a response is by its media type, if IMS does not use that type.
    pub(crate) fn by_media_type(response: &Response) -> Option<Self> {
        if response.body().trim_ascii_start().starts_with(b"<") {
            return Some(Self::Page);
        }
        let media_type = media_type(response)?;
        if is_json(&media_type) || media_type == "text/plain" {
            return None;
        }
        if media_type == "text/html" || media_type == "application/xhtml+xml" {
            return Some(Self::Page);
        }
        let is_short = (3..=64).contains(&media_type.len());
        if is_short && media_type.bytes().all(|b| b.is_ascii_alphanumeric() || b"/+-.".contains(&b))
        {
            return Some(Self::MediaType(media_type));
        }
        // It could be anything, also a part of what was sent.
        Some(Self::MediaType("an unknown media type".to_owned()))
    }
}

/// The media type of a response without its parameters, in lower case; none if it names none.
pub(crate) fn media_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().unwrap_or("unreadable");
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// Whether a media type is JSON (RFC 6839 §3.1). `text/json` was never registered, but some gateways send it.
pub(crate) fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || media_type == "text/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// The host that a redirect leads to, without a path, a query or a user name, which could be secrets.
fn redirect_host(response: &Response) -> Option<String> {
    let location: Uri = response.headers().get(LOCATION)?.to_str().ok()?.parse().ok()?;
    let host = location.host()?;
    location.scheme()?;
    (host.len() <= 253).then(|| host.to_owned())
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page => f.write_str("a page"),
            Self::Redirect(Some(host)) => write!(f, "a redirect to {host}"),
            Self::Redirect(None) => f.write_str("a redirect"),
            Self::ProxyLogin => f.write_str("a proxy that asks for a user name and a password"),
            Self::NothingHere => f.write_str("a server that has nothing at this path"),
            Self::MediaType(media_type) => write!(f, "something ({media_type})"),
        }
    }
}
