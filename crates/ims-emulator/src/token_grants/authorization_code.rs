//! The grants `authorization_code`, with PKCE (RFC 7636), and `refresh_token`.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::{TokenFault, TokenKind, TokenOrder},
    key_ring::KeyRing,
    service::{Registered, Service},
};

/// How long a refresh token lives, 14 days. Source: AdobeDocs/adobe-dev-console, "User Authentication".
const REFRESH_LIFETIME: Duration = Duration::from_hours(14 * 24);

/// The scope that a refresh token is given for.
const OFFLINE_ACCESS: &str = "offline_access";

/// The answer, whose unit is seconds. Source: AdobeDocs/adobe-dev-console, "User Authentication". There is no
/// `id_token`: the emulator has no users to tell about.
#[derive(Serialize)]
struct Granted<'a> {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    sub: &'a str,
    token_type: &'static str,
    #[serde(rename = "expires_in")]
    expires_in_s: u64,
}

/// Examines a code, which is good once, and issues the tokens.
pub(super) fn redeem(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client(service, call, checks)?;
    let code = checks
        .given("code is sent", call.parameters.get("code"))
        .expected("the parameter code")
        .or(Refusal::CodeNotValid)?;
    let read = service.read_token(keys, code, TokenKind::Code, call.now_ms);
    let code = own(&registered, read, checks, Refusal::CodeNotValid)?;
    verifier(&registered, &code, call, checks)?;
    checks
        .that("code is new", service.revoke(&code, call.now()))
        .expected("a code that was not redeemed before")
        .actual("one that was")
        .or(Refusal::CodeNotValid)?;
    Ok(issue(&registered, &code, call, keys))
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
    Ok(issue(&registered, &token, call, keys))
}

/// Public clients have no secret to send.
fn client(service: &Service, call: &Call, checks: &mut Checks) -> Result<Arc<Registered>, Refusal> {
    let named = call.named_client();
    let registered = named.as_deref().and_then(|client_id| service.registered(client_id));
    if registered.is_some_and(|registered| registered.binding.is_public()) {
        client::identify(service, named.as_deref(), checks)
    } else {
        client::authenticate(service, call, checks)
    }
}

fn own(
    registered: &Registered,
    read: Result<AccessTokenPayload, TokenFault>,
    checks: &mut Checks,
    refusal: Refusal,
) -> Result<AccessTokenPayload, Refusal> {
    let client_id = registered.binding.client_id().as_str();
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
    let member = |name: &str| code.members().get(name).and_then(|value| value.as_str());
    let Some(challenge) = member("code_challenge") else {
        return checks
            .that("code has a challenge, or the client a secret", !registered.binding.is_public())
            .expected("one of them")
            .or(Refusal::VerifierWrong);
    };
    let verifier = call.parameters.get("code_verifier").unwrap_or_default();
    let answer = match member("code_challenge_method") {
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
    registered: &Registered,
    from: &AccessTokenPayload,
    call: &Call,
    keys: &KeyRing,
) -> Answer {
    let sub = from.user_id().unwrap_or_default();
    let scopes: Vec<&str> = from.scopes().collect();
    let order = TokenOrder {
        kind: TokenKind::Access,
        client_id: registered.binding.client_id(),
        user_id: sub,
        scope: scopes.join(","),
        lifetime: registered.binding.token_lifetime(),
        challenge: None,
    };
    let access_token = order.fill(keys, &call.debug_id, call.now_ms);
    let expires_in_s = order.lifetime_ms().saturating_sub(1) / 1000;
    let refresh_token = scopes.contains(&OFFLINE_ACCESS).then(|| {
        let order = TokenOrder { kind: TokenKind::Refresh, lifetime: REFRESH_LIFETIME, ..order };
        order.fill(keys, &format!("{}-r", call.debug_id), call.now_ms)
    });
    Answer::ok(&Granted { access_token, refresh_token, sub, token_type: "bearer", expires_in_s })
}
