//! `/echo`: a protected resource. It answers as the gateway in front of Adobe's APIs does, so that a client can be
//! tested from the key to the call.

use serde::Serialize;

use crate::{
    answer::Answer, client::RequiredToken, exchange::Exchange, issued_token::TokenKind,
    refusal::Refusal,
};

/// Who called, as the token says.
#[derive(Serialize)]
struct Echo<'a> {
    method: &'a str,
    client_id: Option<&'a str>,
    user_id: Option<&'a str>,
    org_id: &'a str,
    scope: Vec<&'a str>,
    token_expires_at: i64,
}

/// Examines the token and the API key.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let api_key = exchange.call.header("x-api-key");
    let api_key = exchange
        .given("x-api-key is sent", api_key)
        .expected("the header x-api-key")
        .or(Refusal::ApiKeyMissing)?;
    let token = exchange.bearer_token(RequiredToken {
        kind: TokenKind::Access,
        if_missing: Refusal::BearerMissing,
        if_not_valid: Refusal::BearerNotValid,
    })?;
    exchange
        .that("x-api-key is the token's client id", token.client_id() == Some(api_key))
        .expected(token.client_id().unwrap_or_default().to_owned())
        .actual(api_key.to_owned())
        .or(Refusal::ApiKeyWrong)?;
    let registered = exchange.service.registered(api_key);
    let registered = exchange
        .given("client is registered", registered)
        .expected("the client id of a registered integration")
        .or(Refusal::ApiKeyWrong)?;
    exchange.is_made_by(registered.integration.client_id());
    Ok(Answer::ok(&Echo {
        method: exchange.call.method.as_str(),
        client_id: token.client_id(),
        user_id: token.user_id(),
        org_id: registered.integration.org_id().as_str(),
        scope: token.scopes().collect(),
        token_expires_at: token.expires_at().as_secs(),
    }))
}
