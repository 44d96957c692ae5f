//! What a token is meant for (RFC 8707).

/// A resource indicator: an absolute URI without a fragment (RFC 8707 §2), at most 2048 characters of visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource(String);

impl Resource {
    /// Takes `text` for a resource indicator, `None` if it cannot be one.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        let is_uri_byte = |b: u8| b.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&b);
        // RFC 3986 §3.1.
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        };
        let (scheme, rest) = text.split_once(':')?;
        let holds = is_scheme(scheme) && !rest.is_empty() && rest.bytes().all(is_uri_byte);
        (holds && text.len() <= 2048).then_some(Self(text))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parameters `resource`, one for each (RFC 8707 §2).
pub(crate) fn parameters(resources: &[Resource]) -> impl Iterator<Item = (&'static str, &str)> {
    resources.iter().map(|resource| ("resource", resource.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        #[rustfmt::skip]
        let table = [
            ("https://api.example/x?y=1", true), ("urn:example:a", true), ("a+b.c-1:x", true),
            ("", false), ("/x", false), ("api.example", false), ("https:", false), (":x", false), ("1a:x", false),
            ("https://a.example/#x", false), ("https://a b", false), ("https://\u{e4}.example", false), ("https://a\n", false),
        ];
        for (text, is_one) in table {
            assert_eq!(Resource::new(text.to_owned()).is_some(), is_one, "{text:?}");
        }
        assert!(Resource::new(format!("urn:{}", "a".repeat(2045))).is_none());
    }
}
