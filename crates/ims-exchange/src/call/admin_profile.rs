//! The profile of any user, for services of Adobe's own, `POST /ims/admin_profile/v1`.

use ims_claims::{ClientId, Environment};
use serde_json::Value;

use crate::{AccessToken, ExchangeError, Request, Response, answer, refusal::Presented};

/// The question for the profile of the user `guid`, whom `auth_src` authenticates, with a service token.
///
/// What the answer holds is not documented. Source: adobe/ims-go, `ims/get_admin_profile.go`.
#[derive(Debug)]
pub struct AdminProfile<'a>(AdminCall<'a>);

impl<'a> AdminProfile<'a> {
    /// Asks as `client_id` with `service_token` for the user `guid`, whom `auth_src` authenticates.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        service_token: &'a AccessToken,
        guid: &'a str,
        auth_src: &'a str,
    ) -> Self {
        Self(AdminCall { client_id, service_token, guid, auth_src, version: 1 })
    }

    /// Asks another version of the endpoint than 1, which ims-go asks.
    #[must_use]
    pub fn with_version(self, version: u8) -> Self {
        Self(AdminCall { version, ..self.0 })
    }

    /// What to send.
    #[must_use]
    pub fn request(&self, environment: &Environment) -> Request {
        self.0.request(environment, "/ims/admin_profile")
    }

    /// Reads the answer: an object or a list, as IMS sent it.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do: [`TokenRefused`](ExchangeError::TokenRefused) when the token is good no
    /// more.
    pub fn answer(&self, response: &Response) -> Result<Value, ExchangeError> {
        self.0.answer(response)
    }
}

/// What the two admin calls have in common.
#[derive(Debug)]
pub(crate) struct AdminCall<'a> {
    pub(crate) client_id: &'a ClientId,
    pub(crate) service_token: &'a AccessToken,
    pub(crate) guid: &'a str,
    pub(crate) auth_src: &'a str,
    pub(crate) version: u8,
}

impl AdminCall<'_> {
    pub(crate) fn request(&self, environment: &Environment, path: &str) -> Request {
        let url = environment.endpoint(&format!("{path}/v{}", self.version));
        Request::post_form(url, &[("guid", self.guid), ("auth_src", self.auth_src)])
            .with_bearer(self.service_token)
            .with_client_id(self.client_id)
    }

    pub(crate) fn answer(&self, response: &Response) -> Result<Value, ExchangeError> {
        let secrets = [self.service_token.expose_secret()];
        let value: Value = answer::json(response, Presented::AccessToken, None, &secrets)?;
        match value {
            Value::Object(_) | Value::Array(_) => Ok(value),
            _ => Err(answer::unrecognized(response)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AdminOrganizations;
    use ims_claims::NumericDate;

    #[test]
    fn the_requests_are_the_ones_of_ims_go() {
        let client_id: ClientId = "client".parse().unwrap();
        let date = NumericDate::from_secs;
        let token = AccessToken::new("canary".to_owned(), date(0), date(1)).unwrap();
        let profile = AdminProfile::new(&client_id, &token, "B0DC", "AdobeID");
        let organizations = AdminOrganizations::new(&client_id, &token, "B0DC", "AdobeID");
        let production = Environment::production();
        for (request, path) in [
            (profile.request(&production), "admin_profile/v1"),
            (organizations.request(&production), "admin_organizations/v5"),
            (profile.with_version(2).request(&production), "admin_profile/v2"),
            (organizations.with_version(6).request(&production), "admin_organizations/v6"),
        ] {
            assert_eq!(request.url(), format!("https://ims-na1.adobelogin.com/ims/{path}"));
            assert_eq!(request.body(), b"guid=B0DC&auth_src=AdobeID");
            assert_eq!(request.headers()["x-ims-clientid"], "client");
            assert_eq!(request.headers()["authorization"], "Bearer canary");
            assert!(!format!("{:?}", request.headers()).contains("canary"));
        }
    }

    #[test]
    fn an_answer_is_an_object_or_a_list() {
        let client_id: ClientId = "client".parse().unwrap();
        let date = NumericDate::from_secs;
        let token = AccessToken::new("canary".to_owned(), date(0), date(1)).unwrap();
        let call = AdminProfile::new(&client_id, &token, "B0DC", "AdobeID");
        for (body, is_one) in [("{\"a\":1}", true), ("[]", true), ("1", false), ("\"a\"", false)] {
            assert_eq!(call.answer(&Response::json(200, body)).is_ok(), is_one, "{body}");
        }
    }
}
