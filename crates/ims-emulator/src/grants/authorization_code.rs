//! The grants `authorization_code`, with PKCE (RFC 7636), and `refresh_token`.

use std::ops::RangeInclusive;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::AccessTokenPayload;

use super::granted::{Granted, REFRESH_LIFETIME, own_token, use_once};
use crate::{
    about_user::{Person, UserMembers},
    answer::Answer,
    exchange::Exchange,
    id_token::NewIdToken,
    integration::Integration,
    issued_token::{NewToken, RefreshToken, TokenKind, session_of},
    refusal::Refusal,
};

/// The scope that a refresh token is given for.
const OFFLINE_ACCESS: &str = "offline_access";

/// How many characters a code verifier has (RFC 7636 §4.1).
const VERIFIER_LENGTH: RangeInclusive<usize> = 43..=128;

/// The scope that an ID token is given for.
const OPENID: &str = "openid";

/// Checks a code, which can be used once, and issues the tokens. The permanent code gives a service token.
pub(super) fn redeem(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate_unless_public()?;
    let integration = &registered.integration;
    let refusal = Refusal::CodeNotValid;
    let text = exchange.parameter("code");
    let text = exchange.given("code is sent", text).expected("the parameter code").or(refusal)?;
    if !integration.is_public() && integration.has_service_code(text) {
        return Ok(service_token(exchange, integration));
    }
    let code = own_token(exchange, &registered, text, TokenKind::Code, refusal)?;
    verifier(exchange, integration, &code)?;
    let unused = "a code that was not redeemed before";
    use_once(exchange, &code, "code is new", unused, refusal)?;
    let mut id_token = None;
    if has_scope(&code, OPENID) {
        id_token = Some(exchange.issue_id_token(&NewIdToken {
            issuer: &exchange.call.base_url(),
            client_id: integration.client_id().as_str(),
            user_id: code.user_id().unwrap_or_default(),
            org_id: None,
            nonce: member(&code, "nonce"),
            access_token: None,
            code: None,
            lifetime: integration.token_lifetime(),
        }));
    }
    Ok(issue(exchange, integration, &code, id_token))
}

/// Examines a refresh token and issues new tokens for the same scopes.
pub(super) fn refresh(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate_unless_public()?;
    let refusal = Refusal::RefreshTokenNotValid;
    let text = exchange.parameter("refresh_token");
    let text = exchange
        .given("refresh_token is sent", text)
        .expected("the parameter refresh_token")
        .or(refusal)?;
    let token = own_token(exchange, &registered, text, TokenKind::Refresh, refusal)?;
    if registered.integration.rotates_refresh_tokens() {
        let newest = "the newest, since this integration rotates them";
        use_once(exchange, &token, "refresh_token is new", newest, refusal)?;
    }
    Ok(issue(exchange, &registered.integration, &token, None))
}

/// A code that was asked for with a challenge is redeemed with its verifier (RFC 7636 §4.6).
fn verifier(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    code: &AccessTokenPayload,
) -> Result<(), Refusal> {
    let Some(challenge) = member(code, "code_challenge") else {
        return exchange
            .that("code has a challenge, or the client a secret", !integration.is_public())
            .expected("one of them")
            .or(Refusal::VerifierWrong);
    };
    let verifier = exchange.parameter("code_verifier").unwrap_or_default();
    let length = verifier.chars().count();
    let has_length = VERIFIER_LENGTH.contains(&length);
    exchange
        .that("code_verifier has 43 to 128 characters", has_length || verifier.is_empty())
        .expected("43 to 128 letters, digits and -._~ (RFC 7636 §4.1)")
        .actual(format_args!("{length} characters"))
        .or(Refusal::VerifierWrong)?;
    let made_of_it = match member(code, "code_challenge_method") {
        Some("S256") => BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
        _ => verifier.to_owned(),
    };
    let fits = !verifier.is_empty() && made_of_it == challenge;
    let actual = match (verifier.is_empty(), fits) {
        (true, _) => "",
        (false, true) => "that text",
        (false, false) => "another text",
    };
    exchange
        .that("code_verifier fits the challenge", fits)
        .expected("the text that the challenge was made of")
        .actual(actual)
        .or(Refusal::VerifierWrong)
}

fn issue(
    exchange: &Exchange<'_>,
    integration: &Integration,
    from: &AccessTokenPayload,
    id_token: Option<String>,
) -> Answer {
    let sub = from.user_id().unwrap_or_default();
    let scopes: Vec<&str> = from.scopes().collect();
    let session = session_of(from);
    let id = exchange.token_id("-r");
    let has_refresh = has_scope(from, OFFLINE_ACCESS);
    let refresh = has_refresh.then_some(RefreshToken { id: &id, lifetime: REFRESH_LIFETIME });
    let access =
        NewToken { session, refresh, ..NewToken::access(integration, sub, scopes.join(",")) };
    let says_who = exchange.call.version.answer.contains(&"given_name");
    let person = says_who.then(|| Person::of(exchange, sub, integration));
    let mut granted = Granted::new(exchange, &access);
    granted.sub = Some(sub);
    granted.user = person.as_ref().map(|person| UserMembers::of(person, integration, from));
    if exchange.call.version.answer.contains(&"id_token") {
        granted.id_token = id_token;
    }
    if has_refresh {
        let refresh = NewToken {
            kind: TokenKind::Refresh,
            lifetime: REFRESH_LIFETIME,
            refresh: None,
            ..access
        };
        granted.refresh_token = Some(exchange.issue(&refresh, "-r"));
    }
    Answer::ok(&granted)
}

/// What Adobe's own services get for their permanent code. Source: adobe/imscli, `ims/authz_service.go`.
fn service_token(exchange: &mut Exchange<'_>, integration: &Integration) -> Answer {
    exchange.note("code is the permanent one", true, "", "it gives a service token");
    let user_id = integration.technical_account_id().as_str();
    let token = NewToken {
        kind: TokenKind::Service,
        ..NewToken::access(integration, user_id, integration.scopes().join(","))
    };
    Answer::ok(&Granted::new(exchange, &token))
}

fn has_scope(token: &AccessTokenPayload, name: &str) -> bool {
    token.scopes().any(|scope| scope == name)
}

fn member<'a>(token: &'a AccessTokenPayload, name: &str) -> Option<&'a str> {
    token.members().get(name)?.as_str()
}
