//! `/ims/token/v1` to `v4`: OAuth Server-to-Server, the client's own credentials for an access token.

use serde::Serialize;

use crate::{
    Refusal, TokenKey,
    access_token::TokenOrder,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    service::{Registered, Service},
};

/// The answer, whose unit is seconds. Source: AdobeDocs/adobe-dev-console, "Server to Server authentication";
/// adobe/ims-go, `ims/token.go`.
#[derive(Serialize)]
struct Granted {
    access_token: String,
    token_type: &'static str,
    #[serde(rename = "expires_in")]
    expires_in_s: u64,
}

/// Examines the request and issues the token.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    key: &TokenKey,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let grant_type = checks
        .given("grant_type is sent", call.parameters.get("grant_type"))
        .expected("the parameter grant_type")
        .or(Refusal::GrantTypeMissing)?;
    checks
        .that("grant_type is served", grant_type == "client_credentials")
        .expected("client_credentials")
        .actual(grant_type.to_owned())
        .or(Refusal::GrantTypeUnsupported)?;
    let registered = client::authenticate(service, call, checks)?;
    organization(&registered, call, checks)?;
    let scope = scope(&registered, call, checks)?;
    let binding = &registered.binding;
    let order = TokenOrder {
        client_id: binding.client_id(),
        technical_account_id: binding.technical_account_id(),
        scope,
        lifetime: binding.token_lifetime(),
    };
    Ok(Answer::ok(&Granted {
        access_token: order.fill(key, &call.debug_id, call.now_ms),
        token_type: "bearer",
        expires_in_s: order.lifetime_ms().saturating_sub(1) / 1000,
    }))
}

fn organization(registered: &Registered, call: &Call, checks: &mut Checks) -> Result<(), Refusal> {
    let Some(org_id) = call.parameters.get("org_id") else { return Ok(()) };
    let known = registered.binding.org_id().as_str();
    checks
        .that("org_id is the binding's", org_id == known)
        .expected(known.to_owned())
        .actual(org_id.to_owned())
        .or(Refusal::OrgUnknown)
}

/// The scopes asked for, separated by commas. Clients send spaces as well (RFC 6749 §3.3).
fn scope(registered: &Registered, call: &Call, checks: &mut Checks) -> Result<String, Refusal> {
    let known = registered.binding.scopes();
    checks
        .that("client may use client_credentials", !known.is_empty())
        .expected("a binding with OAuth scopes")
        .actual(format!("one with {}", known.len()))
        .or(Refusal::GrantNotAllowed)?;
    let scope = checks
        .given("scope is sent", call.parameters.get("scope"))
        .expected("the parameter scope")
        .or(Refusal::ScopeMissing)?;
    let scopes: Vec<&str> = scope.split([',', ' ']).filter(|scope| !scope.is_empty()).collect();
    let are_known = scopes.iter().all(|scope| known.iter().any(|known| known == scope));
    checks
        .that("scopes are the client's", are_known && !scopes.is_empty())
        .expected(format!("among {}", known.join(",")))
        .actual(scope.to_owned())
        .or(Refusal::ScopeNotGranted)?;
    Ok(scopes.join(","))
}
