//! Who is calling, by the access token in `Authorization`: the same at each resource that wants one.

use ims_claims::AccessTokenPayload;

use crate::{
    Refusal,
    call::Call,
    checks::Checks,
    issued_token::{TokenFault, TokenKind},
    key_ring::KeyRing,
    service::Service,
};

/// Reads the token. The resource says how it refuses a request without one, and one whose token is not valid.
pub(crate) fn token(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
    [missing, not_valid]: [Refusal; 2],
) -> Result<AccessTokenPayload, Refusal> {
    let token = checks
        .given("access token is sent", call.bearer())
        .expected("the header Authorization: Bearer")
        .or(missing)?;
    let token = service.read_token(keys, token, TokenKind::Access, call.now_ms);
    let fault = token.as_ref().map_or_else(|fault: &TokenFault| fault.reason(), |_| "valid");
    checks
        .given("access token is valid", token.ok())
        .expected("a token that the emulator issued and that has not expired")
        .actual(fault)
        .or(not_valid)
}
