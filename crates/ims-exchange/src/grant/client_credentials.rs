//! OAuth Server-to-Server, `POST /ims/token/v3`: the successor of JWT credentials in Adobe's Developer Console.

use ims_claims::{ClientId, Environment, NumericDate, OrgId};

use crate::{
    access_token::AccessToken,
    answer::Sent,
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    grant::token_answer::{self, Unit},
    message::{Request, Response},
    refusal::table::CredentialKind,
    scope::{self, Resource, Scope},
    secret_text::ClientSecret,
};

/// A client id and its secret for an access token (RFC 6749 §4.4).
///
/// Its answer counts `expires_in` in **seconds**. Source: AdobeDocs/adobe-dev-console, "OAuth Server-to-Server".
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{Call, ClientCredentials, ClientSecret};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let scopes = ["openid".parse()?, "AdobeID".parse()?];
/// let grant = ClientCredentials::new(&client_id, &client_secret, &scopes);
/// let request = grant.request(&Environment::production());
/// assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v3");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ClientCredentials<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    scopes: &'a [Scope],
    org_id: Option<&'a OrgId>,
    resources: &'a [Resource],
}

impl<'a> ClientCredentials<'a> {
    /// Asks for `scopes`.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        scopes: &'a [Scope],
    ) -> Self {
        Self { client_id, client_secret, scopes, org_id: None, resources: &[] }
    }

    /// Names the organization, for integrations that several organizations use. Source: adobe/ims-go, `ims/token.go`.
    ///
    /// ```
    /// use ims_exchange::{ClientCredentials, ClientSecret};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client_id = "my-client".parse()?;
    /// # let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// # let scopes = ["openid".parse()?];
    /// let org_id = "1234567890@AdobeOrg".parse()?;
    /// let grant = ClientCredentials::new(&client_id, &client_secret, &scopes).with_org_id(&org_id);
    /// # let _ = grant;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_org_id(self, org_id: &'a OrgId) -> Self {
        Self { org_id: Some(org_id), ..self }
    }

    /// Asks for a token for `resources` only (RFC 8707 §2.2).
    ///
    /// ```
    /// use ims_exchange::{ClientCredentials, ClientSecret};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client_id = "my-client".parse()?;
    /// # let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// # let scopes = ["openid".parse()?];
    /// let resources = ["https://api.example".parse()?];
    /// let grant = ClientCredentials::new(&client_id, &client_secret, &scopes).with_resources(&resources);
    /// # let _ = grant;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_resources(self, resources: &'a [Resource]) -> Self {
        Self { resources, ..self }
    }
}

impl Sealed for ClientCredentials<'_> {}

impl Call for ClientCredentials<'_> {
    type Answer = AccessToken;

    fn request(&self, environment: &Environment) -> Request {
        let scope = scope::list(self.scopes);
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("scope", scope.as_str()),
        ];
        form.extend(self.org_id.map(|org_id| ("org_id", org_id.as_str())));
        form.extend(scope::resource_parameters(self.resources));
        Request::post_form(environment.endpoint("/ims/token/v3"), &form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError> {
        token_answer::read(
            response,
            Unit::Seconds,
            &Sent::new(CredentialKind::Client, sent_at, &[self.client_secret.expose_secret()]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_adobes_guide() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("secret".to_owned());
        let scopes: [Scope; 2] =
            ["openid".parse().unwrap(), "additional_info.roles".parse().unwrap()];
        let grant = ClientCredentials::new(&client_id, &client_secret, &scopes);
        let stage = Environment::stage();

        let request = grant.request(&stage);
        assert_eq!(request.url(), "https://ims-na1-stg1.adobelogin.com/ims/token/v3");
        let body = "grant_type=client_credentials&client_id=client&client_secret=secret\
                    &scope=openid%2Cadditional_info.roles";
        assert_eq!(std::str::from_utf8(request.body()), Ok(body));

        let org_id: OrgId = "A@AdobeOrg".parse().unwrap();
        let resources = ["urn:a", "urn:b"].map(|text| Resource::try_from(text.to_owned()).unwrap());
        let request = grant.with_org_id(&org_id).with_resources(&resources).request(&stage);
        let more = "&org_id=A%40AdobeOrg&resource=urn%3Aa&resource=urn%3Ab";
        assert_eq!(std::str::from_utf8(request.body()).unwrap(), format!("{body}{more}"));
    }
}
