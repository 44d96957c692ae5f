//! The grant `client_credentials`, which Adobe calls OAuth Server-to-Server: the client acts in its own name.

use super::Granted;
use crate::{
    Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenOrder,
    key_ring::KeyRing,
    scope,
    service::{Registered, Service},
};

/// Examines the request and issues the token.
pub(super) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    let integration = &registered.integration;
    organization(&registered, call, checks)?;
    checks
        .that("client may use client_credentials", !integration.scopes().is_empty())
        .expected("an integration with OAuth scopes")
        .actual(format!("one with {}", integration.scopes().len()))
        .or(Refusal::GrantNotAllowed)?;
    let scope = scope::required(integration, call, checks)?;
    let order = TokenOrder::access(integration, integration.technical_account_id().as_str(), scope);
    let access_token = order.fill(keys, &call.debug_id, call.now_ms);
    Ok(Answer::ok(&Granted::alone(access_token, order.expires_in_s())))
}

fn organization(registered: &Registered, call: &Call, checks: &mut Checks) -> Result<(), Refusal> {
    let Some(org_id) = call.parameters.get("org_id") else { return Ok(()) };
    let known = registered.integration.org_id().as_str();
    checks
        .that("org_id is the integration's", org_id == known)
        .expected(known.to_owned())
        .actual(org_id.to_owned())
        .or(Refusal::OrgUnknown)
}
