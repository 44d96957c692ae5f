//! What services of Adobe ask about any user, `POST /ims/admin_profile/v1` and `POST /ims/admin_organizations/v5`.

use ims_claims::{ClientId, Environment, NumericDate};
use serde_json::Value;

use crate::{
    access_token::BearerToken,
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
    user_id::UserId,
};

/// Asks for the profile of any user, with a service token.
///
/// The members of the answer are not documented: it is an object or a list, as IMS sent it. Source: adobe/ims-go,
/// `ims/get_admin_profile.go`.
#[derive(Debug)]
pub struct AdminProfile<'a>(AdminCall<'a>);

/// Asks for the organizations of any user, with a service token.
///
/// The members of the answer are not documented: it is an object or a list, as IMS sent it. Source: adobe/ims-go,
/// `ims/get_admin_organizations.go`.
#[derive(Debug)]
pub struct AdminOrganizations<'a>(AdminCall<'a>);

/// What the two calls share.
#[derive(Debug)]
struct AdminCall<'a> {
    client_id: &'a ClientId,
    service_token: BearerToken,
    user: &'a UserId,
    version: u8,
}

macro_rules! admin_call {
    ($name:ident, $path:literal, $version:literal) => {
        impl<'a> $name<'a> {
            /// Asks as `client_id` with `service_token` for `user`.
            #[must_use]
            pub fn new(
                client_id: &'a ClientId,
                service_token: &impl AsRef<BearerToken>,
                user: &'a UserId,
            ) -> Self {
                let service_token = service_token.as_ref().clone();
                Self(AdminCall { client_id, service_token, user, version: $version })
            }

            /// Asks another version of the endpoint than the one that ims-go asks.
            #[must_use]
            pub fn with_version(self, version: u8) -> Self {
                Self(AdminCall { version, ..self.0 })
            }
        }

        impl Sealed for $name<'_> {}

        impl Call for $name<'_> {
            type Answer = Value;

            fn request(&self, environment: &Environment) -> Request {
                self.0.request(environment, $path)
            }

            fn answer(
                &self,
                response: &Response,
                sent_at: NumericDate,
            ) -> Result<Value, ExchangeError> {
                self.0.answer(response, sent_at)
            }
        }
    };
}

admin_call!(AdminProfile, "/ims/admin_profile", 1);
admin_call!(AdminOrganizations, "/ims/admin_organizations", 5);

impl AdminCall<'_> {
    fn request(&self, environment: &Environment, path: &str) -> Request {
        let url = environment.endpoint(&format!("{path}/v{}", self.version));
        Request::post_form(url, &[("guid", self.user.guid()), ("auth_src", self.user.auth_src())])
            .with_bearer(&self.service_token)
            .with_client_id(self.client_id)
    }

    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<Value, ExchangeError> {
        let secrets = [self.service_token.expose_secret()];
        let sent =
            Sent::new(CredentialKind::AccessToken, sent_at, &secrets).without_client_secret();
        let value: Value = answer::json(response, &sent)?;
        match value {
            Value::Object(_) | Value::Array(_) => Ok(value),
            _ => Err(answer::unrecognized(response, &sent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_are_the_ones_of_ims_go() {
        let client_id: ClientId = "client".parse().unwrap();
        let user: UserId = "B0DC@AdobeID".parse().unwrap();
        let token = BearerToken::new("canary".to_owned()).unwrap();
        let profile = AdminProfile::new(&client_id, &token, &user);
        let organizations = AdminOrganizations::new(&client_id, &token, &user);
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
        let user: UserId = "B0DC@AdobeID".parse().unwrap();
        let token = BearerToken::new("canary".to_owned()).unwrap();
        let call = AdminProfile::new(&client_id, &token, &user);
        for (body, is_one) in [("{\"a\":1}", true), ("[]", true), ("1", false), ("\"a\"", false)] {
            assert_eq!(
                call.answer(&Response::json(200, body), NumericDate::from_secs(0)).is_ok(),
                is_one,
                "{body}"
            );
        }
    }
}
