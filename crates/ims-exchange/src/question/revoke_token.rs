//! Revoking a token (RFC 7009), `POST /ims/revoke`.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, header::AUTHORIZATION};
use ims_claims::{ClientId, Environment, NumericDate};
use zeroize::Zeroizing;

use crate::{
    answer::{self, Sent},
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    message::{Request, Response, urlencoded},
    question::any_token::AnyToken,
    refusal::table::CredentialKind,
    secret_text::ClientSecret,
};

/// Revokes an access token or a refresh token, like a sign-out of a person.
///
/// Source: AdobeDocs/adobe-dev-console, "User Authentication", Token revocation.
///
/// ```
/// use ims_exchange::{ClientSecret, RefreshToken, RevokeToken};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let refresh_token: RefreshToken = "eyJ.refresh".parse()?;
/// let call = RevokeToken::new(&client_id, &refresh_token).with_client_secret(&client_secret);
/// # let _ = call;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RevokeToken<'a> {
    client_id: &'a ClientId,
    token: AnyToken<'a>,
    client_secret: Option<&'a ClientSecret>,
}

impl<'a> RevokeToken<'a> {
    /// Revokes `token`, which was given to the public client `client_id`.
    #[must_use]
    pub fn new(client_id: &'a ClientId, token: impl Into<AnyToken<'a>>) -> Self {
        Self { client_id, token: token.into(), client_secret: None }
    }

    /// Shows the secret of a confidential client (RFC 6749 §2.1), for which Adobe documents Basic authentication only: it is
    /// sent in a header, marked as sensitive, of which the HTTP library keeps a copy that is not wiped from memory.
    ///
    /// ```
    /// use ims_exchange::{BearerToken, ClientSecret, RevokeToken};
    ///
    /// let (client_id, token): (_, BearerToken) = ("my-client".parse()?, "eyJ.token".parse()?);
    /// let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// let call = RevokeToken::new(&client_id, &token).with_client_secret(&client_secret);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_secret(self, client_secret: &'a ClientSecret) -> Self {
        Self { client_secret: Some(client_secret), ..self }
    }
}

impl Sealed for RevokeToken<'_> {}

impl Call for RevokeToken<'_> {
    type Answer = ();

    fn request(&self, environment: &Environment) -> Request {
        let url = environment.endpoint("/ims/revoke");
        let form = [("token", self.token.expose_secret())];
        if let Some(secret) = self.client_secret {
            let basic = basic(self.client_id, secret);
            return Request::post_form(url, &form).with_header(AUTHORIZATION, basic);
        }
        let query = urlencoded(&[("client_id", self.client_id.as_str())]);
        Request::post_form(format!("{url}?{query}"), &form)
    }

    /// Reads the answer, which only says that it is done.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do. The token may then still be valid.
    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<(), ExchangeError> {
        let mut secrets = vec![self.token.expose_secret()];
        secrets.extend(self.client_secret.map(ClientSecret::expose_secret));
        let mut sent = Sent::new(CredentialKind::Client, sent_at, &secrets);
        if self.client_secret.is_none() {
            sent = sent.without_client_secret();
        }
        answer::nothing(response, &sent)
    }
}

/// `Basic Base64(clientId:clientSecret)` as Adobe's guide says: without the escapes of RFC 6749 §2.3.1, which no client
/// secret of Adobe's needs.
fn basic(client_id: &ClientId, client_secret: &ClientSecret) -> HeaderValue {
    let pair = Zeroizing::new(format!("{client_id}:{}", client_secret.expose_secret()));
    let credentials = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
    let value = HeaderValue::try_from(Zeroizing::new(format!("Basic {}", *credentials)).as_str());
    let mut value = value.expect("base64 is visible ASCII, which every header can carry");
    value.set_sensitive(true);
    value
}

/// Revokes a token of any kind, `POST /ims/invalidate_token/v2`.
///
/// IMS accepts access tokens, refresh tokens, device tokens and, with the client's secret, service tokens here. Source:
/// adobe/ims-go, `ims/invalidate_token.go`.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{BearerToken, Call, InvalidateToken};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let token: BearerToken = "eyJ.token".parse()?;
/// let call = InvalidateToken::new(&client_id, &token).with_cascading();
/// assert!(call.request(&Environment::production()).url().contains("/ims/invalidate_token/v2"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct InvalidateToken<'a> {
    client_id: &'a ClientId,
    token: AnyToken<'a>,
    client_secret: Option<&'a ClientSecret>,
    cascading: &'static str,
}

impl<'a> InvalidateToken<'a> {
    /// Revokes `token`, which was given to `client_id`.
    #[must_use]
    pub fn new(client_id: &'a ClientId, token: impl Into<AnyToken<'a>>) -> Self {
        Self { client_id, token: token.into(), client_secret: None, cascading: "" }
    }

    /// Sends the client's secret along, without which IMS revokes no service token.
    ///
    /// ```
    /// use ims_exchange::{BearerToken, ClientSecret, InvalidateToken};
    ///
    /// let (client_id, token): (_, BearerToken) = ("my-client".parse()?, "eyJ.token".parse()?);
    /// let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// let call = InvalidateToken::new(&client_id, &token).with_client_secret(&client_secret);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_secret(self, client_secret: &'a ClientSecret) -> Self {
        Self { client_secret: Some(client_secret), ..self }
    }

    /// Also revokes all tokens that were obtained with this one.
    ///
    /// ```
    /// use ims_exchange::{BearerToken, InvalidateToken};
    ///
    /// let (client_id, token): (_, BearerToken) = ("my-client".parse()?, "eyJ.token".parse()?);
    /// let call = InvalidateToken::new(&client_id, &token).with_cascading();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_cascading(self) -> Self {
        Self { cascading: "all", ..self }
    }
}

impl Sealed for InvalidateToken<'_> {}

impl Call for InvalidateToken<'_> {
    type Answer = ();

    fn request(&self, environment: &Environment) -> Request {
        let client_secret = self.client_secret.map_or("", ClientSecret::expose_secret);
        let mut form = vec![
            ("token_type", self.token.kind().as_str()),
            ("token", self.token.expose_secret()),
            ("cascading", self.cascading),
            ("client_id", self.client_id.as_str()),
            ("client_secret", client_secret),
        ];
        form.retain(|(_, value)| !value.is_empty());
        Request::post_form(environment.endpoint("/ims/invalidate_token/v2"), &form)
            .with_client_id(self.client_id)
    }

    /// Reads the answer, which only says that it is done.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do. The token may then still be valid.
    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<(), ExchangeError> {
        let mut secrets = vec![self.token.expose_secret()];
        secrets.extend(self.client_secret.map(ClientSecret::expose_secret));
        let mut sent = Sent::new(CredentialKind::Client, sent_at, &secrets);
        if self.client_secret.is_none() {
            sent = sent.without_client_secret();
        }
        answer::nothing(response, &sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{question::any_token::TokenKind, secret_text::RefreshToken};

    #[test]
    fn a_public_client_is_in_the_query_and_a_confidential_one_in_a_sensitive_header() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("s\u{e4}cret".to_owned());
        let token: RefreshToken = "canary".parse().unwrap();
        let call = RevokeToken::new(&client_id, &token);
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/revoke?client_id=client");
        assert!(!request.headers().contains_key("authorization"));
        assert_eq!(request.body(), b"token=canary");

        let call = call.with_client_secret(&client_secret);
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/revoke");
        let authorization = &request.headers()["authorization"];
        assert_eq!(authorization, "Basic Y2xpZW50OnPDpGNyZXQ=");
        assert!(authorization.is_sensitive());
        assert!(!format!("{call:?} {request:?}").contains("canary"));
    }

    #[test]
    fn the_request_is_the_one_of_ims_go_without_what_is_empty() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let call =
            InvalidateToken::new(&client_id, AnyToken::new(TokenKind::AccessToken, "canary"));
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/invalidate_token/v2");
        assert_eq!(request.headers()["x-ims-clientid"], "client");
        assert_eq!(request.body(), b"token_type=access_token&token=canary&client_id=client");

        let token = AnyToken::new(TokenKind::ServiceToken, "canary");
        let call = InvalidateToken::new(&client_id, token)
            .with_client_secret(&client_secret)
            .with_cascading();
        let request = call.request(&Environment::production());
        let form = "token_type=service_token&token=canary&cascading=all&client_id=client\
                    &client_secret=canary-secret";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{call:?} {request:?}").contains("canary"));
    }
}
