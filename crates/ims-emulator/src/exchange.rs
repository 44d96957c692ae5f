//! One request while it is examined: the request, the state of the emulator, and the checks so far.

use ims_claims::{AccessTokenPayload, ClientId, NumericDate};

use crate::{
    call::Call,
    check_list::Wording,
    checks::{Checks, Pending},
    endpoint_table::TimeUnit,
    id_token::NewIdToken,
    integration::Integration,
    issued_token::{NewToken, TokenFault, TokenKind},
    service::Service,
    token_key::KeyRing,
};

/// Everything that an endpoint needs to examine a request and to answer it.
///
/// How a client proves who it is, and what it may ask for, is the same at many endpoints: the methods for that are in
/// the modules `client` and `scope`.
pub(crate) struct Exchange<'a> {
    pub(crate) service: &'a Service,
    pub(crate) call: &'a Call,
    pub(crate) keys: &'a KeyRing,
    pub(crate) checks: &'a mut Checks,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        service: &'a Service,
        call: &'a Call,
        keys: &'a KeyRing,
        checks: &'a mut Checks,
    ) -> Self {
        Self { service, call, keys, checks }
    }

    /// The value of a parameter; an empty one counts as none (RFC 6749 §3.2).
    pub(crate) fn parameter(&self, name: &str) -> Option<&'a str> {
        self.call.parameters.get(name)
    }

    /// When the request came, on the emulator's clock.
    pub(crate) fn now(&self) -> NumericDate {
        self.call.now()
    }

    /// The check `name`, which passes if there is a value.
    pub(crate) fn given<T>(&mut self, name: &'static str, value: Option<T>) -> Pending<'_, T> {
        self.checks.given(name, value)
    }

    /// The check `name`, which passes if `holds`.
    pub(crate) fn that(&mut self, name: &'static str, holds: bool) -> Pending<'_, ()> {
        self.checks.that(name, holds)
    }

    /// Records a check that decides what the answer says, not whether it is given.
    pub(crate) fn note<'w>(
        &mut self,
        name: &'static str,
        passed: bool,
        expected: &'static str,
        actual: impl Into<Wording<'w>>,
    ) {
        self.checks.note(name, passed, expected, actual);
    }

    /// Names the integration in the verdict.
    pub(crate) fn is_made_by(&mut self, client_id: &ClientId) {
        self.checks.is_made_by(client_id);
    }

    /// Reads a token, if the emulator has issued it as one of `kind` and it has not ended.
    pub(crate) fn read_token(
        &self,
        token: &str,
        kind: TokenKind,
    ) -> Result<AccessTokenPayload, TokenFault> {
        self.service.read_token(self.keys, token, kind, self.call.now_ms)
    }

    /// Reads a token that is good only for the client to which it was issued.
    pub(crate) fn read_token_of(
        &self,
        integration: &Integration,
        token: &str,
        kind: TokenKind,
    ) -> Result<AccessTokenPayload, TokenFault> {
        let payload = self.read_token(token, kind)?;
        if payload.client_id() != Some(integration.client_id().as_str()) {
            return Err(TokenFault::OfAnotherClient);
        }
        Ok(payload)
    }

    /// Issues a token. Its id is that of the request; if one answer has several tokens, `suffix` is added.
    pub(crate) fn issue(&self, token: &NewToken<'_>, suffix: &str) -> String {
        token.issue(self.keys, &self.token_id(suffix), self.call.now_ms)
    }

    /// `expires_in` of a token in the unit of this endpoint version: its remaining lifetime, slightly less than the whole.
    pub(crate) fn expires_in(&self, token: &NewToken<'_>) -> u64 {
        let left_ms = token.lifetime_ms().saturating_sub(1);
        match self.call.version.unit {
            Some(TimeUnit::Milliseconds) => left_ms,
            Some(TimeUnit::Seconds) | None => left_ms / 1000,
        }
    }

    /// The id of a token that is issued with `suffix`.
    pub(crate) fn token_id(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.call.debug_id)
    }

    /// Issues an ID token.
    pub(crate) fn issue_id_token(&self, token: &NewIdToken<'_>) -> String {
        token.issue(self.keys, self.call.now_ms)
    }
}
