//! `/ims/token/v1` to `v4`: the grants of OAuth 2.0 (RFC 6749 §4) that IMS has, chosen by `grant_type`.

mod authorization_code;
mod client_credentials;
mod cluster_exchange;
mod promise;
mod token_exchange;

pub(crate) use self::{authorization_code::REFRESH_LIFETIME, promise::PROMISE_LIFETIME};

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    issued_token::{TokenFault, TokenKind},
    key_ring::KeyRing,
    resource,
    service::Service,
};

/// The answer, whose unit is seconds. Source: AdobeDocs/adobe-dev-console, "User Authentication" and "Server to Server
/// authentication"; adobe/ims-go, `ims/token.go`.
#[derive(Serialize)]
struct Granted<'a> {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    token_type: &'static str,
    #[serde(rename = "expires_in")]
    expires_in_s: u64,
}

impl Granted<'_> {
    /// An access token and nothing beside it.
    fn alone(access_token: String, expires_in_s: u64) -> Self {
        Self {
            access_token,
            refresh_token: None,
            sub: None,
            id_token: None,
            issued_token_type: None,
            token_type: "bearer",
            expires_in_s,
        }
    }
}

type Grant = fn(&Service, &Call, &KeyRing, &mut Checks) -> Result<Answer, Refusal>;

/// Examines the request and issues the tokens.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let grant_type = checks
        .given("grant_type is sent", call.parameters.get("grant_type"))
        .expected("the parameter grant_type")
        .or(Refusal::GrantTypeMissing)?;
    let grant = checks
        .given("grant_type is served", grant(grant_type, &call.path))
        .expected(served(&call.path))
        .actual(grant_type.to_owned())
        .or(Refusal::GrantTypeUnsupported)?;
    resource::check(call, checks)?;
    grant(service, call, keys, checks)
}

/// The grant of `grant_type`. Some are served at one version alone, where Adobe's own client sends them. Source:
/// adobe/ims-go, `ims/cluster_exchange_token.go`, `ims/obo.go`, `ims/promise.go`.
fn grant(grant_type: &str, path: &str) -> Option<Grant> {
    match (grant_type, path) {
        ("client_credentials", _) => Some(client_credentials::answer),
        ("authorization_code", _) => Some(authorization_code::redeem),
        ("refresh_token", _) => Some(authorization_code::refresh),
        ("cluster_at_exchange", "/ims/token/v3") => Some(cluster_exchange::answer),
        (token_exchange::GRANT_TYPE, "/ims/token/v4") => Some(token_exchange::answer),
        ("promise", "/ims/token/v4") => Some(promise::give),
        ("promise_exchange", "/ims/token/v4") => Some(promise::exchange),
        _ => None,
    }
}

fn served(path: &str) -> &'static str {
    match path {
        "/ims/token/v3" => {
            "client_credentials, authorization_code, refresh_token or cluster_at_exchange"
        }
        "/ims/token/v4" => {
            "client_credentials, authorization_code, refresh_token, token exchange, promise or promise_exchange"
        }
        _ => "client_credentials, authorization_code or refresh_token",
    }
}

/// The access token of a user that a parameter carries: one of any client, since the user came by another.
struct UserToken<'a> {
    /// The check that there is one.
    check: &'static str,
    text: Option<&'a str>,
    refusal: Refusal,
}

impl UserToken<'_> {
    fn read(
        self,
        service: &Service,
        call: &Call,
        keys: &KeyRing,
        checks: &mut Checks,
    ) -> Result<AccessTokenPayload, Refusal> {
        let token = checks
            .given(self.check, self.text)
            .expected("the user's access token")
            .or(self.refusal)?;
        let token = service.read_token(keys, token, TokenKind::Access, call.now_ms);
        let fault = token.as_ref().map_or_else(|fault: &TokenFault| fault.reason(), |_| "valid");
        checks
            .given("user's access token is valid", token.ok())
            .expected("a token that the emulator issued and that has not ended")
            .actual(fault)
            .or(self.refusal)
    }
}
