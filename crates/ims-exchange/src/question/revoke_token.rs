//! Revoking a token (RFC 7009), `POST /ims/revoke`.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, header::AUTHORIZATION};
use ims_claims::{ClientId, Environment, NumericDate};
use zeroize::Zeroizing;

use crate::{
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response, urlencoded},
    refusal::table::CredentialKind,
    secret_text::{ClientSecret, Hidden},
};

/// The wish that IMS takes an access token or a refresh token no more, as a person's sign-out says it.
///
/// Source: AdobeDocs/adobe-dev-console, "User Authentication", Token revocation.
#[derive(Debug)]
pub struct RevokeToken<'a> {
    client_id: &'a ClientId,
    token: Hidden<'a>,
    client_secret: Option<&'a ClientSecret>,
}

impl<'a> RevokeToken<'a> {
    /// Revokes `token`, which was given to the public client `client_id`.
    #[must_use]
    pub fn new(client_id: &'a ClientId, token: &'a str) -> Self {
        Self { client_id, token: Hidden(token), client_secret: None }
    }

    /// Shows the secret of a confidential client (RFC 6749 §2.1), for which Adobe documents Basic authentication only: it is
    /// sent in a header, marked as sensitive, of which the HTTP library keeps a copy that is not wiped from memory.
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
        let form = [("token", self.token.0)];
        if let Some(secret) = self.client_secret {
            let basic = basic(self.client_id, secret);
            return Request::post_form(url, &form).with_header(AUTHORIZATION, basic);
        }
        let query = urlencoded(&[("client_id", self.client_id.as_str())]);
        Request::post_form(format!("{url}?{query}"), &form)
    }

    /// Reads the answer, which says no more than that it is done.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do. The token may then still be good.
    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<(), ExchangeError> {
        let mut secrets = vec![self.token.0];
        secrets.extend(self.client_secret.map(ClientSecret::expose_secret));
        let mut sent = Sent::new(CredentialKind::Client, sent_at, &secrets);
        if self.client_secret.is_none() {
            sent = sent.without_client_secret();
        }
        answer::nothing(response, &sent)
    }
}

/// `Basic Base64(clientId:clientSecret)` as Adobe's guide has it: without the escapes of RFC 6749 §2.3.1, which no client
/// secret of Adobe's needs.
fn basic(client_id: &ClientId, client_secret: &ClientSecret) -> HeaderValue {
    let pair = Zeroizing::new(format!("{client_id}:{}", client_secret.expose_secret()));
    let credentials = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
    let value = HeaderValue::try_from(Zeroizing::new(format!("Basic {}", *credentials)).as_str());
    let mut value = value.expect("base64 is visible ASCII, which every header can carry");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_client_is_in_the_query_and_a_confidential_one_in_a_sensitive_header() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("s\u{e4}cret".to_owned());
        let call = RevokeToken::new(&client_id, "canary");
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
}
