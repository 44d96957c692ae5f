//! `/ims/validate_token/v1`: whether a token is valid. That it is not is no error here: the answer is `200` as well.

use ims_claims::JsonObject;
use serde::Serialize;

use crate::{
    Check, Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::{TokenFault, TokenKind},
    key_ring::KeyRing,
    service::Service,
};

/// The answer. Source: adobe/ims-go, `ims/validate_token.go`. The words of `reason` are ours.
#[derive(Serialize)]
struct Validity {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<JsonObject>,
}

/// Examines the token that the request asks about.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let client_id = call.parameters.get("client_id").or(call.header("x-ims-clientid"));
    let registered = client::identify(service, client_id, checks)?;
    let token = checks
        .given("token is sent", call.parameters.get("token").or(call.bearer()))
        .expected("the parameter token, or Authorization: Bearer")
        .or(Refusal::TokenMissing)?;
    let kind = call.parameters.get("type").unwrap_or(TokenKind::Access.name());
    let kind = TokenKind::named(kind).ok_or(TokenFault::OfAnotherKind);
    let token = kind.and_then(|kind| service.read_token(keys, token, kind, call.now_ms));
    let validity = match token {
        Err(fault) => Err(fault.reason()),
        Ok(token) if token.client_id() == Some(registered.integration.client_id().as_str()) => {
            Ok(token)
        }
        Ok(_) => Err(TokenFault::OfAnotherClient.reason()),
    };
    checks.note(Check {
        name: "token is valid",
        passed: validity.is_ok(),
        expected: "a token that the emulator issued to this client and that has not expired".into(),
        actual: validity.as_ref().err().copied().unwrap_or("valid").into(),
    });
    Ok(Answer::ok(&Validity {
        valid: validity.is_ok(),
        reason: validity.as_ref().err().copied(),
        token: validity.ok().map(|payload| payload.members().clone()),
    }))
}
