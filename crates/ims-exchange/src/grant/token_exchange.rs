//! On behalf of a user: a user's access token for another one, `POST /ims/token/v4`.

use ims_claims::{ClientId, Environment, NumericDate};

use crate::{
    access_token::{AccessToken, BearerToken},
    answer::Sent,
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    grant::token_answer::{self, Unit},
    message::{Request, Response},
    refusal::table::CredentialKind,
    scope::{self, Resource, Scope},
    secret_text::ClientSecret,
};

/// The access token that a user sent to this service, for one with which this service calls another service for the user
/// (RFC 8693 §2.1).
///
/// Its answer counts `expires_in` in **seconds**. Source: adobe/ims-go, `ims/obo.go`, which accepts only access tokens, and
/// requires at least one scope.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{BearerToken, Call, ClientSecret, TokenExchange};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let of_the_user: BearerToken = "eyJ.user".parse()?;
/// let scopes = ["openid".parse()?];
/// let grant = TokenExchange::new(&client_id, &client_secret, &of_the_user, &scopes);
/// assert!(grant.request(&Environment::production()).url().ends_with("/ims/token/v4"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokenExchange<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    subject_token: BearerToken,
    scopes: &'a [Scope],
    resources: &'a [Resource],
}

impl<'a> TokenExchange<'a> {
    /// Asks with `subject_token`, which the user sent, for `scopes`, of which IMS requires at least one.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        subject_token: &impl AsRef<BearerToken>,
        scopes: &'a [Scope],
    ) -> Self {
        let subject_token = subject_token.as_ref().clone();
        Self { client_id, client_secret, subject_token, scopes, resources: &[] }
    }

    /// Asks for a token for `resources` only (RFC 8707 §2.2).
    ///
    /// ```
    /// use ims_exchange::{BearerToken, ClientSecret, TokenExchange};
    ///
    /// let (client_id, of_the_user): (_, BearerToken) = ("my-service".parse()?, "eyJ.user".parse()?);
    /// let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// let (scopes, resources) = (["openid".parse()?], ["https://api.example.com".parse()?]);
    /// let grant = TokenExchange::new(&client_id, &client_secret, &of_the_user, &scopes)
    ///     .with_resources(&resources);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_resources(self, resources: &'a [Resource]) -> Self {
        Self { resources, ..self }
    }
}

impl Sealed for TokenExchange<'_> {}

impl Call for TokenExchange<'_> {
    type Answer = AccessToken;

    fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("subject_token", self.subject_token.expose_secret()),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        form.extend(scope::resource_parameters(self.resources));
        Request::post_form(environment.endpoint("/ims/token/v4"), &form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError> {
        let secrets = [self.client_secret.expose_secret(), self.subject_token.expose_secret()];
        token_answer::read(
            response,
            Unit::Seconds,
            &Sent::new(CredentialKind::AccessToken, sent_at, &secrets),
        )
    }
}

/// RFC 8693 §3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> BearerToken {
        BearerToken::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_request_is_the_one_of_ims_go() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let scopes: [Scope; 2] = ["openid".parse().unwrap(), "AdobeID".parse().unwrap()];
        let grant = TokenExchange::new(&client_id, &client_secret, &token("canary-token"), &scopes);
        let request = grant.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v4");
        let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&client_id=client\
                    &client_secret=canary-secret&subject_token=canary-token\
                    &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
                    &requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
                    &scope=openid%2CAdobeID";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{grant:?} {request:?}").contains("canary"));

        let resources = [Resource::try_from("urn:a".to_owned()).unwrap()];
        let request = grant.with_resources(&resources).request(&Environment::production());
        assert!(request.body().ends_with(b"&resource=urn%3Aa"));
    }

    #[test]
    fn an_expired_user_token_is_not_read_as_a_wrong_secret() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("s".to_owned());
        let grant = TokenExchange::new(&client_id, &client_secret, &token("t"), &[]);
        let refused = |status, code: &str| {
            let answer = Response::json(status, &format!(r#"{{"error":"{code}"}}"#));
            grant.answer(&answer, NumericDate::from_secs(0)).unwrap_err()
        };
        assert!(matches!(refused(400, "invalid_token"), ExchangeError::TokenRefused(_)));
        assert!(matches!(refused(401, "invalid_client"), ExchangeError::IntegrationRefused(_)));
    }
}
