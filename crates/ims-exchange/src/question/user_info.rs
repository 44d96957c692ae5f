//! Who the user is, by `OpenID` Connect, `GET /ims/userinfo/v2`.

use ims_claims::{ClientId, Environment, JsonObject, NumericDate};
use serde::{Deserialize, Serialize};

use crate::{
    access_token::BearerToken,
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response, urlencoded},
    refusal::table::CredentialKind,
};

/// The question who the user of an access token is (`OpenID` Connect Core 1.0 §5.3).
///
/// Source: AdobeDocs/adobe-dev-console, "User Authentication", `UserInfo`.
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_exchange::{BearerToken, Call, UserInfo, testing::FakeTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token: BearerToken = "eyJ.user".parse()?;
/// let call = UserInfo::new(&token);
/// let answer = FakeTransport::answer(200, r#"{"sub":"B@AdobeID","email":"me@example.com"}"#);
/// let user = call.answer(&answer, NumericDate::from_secs(0))?;
/// assert_eq!(user.email.as_deref(), Some("me@example.com"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UserInfo<'a> {
    token: BearerToken,
    client_id: Option<&'a ClientId>,
    version: u8,
}

/// What IMS says about a user, as far as the token's scopes go.
///
/// The texts are as IMS sent them and may hold any character: escape them where they are shown.
///
/// ```
/// use ims_exchange::UserClaims;
///
/// // Escaped, because the texts may hold any character.
/// fn shown(user: &UserClaims) -> String {
///     format!("{:?} <{:?}>", user.sub, user.email.as_deref().unwrap_or_default())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct UserClaims {
    /// The account. Scope `openid`.
    pub sub: String,
    /// `ind` for an individual's account, `ent` for an organization's. Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_type: Option<String>,
    /// Scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the e-mail address was verified. Scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// The whole name. Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// IMS shows only the `country` of it. Scope `address`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<JsonObject>,
    /// Everything else.
    #[serde(flatten)]
    pub more: JsonObject,
}

impl<'a> UserInfo<'a> {
    /// Asks with `token`, an access token, who its user is.
    #[must_use]
    pub fn new(token: &impl AsRef<BearerToken>) -> Self {
        Self { token: token.as_ref().clone(), client_id: None, version: 2 }
    }

    /// Names the client too, for which IMS does not ask.
    ///
    /// ```
    /// use ims_exchange::{BearerToken, UserInfo};
    ///
    /// let (token, client_id): (BearerToken, _) = ("eyJ.user".parse()?, "my-app".parse()?);
    /// let call = UserInfo::new(&token).with_client_id(&client_id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_id(self, client_id: &'a ClientId) -> Self {
        Self { client_id: Some(client_id), ..self }
    }

    /// Asks another version of the endpoint than 2, the current one. Version 1 is known, too.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::{BearerToken, Call, UserInfo};
    ///
    /// let token: BearerToken = "eyJ.user".parse()?;
    /// let request = UserInfo::new(&token).with_version(1).request(&Environment::production());
    /// assert!(request.url().ends_with("/ims/userinfo/v1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_version(self, version: u8) -> Self {
        Self { version, ..self }
    }
}

impl Sealed for UserInfo<'_> {}

impl Call for UserInfo<'_> {
    type Answer = UserClaims;

    fn request(&self, environment: &Environment) -> Request {
        let mut url = environment.endpoint(&format!("/ims/userinfo/v{}", self.version));
        if let Some(client_id) = self.client_id {
            url = format!("{url}?{}", urlencoded(&[("client_id", client_id.as_str())]));
        }
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
    ) -> Result<UserClaims, ExchangeError> {
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

    fn access_token() -> BearerToken {
        BearerToken::try_from("canary".to_owned()).unwrap()
    }

    #[test]
    fn the_request_is_the_one_of_adobes_guide() {
        let (token, client_id) = (access_token(), "client".parse().unwrap());
        let call = UserInfo::new(&token).with_client_id(&client_id);
        let request = call.request(&Environment::production());
        assert_eq!(request.method(), http::Method::GET);
        assert_eq!(
            request.url(),
            "https://ims-na1.adobelogin.com/ims/userinfo/v2?client_id=client"
        );
        assert_eq!(request.headers()["authorization"], "Bearer canary");
        assert!(request.headers()["authorization"].is_sensitive());
        assert!(!format!("{call:?} {request:?} {:?}", request.headers()).contains("canary"));
        let request = UserInfo::new(&token).with_version(1).request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/userinfo/v1");
    }

    #[test]
    fn the_sample_of_adobes_guide_is_read_and_written_again_with_what_is_new() {
        let sample = r#"{"sub":"B0DC@c62f","account_type":"ent","email_verified":true,"address":{"country":"US"},
            "name":"John Sample","given_name":"John","family_name":"Sample","email":"jsample@email.com","new":[1]}"#;
        let token = access_token();
        let claims = UserInfo::new(&token)
            .answer(&Response::json(200, sample), NumericDate::from_secs(0))
            .unwrap();
        assert_eq!((claims.sub.as_str(), claims.email_verified), ("B0DC@c62f", Some(true)));
        assert_eq!(claims.address.as_ref().unwrap()["country"], "US");
        assert_eq!(claims.more.len(), 1);
        let again: serde_json::Value = serde_json::from_str(sample).unwrap();
        assert_eq!(serde_json::to_value(claims).unwrap(), again);
    }

    #[test]
    fn an_expired_token_is_to_be_replaced() {
        let token = access_token();
        let error = UserInfo::new(&token)
            .answer(&Response::json(401, ""), NumericDate::from_secs(0))
            .unwrap_err();
        assert!(matches!(error, ExchangeError::TokenRefused(_)), "{error}");
    }
}
