//! Who is calling, by the token in `Authorization`: the same at each resource that wants one.

use ims_claims::AccessTokenPayload;

use crate::{
    Refusal,
    call::Call,
    checks::Checks,
    issued_token::{TokenFault, TokenKind},
    key_ring::KeyRing,
    service::Service,
};

/// Which token a resource wants, and how it refuses a request without one, and one whose token is not valid.
pub(crate) struct Wanted {
    pub(crate) kind: TokenKind,
    pub(crate) missing: Refusal,
    pub(crate) not_valid: Refusal,
}

impl Wanted {
    /// Reads the token.
    pub(crate) fn read(
        self,
        service: &Service,
        call: &Call,
        keys: &KeyRing,
        checks: &mut Checks,
    ) -> Result<AccessTokenPayload, Refusal> {
        let token = checks
            .given("access token is sent", call.bearer())
            .expected("the header Authorization: Bearer")
            .or(self.missing)?;
        let token = service.read_token(keys, token, self.kind, call.now_ms);
        let fault = token.as_ref().map_or_else(|fault: &TokenFault| fault.reason(), |_| "valid");
        checks
            .given("access token is valid", token.ok())
            .expected("a token that the emulator issued and that has not ended")
            .actual(fault)
            .or(self.not_valid)
    }
}
