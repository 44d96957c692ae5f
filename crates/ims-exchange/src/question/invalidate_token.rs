//! Ending a token, `POST /ims/invalidate_token/v2`.

use ims_claims::{ClientId, Environment, NumericDate};

use crate::{
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    question::validate_token::TokenKind,
    refusal::table::CredentialKind,
    secret_text::{ClientSecret, Hidden},
};

/// The wish that IMS takes a token no more.
///
/// IMS takes access tokens, refresh tokens, device tokens and, with the client's secret, service tokens here. Source:
/// adobe/ims-go, `ims/invalidate_token.go`.
#[derive(Debug)]
pub struct InvalidateToken<'a> {
    client_id: &'a ClientId,
    kind: TokenKind,
    token: Hidden<'a>,
    client_secret: Option<&'a ClientSecret>,
    cascading: &'static str,
}

impl<'a> InvalidateToken<'a> {
    /// Ends `token`, which is one of `kind` and was given to `client_id`.
    #[must_use]
    pub fn new(client_id: &'a ClientId, kind: TokenKind, token: &'a str) -> Self {
        Self { client_id, kind, token: Hidden(token), client_secret: None, cascading: "" }
    }

    /// Sends the client's secret along, without which IMS ends no service token.
    #[must_use]
    pub fn with_client_secret(self, client_secret: &'a ClientSecret) -> Self {
        Self { client_secret: Some(client_secret), ..self }
    }

    /// Ends all tokens, too, that came from this one.
    #[must_use]
    pub fn with_cascading(self) -> Self {
        Self { cascading: "all", ..self }
    }
}

impl Sealed for InvalidateToken<'_> {}

impl Call for InvalidateToken<'_> {
    type Answer = ();

    fn request(&self, environment: &Environment) -> Request {
        let client_secret = self.client_secret.map_or("", ClientSecret::expose_secret);
        let mut form = vec![
            ("token_type", self.kind.as_str()),
            ("token", self.token.0),
            ("cascading", self.cascading),
            ("client_id", self.client_id.as_str()),
            ("client_secret", client_secret),
        ];
        form.retain(|(_, value)| !value.is_empty());
        Request::post_form(environment.endpoint("/ims/invalidate_token/v2"), &form)
            .with_client_id(self.client_id)
    }

    /// Reads the answer, which says no more than that it is done.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do. The token may then still be good.
    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<(), ExchangeError> {
        let mut secrets = vec![self.token.0];
        secrets.extend(self.client_secret.map(ClientSecret::expose_secret));
        let mut sent = Sent::new(CredentialKind::Client, sent_at, &secrets);
        if self.client_secret.is_none() {
            sent = sent.without_client_secret();
        }
        answer::nothing(response, &sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_ims_go_without_what_is_empty() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let call = InvalidateToken::new(&client_id, TokenKind::AccessToken, "canary");
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/invalidate_token/v2");
        assert_eq!(request.headers()["x-ims-clientid"], "client");
        assert_eq!(request.body(), b"token_type=access_token&token=canary&client_id=client");

        let call = InvalidateToken::new(&client_id, TokenKind::ServiceToken, "canary")
            .with_client_secret(&client_secret)
            .with_cascading();
        let request = call.request(&Environment::production());
        let form = "token_type=service_token&token=canary&cascading=all&client_id=client\
                    &client_secret=canary-secret";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{call:?} {request:?}").contains("canary"));
    }
}
