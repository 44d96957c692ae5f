//! The exchange of a service account's assertion for an access token, `POST /ims/exchange/jwt`.

use ims_claims::{Assertion, ClientId, Environment, NumericDate};

use crate::{
    access_token::AccessToken,
    answer::Sent,
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    grant::token_answer::{self, Unit},
    message::{Request, Response},
    refusal::table::CredentialKind,
    scope::{self, Resource},
    secret_text::ClientSecret,
};

/// A signed assertion for an access token: Adobe's variety of RFC 7523 §2.1, with `jwt_token` in place of `assertion`.
///
/// Its answer counts `expires_in` in **milliseconds**. Source: adobe/ims-go, `ims/exchange_jwt.go`.
///
/// ```
/// use ims_claims::{Assertion, Environment};
/// use ims_exchange::{Call, ClientSecret, JwtExchange};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn exchange(assertion: &Assertion) -> Result<(), Box<dyn std::error::Error>> {
/// // The assertion is what `ims_sign::sign_assertion` makes of the claims of the service account.
/// let client_id = "my-client".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let grant = JwtExchange::new(&client_id, &client_secret, assertion);
/// let request = grant.request(&Environment::production());
/// assert!(request.url().ends_with("/ims/exchange/jwt"));
/// # Ok(())
/// # }
/// # let _ = exchange;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JwtExchange<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    assertion: &'a Assertion,
    resources: &'a [Resource],
}

impl<'a> JwtExchange<'a> {
    /// Asks with `assertion`, which was made for `client_id`.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        assertion: &'a Assertion,
    ) -> Self {
        Self { client_id, client_secret, assertion, resources: &[] }
    }

    /// Asks for a token for `resources` only (RFC 8707 §2.2), at `/ims/exchange/v1/jwt`. Source: adobe/ims-go, pull requests
    /// #60 to #63.
    ///
    /// ```
    /// use ims_claims::{Assertion, Environment};
    /// use ims_exchange::{Call, ClientSecret, JwtExchange};
    ///
    /// # fn exchange(assertion: &Assertion) -> Result<(), Box<dyn std::error::Error>> {
    /// let client_id = "my-client".parse()?;
    /// let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// let resources = ["https://api.example.com".parse()?];
    /// let grant = JwtExchange::new(&client_id, &client_secret, assertion).with_resources(&resources);
    /// assert!(grant.request(&Environment::production()).url().ends_with("/ims/exchange/v1/jwt"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_resources(self, resources: &'a [Resource]) -> Self {
        Self { resources, ..self }
    }
}

impl Sealed for JwtExchange<'_> {}

impl Call for JwtExchange<'_> {
    type Answer = AccessToken;

    fn request(&self, environment: &Environment) -> Request {
        let path = match self.resources {
            [] => "/ims/exchange/jwt",
            _ => "/ims/exchange/v1/jwt",
        };
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("jwt_token", self.assertion.expose_secret()),
        ];
        form.extend(scope::resource_parameters(self.resources));
        Request::post_form(environment.endpoint(path), &form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError> {
        let secrets = [self.client_secret.expose_secret(), self.assertion.expose_secret()];
        token_answer::read(
            response,
            Unit::Milliseconds,
            &Sent::new(CredentialKind::Assertion, sent_at, &secrets),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_claims::{Algorithm, AssertionLifetime, Metascope, ServiceAccount, Signature};

    #[test]
    fn the_request_is_the_one_of_adobes_reference() {
        let client_id: ClientId = "client".parse().unwrap();
        let account = ServiceAccount::new(
            client_id.clone(),
            "A@AdobeOrg".parse().unwrap(),
            "B@techacct.adobe.com".parse().unwrap(),
            [Metascope::ENT_USER_SDK],
        )
        .unwrap();
        let environment = Environment::production();
        let now = NumericDate::from_secs(0);
        let input = account
            .claims(&environment, now, AssertionLifetime::default())
            .signing_input(Algorithm::Rs256);
        let assertion = Assertion::new(&input, &Signature::from_bytes(vec![0xff; 3]));
        let client_secret = ClientSecret::new("s3cr&t=".to_owned());

        let grant = JwtExchange::new(&client_id, &client_secret, &assertion);
        let request = grant.request(&environment);
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/exchange/jwt");
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        let body =
            format!("client_id=client&client_secret=s3cr%26t%3D&jwt_token={}.____", input.as_str());
        assert_eq!(std::str::from_utf8(request.body()), Ok(body.as_str()));

        let resources = [Resource::try_from("urn:a".to_owned()).unwrap()];
        let request = grant.with_resources(&resources).request(&environment);
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/exchange/v1/jwt");
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            format!("{body}&resource=urn%3Aa")
        );
    }
}
