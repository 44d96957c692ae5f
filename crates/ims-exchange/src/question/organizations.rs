//! The organizations of the user, `GET /ims/organizations/v6`.

use ims_claims::{Environment, JsonObject, NumericDate, OrgId};
use serde::{Deserialize, Serialize};

use crate::{
    access_token::BearerToken,
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
};

/// The question for the organizations of an access token's user. Sources: adobe/aio-lib-ims, `src/ims.js`, for version 6;
/// adobe/ims-go, `ims/get_organizations.go`.
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_exchange::{BearerToken, Call, Organizations, testing::FakeTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token: BearerToken = "eyJ.user".parse()?;
/// let body = r#"[{"orgName":"Example","orgRef":{"ident":"123","authSrc":"AdobeOrg"}}]"#;
/// let answer = FakeTransport::answer(200, body);
/// let organizations = Organizations::new(&token).answer(&answer, NumericDate::from_secs(0))?;
/// let org_id = organizations[0].org_id().ok_or("no id")?;
/// assert_eq!(org_id.as_str(), "123@AdobeOrg");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Organizations {
    token: BearerToken,
    version: u8,
}

/// An organization of the user.
///
/// The texts are as IMS sent them and may hold any character: escape them where they are shown.
///
/// ```
/// use ims_exchange::Organization;
///
/// fn print(organizations: &[Organization]) {
///     for organization in organizations {
///         let name = organization.org_name.as_deref().unwrap_or_default();
///         println!("{} {name:?}", organization.org_ref.ident);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Organization {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_name: Option<String>,
    /// How it is identified.
    pub org_ref: OrgRef,
    /// Everything else.
    #[serde(flatten)]
    pub more: JsonObject,
}

/// The two parts of an organization's id. Source: adobe/aio-cli-plugin-cloudmanager, which puts them together.
///
/// ```
/// use ims_exchange::OrgRef;
///
/// fn id(org: &OrgRef) -> String {
///     format!("{}@{}", org.ident, org.auth_src)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrgRef {
    /// The part before the `@`.
    pub ident: String,
    /// The part after it, mostly `AdobeOrg`.
    pub auth_src: String,
    /// Everything else.
    #[serde(flatten)]
    pub more: JsonObject,
}

impl Organization {
    /// Its id, `None` if the two parts do not form a valid one.
    #[must_use]
    pub fn org_id(&self) -> Option<OrgId> {
        format!("{}@{}", self.org_ref.ident, self.org_ref.auth_src).parse().ok()
    }
}

impl Organizations {
    /// Asks with `token`, an access token, for its user's organizations.
    #[must_use]
    pub fn new(token: &impl AsRef<BearerToken>) -> Self {
        Self { token: token.as_ref().clone(), version: 6 }
    }

    /// Asks another version of the endpoint than 6, the newest that is known.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::{BearerToken, Call, Organizations};
    ///
    /// let token: BearerToken = "eyJ.user".parse()?;
    /// let request = Organizations::new(&token).with_version(5).request(&Environment::production());
    /// assert!(request.url().ends_with("/ims/organizations/v5"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_version(self, version: u8) -> Self {
        Self { version, ..self }
    }
}

impl Sealed for Organizations {}

impl Call for Organizations {
    type Answer = Vec<Organization>;

    fn request(&self, environment: &Environment) -> Request {
        let url = environment.endpoint(&format!("/ims/organizations/v{}", self.version));
        Request::get(url).with_bearer(&self.token)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do: [`TokenRefused`](ExchangeError::TokenRefused) when the token is no
    /// longer valid.
    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<Vec<Organization>, ExchangeError> {
        let secrets = [self.token.expose_secret()];
        answer::json(
            response,
            &Sent::new(CredentialKind::AccessToken, sent_at, &secrets).without_client_secret(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_are_read_and_written_again_with_what_is_new() {
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
        let call = Organizations::new(&token);
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/organizations/v6");
        assert_eq!(request.headers()["authorization"], "Bearer canary");
        let request =
            Organizations::new(&token).with_version(5).request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/organizations/v5");

        let sent = r#"[{"orgName":"A","orgRef":{"ident":"C74F","authSrc":"AdobeOrg"},"groups":[]},
            {"orgRef":{"ident":"","authSrc":"AdobeOrg","new":1}}]"#;
        let organizations =
            call.answer(&Response::json(200, sent), NumericDate::from_secs(0)).unwrap();
        assert_eq!(organizations[0].org_name.as_deref(), Some("A"));
        assert_eq!(organizations[0].org_id().unwrap().as_str(), "C74F@AdobeOrg");
        assert_eq!(organizations[1].org_id(), None);
        let again: serde_json::Value = serde_json::from_str(sent).unwrap();
        assert_eq!(serde_json::to_value(organizations).unwrap(), again);
    }
}
