//! `/ims/invalidate_token` and `/ims/revoke`: the end of a token before its time.

use http::StatusCode;

use crate::{
    Check, Refusal,
    answer::{Answer, JSON},
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenKind,
    key_ring::KeyRing,
    service::Service,
};

/// Answers `/ims/invalidate_token/v1` and `v2`, which ask for the client id alone. Source: adobe/ims-go,
/// `ims/invalidate_token.go`; adobe/aio-lib-ims, `e2e/e2e.js`, for the empty answer.
pub(crate) fn invalidate(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let client_id = call.parameters.get("client_id").or(call.header("x-ims-clientid"));
    let registered = client::identify(service, client_id, checks)?;
    end(service, call, keys, registered.binding.client_id().as_str(), checks)
}

/// Answers `/ims/revoke`: confidential clients give their secret, public ones have none. Source:
/// AdobeDocs/adobe-dev-console, "User Authentication", `revoke`; RFC 7009.
pub(crate) fn revoke(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let named = call.named_client().and_then(|client_id| service.registered(&client_id));
    let registered = match named {
        Some(public) if public.binding.is_public() => {
            client::identify(service, call.named_client().as_deref(), checks)?
        }
        _ => client::authenticate(service, call, checks)?,
    };
    end(service, call, keys, registered.binding.client_id().as_str(), checks)
}

/// Ends the token if it is one of this client; what is no token has ended already (RFC 7009 §2.2).
fn end(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    client_id: &str,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let token = checks
        .given("token is sent", call.parameters.get("token").or(call.bearer()))
        .expected("the parameter token, or Authorization: Bearer")
        .or(Refusal::TokenMissing)?;
    let kinds = [TokenKind::Access, TokenKind::Refresh, TokenKind::Code];
    let mut read =
        kinds.iter().filter_map(|kind| service.read_token(keys, token, *kind, call.now_ms).ok());
    let own = read.next().filter(|payload| payload.client_id() == Some(client_id));
    checks.note(Check {
        name: "token is valid",
        passed: own.is_some(),
        expected: "a token that the emulator issued to this client and that has not ended".into(),
        actual: if own.is_some() { "such a token" } else { "none: nothing is to be done" }.into(),
    });
    if let Some(payload) = own {
        service.revoke(&payload, call.now());
    }
    Ok(Answer::new(StatusCode::OK, JSON, ""))
}
