//! What an OAuth token may be used for. Not to be confused with a metascope, which is a claim of an assertion.

use std::{fmt, str::FromStr};

use ims_claims::FormatError;

/// One OAuth scope: visible ASCII without `"`, `\` (RFC 6749 §3.3) and without the comma, by which IMS separates scopes.
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
        let is_scope_byte = |b: u8| b.is_ascii_graphic() && !b"\"\\,".contains(&b);
        if (1..=255).contains(&text.len()) && text.bytes().all(is_scope_byte) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FormatError::Scope)
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scopes as IMS takes them, separated by commas.
pub(crate) fn list(scopes: &[Scope]) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(",")
}

/// The parameter `scope` with such a list, none if the list is empty.
pub(crate) fn parameter(list: &str) -> Option<(&'static str, &str)> {
    (!list.is_empty()).then_some(("scope", list))
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
            assert_eq!(text.parse::<Scope>().is_ok(), is_scope, "{text:?}");
        }
    }
}
