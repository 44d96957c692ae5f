//! The parameter `resource` (RFC 8707): what a token is wanted for. It is checked and changes nothing else, since no
//! public document says what IMS makes of it.

use crate::{Refusal, call::Call, checks::Checks};

/// Checks every `resource` of the request.
pub(crate) fn check(call: &Call, checks: &mut Checks) -> Result<(), Refusal> {
    let resources = call.parameters.iter().filter(|(name, _)| *name == "resource");
    for (_, resource) in resources {
        checks
            .that("resource is an absolute URI", is_absolute(resource))
            .expected("a scheme, a host and no fragment (RFC 8707 §2)")
            .actual(resource.to_owned())
            .or(Refusal::ResourceMalformed)?;
    }
    Ok(())
}

fn is_absolute(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let is_visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    is_visible
        && text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        #[rustfmt::skip]
        let table = [
            ("https://api.example/x?y", true),
            ("urn:example:api",         true),
            ("https://api.example/#x",  false),
            ("api.example/x",           false),
            ("/x",                      false),
            ("https:",                  false),
            ("1a:x",                    false),
            ("https://api example",     false),
            ("",                        false),
        ];
        for (text, is_one) in table {
            assert_eq!(is_absolute(text), is_one, "{text}");
        }
    }
}
