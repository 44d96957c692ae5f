//! The parameter `scope`: what a client asks for must be what it has.

use crate::{Integration, Refusal, call::Call, checks::Checks};

/// The scopes that the request asks for, separated by commas. It must ask for one.
pub(crate) fn required(
    integration: &Integration,
    call: &Call,
    checks: &mut Checks,
) -> Result<String, Refusal> {
    checks
        .given("scope is sent", call.parameters.get("scope"))
        .expected("the parameter scope")
        .or(Refusal::ScopeMissing)?;
    asked(integration, call, checks)
}

/// The same where a missing `scope` is a wrong one. Clients separate scopes by commas or spaces (RFC 6749 §3.3).
pub(crate) fn asked(
    integration: &Integration,
    call: &Call,
    checks: &mut Checks,
) -> Result<String, Refusal> {
    let asked = call.parameters.get("scope").unwrap_or_default();
    let scopes: Vec<&str> = asked.split([',', ' ']).filter(|scope| !scope.is_empty()).collect();
    let known = integration.scopes();
    let are_known = scopes.iter().all(|scope| known.iter().any(|known| known == scope));
    checks
        .that("scopes are the client's", are_known && !scopes.is_empty())
        .expected(format!("among {}", known.join(",")))
        .actual(asked.to_owned())
        .or(Refusal::ScopeNotGranted)?;
    Ok(scopes.join(","))
}
