//! `/ims/invalidate_token` and `/ims/revoke`: the end of a token before its time.

use http::StatusCode;
use ims_claims::AccessTokenPayload;

use crate::{
    Check, Integration, Refusal,
    answer::{Answer, JSON},
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenKind,
    key_ring::KeyRing,
    service::Service,
    token_grants::{PROMISE_LIFETIME, REFRESH_LIFETIME},
};

/// Answers `/ims/invalidate_token/v1` and `v2`, which ask for the client id alone, but for a service token for the
/// secret, too. With `cascading=all` the user's other tokens from the same sign-in end as well. Source: adobe/ims-go,
/// `ims/invalidate_token.go`; adobe/aio-lib-ims, `e2e/e2e.js`, for the empty answer.
pub(crate) fn invalidate(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let client_id = call.parameters.get("client_id").or(call.header("x-ims-clientid"));
    let kind = call.parameters.get("token_type").and_then(TokenKind::named);
    let registered = if kind == Some(TokenKind::Service) {
        client::authenticate(service, call, checks)?
    } else {
        client::identify(service, client_id, checks)?
    };
    let kinds: Vec<_> = TokenKind::ALL
        .into_iter()
        .filter(|one| kind.map_or(*one != TokenKind::Service, |kind| *one == kind))
        .collect();
    end(service, call, keys, (&registered.integration, &kinds), checks)
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
        Some(public) if public.integration.is_public() => {
            client::identify(service, call.named_client().as_deref(), checks)?
        }
        _ => client::authenticate(service, call, checks)?,
    };
    end(service, call, keys, (&registered.integration, &TokenKind::ALL), checks)
}

/// Ends the token if it is one of this client and of these kinds; what is no token has ended already (RFC 7009 §2.2). With a refresh token
/// end the tokens that came of it (RFC 7009 §2.1).
fn end(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    (integration, kinds): (&Integration, &[TokenKind]),
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let token = checks
        .given("token is sent", call.parameters.get("token").or(call.bearer()))
        .expected("the parameter token, or Authorization: Bearer")
        .or(Refusal::TokenMissing)?;
    let read = |kind: &TokenKind| {
        let payload = service.read_token(keys, token, *kind, call.now_ms).ok()?;
        Some((*kind, payload))
    };
    let own = kinds
        .iter()
        .find_map(read)
        .filter(|(_, payload)| payload.client_id() == Some(integration.client_id().as_str()));
    checks.note(Check {
        name: "token is valid",
        passed: own.is_some(),
        expected: "a token that the emulator issued to this client and that has not ended".into(),
        actual: if own.is_some() { "such a token" } else { "none: nothing is to be done" }.into(),
    });
    if let Some((kind, payload)) = own {
        service.revoke(&payload, call.now());
        if kind == TokenKind::Refresh || call.parameters.get("cascading") == Some("all") {
            end_session(service, &payload, integration, call);
        }
    }
    Ok(Answer::new(StatusCode::OK, JSON, ""))
}

/// Ends all tokens of the sign-in that `token` comes from, as long as any of them could live.
pub(crate) fn end_session(
    service: &Service,
    token: &AccessTokenPayload,
    integration: &Integration,
    call: &Call,
) {
    let lifetime = REFRESH_LIFETIME.max(PROMISE_LIFETIME).max(integration.token_lifetime());
    service.end_session(token, lifetime, call.now());
}
