//! What an OAuth token may be used for: scopes and resources. A metascope is something else: a claim of an assertion.

use std::{fmt, str::FromStr};

use ims_claims::FormatError;

use crate::text_error::{self, TextError};

/// One OAuth scope: visible ASCII without `"`, `\` (RFC 6749 §3.3) and without the comma, by which IMS separates scopes.
///
/// ```
/// use ims_exchange::Scope;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scopes: Vec<Scope> = "openid,AdobeID".split(',').map(str::parse).collect::<Result<_, _>>()?;
/// assert_eq!(scopes[1].as_str(), "AdobeID");
/// assert!("two words".parse::<Scope>().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl Scope {
    /// The scope's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let is_scope = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\,".contains(&b));
        if !is_scope || !(1..=255).contains(&text.len()) {
            return Err(FormatError::Scope);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scopes in the form of IMS, separated by commas.
pub(crate) fn list(scopes: &[Scope]) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(",")
}

/// The parameter `scope` with such a list, none if the list is empty.
pub(crate) fn parameter(list: &str) -> Option<(&'static str, &str)> {
    (!list.is_empty()).then_some(("scope", list))
}

/// A resource indicator: an absolute URI without a fragment (RFC 8707 §2), at most 2048 characters of visible ASCII.
///
/// ```
/// use ims_exchange::Resource;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let resource: Resource = "https://api.example".parse()?;
/// assert_eq!(resource.as_str(), "https://api.example");
/// assert!("api.example".parse::<Resource>().is_err(), "it has no scheme");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource(String);

impl Resource {
    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Resource {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        text_error::check(A_RESOURCE, &text, 1..=2048, is_uri_byte)?;
        match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) && !rest.is_empty() => Ok(Self(text)),
            _ => Err(TextError::NotAbsolute { what: A_RESOURCE }),
        }
    }
}

impl FromStr for Resource {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const A_RESOURCE: &str = "a resource";

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// A character of a URI (RFC 3986 §2) other than `#`, which would begin a fragment.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte)
}

/// The parameters `resource`, one for each (RFC 8707 §2).
pub(crate) fn resource_parameters(
    resources: &[Resource],
) -> impl Iterator<Item = (&'static str, &str)> {
    resources.iter().map(|resource| ("resource", resource.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_one_word_without_a_comma() {
        #[rustfmt::skip]
        let table = [
            ("openid", true), ("additional_info.projectedProductContext", true), ("https://x.example/a", true),
            ("", false), ("a,b", false), ("a b", false), ("a\"", false), ("a\\", false), ("ä", false),
        ];
        for (text, is_scope) in table {
            let scope = text.parse::<Scope>();
            assert_eq!(scope.is_ok(), is_scope, "{text:?}");
            if let Ok(scope) = scope {
                assert_eq!((scope.as_str(), scope.to_string().as_str()), (text, text));
            }
        }
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        #[rustfmt::skip]
        let table = [
            ("https://api.example/x?y=1", true), ("urn:example:a", true), ("a+b.c-1:x", true),
            ("", false), ("/x", false), ("api.example", false), ("https:", false), (":x", false), ("1a:x", false),
            ("https://a.example/#x", false), ("https://a b", false), ("https://\u{e4}.example", false), ("https://a\n", false),
        ];
        for (text, is_one) in table {
            let resource = text.parse::<Resource>();
            assert_eq!(resource.is_ok(), is_one, "{text:?}");
            if let Ok(resource) = resource {
                assert_eq!((resource.as_str(), resource.to_string().as_str()), (text, text));
            }
        }
        assert!(Resource::try_from(format!("urn:{}", "a".repeat(2045))).is_err());
        let error = "api.example".parse::<Resource>().unwrap_err();
        assert_eq!(error.to_string(), "a resource is an absolute URI, such as https://api.example");
    }
}
