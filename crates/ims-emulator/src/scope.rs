//! What a token is requested for: the parameters `scope` and `resource`.

use crate::{exchange::Exchange, integration::Integration, refusal::Refusal};

impl Exchange<'_> {
    /// The scopes that the request asks for, separated by commas. It must ask for one.
    pub(crate) fn required_scope(&mut self, integration: &Integration) -> Result<String, Refusal> {
        let scope = self.parameter("scope");
        let scope = self
            .given("scope is sent", scope)
            .expected("the parameter scope")
            .or(Refusal::ScopeMissing)?;
        self.granted_scope(integration, scope)
    }

    /// The scopes that the request asks for, or `default` if it names none: all of these that the client has.
    pub(crate) fn scope_or<'s>(
        &mut self,
        integration: &Integration,
        default: impl Iterator<Item = &'s str>,
    ) -> Result<String, Refusal> {
        if let Some(scope) = self.parameter("scope") {
            return self.granted_scope(integration, scope);
        }
        let known = integration.scopes();
        let scopes: Vec<&str> =
            default.filter(|scope| known.iter().any(|known| known == scope)).collect();
        let scopes = scopes.join(",");
        self.note("scope is not sent", true, "", format_args!("it is read as {scopes}"));
        Ok(scopes)
    }

    fn granted_scope(
        &mut self,
        integration: &Integration,
        requested: &str,
    ) -> Result<String, Refusal> {
        let scopes: Vec<&str> = scopes_in(requested).collect();
        let known = integration.scopes();
        let are_known = scopes.iter().all(|scope| known.iter().any(|known| known == scope));
        self.that("scopes are the client's", are_known && !scopes.is_empty())
            .expected(format_args!("among {}", known.join(",")))
            .actual(format_args!("{requested}"))
            .or(Refusal::ScopeNotGranted)?;
        Ok(scopes.join(","))
    }

    /// Checks the form of every `resource` (RFC 8707). It changes nothing else, since no public document says what IMS does
    /// with it.
    pub(crate) fn check_resources(&mut self) -> Result<(), Refusal> {
        let call = self.call;
        for (name, resource) in call.parameters.iter() {
            if name != "resource" {
                continue;
            }
            self.that("resource is an absolute URI", is_absolute(resource))
                .expected("a scheme, a host and no fragment (RFC 8707 §2)")
                .actual(format_args!("{resource}"))
                .or(Refusal::ResourceMalformed)?;
        }
        Ok(())
    }
}

/// The scopes of a list. Clients separate them by commas, as Adobe's documents do, or by spaces (RFC 6749 §3.3).
pub(crate) fn scopes_in(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ']).filter(|scope| !scope.is_empty())
}

fn is_absolute(text: &str) -> bool {
    let is_visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    is_visible
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
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
