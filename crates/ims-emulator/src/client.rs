//! Who is calling: by client id and secret, or by the token in `Authorization`. It is the same at each endpoint that
//! requires one of them.

use std::sync::Arc;

use ims_claims::AccessTokenPayload;

use crate::{
    call::BasicCredentials,
    exchange::Exchange,
    issued_token::{TokenFault, TokenKind},
    refusal::Refusal,
    secret_record::LastUse,
    service::Registered,
};

impl Exchange<'_> {
    /// Finds the integration of `client_id`, wherever the client has sent it.
    pub(crate) fn identify(&mut self, client_id: Option<&str>) -> Result<Arc<Registered>, Refusal> {
        let client_id = self
            .given("client_id is sent", client_id)
            .expected("the parameter client_id")
            .or(Refusal::ClientIdMissing)?;
        let registered = self.service.registered(client_id);
        let registered = self
            .given("client_id is registered", registered)
            .expected("the client id of a registered integration")
            .actual(format_args!("{client_id}"))
            .or(Refusal::ClientUnknown)?;
        self.is_made_by(registered.integration.client_id());
        Ok(registered)
    }

    /// Finds the integration and checks the secret. Parameters go before Basic authentication.
    pub(crate) fn authenticate(&mut self) -> Result<Arc<Registered>, Refusal> {
        let basic = self.call.basic();
        let client_id = self.client_id(basic.as_ref());
        let registered = self.identify(client_id.as_deref())?;
        let integration = &registered.integration;
        // Every reading is compared, so that the duration does not show which one is right.
        let (is_sent, is_known) = match (self.parameter("client_secret"), &basic) {
            (Some(secret), _) => (true, integration.has_client_secret(secret)),
            (None, Some(basic)) => {
                let as_sent = integration.has_client_secret(&basic.as_sent.1);
                let urldecoded = integration.has_client_secret(&basic.urldecoded.1);
                (!basic.as_sent.1.is_empty(), as_sent | urldecoded)
            }
            (None, None) => (false, false),
        };
        self.that("client_secret is sent", is_sent)
            .expected("the parameter client_secret, or Basic authentication")
            .or(Refusal::ClientSecretMissing)?;
        let count = integration.client_secrets().len();
        self.that("client_secret is right", is_known)
            .expected(format_args!("a secret of the integration, which has {count}"))
            .actual(if is_known { "one of them" } else { "another text" })
            .or(Refusal::ClientSecretWrong)?;
        self.remember_use(&registered, basic.as_ref());
        Ok(registered)
    }

    /// Remembers that the secret of the request was used.
    fn remember_use(&self, registered: &Registered, basic: Option<&BasicCredentials>) {
        let place = |text: &str| registered.integration.place_of_client_secret(text);
        let place = match (self.parameter("client_secret"), basic) {
            (Some(secret), _) => place(secret),
            (None, Some(basic)) => place(&basic.as_sent.1).or_else(|| place(&basic.urldecoded.1)),
            (None, None) => None,
        };
        let Some(record) = place.and_then(|place| registered.secrets.get(place)) else { return };
        let asked = self.parameter("grant_type");
        let grants = self.call.version.grants;
        let grant_type = grants.iter().find(|grant| Some(**grant) == asked).copied();
        // The JWT exchange has no parameter for it: its own name then (RFC 7523 §2.1).
        let grant_type = grant_type.unwrap_or("urn:ietf:params:oauth:grant-type:jwt-bearer");
        record.use_now(LastUse { at_ms: self.call.now_ms, grant_type });
    }

    /// The same for endpoints that public clients, which have no secret, may use as well (RFC 6749 §3.2.1).
    pub(crate) fn authenticate_unless_public(&mut self) -> Result<Arc<Registered>, Refusal> {
        let client_id = self.client_id(self.call.basic().as_ref());
        let registered = client_id.as_deref().and_then(|id| self.service.registered(id));
        if registered.is_some_and(|registered| registered.integration.is_public()) {
            self.identify(client_id.as_deref())
        } else {
            self.authenticate()
        }
    }

    /// The client id, wherever the client has put it.
    fn client_id(&self, basic: Option<&BasicCredentials>) -> Option<String> {
        if let Some(named) = self.call.named_client() {
            return Some(named.to_owned());
        }
        let BasicCredentials { as_sent, urldecoded } = basic?;
        // A client id that is registered as it was sent is not decoded.
        let (client_id, _) = match self.service.registered(&as_sent.0) {
            Some(_) => as_sent,
            None => urldecoded,
        };
        Some(client_id.clone())
    }

    /// The caller of an API behind the gateway: the token and its integration, which `x-api-key` names.
    pub(crate) fn api_caller(&mut self) -> Result<(AccessTokenPayload, Arc<Registered>), Refusal> {
        let api_key = self.call.header("x-api-key");
        let api_key = self
            .given("x-api-key is sent", api_key)
            .expected("the header x-api-key")
            .or(Refusal::ApiKeyMissing)?;
        let token = self.bearer_token(RequiredToken {
            kind: TokenKind::Access,
            if_missing: Refusal::BearerMissing,
            if_not_valid: Refusal::BearerNotValid,
        })?;
        self.that("x-api-key is the token's client id", token.client_id() == Some(api_key))
            .expected(format_args!("{}", token.client_id().unwrap_or_default()))
            .actual(format_args!("{api_key}"))
            .or(Refusal::ApiKeyWrong)?;
        let registered = self.service.registered(api_key);
        let registered = self
            .given("client is registered", registered)
            .expected("the client id of a registered integration")
            .or(Refusal::ApiKeyWrong)?;
        self.is_made_by(registered.integration.client_id());
        Ok((token, registered))
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
            .expected("a token that the emulator issued and that is still valid")
            .actual(actual)
            .or(if_not_valid)
    }
}

/// Which token a resource requires, and how it refuses a request without a token or with one that is not valid.
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
