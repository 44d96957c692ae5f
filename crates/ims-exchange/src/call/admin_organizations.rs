//! The organizations of any user, for services of Adobe's own, `POST /ims/admin_organizations/v5`.

use ims_claims::{ClientId, Environment};
use serde_json::Value;

use crate::{AccessToken, ExchangeError, Request, Response, call::admin_profile::AdminCall};

/// The question for the organizations of the user `guid`, whom `auth_src` authenticates, with a service token.
///
/// What the answer holds is not documented. Source: adobe/ims-go, `ims/get_admin_organizations.go`.
#[derive(Debug)]
pub struct AdminOrganizations<'a>(AdminCall<'a>);

impl<'a> AdminOrganizations<'a> {
    /// Asks as `client_id` with `service_token` for the user `guid`, whom `auth_src` authenticates.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        service_token: &'a AccessToken,
        guid: &'a str,
        auth_src: &'a str,
    ) -> Self {
        Self(AdminCall { client_id, service_token, guid, auth_src, version: 5 })
    }

    /// Asks another version of the endpoint than 5, which ims-go asks.
    #[must_use]
    pub fn with_version(self, version: u8) -> Self {
        Self(AdminCall { version, ..self.0 })
    }

    /// What to send.
    #[must_use]
    pub fn request(&self, environment: &Environment) -> Request {
        self.0.request(environment, "/ims/admin_organizations")
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
