//! Requests of Adobe's services about any user, `POST /ims/admin_profile/v1` and `POST /ims/admin_organizations/v5`.

use std::{fmt, str::FromStr};

use ims_claims::{ClientId, Environment, NumericDate};
use serde_json::Value;

use crate::{
    access_token::BearerToken,
    answer::{self, Sent},
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
};

/// Asks for the profile of any user, with a service token.
///
/// The members of the answer are not documented: it is an object or a list, as IMS sent it. Source: adobe/ims-go,
/// `ims/get_admin_profile.go`.
///
/// ```
/// use ims_exchange::{AdminProfile, BearerToken, UserId};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let service_token: BearerToken = "eyJ.service".parse()?;
/// let user: UserId = "1234567890@AdobeID".parse()?;
/// let call = AdminProfile::new(&client_id, &service_token, &user);
/// # let _ = call;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AdminProfile<'a>(AdminCall<'a>);

/// Asks for the organizations of any user, with a service token.
///
/// The members of the answer are not documented: it is an object or a list, as IMS sent it. Source: adobe/ims-go,
/// `ims/get_admin_organizations.go`.
///
/// ```
/// use ims_exchange::{AdminOrganizations, BearerToken, UserId};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let service_token: BearerToken = "eyJ.service".parse()?;
/// let user: UserId = "1234567890@AdobeID".parse()?;
/// let call = AdminOrganizations::new(&client_id, &service_token, &user);
/// # let _ = call;
/// # Ok(())
/// # }
/// ```
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
            ///
            /// ```
            /// use ims_claims::Environment;
            /// use ims_exchange::{AdminProfile, Call};
            /// # use ims_exchange::{BearerToken, UserId};
            /// # let (client_id, service_token) = ("my-service".parse()?, "eyJ.service".parse::<BearerToken>()?);
            /// # let user: UserId = "ADA0001@AdobeID".parse()?;
            ///
            /// let call = AdminProfile::new(&client_id, &service_token, &user).with_version(2);
            /// assert!(call.request(&Environment::production()).url().ends_with("/v2"));
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
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

/// The id of a user, `GUID@AUTH_SRC`: who the user is, and who authenticates the user, for example `AdobeID` for Adobe itself.
///
/// At most 255 characters of visible ASCII, with one `@`. Sources: adobe/ims-go, `ims/get_admin_profile.go`, for the two
/// parts; AdobeDocs/adobeio-auth, `OAuth/Scopes.md`, for the whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId {
    text: String,
    at: usize,
}

/// Give a user id of the form `GUID@AUTH_SRC`.
///
/// ```
/// use ims_exchange::{UserId, UserIdError};
///
/// assert_eq!("ada@example@com".parse::<UserId>().unwrap_err(), UserIdError);
/// assert_eq!("ADA0001@AdobeID".parse::<UserId>()?.auth_src(), "AdobeID");
/// # Ok::<(), UserIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a user id, which has the form \"GUID@AdobeID\"")]
pub struct UserIdError;

impl UserId {
    /// The part in front of the `@`, which IMS calls `guid`.
    #[must_use]
    pub fn guid(&self) -> &str {
        &self.text[..self.at]
    }

    /// The part after the `@`, which IMS calls `auth_src`.
    #[must_use]
    pub fn auth_src(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for UserId {
    type Err = UserIdError;

    fn from_str(text: &str) -> Result<Self, UserIdError> {
        let (guid, auth_src) = text.split_once('@').ok_or(UserIdError)?;
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b'@')
        };
        if text.len() > 255 || !is_part(guid) || !is_part(auth_src) {
            return Err(UserIdError);
        }
        Ok(Self { text: text.to_owned(), at: guid.len() })
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_are_the_ones_of_ims_go() {
        let client_id: ClientId = "client".parse().unwrap();
        let user: UserId = "B0DC@AdobeID".parse().unwrap();
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
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
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
        let call = AdminProfile::new(&client_id, &token, &user);
        for (body, is_one) in [("{\"a\":1}", true), ("[]", true), ("1", false), ("\"a\"", false)] {
            assert_eq!(
                call.answer(&Response::json(200, body), NumericDate::from_secs(0)).is_ok(),
                is_one,
                "{body}"
            );
        }
    }

    #[test]
    fn a_user_id_has_two_parts_of_visible_ascii() {
        let longest = format!("{}@AdobeID", "A".repeat(247));
        let longer = format!("A{longest}");
        #[rustfmt::skip]
        let table = [
            ("B0DC@AdobeID", true), ("B0DC@c62f24cc5b5b7e0e0a494004", true), (longest.as_str(), true),
            ("", false), ("B0DC", false), ("@AdobeID", false), ("B0DC@", false), ("a@b@c", false),
            ("B 0@AdobeID", false), ("B\n@AdobeID", false), ("\u{e4}@AdobeID", false), (longer.as_str(), false),
        ];
        for (text, is_one) in table {
            assert_eq!(text.parse::<UserId>().is_ok(), is_one, "{text:?}");
        }
        let user_id: UserId = "B0DC@AdobeID".parse().unwrap();
        assert_eq!((user_id.guid(), user_id.auth_src()), ("B0DC", "AdobeID"));
        assert_eq!(user_id.to_string(), "B0DC@AdobeID");
    }
}
