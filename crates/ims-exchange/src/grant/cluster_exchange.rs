//! A user's access token for one of another account or organization of the same user, `POST /ims/token/v3`.

use ims_claims::{ClientId, Environment, NumericDate, OrgId};

use crate::{
    access_token::{AccessToken, BearerToken},
    answer::Sent,
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    grant::token_answer::{self, Unit},
    message::{Request, Response, urlencoded},
    question::admin::UserId,
    refusal::table::CredentialKind,
    scope::{self, Resource, Scope},
    secret_text::ClientSecret,
};

/// Exchanges a user's access token for one of another profile of the same user. This is Adobe's own grant.
///
/// Its answer counts `expires_in` in **seconds**. Source: adobe/ims-go, `ims/cluster_exchange_token.go`, which read
/// milliseconds until its pull request #24.
///
/// ```
/// use ims_exchange::{BearerToken, ClientSecret, ClusterExchange, ClusterTarget};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let of_the_user: BearerToken = "eyJ.user".parse()?;
/// let org_id = "1234567890@AdobeOrg".parse()?;
/// let target = ClusterTarget::Organization(&org_id);
/// let grant = ClusterExchange::new(&client_id, &client_secret, &of_the_user, target);
/// # let _ = grant;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ClusterExchange<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    user_token: BearerToken,
    target: ClusterTarget<'a>,
    scopes: &'a [Scope],
    resources: &'a [Resource],
}

/// The account whose token a [`ClusterExchange`] asks for: IMS accepts one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterTarget<'a> {
    /// The account with this user id.
    User(&'a UserId),
    /// The user's account in this organization.
    Organization(&'a OrgId),
}

impl<'a> ClusterExchange<'a> {
    /// Asks with `user_token` for a token of `target`.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        user_token: &impl AsRef<BearerToken>,
        target: ClusterTarget<'a>,
    ) -> Self {
        let user_token = user_token.as_ref().clone();
        Self { client_id, client_secret, user_token, target, scopes: &[], resources: &[] }
    }

    /// Asks for `scopes`.
    ///
    /// ```
    /// # use ims_exchange::{BearerToken, ClientSecret, ClusterExchange, ClusterTarget, UserId};
    /// # let (client_id, client_secret) = ("my-service".parse()?, ClientSecret::new("p8e-…".to_owned()));
    /// # let user_token: BearerToken = "eyJ.user".parse()?;
    /// let (scopes, user): (_, UserId) = (["openid".parse()?], "ADA0001@AdobeID".parse()?);
    /// let target = ClusterTarget::User(&user);
    /// let grant = ClusterExchange::new(&client_id, &client_secret, &user_token, target).with_scopes(&scopes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes(self, scopes: &'a [Scope]) -> Self {
        Self { scopes, ..self }
    }

    /// Asks for a token for `resources` only (RFC 8707 §2.2).
    ///
    /// ```
    /// # use ims_exchange::{BearerToken, ClientSecret, ClusterExchange, ClusterTarget, UserId};
    /// # let (client_id, client_secret) = ("my-service".parse()?, ClientSecret::new("p8e-…".to_owned()));
    /// # let (user_token, user): (BearerToken, UserId) = ("eyJ.user".parse()?, "ADA0001@AdobeID".parse()?);
    /// # let target = ClusterTarget::User(&user);
    /// let resources = ["https://api.example.com".parse()?];
    /// let grant = ClusterExchange::new(&client_id, &client_secret, &user_token, target).with_resources(&resources);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_resources(self, resources: &'a [Resource]) -> Self {
        Self { resources, ..self }
    }
}

impl Sealed for ClusterExchange<'_> {}

impl Call for ClusterExchange<'_> {
    type Answer = AccessToken;

    fn request(&self, environment: &Environment) -> Request {
        let url = environment.endpoint("/ims/token/v3");
        let query = urlencoded(&[("client_id", self.client_id.as_str())]);
        let mut form = vec![
            ("grant_type", "cluster_at_exchange"),
            ("client_secret", self.client_secret.expose_secret()),
            ("user_token", self.user_token.expose_secret()),
            match self.target {
                ClusterTarget::User(user_id) => ("user_id", user_id.as_str()),
                ClusterTarget::Organization(org_id) => ("owning_org_id", org_id.as_str()),
            },
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        form.extend(scope::resource_parameters(self.resources));
        Request::post_form(format!("{url}?{query}"), &form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError> {
        let secrets = [self.client_secret.expose_secret(), self.user_token.expose_secret()];
        token_answer::read(
            response,
            Unit::Seconds,
            &Sent::new(CredentialKind::AccessToken, sent_at, &secrets),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> BearerToken {
        BearerToken::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_request_is_the_one_of_ims_go_and_names_one_target() {
        let client_id: ClientId = "client".parse().unwrap();
        let user_id: UserId = "B@AdobeID".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let scopes: [Scope; 1] = ["openid".parse().unwrap()];
        let org_id: OrgId = "A@AdobeOrg".parse().unwrap();
        let resources = [Resource::try_from("urn:a".to_owned()).unwrap()];
        let grant = |target| {
            ClusterExchange::new(&client_id, &client_secret, &token("canary-token"), target)
        };

        let form =
            "grant_type=cluster_at_exchange&client_secret=canary-secret&user_token=canary-token";
        let request = grant(ClusterTarget::User(&user_id)).request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v3?client_id=client");
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            format!("{form}&user_id=B%40AdobeID")
        );

        let grant = grant(ClusterTarget::Organization(&org_id));
        let grant = grant.with_scopes(&scopes).with_resources(&resources);
        let request = grant.request(&Environment::production());
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            format!("{form}&owning_org_id=A%40AdobeOrg&scope=openid&resource=urn%3Aa")
        );
        assert!(!format!("{grant:?} {request:?}").contains("canary"));
    }

    #[test]
    fn its_answer_counts_seconds() {
        let client_id: ClientId = "client".parse().unwrap();
        let user_id: UserId = "B@AdobeID".parse().unwrap();
        let client_secret = ClientSecret::new("s".to_owned());
        let grant = ClusterExchange::new(
            &client_id,
            &client_secret,
            &token("t"),
            ClusterTarget::User(&user_id),
        );
        let answer = Response::json(200, r#"{"access_token":"a","expires_in":86399}"#);
        let token = grant.answer(&answer, NumericDate::from_secs(0)).unwrap();
        assert_eq!(token.lifetime().as_secs(), 86_399);
    }
}
