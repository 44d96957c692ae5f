//! The grants `promise` and `promise_exchange`, Adobe's own: a service keeps a promise of a user who is there, and acts for
//! that user later.

use std::time::Duration;

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use super::{UserToken, authorization_code::own};
use crate::{
    Integration, Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::{TokenKind, TokenOrder},
    key_ring::KeyRing,
    scope,
    service::{self, Service},
};

/// How long a promise token lives, 30 days. Adobe documents no time, so it is ours.
pub(crate) const PROMISE_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// The answer to `promise`. Source: adobe/ims-go, `ims/promise.go`.
#[derive(Serialize)]
struct Given<'a> {
    promise_token: String,
    token_type: &'static str,
    scope: &'a str,
    #[serde(rename = "expires_in")]
    expires_in_s: u64,
}

/// The answer to `promise_exchange`. Source: adobe/ims-go, `ims/promise.go`.
#[derive(Serialize)]
struct Exchanged<'a> {
    access_token: String,
    promise_token: String,
    promise_token_id: &'a str,
    token_type: &'static str,
    scope: &'a str,
    #[serde(rename = "expires_in")]
    expires_in_s: u64,
    #[serde(rename = "promise_token_expires_in")]
    promise_token_expires_in_s: u64,
}

/// Examines the request and issues a promise token for the user and this client. Adobe documents no rules for promise
/// definitions: any that is named is taken.
pub(super) fn give(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    let definition = call.parameters.get("promise_definition_id");
    checks
        .given("promise_definition_id is sent", definition)
        .expected("the parameter promise_definition_id")
        .or(Refusal::PromiseDefinitionMissing)?;
    let user = UserToken {
        check: "authenticating_token is sent",
        text: call.parameters.get("authenticating_token"),
        refusal: Refusal::AuthenticatingTokenNotValid,
    };
    let user = user.read(service, call, keys, checks)?;
    let scope = scope::required(&registered.integration, call, checks)?;
    let order = promise(&registered.integration, &user, scope);
    Ok(Answer::ok(&Given {
        promise_token: order.fill(keys, &call.debug_id, call.now_ms),
        token_type: order.kind.name(),
        scope: &order.scope,
        expires_in_s: order.expires_in_s(),
    }))
}

/// Examines a promise token, which is good once, and issues an access token and the next promise token. The next one is for
/// the scopes that the first was given for.
pub(super) fn exchange(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    let integration = &registered.integration;
    let token = checks
        .given("promise_token is sent", call.parameters.get("promise_token"))
        .expected("the parameter promise_token")
        .or(Refusal::PromiseTokenNotValid)?;
    let read = service.read_token(keys, token, TokenKind::Promise, call.now_ms);
    let token = own(&registered, read, checks, Refusal::PromiseTokenNotValid)?;
    let scope = scope::required(integration, call, checks)?;
    // Of two requests at the same time that show one token, one is served.
    checks
        .that("promise_token is new", service.revoke(&token, call.now()))
        .expected("the newest, since each exchange gives the next")
        .actual("one that was used before")
        .or(Refusal::PromiseTokenNotValid)?;
    let next = promise(integration, &token, token.scopes().collect::<Vec<_>>().join(","));
    let next_id = format!("{}-p", call.debug_id);
    let access = TokenOrder {
        session: next.session,
        ..TokenOrder::access(integration, next.user_id, scope)
    };
    Ok(Answer::ok(&Exchanged {
        access_token: access.fill(keys, &call.debug_id, call.now_ms),
        promise_token: next.fill(keys, &next_id, call.now_ms),
        promise_token_id: &next_id,
        token_type: access.kind.name(),
        scope: &access.scope,
        expires_in_s: access.expires_in_s(),
        promise_token_expires_in_s: next.expires_in_s(),
    }))
}

/// An order for a promise token to `integration` of the user whom `from` is about.
fn promise<'a>(
    integration: &'a Integration,
    from: &'a AccessTokenPayload,
    scope: String,
) -> TokenOrder<'a> {
    TokenOrder {
        kind: TokenKind::Promise,
        lifetime: PROMISE_LIFETIME,
        session: service::session_of(from),
        ..TokenOrder::access(integration, from.user_id().unwrap_or_default(), scope)
    }
}
