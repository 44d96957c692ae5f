//! The grants `promise` and `promise_exchange`, Adobe's own: a service gets a promise token while the user is present, and
//! acts for that user later.

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use super::granted::{PROMISE_LIFETIME, use_once, user_token};
use crate::{
    answer::Answer,
    client::validity,
    exchange::Exchange,
    integration::Integration,
    issued_token::{NewToken, TokenKind, session_of},
    refusal::Refusal,
};

/// The answer to `promise`. Source: adobe/ims-go, `ims/promise.go`.
#[derive(Serialize)]
struct Given<'a> {
    promise_token: String,
    token_type: &'static str,
    scope: &'a str,
    expires_in: u64,
}

/// The answer to `promise_exchange`. Source: adobe/ims-go, `ims/promise.go`.
#[derive(Serialize)]
struct Exchanged<'a> {
    access_token: String,
    promise_token: String,
    promise_token_id: &'a str,
    token_type: &'static str,
    scope: &'a str,
    expires_in: u64,
    promise_token_expires_in: u64,
}

/// Examines the request and issues a promise token for the user and this client. Adobe documents no rules for promise
/// definitions: any that is named is accepted.
pub(super) fn give(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate()?;
    let definition = exchange.parameter("promise_definition_id");
    exchange
        .given("promise_definition_id is sent", definition)
        .expected("the parameter promise_definition_id")
        .or(Refusal::PromiseDefinitionMissing)?;
    let user = user_token(
        exchange,
        "authenticating_token",
        "authenticating_token is sent",
        Refusal::AuthenticatingTokenNotValid,
    )?;
    let scope = exchange.scope_or(&registered.integration, user.scopes())?;
    let token = promise(&registered.integration, &user, scope);
    Ok(Answer::ok(&Given {
        promise_token: exchange.issue(&token, ""),
        token_type: token.kind.name(),
        scope: &token.scope,
        expires_in: exchange.expires_in(&token),
    }))
}

/// Checks a promise token, which any client can use once: one service gets the promise, and another uses it
/// (@adobe/spacecat-shared-ims-client, `src/clients/ims-promise-client.js`). It issues an access token and the next promise
/// token. The next one is for the scopes that the first was given for.
pub(super) fn exchange_promise(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate()?;
    let integration = &registered.integration;
    let refusal = Refusal::PromiseTokenNotValid;
    let text = exchange.parameter("promise_token");
    let text = exchange
        .given("promise_token is sent", text)
        .expected("the parameter promise_token")
        .or(refusal)?;
    let token = exchange.read_token(text, TokenKind::Promise);
    let actual = validity(&token);
    let token = exchange
        .given("it is valid", token.ok())
        .expected("one that the emulator issued and that is still valid")
        .actual(actual)
        .or(refusal)?;
    let scope = exchange.scope_or(integration, token.scopes())?;
    let newest = "the newest, since each exchange gives the next";
    use_once(exchange, &token, "promise_token is new", newest, refusal)?;
    let scopes: Vec<&str> = token.scopes().collect();
    let next = promise(integration, &token, scopes.join(","));
    let access =
        NewToken { session: next.session, ..NewToken::access(integration, next.user_id, scope) };
    Ok(Answer::ok(&Exchanged {
        access_token: exchange.issue(&access, ""),
        promise_token: exchange.issue(&next, "-p"),
        promise_token_id: &exchange.token_id("-p"),
        token_type: access.kind.name(),
        scope: &access.scope,
        expires_in: exchange.expires_in(&access),
        promise_token_expires_in: exchange.expires_in(&next),
    }))
}

/// A promise token to `integration` for the user of `from`.
fn promise<'a>(
    integration: &'a Integration,
    from: &'a AccessTokenPayload,
    scope: String,
) -> NewToken<'a> {
    NewToken {
        kind: TokenKind::Promise,
        lifetime: PROMISE_LIFETIME,
        session: session_of(from),
        ..NewToken::access(integration, from.user_id().unwrap_or_default(), scope)
    }
}
