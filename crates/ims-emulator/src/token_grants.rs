//! `/ims/token/v1` to `v4`: the grants of OAuth 2.0 (RFC 6749 §4) that IMS has, chosen by `grant_type`.

mod authorization_code;
mod client_credentials;

use crate::{
    Refusal, answer::Answer, call::Call, checks::Checks, key_ring::KeyRing, service::Service,
};

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
    let grant = match grant_type {
        "client_credentials" => Some(client_credentials::answer as Grant),
        "authorization_code" => Some(authorization_code::redeem as Grant),
        "refresh_token" => Some(authorization_code::refresh as Grant),
        _ => None,
    };
    let grant = checks
        .given("grant_type is served", grant)
        .expected("client_credentials, authorization_code or refresh_token")
        .actual(grant_type.to_owned())
        .or(Refusal::GrantTypeUnsupported)?;
    grant(service, call, keys, checks)
}

type Grant = fn(&Service, &Call, &KeyRing, &mut Checks) -> Result<Answer, Refusal>;
