//! What IMS knows about the user, `GET /ims/profile/v1`.

use ims_claims::{Environment, JsonObject, NumericDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    access_token::BearerToken,
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    question::fulfillable_data,
    question::fulfillable_data::MAX_DECOMPRESSED,
    refusal::table::CredentialKind,
};

/// The question for the profile of an access token's user. Sources: adobe/ims-go, `ims/get_profile.go`; adobe/imscli,
/// `ims/profile.go`.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{BearerToken, Call, Profile};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token: BearerToken = "eyJ.user".parse()?;
/// let request = Profile::new(&token).with_version(3).request(&Environment::production());
/// assert!(request.url().contains("/ims/profile/v3"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Profile {
    token: BearerToken,
    version: u8,
}

/// A profile, as far as the token's scopes go.
///
/// The texts are as IMS sent them and may hold any character: escape them where they are shown. Source: AdobeDocs/exc-app,
/// `docs/interfaces/ims.imsprofile.md`.
///
/// ```
/// use ims_exchange::UserProfile;
///
/// fn products(profile: &UserProfile) -> usize {
///     profile.product_contexts.as_ref().map_or(0, Vec::len)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserProfile {
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that is shown to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What kind of account it is, such as `type1` and `type3`.
    #[serde(rename = "account_type", skip_serializing_if = "Option::is_none")]
    pub account_type: Option<String>,
    /// The products that the user has. Scope `additional_info.projectedProductContext`.
    #[serde(rename = "projectedProductContext", skip_serializing_if = "Option::is_none")]
    pub product_contexts: Option<Vec<ProductContext>>,
    /// Everything else.
    #[serde(flatten)]
    pub more: JsonObject,
}

/// A product that the user has: an element of `projectedProductContext`.
///
/// ```
/// use ims_exchange::ProductContext;
///
/// fn service_code(context: &ProductContext) -> Option<&str> {
///     context.product.get("serviceCode").and_then(|code| code.as_str())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ProductContext {
    /// What IMS says about it in `prodCtx`. `fulfillable_data` is decoded where it is JSON, compressed, in base64; otherwise
    /// it is as IMS sent it. Names that were seen: `ident`, `serviceCode`, `owningEntity`, `label`, `statusCode`,
    /// `serviceLevel`. Source: AdobeDocs/exc-app, `docs/interfaces/ims.productcontext.md`.
    #[serde(rename = "prodCtx")]
    pub product: JsonObject,
    /// Everything else.
    #[serde(flatten)]
    pub more: JsonObject,
}

impl Profile {
    /// Asks with `token`, an access token, for its user's profile.
    #[must_use]
    pub fn new(token: &impl AsRef<BearerToken>) -> Self {
        Self { token: token.as_ref().clone(), version: 1 }
    }

    /// Asks another version of the endpoint than 1, which ims-go asks. Versions up to 3 are known.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::{BearerToken, Call, Profile};
    ///
    /// let token: BearerToken = "eyJ.user".parse()?;
    /// let request = Profile::new(&token).with_version(2).request(&Environment::production());
    /// assert!(request.url().contains("/ims/profile/v2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_version(self, version: u8) -> Self {
        Self { version, ..self }
    }
}

impl Sealed for Profile {}

impl Call for Profile {
    type Answer = UserProfile;

    fn request(&self, environment: &Environment) -> Request {
        let url = environment.endpoint(&format!("/ims/profile/v{}", self.version));
        Request::get(url).with_bearer(&self.token)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do: [`TokenRefused`](ExchangeError::TokenRefused) when the token is no
    /// longer valid, [`Unrecognized`](ExchangeError::Unrecognized) also when its decompressed data are longer than 256 KiB.
    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<UserProfile, ExchangeError> {
        let secrets = [self.token.expose_secret()];
        let sent =
            Sent::new(CredentialKind::AccessToken, sent_at, &secrets).without_client_secret();
        let mut profile: UserProfile = answer::json(response, &sent)?;
        let mut room = MAX_DECOMPRESSED;
        for context in profile.product_contexts.iter_mut().flatten() {
            let Some(data) = context.product.get_mut("fulfillable_data") else { continue };
            let Value::String(text) = data else { continue };
            let decoded = fulfillable_data::decode(text, &mut room);
            if let Some(value) = decoded.map_err(|_| answer::unrecognized(response, &sent))? {
                *data = value;
            }
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::fulfillable_data::tests::encoded;
    use serde_json::json;

    #[track_caller]
    fn profile(body: &Value) -> Result<UserProfile, ExchangeError> {
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
        Profile::new(&token)
            .answer(&Response::json(200, &body.to_string()), NumericDate::from_secs(0))
    }

    #[test]
    fn the_request_is_the_one_of_ims_go() {
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
        for (call, version) in
            [(Profile::new(&token), "v1"), (Profile::new(&token).with_version(3), "v3")]
        {
            let request = call.request(&Environment::production());
            let url = format!("https://ims-na1.adobelogin.com/ims/profile/{version}");
            assert_eq!((request.method(), request.url()), (&http::Method::GET, url.as_str()));
            assert_eq!(request.headers()["authorization"], "Bearer canary");
        }
    }

    #[test]
    fn data_of_any_product_are_decoded_and_all_else_is_kept() {
        let context = |service: &str, data: &Value| json!({"prodCtx": {"serviceCode": service, "fulfillable_data": data, "ident": "i"}, "x": 1});
        let body = |first: &Value| {
            json!({
                "userId": "B@AdobeID", "name": "J\u{1b}", "displayName": "J", "email": "j@example.com",
                "account_type": "type3", "countryCode": "CH", "roles": [],
                "projectedProductContext": [
                    context("dma_aem_cloud", first), context("acp", &json!("{\"region\":\"va7\"}")),
                    context("dx_genstudio", &json!({"iid": 1})), {"prodCtx": {}},
                ],
            })
        };
        let sent = body(&json!(encoded(br#"{"iid":"a-1"}"#)));
        let profile = profile(&sent).unwrap();
        assert_eq!(profile.user_id.as_deref(), Some("B@AdobeID"));
        assert_eq!(profile.name.as_deref(), Some("J\u{1b}"), "as it was sent");
        assert_eq!(profile.product_contexts.as_ref().map(Vec::len), Some(4));
        assert_eq!(serde_json::to_value(profile).unwrap(), body(&json!({"iid": "a-1"})));
    }

    #[test]
    fn data_that_grow_beyond_all_measure_are_an_error() {
        let bomb = encoded(&vec![b' '; 20 << 20]);
        let body = json!({"projectedProductContext": [{"prodCtx": {"fulfillable_data": bomb}}]});
        let error = profile(&body).unwrap_err();
        assert!(matches!(error, ExchangeError::Unrecognized(_)), "{error}");
    }

    #[test]
    fn a_profile_without_products_is_one() {
        let profile = profile(&json!({"userId": "B"})).unwrap();
        assert_eq!(profile.product_contexts, None);
        assert_eq!(serde_json::to_value(profile).unwrap(), json!({"userId": "B"}));
    }
}
