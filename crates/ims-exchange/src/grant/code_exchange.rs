//! A user's first access token, `POST /ims/token/v3` with an authorization code.

use ims_claims::{ClientId, Environment, NumericDate};

use crate::{
    answer::Sent,
    browser::random_text::CodeVerifier,
    call::{Call, sealed::Sealed},
    error::ExchangeError,
    grant::{
        token_answer::{self, Unit, UserTokens},
        token_refresh::user_grant,
    },
    message::{Request, Response},
    refusal::table::CredentialKind,
    secret_text::{AuthorizationCode, ClientSecret},
};

/// An authorization code for the user's tokens (RFC 6749 §4.1.3), with the verifier of PKCE (RFC 7636 §4.5).
///
/// Its answer counts `expires_in` in **seconds**. A public client sends no secret. Source: AdobeDocs/adobe-dev-console, "User
/// Authentication".
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{AuthorizationCode, Call, CodeExchange, CodeVerifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let verifier = CodeVerifier::generate(); // the one whose challenge was in the authorization request
/// let code: AuthorizationCode = "eyJ.code".parse()?;
/// let grant = CodeExchange::new(&client_id, &code, &verifier);
/// let request = grant.request(&Environment::production());
/// assert!(request.url().contains("/ims/token/v3"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CodeExchange<'a> {
    client_id: &'a ClientId,
    code: &'a AuthorizationCode,
    verifier: &'a CodeVerifier,
    client_secret: Option<&'a ClientSecret>,
    redirect_uri: &'a str,
}

impl<'a> CodeExchange<'a> {
    /// Redeems `code`, which was asked for with the challenge of `verifier`.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        code: &'a AuthorizationCode,
        verifier: &'a CodeVerifier,
    ) -> Self {
        Self { client_id, code, verifier, client_secret: None, redirect_uri: "" }
    }

    /// Also sends the secret of a confidential client (RFC 6749 §2.1).
    ///
    /// ```
    /// use ims_exchange::{ClientSecret, CodeExchange, CodeVerifier};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (client_id, code) = ("my-client".parse()?, "code".parse()?);
    /// # let verifier = CodeVerifier::generate();
    /// let client_secret = ClientSecret::new("p8e-…".to_owned());
    /// let grant = CodeExchange::new(&client_id, &code, &verifier).with_client_secret(&client_secret);
    /// # let _ = grant;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_client_secret(self, client_secret: &'a ClientSecret) -> Self {
        Self { client_secret: Some(client_secret), ..self }
    }

    /// Repeats the redirect URI of the authorization request (RFC 6749 §4.1.3), for which Adobe's guide does not ask.
    ///
    /// ```
    /// use ims_exchange::{AuthorizationCode, CodeExchange, CodeVerifier};
    ///
    /// let (client_id, code): (_, AuthorizationCode) = ("my-app".parse()?, "eyJ.code".parse()?);
    /// let verifier = CodeVerifier::generate(); // the one whose challenge was in the authorization request
    /// let grant = CodeExchange::new(&client_id, &code, &verifier)
    ///     .with_redirect_uri("http://127.0.0.1:8912/callback");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_redirect_uri(self, redirect_uri: &'a str) -> Self {
        Self { redirect_uri, ..self }
    }
}

impl Sealed for CodeExchange<'_> {}

impl Call for CodeExchange<'_> {
    type Answer = UserTokens;

    fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code.expose_secret()),
            ("code_verifier", self.verifier.expose_secret()),
        ];
        if !self.redirect_uri.is_empty() {
            form.push(("redirect_uri", self.redirect_uri));
        }
        user_grant(environment, self.client_id, self.client_secret, form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<UserTokens, ExchangeError> {
        let mut secrets = vec![self.code.expose_secret(), self.verifier.expose_secret()];
        secrets.extend(self.client_secret.map(ClientSecret::expose_secret));
        let mut sent = Sent::new(CredentialKind::Code, sent_at, &secrets);
        if self.client_secret.is_none() {
            sent = sent.without_client_secret();
        }
        token_answer::read_all(response, Unit::Seconds, &sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_adobes_guide() {
        let client_id: ClientId = "client".parse().unwrap();
        let code = AuthorizationCode::try_from("c/1".to_owned()).unwrap();
        let verifier = CodeVerifier::try_from("v".repeat(43)).unwrap();
        let grant = CodeExchange::new(&client_id, &code, &verifier);
        let form =
            format!("grant_type=authorization_code&code=c%2F1&code_verifier={}", "v".repeat(43));

        let request = grant.request(&Environment::production());
        assert_eq!(
            request.url(),
            "https://ims-na1.adobelogin.com/ims/token/v3?client_id=client",
            "a public client is named in the query"
        );
        assert_eq!(std::str::from_utf8(request.body()), Ok(form.as_str()));

        let client_secret = ClientSecret::new("s".to_owned());
        let grant =
            grant.with_client_secret(&client_secret).with_redirect_uri("https://a.example/");
        let request = grant.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v3");
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            format!(
                "{form}&redirect_uri=https%3A%2F%2Fa.example%2F&client_id=client&client_secret=s"
            )
        );
        assert_eq!(format!("{grant:?}").matches("(..)").count(), 3, "no secret is shown");
    }

    #[test]
    fn a_code_that_was_used_before_asks_for_a_new_sign_in() {
        let client_id: ClientId = "client".parse().unwrap();
        let code = AuthorizationCode::try_from("canary".to_owned()).unwrap();
        let verifier = CodeVerifier::generate();
        let grant = CodeExchange::new(&client_id, &code, &verifier);
        let answer =
            Response::json(400, r#"{"error":"access_denied","error_description":"canary?"}"#);
        let error = grant.answer(&answer, NumericDate::from_secs(0)).unwrap_err();
        assert!(matches!(error, ExchangeError::SignInNeeded(_)), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}
