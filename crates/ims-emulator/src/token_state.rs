//! Validation and revocation of tokens: `/ims/validate_token`, `/ims/invalidate_token`, `/ims/revoke`.

use http::StatusCode;
use ims_claims::{AccessTokenPayload, JsonObject};
use serde::Serialize;

use crate::{
    answer::Answer,
    exchange::Exchange,
    grants::{PROMISE_LIFETIME, REFRESH_LIFETIME},
    integration::Integration,
    issued_token::{TokenFault, TokenKind},
    refusal::Refusal,
};

/// The answer of `validate_token`. Source: adobe/ims-go, `ims/validate_token.go`. The words of `reason` are those of the
/// emulator.
#[derive(Serialize)]
struct Validity {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<JsonObject>,
}

/// Answers `/ims/validate_token/v1`. That a token is not valid is not an error: the answer is `200` as well.
pub(crate) fn validate(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let client_id = exchange.parameter("client_id").or(exchange.call.header("x-ims-clientid"));
    let registered = exchange.identify(client_id)?;
    let text = sent_token(exchange)?;
    let kind = exchange.parameter("type").unwrap_or(TokenKind::Access.name());
    let token = match TokenKind::named(kind) {
        Some(kind) => exchange.read_token_of(&registered.integration, text, kind),
        None => Err(TokenFault::OfAnotherKind),
    };
    let reason = token.as_ref().err().map(|fault| fault.reason());
    exchange.note(
        "token is valid",
        token.is_ok(),
        "a token that the emulator issued to this client and that is still valid",
        reason.unwrap_or("valid"),
    );
    Ok(Answer::ok(&Validity {
        valid: token.is_ok(),
        reason,
        token: token.ok().map(|payload| payload.members().clone()),
    }))
}

/// Answers `/ims/invalidate_token/v1` and `v2`, which ask only for the client id; for a service token, also for the secret.
/// With `cascading=all` the user's other tokens from the same sign-in end as well. Source: adobe/ims-go,
/// `ims/invalidate_token.go`; adobe/aio-lib-ims, `e2e/e2e.js`, for the empty answer.
pub(crate) fn invalidate(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let kind = exchange.parameter("token_type").and_then(TokenKind::named);
    let registered = if kind == Some(TokenKind::Service) {
        exchange.authenticate()?
    } else {
        let client_id = exchange.parameter("client_id").or(exchange.call.header("x-ims-clientid"));
        exchange.identify(client_id)?
    };
    let mut kinds = Vec::new();
    for one in TokenKind::ALL {
        let is_meant = match kind {
            Some(kind) => one == kind,
            None => one != TokenKind::Service,
        };
        if is_meant {
            kinds.push(one);
        }
    }
    end(exchange, &registered.integration, &kinds)
}

/// Answers `/ims/revoke`: confidential clients give their secret, public ones have none. Source:
/// AdobeDocs/adobe-dev-console, "User Authentication", `revoke`; RFC 7009.
pub(crate) fn revoke(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate_unless_public()?;
    end(exchange, &registered.integration, &TokenKind::ALL)
}

/// Revokes the token if it is one of this client and of these kinds; a text that is not a token needs no revocation (RFC
/// 7009 §2.2). With a refresh token, the tokens that were issued for it end as well (RFC 7009 §2.1).
fn end(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    kinds: &[TokenKind],
) -> Result<Answer, Refusal> {
    let text = sent_token(exchange)?;
    let mut found = None;
    for kind in kinds {
        if let Ok(payload) = exchange.read_token_of(integration, text, *kind) {
            found = Some((*kind, payload));
            break;
        }
    }
    exchange.note(
        "token is valid",
        found.is_some(),
        "a token that the emulator issued to this client and that is still valid",
        if found.is_some() { "valid" } else { "none: there is nothing to end" },
    );
    if let Some((kind, payload)) = found {
        exchange.service.revoke(&payload, exchange.now());
        if kind == TokenKind::Refresh || exchange.parameter("cascading") == Some("all") {
            end_session(exchange, &payload, integration);
        }
    }
    Ok(Answer::empty(StatusCode::OK))
}

/// Ends all tokens of the sign-in that `token` comes from, as long as any of them could live.
pub(crate) fn end_session(
    exchange: &Exchange<'_>,
    token: &AccessTokenPayload,
    integration: &Integration,
) {
    let lifetime = REFRESH_LIFETIME.max(PROMISE_LIFETIME).max(integration.token_lifetime());
    exchange.service.end_session(token, lifetime, exchange.now());
}

/// The token that the request is about.
fn sent_token<'a>(exchange: &mut Exchange<'a>) -> Result<&'a str, Refusal> {
    let token = exchange.parameter("token").or(exchange.call.bearer());
    exchange
        .given("token is sent", token)
        .expected("the parameter token, or Authorization: Bearer")
        .or(Refusal::TokenMissing)
}
