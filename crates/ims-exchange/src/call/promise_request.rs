//! A promise for a user's access token, `POST /ims/token/v4`.

use ims_claims::{ClientId, Environment, NumericDate};
use serde::Deserialize;

use crate::{
    ClientSecret, ExchangeError, PromiseToken, Request, Response, Scope, answer,
    refusal::Presented, scope, secret_text::Hidden,
};

/// The wish for a promise token, while the user is there. [`PromiseExchange`](crate::PromiseExchange) redeems it.
///
/// Source: adobe/ims-go, `ims/promise.go`, which wants at least one scope and reads `expires_in` in seconds.
#[derive(Debug)]
pub struct PromiseRequest<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    definition_id: &'a str,
    user_token: Hidden<'a>,
    scopes: &'a [Scope],
}

/// A promise token and how long it is good.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Promise {
    /// The token.
    pub token: PromiseToken,
    /// When it expires, counted from when it was asked for.
    pub expires_at: NumericDate,
}

impl<'a> PromiseRequest<'a> {
    /// Asks with `user_token`, the user's access token, by the promise definition `definition_id`.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        definition_id: &'a str,
        user_token: &'a str,
    ) -> Self {
        let user_token = Hidden(user_token);
        Self { client_id, client_secret, definition_id, user_token, scopes: &[] }
    }

    /// Asks for `scopes`, of which IMS wants at least one.
    #[must_use]
    pub fn with_scopes(self, scopes: &'a [Scope]) -> Self {
        Self { scopes, ..self }
    }

    /// What to send.
    #[must_use]
    pub fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "promise"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("promise_definition_id", self.definition_id),
            ("authenticating_token", self.user_token.0),
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        Request::post_form(environment.endpoint("/ims/token/v4"), &form)
    }

    /// Reads the answer to a request that was about to be sent at `sent_at`.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do: [`TokenRefused`](ExchangeError::TokenRefused) when the user's token is
    /// good no more.
    pub fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<Promise, ExchangeError> {
        let secrets = [self.client_secret.expose_secret(), self.user_token.0];
        let body: Body = answer::json(response, Presented::AccessToken, Some(sent_at), &secrets)?;
        Promise::new(body.promise_token, body.expires_in, sent_at)
            .ok_or_else(|| answer::unrecognized(response))
    }
}

impl Promise {
    /// A promise that ends `expires_in_s` seconds after `sent_at`. How long promises live is not documented, so any time will
    /// do.
    pub(crate) fn new(token: String, expires_in_s: u64, sent_at: NumericDate) -> Option<Self> {
        let expires_at = sent_at.plus(std::time::Duration::from_secs(expires_in_s));
        PromiseToken::new(token).map(|token| Self { token, expires_at })
    }
}

#[derive(Deserialize)]
struct Body {
    promise_token: String,
    expires_in: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_ims_go_and_its_answer_counts_seconds() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let scopes: [Scope; 1] = ["openid".parse().unwrap()];
        let call = PromiseRequest::new(&client_id, &client_secret, "definition", "canary-token")
            .with_scopes(&scopes);
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v4");
        let form = "grant_type=promise&client_id=client&client_secret=canary-secret\
                    &promise_definition_id=definition&authenticating_token=canary-token&scope=openid";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{call:?} {request:?}").contains("canary"));

        let answer = r#"{"promise_token":"canary-p","token_type":"promise","scope":"openid","expires_in":60}"#;
        let sent_at = NumericDate::from_secs(1_550_001_138);
        let promise = call.answer(&Response::json(200, answer), sent_at).unwrap();
        assert_eq!(promise.token.expose_secret(), "canary-p");
        assert_eq!(promise.expires_at, NumericDate::from_secs(1_550_001_198));
        assert!(!format!("{promise:?}").contains("canary"));
    }
}
