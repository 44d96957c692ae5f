//! The grant `client_credentials`, which Adobe calls OAuth Server-to-Server: the client acts for itself.

use super::granted::Granted;
use crate::{
    answer::Answer, exchange::Exchange, integration::Integration, issued_token::NewToken,
    refusal::Refusal,
};

/// Examines the request and issues the token.
pub(super) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate()?;
    let integration = &registered.integration;
    organization(exchange, integration)?;
    let count = integration.scopes().len();
    exchange
        .that("client may use client_credentials", count > 0)
        .expected("an integration with OAuth scopes")
        .actual(format_args!("one with {count}"))
        .or(Refusal::GrantNotAllowed)?;
    let scope = exchange.required_scope(integration)?;
    let user_id = integration.technical_account_id().as_str();
    let token = NewToken::access(integration, user_id, scope);
    Ok(Answer::ok(&Granted::new(exchange, &token)))
}

fn organization(exchange: &mut Exchange<'_>, integration: &Integration) -> Result<(), Refusal> {
    let Some(org_id) = exchange.parameter("org_id") else { return Ok(()) };
    let own = integration.org_id().as_str();
    let is_allowed = exchange.service.is_allowed_for(integration, org_id);
    exchange
        .that("org_id is the integration's", is_allowed)
        .expected(format_args!("{own}, or an organization whose administrator has allowed it"))
        .actual(format_args!("{org_id}"))
        .or(Refusal::OrgUnknown)
}
