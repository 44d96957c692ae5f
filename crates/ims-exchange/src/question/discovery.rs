//! What IMS publishes about itself: its endpoints, `GET /ims/.well-known/openid-configuration`, and its keys, `GET /ims/keys`.

use ims_claims::{Environment, JsonObject, NumericDate};
use serde::{Deserialize, Serialize};

use crate::{
    answer::{self, Sent},
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
};

/// The question for IMS's description of itself (`OpenID` Connect Discovery 1.0 §4).
///
/// This crate does not need it: the paths of IMS are known, and it names neither client credentials nor JWTs. Source:
/// AdobeDocs/adobe-dev-console, "User Authentication", `OpenID` Configuration.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{Call, Discovery};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let request = Discovery::new().request(&Environment::production());
/// assert!(request.url().contains("openid-configuration"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Discovery;

/// The answer (`OpenID` Connect Discovery 1.0 §3). The URLs are as IMS sent them: compare them with the one that was asked
/// before a secret is sent to them.
///
/// ```
/// use ims_exchange::ProviderMetadata;
///
/// fn is_ours(metadata: &ProviderMetadata) -> bool {
///     metadata.token_endpoint.starts_with("https://ims-na1.adobelogin.com/")
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The `iss` of its ID tokens.
    pub issuer: String,
    /// The URL at which users sign in.
    pub authorization_endpoint: String,
    /// The token endpoint.
    pub token_endpoint: String,
    /// The URL of its public keys.
    pub jwks_uri: String,
    /// The URL that answers questions about the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// The URL that revokes tokens.
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

/// The question for IMS's public keys. Source: AdobeDocs/adobe-dev-console, "User Authentication", ID Token Keys.
///
/// IMS was seen to sign access tokens with a key that is not among them.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{Call, PublishedKeys};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let request = PublishedKeys::new().request(&Environment::stage());
/// assert!(request.url().starts_with("https://ims-na1-stg1.adobelogin.com/"));
/// assert!(request.body().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct PublishedKeys;

impl PublishedKeys {
    /// Asks for all keys.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Sealed for PublishedKeys {}

impl Call for PublishedKeys {
    type Answer = String;

    fn request(&self, environment: &Environment) -> Request {
        Request::get(environment.endpoint("/ims/keys"))
    }

    /// Reads the answer: a JWK Set (RFC 7517 §5), as IMS sent it, of which only the outer form is checked. The keys
    /// themselves are checked where they are used.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do.
    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<String, ExchangeError> {
        let sent = Sent::new(CredentialKind::Client, sent_at, &[]).without_client_secret();
        let unrecognized = || answer::unrecognized(response, &sent);
        let key_set: KeySet = answer::json(response, &sent)?;
        if key_set.keys.iter().any(|key| !key.get("kty").is_some_and(serde_json::Value::is_string))
        {
            return Err(unrecognized());
        }
        String::from_utf8(response.body().to_vec()).map_err(|_| unrecognized())
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<JsonObject>,
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

    #[test]
    fn the_set_is_handed_over_as_it_came() {
        let request = PublishedKeys::new().request(&"https://a.example/ims1".parse().unwrap());
        assert_eq!(format!("{request:?}"), "Request(GET https://a.example/ims1/ims/keys)");
        assert!(request.body().is_empty() && !request.headers().contains_key("content-type"));
        for set in [r#"{"keys":[]}"#, r#"{ "keys": [{"kty":"RSA","kid":"ims","new":{}}], "x": 1 }"#]
        {
            assert_eq!(
                PublishedKeys.answer(&Response::json(200, set), NumericDate::from_secs(0)).unwrap(),
                set
            );
        }
    }

    #[test]
    fn what_is_not_a_set_of_keys_is_refused() {
        for body in [
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[1]}"#,
            r#"{"keys":[{"kid":"ims"}]}"#,
            r#"{"keys":[{"kty":1}]}"#,
            r#"{"keys":[],"keys":[]}"#,
            r#"{"keys":[{"kty":"RSA","n":"a","n":"b"}]}"#,
        ] {
            let error = PublishedKeys
                .answer(&Response::json(200, body), NumericDate::from_secs(0))
                .unwrap_err();
            assert!(matches!(error, ExchangeError::Unrecognized(_)), "{body}");
        }
    }
}
