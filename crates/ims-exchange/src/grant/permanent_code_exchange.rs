//! A service token for a permanent code, `POST /ims/token/v2`: how Adobe's own services sign in.

use ims_claims::{ClientId, Environment, NumericDate};

use crate::{
    access_token::AccessToken,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    grant::token_answer,
    grant::token_answer::Unit,
    message::{Request, Response},
    refusal::table::CredentialKind,
    scope,
    scope::Scope,
    secret_text::{AuthorizationCode, ClientSecret},
};

/// Exchanges an authorization code that stays valid for a service token, which the admin calls require.
///
/// There is no user, so there is no PKCE. Its answer counts `expires_in` in **seconds**. Sources: adobe/imscli,
/// `ims/authz_service.go`; adobe/ims-go, `ims/token.go`.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{AuthorizationCode, Call, ClientSecret, PermanentCodeExchange};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let code: AuthorizationCode = "eyJ.code".parse()?;
/// let grant = PermanentCodeExchange::new(&client_id, &client_secret, &code);
/// assert!(grant.request(&Environment::production()).url().ends_with("/ims/token/v2"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PermanentCodeExchange<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    code: &'a AuthorizationCode,
    scopes: &'a [Scope],
}

impl<'a> PermanentCodeExchange<'a> {
    /// Asks with `code`, which IMS gave to `client_id` permanently.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        code: &'a AuthorizationCode,
    ) -> Self {
        Self { client_id, client_secret, code, scopes: &[] }
    }

    /// Asks for some of the scopes only that the code was given for.
    ///
    /// ```
    /// use ims_exchange::{AuthorizationCode, ClientSecret, PermanentCodeExchange};
    ///
    /// let (client_id, code): (_, AuthorizationCode) = ("my-service".parse()?, "eyJ.code".parse()?);
    /// let (client_secret, scopes) = (ClientSecret::new("p8e-…".to_owned()), ["openid".parse()?]);
    /// let grant = PermanentCodeExchange::new(&client_id, &client_secret, &code).with_scopes(&scopes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes(self, scopes: &'a [Scope]) -> Self {
        Self { scopes, ..self }
    }
}

impl Sealed for PermanentCodeExchange<'_> {}

impl Call for PermanentCodeExchange<'_> {
    type Answer = AccessToken;

    fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code.expose_secret()),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        Request::post_form(environment.endpoint("/ims/token/v2"), &form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError> {
        let secrets = [self.client_secret.expose_secret(), self.code.expose_secret()];
        token_answer::read(
            response,
            Unit::Seconds,
            &Sent::new(CredentialKind::Client, sent_at, &secrets),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_ims_go() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("s".to_owned());
        let code = AuthorizationCode::try_from("c".to_owned()).unwrap();
        let scopes: [Scope; 1] = ["system".parse().unwrap()];
        let grant = PermanentCodeExchange::new(&client_id, &client_secret, &code);
        let form = "grant_type=authorization_code&code=c&client_id=client&client_secret=s";
        let request = grant.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v2");
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        let request = grant.with_scopes(&scopes).request(&Environment::production());
        assert_eq!(std::str::from_utf8(request.body()).unwrap(), format!("{form}&scope=system"));
    }

    #[test]
    fn no_user_can_sign_in_again_for_it() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("s".to_owned());
        let code = AuthorizationCode::try_from("c".to_owned()).unwrap();
        let grant = PermanentCodeExchange::new(&client_id, &client_secret, &code);
        let answer = Response::json(400, r#"{"error":"access_denied"}"#);
        let error = grant.answer(&answer, NumericDate::from_secs(0)).unwrap_err();
        assert!(matches!(error, ExchangeError::IntegrationRefused(_)), "{error}");
    }
}
