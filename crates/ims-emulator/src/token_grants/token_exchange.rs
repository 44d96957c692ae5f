//! The grant `token-exchange` (RFC 8693), which Adobe calls on-behalf-of: a service acts for the user who called it.

use super::{Granted, UserToken};
use crate::{
    Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenOrder,
    key_ring::KeyRing,
    scope,
    service::{self, Service},
};

/// The `grant_type` of RFC 8693 §2.1.
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The one type of token that is taken and given. Source: adobe/ims-go, `ims/obo.go`.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Examines the request and issues a token for the subject's user and this client.
pub(super) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    for (name, parameter) in [
        ("subject_token_type is served", "subject_token_type"),
        ("requested_token_type is served", "requested_token_type"),
    ] {
        let kind = call.parameters.get(parameter).unwrap_or_default();
        checks
            .that(name, kind == ACCESS_TOKEN)
            .expected(ACCESS_TOKEN)
            .actual(kind.to_owned())
            .or(Refusal::TokenTypeUnsupported)?;
    }
    let subject = UserToken {
        check: "subject_token is sent",
        text: call.parameters.get("subject_token"),
        refusal: Refusal::SubjectTokenNotValid,
    };
    let subject = subject.read(service, call, keys, checks)?;
    let scope = scope::required(&registered.integration, call, checks)?;
    let user_id = subject.user_id().unwrap_or_default();
    let order = TokenOrder {
        session: service::session_of(&subject),
        ..TokenOrder::access(&registered.integration, user_id, scope)
    };
    let access_token = order.fill(keys, &call.debug_id, call.now_ms);
    Ok(Answer::ok(&Granted {
        issued_token_type: Some(ACCESS_TOKEN),
        ..Granted::alone(access_token, order.expires_in_s())
    }))
}
