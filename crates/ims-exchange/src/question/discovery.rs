//! Where everything is, `GET /ims/.well-known/openid-configuration`.

use ims_claims::{Environment, JsonObject, NumericDate};
use serde::{Deserialize, Serialize};

use crate::{
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
};

/// The question for IMS's description of itself (`OpenID` Connect Discovery 1.0 §4).
///
/// Nothing here needs it: the paths of IMS are known, and it names neither client credentials nor JWTs. Source:
/// AdobeDocs/adobe-dev-console, "User Authentication", `OpenID` Configuration.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Discovery;

/// What IMS says of itself (`OpenID` Connect Discovery 1.0 §3). The URLs are as IMS sent them: hold them against the one that
/// was asked before a secret is sent to them.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The `iss` of its ID tokens.
    pub issuer: String,
    /// Where browsers go to sign in.
    pub authorization_endpoint: String,
    /// Where tokens are.
    pub token_endpoint: String,
    /// Where its public keys are.
    pub jwks_uri: String,
    /// Where users are told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// Where tokens are revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: JsonObject,
}

impl Discovery {
    /// Asks for all of it.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Sealed for Discovery {}

impl Call for Discovery {
    type Answer = ProviderMetadata;

    fn request(&self, environment: &Environment) -> Request {
        Request::get(environment.endpoint("/ims/.well-known/openid-configuration"))
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<ProviderMetadata, ExchangeError> {
        answer::json(
            response,
            &Sent::new(CredentialKind::Client, sent_at, &[]).without_client_secret(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adobes_own_document_is_read_and_written_again() {
        let sample = r#"{"issuer":"https://ims-na1.adobelogin.com",
            "authorization_endpoint":"https://ims-na1.adobelogin.com/ims/authorize/v2",
            "token_endpoint":"https://ims-na1.adobelogin.com/ims/token/v3",
            "userinfo_endpoint":"https://ims-na1.adobelogin.com/ims/userinfo/v2",
            "revocation_endpoint":"https://ims-na1.adobelogin.com/ims/revoke",
            "jwks_uri":"https://ims-na1.adobelogin.com/ims/keys",
            "response_types_supported":["code","token"]}"#;
        let production = Environment::production();
        assert_eq!(
            Discovery::new().request(&production).url(),
            "https://ims-na1.adobelogin.com/ims/.well-known/openid-configuration"
        );
        let metadata =
            Discovery.answer(&Response::json(200, sample), NumericDate::from_secs(0)).unwrap();
        assert_eq!(metadata.issuer, production.base_url());
        assert_eq!(metadata.token_endpoint, production.endpoint("/ims/token/v3"));
        let again: serde_json::Value = serde_json::from_str(sample).unwrap();
        assert_eq!(serde_json::to_value(metadata).unwrap(), again);
    }
}
