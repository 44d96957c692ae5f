//! `/echo`: a protected resource. It answers as the gateway in front of Adobe's APIs does, so that a client can be
//! tested from the key to the call.

use serde::Serialize;

use crate::{
    Refusal, answer::Answer, bearer::Wanted, call::Call, checks::Checks, issued_token::TokenKind,
    key_ring::KeyRing, service::Service,
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
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let api_key = checks
        .given("x-api-key is sent", call.header("x-api-key"))
        .expected("the header x-api-key")
        .or(Refusal::ApiKeyMissing)?;
    let wanted = Wanted {
        kind: TokenKind::Access,
        missing: Refusal::BearerMissing,
        not_valid: Refusal::BearerNotValid,
    };
    let token = wanted.read(service, call, keys, checks)?;
    checks
        .that("x-api-key is the token's client id", token.client_id() == Some(api_key))
        .expected(token.client_id().unwrap_or_default().to_owned())
        .actual(api_key.to_owned())
        .or(Refusal::ApiKeyWrong)?;
    let registered = checks
        .given("client is registered", service.registered(api_key))
        .expected("the client id of a registered integration")
        .or(Refusal::ApiKeyWrong)?;
    checks.is_made_by(registered.integration.client_id());
    Ok(Answer::ok(&Echo {
        method: call.method.as_str(),
        client_id: token.client_id(),
        user_id: token.user_id(),
        org_id: registered.integration.org_id().as_str(),
        scope: token.scopes().collect(),
        token_expires_at: token.expires_at().as_secs(),
    }))
}
