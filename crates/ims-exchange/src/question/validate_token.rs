//! Asking IMS whether a token is valid, `POST /ims/validate_token/v1`.

use ims_claims::{ClientId, Environment, JsonObject, NumericDate};
use serde::Deserialize;

use crate::{
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    question::any_token::AnyToken,
    refusal::{scrub::scrub, table::CredentialKind},
};

/// The question whether IMS still accepts a token. IMS is the authority: it knows what was revoked.
///
/// IMS accepts access tokens, refresh tokens, device tokens and authorization codes here. Source: adobe/ims-go,
/// `ims/validate_token.go`.
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_exchange::{BearerToken, Call, TokenValidity, ValidateToken, testing::FakeTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let token: BearerToken = "eyJ.old".parse()?;
/// let call = ValidateToken::new(&client_id, &token);
/// let answer = FakeTransport::answer(200, r#"{"valid":false,"reason":"expired"}"#);
/// let validity = call.answer(&answer, NumericDate::from_secs(0))?;
/// assert!(matches!(validity, TokenValidity::Invalid { .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ValidateToken<'a> {
    client_id: &'a ClientId,
    token: AnyToken<'a>,
}

/// What IMS says about a token. A token that is not valid is not an error: IMS answers 200 for both.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TokenValidity {
    /// IMS accepts it now, for the client that asked.
    Valid {
        /// What the token says about itself, if IMS repeats it. Texts in it are as IMS sent them.
        token: JsonObject,
    },
    /// IMS does not accept it, or not from this client.
    Invalid {
        /// Why, in words of IMS: at most 300 characters, without control characters, and with `…` in place of the token.
        reason: Option<String>,
    },
}

impl<'a> ValidateToken<'a> {
    /// Asks whether `token` is valid for `client_id`.
    #[must_use]
    pub fn new(client_id: &'a ClientId, token: impl Into<AnyToken<'a>>) -> Self {
        Self { client_id, token: token.into() }
    }
}

impl Sealed for ValidateToken<'_> {}

impl Call for ValidateToken<'_> {
    type Answer = TokenValidity;

    fn request(&self, environment: &Environment) -> Request {
        let form = [
            ("type", self.token.kind().as_str()),
            ("client_id", self.client_id.as_str()),
            ("token", self.token.expose_secret()),
        ];
        Request::post_form(environment.endpoint("/ims/validate_token/v1"), &form)
            .with_client_id(self.client_id)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<TokenValidity, ExchangeError> {
        let secrets = [self.token.expose_secret()];
        let body: Body = answer::json(
            response,
            &Sent::new(CredentialKind::Client, sent_at, &secrets).without_client_secret(),
        )?;
        Ok(if body.valid {
            TokenValidity::Valid { token: body.token.unwrap_or_default() }
        } else {
            let reason = body.reason.map(|reason| scrub(&reason, &secrets));
            TokenValidity::Invalid { reason: reason.filter(|reason| !reason.is_empty()) }
        })
    }
}

#[derive(Deserialize)]
struct Body {
    valid: bool,
    token: Option<JsonObject>,
    reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{question::any_token::TokenKind, secret_text::RefreshToken};

    #[track_caller]
    fn validity(status: u16, body: &str) -> Result<TokenValidity, ExchangeError> {
        let client_id: ClientId = "client".parse().unwrap();
        ValidateToken::new(&client_id, AnyToken::new(TokenKind::AccessToken, "canary"))
            .answer(&Response::json(status, body), NumericDate::from_secs(0))
    }

    #[test]
    fn the_token_is_in_the_body_and_the_client_in_a_header_too() {
        let client_id: ClientId = "client".parse().unwrap();
        let token: RefreshToken = "canary+/".parse().unwrap();
        let call = ValidateToken::new(&client_id, &token);
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/validate_token/v1");
        assert_eq!(request.headers()["x-ims-clientid"], "client");
        assert_eq!(request.body(), b"type=refresh_token&client_id=client&token=canary%2B%2F");
        assert!(!format!("{call:?} {request:?}").contains("canary"));
    }

    #[test]
    fn valid_and_not_valid_are_both_answers() {
        let valid = validity(200, r#"{"valid":true,"token":{"type":"access_token","new":[1]}}"#);
        let Ok(TokenValidity::Valid { token }) = valid else { panic!("{valid:?}") };
        assert_eq!((&token["type"], token.len()), (&"access_token".into(), 2));
        for (body, reason) in [
            (r#"{"valid":false,"reason":"bad_signature"}"#, Some("bad_signature")),
            (r#"{"valid":false,"reason":"canary\u001b[31m is\nbad"}"#, Some("… [31m is bad")),
            (r#"{"valid":false,"reason":""}"#, None),
            (r#"{"valid":false}"#, None),
        ] {
            let reason = reason.map(str::to_owned);
            assert_eq!(validity(200, body).unwrap(), TokenValidity::Invalid { reason }, "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_verdict_is_not_a_verdict() {
        for body in [
            r#"{"valid":"true"}"#,
            r#"{"valid":1}"#,
            r#"{"foo":"bar"}"#,
            r#"{"valid":true,"token":"canary"}"#,
            r#"{"valid":false,"valid":true}"#,
            r#"{"valid":true,"token":{"a":1,"a":2}}"#,
        ] {
            let error = validity(200, body).unwrap_err();
            assert!(matches!(error, ExchangeError::Unrecognized(_)), "{body}");
        }
        let error = validity(400, r#"{"error":"invalid_client"}"#).unwrap_err();
        assert!(matches!(error, ExchangeError::IntegrationRefused(_)), "{error}");
    }
}
