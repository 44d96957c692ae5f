//! The grant `client_credentials`, which Adobe calls OAuth Server-to-Server: the client acts in its own name.

use serde::Serialize;

use crate::{
    Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::{TokenKind, TokenOrder},
    key_ring::KeyRing,
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
pub(super) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    organization(&registered, call, checks)?;
    let scope = scope(&registered, call, checks)?;
    let binding = &registered.binding;
    let order = TokenOrder {
        kind: TokenKind::Access,
        client_id: binding.client_id(),
        user_id: binding.technical_account_id().as_str(),
        scope,
        lifetime: binding.token_lifetime(),
        challenge: None,
    };
    Ok(Answer::ok(&Granted {
        access_token: order.fill(keys, &call.debug_id, call.now_ms),
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
