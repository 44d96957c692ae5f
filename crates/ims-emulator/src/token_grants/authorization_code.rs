//! The grants `authorization_code`, with PKCE (RFC 7636), and `refresh_token`.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::AccessTokenPayload;

use super::Granted;
use crate::{
    Check, Integration, Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    id_token::IdTokenOrder,
    issued_token::{TokenFault, TokenKind, TokenOrder},
    key_ring::KeyRing,
    service::{self, Registered, Service},
};

/// How long a refresh token lives, 14 days. Source: AdobeDocs/adobe-dev-console, "User Authentication".
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_hours(14 * 24);

/// The scope that a refresh token is given for.
const OFFLINE_ACCESS: &str = "offline_access";

/// The scope that an ID token is given for.
const OPENID: &str = "openid";

/// Examines a code, which is good once, and issues the tokens. The code that is good for ever gives a service token.
pub(super) fn redeem(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client(service, call, checks)?;
    let integration = &registered.integration;
    let code = checks
        .given("code is sent", call.parameters.get("code"))
        .expected("the parameter code")
        .or(Refusal::CodeNotValid)?;
    if !integration.is_public() && integration.has_service_code(code) {
        return Ok(service_token(integration, call, keys, checks));
    }
    let read = service.read_token(keys, code, TokenKind::Code, call.now_ms);
    let code = own(&registered, read, checks, Refusal::CodeNotValid)?;
    verifier(&registered, &code, call, checks)?;
    checks
        .that("code is new", service.revoke(&code, call.now()))
        .expected("a code that was not redeemed before")
        .actual("one that was")
        .or(Refusal::CodeNotValid)?;
    let id_token = has_scope(&code, OPENID).then(|| id_token(integration, &code, call, keys));
    Ok(issue(integration, &code, id_token, call, keys))
}

/// Examines a refresh token and issues new tokens for the same scopes.
pub(super) fn refresh(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client(service, call, checks)?;
    let token = checks
        .given("refresh_token is sent", call.parameters.get("refresh_token"))
        .expected("the parameter refresh_token")
        .or(Refusal::RefreshTokenNotValid)?;
    let read = service.read_token(keys, token, TokenKind::Refresh, call.now_ms);
    let token = own(&registered, read, checks, Refusal::RefreshTokenNotValid)?;
    if registered.integration.rotates_refresh_tokens() {
        // Of two requests at the same time that show one token, one is served.
        checks
            .that("refresh_token is new", service.revoke(&token, call.now()))
            .expected("the newest, since this integration rotates them")
            .actual("one that was used before")
            .or(Refusal::RefreshTokenNotValid)?;
    }
    Ok(issue(&registered.integration, &token, None, call, keys))
}

/// Public clients have no secret to send.
fn client(service: &Service, call: &Call, checks: &mut Checks) -> Result<Arc<Registered>, Refusal> {
    let named = call.named_client();
    let registered = named.as_deref().and_then(|client_id| service.registered(client_id));
    if registered.is_some_and(|registered| registered.integration.is_public()) {
        client::identify(service, named.as_deref(), checks)
    } else {
        client::authenticate(service, call, checks)
    }
}

/// The token of the request, if it was issued to this client.
pub(super) fn own(
    registered: &Registered,
    read: Result<AccessTokenPayload, TokenFault>,
    checks: &mut Checks,
    refusal: Refusal,
) -> Result<AccessTokenPayload, Refusal> {
    let client_id = registered.integration.client_id().as_str();
    let own = read.and_then(|token| match token.client_id() {
        Some(of) if of == client_id => Ok(token),
        _ => Err(TokenFault::OfAnotherClient),
    });
    let fault = own.as_ref().map_or_else(|fault: &TokenFault| fault.reason(), |_| "valid");
    checks
        .given("it is valid", own.ok())
        .expected("one that the emulator issued to this client and that has not ended")
        .actual(fault)
        .or(refusal)
}

/// A code that was asked for with a challenge is redeemed with its verifier (RFC 7636 §4.6).
fn verifier(
    registered: &Registered,
    code: &AccessTokenPayload,
    call: &Call,
    checks: &mut Checks,
) -> Result<(), Refusal> {
    let Some(challenge) = member(code, "code_challenge") else {
        return checks
            .that(
                "code has a challenge, or the client a secret",
                !registered.integration.is_public(),
            )
            .expected("one of them")
            .or(Refusal::VerifierWrong);
    };
    let verifier = call.parameters.get("code_verifier").unwrap_or_default();
    let answer = match member(code, "code_challenge_method") {
        Some("S256") => BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
        _ => verifier.to_owned(),
    };
    checks
        .that("code_verifier fits the challenge", !verifier.is_empty() && answer == challenge)
        .expected("the text that the challenge was made of")
        .actual(if verifier.is_empty() { "" } else { "another text" })
        .or(Refusal::VerifierWrong)
}

fn issue(
    integration: &Integration,
    from: &AccessTokenPayload,
    id_token: Option<String>,
    call: &Call,
    keys: &KeyRing,
) -> Answer {
    let sub = from.user_id().unwrap_or_default();
    let scopes: Vec<&str> = from.scopes().collect();
    let session = service::session_of(from);
    let order = TokenOrder { session, ..TokenOrder::access(integration, sub, scopes.join(",")) };
    let access_token = order.fill(keys, &call.debug_id, call.now_ms);
    let expires_in_s = order.expires_in_s();
    let refresh_token = has_scope(from, OFFLINE_ACCESS).then(|| {
        let order = TokenOrder { kind: TokenKind::Refresh, lifetime: REFRESH_LIFETIME, ..order };
        order.fill(keys, &format!("{}-r", call.debug_id), call.now_ms)
    });
    Answer::ok(&Granted {
        refresh_token,
        sub: Some(sub),
        id_token,
        ..Granted::alone(access_token, expires_in_s)
    })
}

fn id_token(
    integration: &Integration,
    code: &AccessTokenPayload,
    call: &Call,
    keys: &KeyRing,
) -> String {
    let order = IdTokenOrder {
        issuer: &call.base_url(),
        client_id: integration.client_id().as_str(),
        user_id: code.user_id().unwrap_or_default(),
        nonce: member(code, "nonce"),
        access_token: None,
        code: None,
        lifetime: integration.token_lifetime(),
    };
    order.fill(keys, call.now_ms)
}

/// What Adobe's own services get for their permanent code. Source: adobe/imscli, `ims/authz_service.go`.
fn service_token(
    integration: &Integration,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Answer {
    checks.note(Check {
        name: "code is the permanent one",
        passed: true,
        expected: "".into(),
        actual: "it gives a service token".into(),
    });
    let user_id = integration.technical_account_id().as_str();
    let order = TokenOrder {
        kind: TokenKind::Service,
        ..TokenOrder::access(integration, user_id, integration.scopes().join(","))
    };
    let access_token = order.fill(keys, &call.debug_id, call.now_ms);
    Answer::ok(&Granted::alone(access_token, order.expires_in_s()))
}

fn has_scope(token: &AccessTokenPayload, name: &str) -> bool {
    token.scopes().any(|scope| scope == name)
}

fn member<'a>(token: &'a AccessTokenPayload, name: &str) -> Option<&'a str> {
    token.members().get(name)?.as_str()
}
