//! The keys that IMS signs with, `GET /ims/keys`.

use ims_claims::{Environment, JsonObject, NumericDate};
use serde::Deserialize;

use crate::{
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
};

/// The question for IMS's public keys. Source: AdobeDocs/adobe-dev-console, "User Authentication", ID Token Keys.
///
/// IMS was seen to sign access tokens with a key that is not among them.
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
    /// themselves are for who verifies with them.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do.
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
    fn what_is_no_set_of_keys_is_refused() {
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
