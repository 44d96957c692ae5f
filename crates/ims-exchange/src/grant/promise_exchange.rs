//! A promise token for the user's access token, `POST /ims/token/v4`.

use ims_claims::{ClientId, Environment, NumericDate};
use serde::Deserialize;

use crate::{
    AccessToken, ClientSecret, ExchangeError, Grant, Promise, PromiseToken, Request, Response,
    Scope, answer,
    grant::{
        sealed::Sealed,
        token_answer::{self, Unit},
    },
    refusal::Presented,
    scope,
};

/// A promise token for an access token of the user who gave the promise, and for the next promise token.
///
/// Its answer counts `expires_in` and `promise_token_expires_in` in **seconds**. Source: adobe/ims-go, `ims/promise.go`, which
/// wants at least one scope.
#[derive(Debug)]
pub struct PromiseExchange<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    promise_token: &'a PromiseToken,
    scopes: &'a [Scope],
}

impl<'a> PromiseExchange<'a> {
    /// Asks with `promise_token` for `scopes`, of which IMS wants at least one.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        promise_token: &'a PromiseToken,
        scopes: &'a [Scope],
    ) -> Self {
        Self { client_id, client_secret, promise_token, scopes }
    }

    /// Reads the next promise of the answer, if there is one: it takes the place of the one that was sent. [`Grant::token`]
    /// reads the access token of the same answer.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do: [`TokenRefused`](ExchangeError::TokenRefused) when the promise is good no
    /// more, and the user has to give another.
    pub fn promise(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<Option<Promise>, ExchangeError> {
        let body: Body =
            answer::json(response, Presented::AccessToken, Some(sent_at), &self.secrets())?;
        let Some(token) = body.promise_token else { return Ok(None) };
        let lifetime = body.promise_token_expires_in;
        let promise = lifetime.and_then(|lifetime| Promise::new(token, lifetime, sent_at));
        promise.map(Some).ok_or_else(|| answer::unrecognized(response))
    }

    fn secrets(&self) -> [&str; 2] {
        [self.client_secret.expose_secret(), self.promise_token.expose_secret()]
    }
}

impl Sealed for PromiseExchange<'_> {}

impl Grant for PromiseExchange<'_> {
    fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "promise_exchange"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("promise_token", self.promise_token.expose_secret()),
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        Request::post_form(environment.endpoint("/ims/token/v4"), &form)
    }

    fn token(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError> {
        let presented = Presented::AccessToken;
        token_answer::read(response, presented, Unit::Seconds, sent_at, &self.secrets())
    }
}

#[derive(Deserialize)]
struct Body {
    promise_token: Option<String>,
    promise_token_expires_in: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_ims_go_and_its_answer_brings_two_tokens() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let promise_token = PromiseToken::new("canary-p".to_owned()).unwrap();
        let scopes: [Scope; 1] = ["openid".parse().unwrap()];
        let grant = PromiseExchange::new(&client_id, &client_secret, &promise_token, &scopes);
        let request = grant.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v4");
        let form = "grant_type=promise_exchange&client_id=client&client_secret=canary-secret\
                    &promise_token=canary-p&scope=openid";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{grant:?} {request:?}").contains("canary"));

        let sent_at = NumericDate::from_secs(1_550_001_138);
        let answer = r#"{"access_token":"a","token_type":"access_token","expires_in":86399,
            "promise_token":"p2","promise_token_id":"i","promise_token_expires_in":60}"#;
        let answer = Response::json(200, answer);
        assert_eq!(grant.token(&answer, sent_at).unwrap().lifetime().as_secs(), 86_399);
        let promise = grant.promise(&answer, sent_at).unwrap().unwrap();
        assert_eq!(promise.token.expose_secret(), "p2");
        assert_eq!(promise.expires_at, NumericDate::from_secs(1_550_001_198));

        let answer = Response::json(200, r#"{"access_token":"a","expires_in":86399}"#);
        assert!(grant.promise(&answer, sent_at).unwrap().is_none());
    }
}
