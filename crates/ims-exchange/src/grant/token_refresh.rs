//! A user's next access token, `POST /ims/token/v3` with a refresh token.

use ims_claims::{ClientId, Environment, NumericDate};

use crate::{
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    grant::token_answer,
    grant::token_answer::{Unit, UserTokens},
    message::{Request, Response, urlencoded},
    refusal::table::CredentialKind,
    scope,
    scope::Scope,
    secret_text::{ClientSecret, RefreshToken},
};

/// A refresh token for an access token (RFC 6749 §6).
///
/// Its answer counts `expires_in` in **seconds**, of the access token and not of the refresh token. A public client sends
/// no secret. Source: AdobeDocs/adobe-dev-console, "User Authentication".
///
/// ```
/// use ims_claims::{Environment, NumericDate};
/// use ims_exchange::{Call, RefreshToken, TokenRefresh, testing::FakeTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let refresh_token: RefreshToken = "eyJ.refresh".parse()?;
/// let grant = TokenRefresh::new(&client_id, &refresh_token);
/// let request = grant.request(&Environment::production());
/// # let _ = request;
/// let answer = FakeTransport::answer(200, r#"{"access_token":"eyJ","expires_in":86399}"#);
/// let tokens = grant.answer(&answer, NumericDate::from_secs(1_800_000_000))?;
/// assert!(tokens.refresh_token.is_none(), "the one that was sent stays valid");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokenRefresh<'a> {
    client_id: &'a ClientId,
    refresh_token: &'a RefreshToken,
    client_secret: Option<&'a ClientSecret>,
    scopes: &'a [Scope],
}

impl<'a> TokenRefresh<'a> {
    /// Asks with `refresh_token`, which was given to `client_id`, for the scopes that it was given for.
    #[must_use]
    pub fn new(client_id: &'a ClientId, refresh_token: &'a RefreshToken) -> Self {
        Self { client_id, refresh_token, client_secret: None, scopes: &[] }
    }

    /// Also sends the secret of a confidential client (RFC 6749 §2.1).
    ///
    /// ```
    /// use ims_exchange::{ClientSecret, RefreshToken, TokenRefresh};
    ///
    /// let (client_id, refresh_token): (_, RefreshToken) = ("my-app".parse()?, "eyJ.refresh".parse()?);
    /// let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// let grant = TokenRefresh::new(&client_id, &refresh_token).with_client_secret(&client_secret);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_secret(self, client_secret: &'a ClientSecret) -> Self {
        Self { client_secret: Some(client_secret), ..self }
    }

    /// Asks for some of the scopes only.
    ///
    /// ```
    /// use ims_exchange::{RefreshToken, TokenRefresh};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client_id = "my-client".parse()?;
    /// # let refresh_token: RefreshToken = "eyJ.refresh".parse()?;
    /// let scopes = ["openid".parse()?];
    /// let grant = TokenRefresh::new(&client_id, &refresh_token).with_scopes(&scopes);
    /// # let _ = grant;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_scopes(self, scopes: &'a [Scope]) -> Self {
        Self { scopes, ..self }
    }
}

impl Sealed for TokenRefresh<'_> {}

impl Call for TokenRefresh<'_> {
    type Answer = UserTokens;

    fn request(&self, environment: &Environment) -> Request {
        let scopes = scope::list(self.scopes);
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose_secret()),
        ];
        form.extend(scope::parameter(&scopes));
        user_grant(environment, self.client_id, self.client_secret, form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<UserTokens, ExchangeError> {
        let mut secrets = vec![self.refresh_token.expose_secret()];
        secrets.extend(self.client_secret.map(ClientSecret::expose_secret));
        let mut sent = Sent::new(CredentialKind::RefreshToken, sent_at, &secrets);
        if self.client_secret.is_none() {
            sent = sent.without_client_secret();
        }
        token_answer::read_all(response, Unit::Seconds, &sent)
    }
}

/// Posts `form` for a user. A confidential client sends its id in the body, next to its secret; a public one sends
/// it in the query, as Adobe's guide says.
pub(crate) fn user_grant<'a>(
    environment: &Environment,
    client_id: &'a ClientId,
    client_secret: Option<&'a ClientSecret>,
    mut form: Vec<(&'static str, &'a str)>,
) -> Request {
    let url = environment.endpoint("/ims/token/v3");
    let client_id = ("client_id", client_id.as_str());
    match client_secret {
        Some(client_secret) => {
            form.extend([client_id, ("client_secret", client_secret.expose_secret())]);
            Request::post_form(url, &form)
        }
        None => Request::post_form(format!("{url}?{}", urlencoded(&[client_id])), &form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT_AT: NumericDate = NumericDate::from_secs(1_550_001_138);

    fn refresh_token() -> RefreshToken {
        RefreshToken::try_from("r+1".to_owned()).unwrap()
    }

    #[track_caller]
    fn assert_request(request: &Request, url: &str, body: &str) {
        assert_eq!(request.url(), url);
        assert_eq!(std::str::from_utf8(request.body()), Ok(body));
    }

    #[test]
    fn the_request_is_the_one_of_adobes_guide() {
        let client_id: ClientId = "client".parse().unwrap();
        let (refresh_token, stage) = (refresh_token(), Environment::stage());
        let grant = TokenRefresh::new(&client_id, &refresh_token);
        assert_request(
            &grant.request(&stage),
            "https://ims-na1-stg1.adobelogin.com/ims/token/v3?client_id=client",
            "grant_type=refresh_token&refresh_token=r%2B1",
        );

        let scopes: [Scope; 2] = ["openid".parse().unwrap(), "AdobeID".parse().unwrap()];
        let client_secret = ClientSecret::new("s&1".to_owned());
        let grant = grant.with_client_secret(&client_secret).with_scopes(&scopes);
        assert_request(
            &grant.request(&stage),
            "https://ims-na1-stg1.adobelogin.com/ims/token/v3",
            "grant_type=refresh_token&refresh_token=r%2B1&scope=openid%2CAdobeID&client_id=client\
             &client_secret=s%261",
        );
        assert_eq!(
            format!("{grant:?}").matches("(..)").count(),
            2,
            "neither the secret nor the token is shown"
        );
    }

    #[test]
    fn all_tokens_of_the_answer_are_read_and_the_account_under_both_names() {
        let client_id: ClientId = "client".parse().unwrap();
        let refresh_token = refresh_token();
        let grant = TokenRefresh::new(&client_id, &refresh_token);
        let body = r#"{"access_token":"a","refresh_token":"r+2","sub":"B@techacct.adobe.com","userId":"C","id_token":"i","token_type":"bearer","expires_in":86399,"more":{}}"#;
        let tokens = grant.answer(&Response::json(200, body), SENT_AT).unwrap();
        assert_eq!(tokens.access_token.expose_secret(), "a");
        assert_eq!(tokens.access_token.lifetime().as_secs(), 86_399);
        assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "r+2");
        assert_eq!(tokens.id_token.unwrap().expose_secret(), "i");
        assert_eq!(tokens.user_id.as_deref(), Some("B@techacct.adobe.com"));

        let body = r#"{"access_token":"a","expires_in":1,"userId":"B","refresh_token":null}"#;
        let tokens = grant.answer(&Response::json(200, body), SENT_AT).unwrap();
        assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
        assert_eq!(tokens.user_id.as_deref(), Some("B"));
    }

    #[test]
    fn a_refresh_token_that_is_no_longer_valid_asks_for_a_new_sign_in() {
        let client_id: ClientId = "client".parse().unwrap();
        let refresh_token = refresh_token();
        let grant = TokenRefresh::new(&client_id, &refresh_token);
        let body = r#"{"error":"invalid_grant","error_description":"token r+1 is not valid"}"#;
        let error = grant.answer(&Response::json(400, body), SENT_AT).unwrap_err();
        assert!(matches!(error, ExchangeError::SignInNeeded(_)), "{error}");
        assert_eq!(error.refusal().unwrap().description(), Some("token … is not valid"));
    }
}
