//! What the grants share: the answer with a token, lifetimes, and the tokens that are exchanged for another.

use std::time::Duration;

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    about_user::UserMembers,
    client::validity,
    exchange::Exchange,
    issued_token::{NewToken, TokenKind},
    refusal::Refusal,
    service::Registered,
};

/// How long a refresh token lives, 14 days. Source: AdobeDocs/adobe-dev-console, "User Authentication".
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_hours(14 * 24);

/// How long a promise token lives, 30 days. Adobe documents no time, so the emulator has its own.
pub(crate) const PROMISE_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// The answer, in the unit of the endpoint version. Source: AdobeDocs/adobe-dev-console, "User Authentication" and "Server
/// to Server authentication"; adobe/ims-go, `ims/token.go`.
#[derive(Serialize)]
pub(super) struct Granted<'a> {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_token_type: Option<&'static str>,
    token_type: &'static str,
    expires_in: u64,
    /// What the first versions say about the user.
    #[serde(flatten)]
    pub(super) user: Option<UserMembers<'a>>,
}

impl Granted<'_> {
    /// An access token and nothing else.
    pub(super) fn new(exchange: &Exchange<'_>, token: &NewToken<'_>) -> Self {
        Self {
            access_token: exchange.issue(token, ""),
            refresh_token: None,
            sub: None,
            id_token: None,
            issued_token_type: None,
            token_type: "bearer",
            expires_in: exchange.expires_in(token),
            user: None,
        }
    }
}

/// Reads the access token of a user that `parameter` carries: one of any client, since the user came by another.
pub(super) fn user_token(
    exchange: &mut Exchange<'_>,
    parameter: &str,
    check: &'static str,
    refusal: Refusal,
) -> Result<AccessTokenPayload, Refusal> {
    let text = exchange.parameter(parameter);
    let text = exchange.given(check, text).expected("the user's access token").or(refusal)?;
    let token = exchange.read_token(text, TokenKind::Access);
    let actual = validity(&token);
    exchange
        .given("user's access token is valid", token.ok())
        .expected("a token that the emulator issued and that is still valid")
        .actual(actual)
        .or(refusal)
}

/// Reads a token that only the client to which it was issued can use.
pub(super) fn own_token(
    exchange: &mut Exchange<'_>,
    registered: &Registered,
    text: &str,
    kind: TokenKind,
    refusal: Refusal,
) -> Result<AccessTokenPayload, Refusal> {
    let token = exchange.read_token_of(&registered.integration, text, kind);
    let actual = validity(&token);
    exchange
        .given("it is valid", token.ok())
        .expected("one that the emulator issued to this client and that is still valid")
        .actual(actual)
        .or(refusal)
}

/// Marks a token as used that can be used only once. If two requests send the same token at the same time, one is served.
pub(super) fn use_once(
    exchange: &mut Exchange<'_>,
    token: &AccessTokenPayload,
    check: &'static str,
    expected: &'static str,
    refusal: Refusal,
) -> Result<(), Refusal> {
    let is_new = exchange.service.revoke(token, exchange.now());
    exchange
        .that(check, is_new)
        .expected(expected)
        .actual(if is_new { "not used before" } else { "used before" })
        .or(refusal)
}
