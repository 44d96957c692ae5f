//! Which metascopes a JWT may claim: at least one, and only such as exist, as the integration and as the client has.

use ims_claims::Metascope;

use crate::{
    Refusal,
    assertion::ClaimedMetascope,
    call::Call,
    checks::Checks,
    service::{Registered, Service},
};

/// Checks the metascopes that are claimed, and gives their codes.
pub(crate) fn grant(
    service: &Service,
    call: &Call,
    registered: &Registered,
    claimed: Vec<ClaimedMetascope>,
    checks: &mut Checks,
) -> Result<Vec<Metascope>, Refusal> {
    checks
        .that("JWT has metascopes", !claimed.is_empty())
        .expected("at least one claim <IMS base URL>/s/<code>")
        .or(Refusal::NoMetascopes)?;
    let mut metascopes = Vec::with_capacity(claimed.len());
    for ClaimedMetascope { base_url, code, metascope } in claimed {
        let is_ours = service.is_base_url(&base_url, call);
        let existing = metascope.filter(|code| is_ours && service.knows_metascope(code));
        let existing = checks
            .given("metascope exists", existing)
            .expected("a known code at the base URL of this IMS")
            .actual(format!("{base_url}/s/{code}"))
            .or(Refusal::MetascopeUnknown)?;
        metascopes.push(existing);
    }
    let integration = &registered.integration;
    #[rustfmt::skip]
    let owners = [
        ("metascopes are the integration's", integration.metascopes(),        Refusal::MetascopeNotInIntegration),
        ("metascopes are the client's",  integration.client_metascopes(), Refusal::MetascopeNotInClient),
    ];
    for (name, owned, refusal) in owners {
        let is_subset = metascopes.iter().all(|metascope| owned.contains(metascope));
        let check = checks.that(name, is_subset);
        check.expected(format!("among {}", list(owned))).actual(list(&metascopes)).or(refusal)?;
    }
    Ok(metascopes)
}

/// The codes, separated by commas as IMS separates scopes.
pub(crate) fn list(metascopes: &[Metascope]) -> String {
    let codes: Vec<&str> = metascopes.iter().map(Metascope::as_str).collect();
    codes.join(",")
}
