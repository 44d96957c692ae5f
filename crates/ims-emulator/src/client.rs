//! Who is calling: by client id and secret, or by the token in `Authorization`. The same at each endpoint that wants either.

use std::sync::Arc;

use ims_claims::AccessTokenPayload;

use crate::{
    exchange::Exchange,
    issued_token::{TokenFault, TokenKind},
    refusal::Refusal,
    service::Registered,
};

impl Exchange<'_> {
    /// Finds the integration of `client_id`, which the client has named in one way or another.
    pub(crate) fn identify(&mut self, client_id: Option<&str>) -> Result<Arc<Registered>, Refusal> {
        let client_id = self
            .given("client_id is sent", client_id)
            .expected("the parameter client_id")
            .or(Refusal::ClientIdMissing)?;
        let registered = self.service.registered(client_id);
        let registered = self
            .given("client_id is registered", registered)
            .expected("the client id of a registered integration")
            .actual(client_id.to_owned())
            .or(Refusal::ClientUnknown)?;
        self.is_made_by(registered.integration.client_id());
        Ok(registered)
    }

    /// Finds the integration and checks the secret. Parameters go before Basic authentication.
    pub(crate) fn authenticate(&mut self) -> Result<Arc<Registered>, Refusal> {
        let basic = self.call.basic();
        let client_id = self.parameter("client_id").or(basic.as_ref().map(|(id, _)| id.as_str()));
        let registered = self.identify(client_id)?;
        let basic_secret = basic.as_ref().map(|(_, secret)| secret.as_str());
        let secret = self.parameter("client_secret").or(basic_secret);
        let secret = self
            .given("client_secret is sent", secret)
            .expected("the parameter client_secret, or Basic authentication")
            .or(Refusal::ClientSecretMissing)?;
        let mut is_known = registered.integration.has_client_secret(secret);
        // Both forms are compared, so that the time says nothing about which one fits.
        if let Some(secret) = basic_secret {
            is_known |= registered.integration.has_client_secret(&urldecoded(secret));
        }
        let count = registered.integration.client_secrets().len();
        self.that("client_secret is right", is_known)
            .expected(format!("one of the {count} secrets of the integration"))
            .actual(if is_known { "one of them" } else { "another text" })
            .or(Refusal::ClientSecretWrong)?;
        Ok(registered)
    }

    /// The same where a public client, which has no secret, may ask as well (RFC 6749 §3.2.1).
    pub(crate) fn authenticate_unless_public(&mut self) -> Result<Arc<Registered>, Refusal> {
        let named = self.call.named_client();
        let registered = named.as_deref().and_then(|client_id| self.service.registered(client_id));
        if registered.is_some_and(|registered| registered.integration.is_public()) {
            self.identify(named.as_deref())
        } else {
            self.authenticate()
        }
    }

    /// Reads the token of `Authorization: Bearer`.
    pub(crate) fn bearer_token(
        &mut self,
        required: RequiredToken,
    ) -> Result<AccessTokenPayload, Refusal> {
        let RequiredToken { kind, if_missing, if_not_valid } = required;
        let token = self.call.bearer();
        let token = self
            .given("access token is sent", token)
            .expected("the header Authorization: Bearer")
            .or(if_missing)?;
        let token = self.read_token(token, kind);
        let actual = validity(&token);
        self.given("access token is valid", token.ok())
            .expected("a token that the emulator issued and that has not ended")
            .actual(actual)
            .or(if_not_valid)
    }
}

/// Which token a resource wants, and how it refuses a request without one, and one whose token is not valid.
#[derive(Clone, Copy)]
pub(crate) struct RequiredToken {
    pub(crate) kind: TokenKind,
    pub(crate) if_missing: Refusal,
    pub(crate) if_not_valid: Refusal,
}

/// What a verdict says about a token that was read.
pub(crate) fn validity(token: &Result<AccessTokenPayload, TokenFault>) -> &'static str {
    match token {
        Ok(_) => "valid",
        Err(fault) => fault.reason(),
    }
}

/// A part of Basic credentials as RFC 6749 §2.3.1 wants it, urlencoded; many clients send it as it is.
fn urldecoded(text: &str) -> String {
    // With the name in front, what looks like a separator of pairs is still part of the one value or cut off.
    let pair = format!("x={text}");
    let first = form_urlencoded::parse(pair.as_bytes()).next();
    first.map(|(_, value)| value.into_owned()).unwrap_or_default()
}
