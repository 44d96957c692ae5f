//! A promise: a token that gives access tokens of a user later, when the user is no longer present, `POST /ims/token/v4`.

use ims_claims::{ClientId, Environment, NumericDate};
use serde::Deserialize;

use crate::{
    access_token::AccessToken,
    access_token::BearerToken,
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    grant::token_answer,
    grant::token_answer::Unit,
    message::{Request, Response},
    refusal::table::CredentialKind,
    scope,
    scope::Scope,
    secret_text::{ClientSecret, PromiseToken},
};

/// The request for a promise token, while the user is present. [`PromiseExchange`](crate::PromiseExchange) redeems it.
///
/// Source: adobe/ims-go, `ims/promise.go`, which requires at least one scope and reads `expires_in` in seconds.
///
/// ```
/// use ims_exchange::{BearerToken, ClientSecret, PromiseRequest};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let of_the_user: BearerToken = "eyJ.user".parse()?;
/// let scopes = ["openid".parse()?];
/// let request = PromiseRequest::new(&client_id, &client_secret, "my-definition", &of_the_user)
///     .with_scopes(&scopes);
/// # let _ = request;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PromiseRequest<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    definition_id: &'a str,
    user_token: BearerToken,
    scopes: &'a [Scope],
}

/// A promise token and how long it is valid.
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_exchange::{Call, PromiseRequest, testing::FakeTransport};
/// # use ims_exchange::{BearerToken, ClientSecret};
/// # let (client_id, client_secret) = ("my-service".parse()?, ClientSecret::new("p8e-…".to_owned()));
/// # let user_token: BearerToken = "eyJ.user".parse()?;
///
/// let request = PromiseRequest::new(&client_id, &client_secret, "my-definition", &user_token);
/// let answer = FakeTransport::answer(200, r#"{"promise_token":"eyJ.promise","expires_in":1209600}"#);
/// let promise = request.answer(&answer, NumericDate::from_secs(1_800_000_000))?;
/// println!("keep the promise until {}", promise.expires_at);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Promise {
    /// The token.
    pub token: PromiseToken,
    /// When it expires, counted from when it was asked for.
    pub expires_at: NumericDate,
}

impl<'a> PromiseRequest<'a> {
    /// Asks with `user_token`, the user's access token, by the promise definition `definition_id`.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        definition_id: &'a str,
        user_token: &impl AsRef<BearerToken>,
    ) -> Self {
        let user_token = user_token.as_ref().clone();
        Self { client_id, client_secret, definition_id, user_token, scopes: &[] }
    }

    /// Asks for `scopes`, of which IMS requires at least one.
    ///
    /// ```
    /// use ims_exchange::PromiseRequest;
    /// # use ims_exchange::{BearerToken, ClientSecret};
    /// # let (client_id, client_secret) = ("my-service".parse()?, ClientSecret::new("p8e-…".to_owned()));
    /// # let user_token: BearerToken = "eyJ.user".parse()?;
    ///
    /// let scopes = ["openid".parse()?, "AdobeID".parse()?];
    /// let request = PromiseRequest::new(&client_id, &client_secret, "my-definition", &user_token)
    ///     .with_scopes(&scopes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes(self, scopes: &'a [Scope]) -> Self {
        Self { scopes, ..self }
    }
}

impl Sealed for PromiseRequest<'_> {}

impl Call for PromiseRequest<'_> {
    type Answer = Promise;

    fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "promise"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("promise_definition_id", self.definition_id),
            ("authenticating_token", self.user_token.expose_secret()),
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        Request::post_form(environment.endpoint("/ims/token/v4"), &form)
    }

    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<Promise, ExchangeError> {
        let secrets = [self.client_secret.expose_secret(), self.user_token.expose_secret()];
        let sent = Sent::new(CredentialKind::AccessToken, sent_at, &secrets);
        let body: PromiseBody = answer::json(response, &sent)?;
        Promise::new(body.promise_token, body.expires_in, sent_at)
            .ok_or_else(|| answer::unrecognized(response, &sent))
    }
}

impl Promise {
    /// A promise that ends `expires_in_s` seconds after `sent_at`. How long promises live is not documented, so any
    /// lifetime is accepted.
    pub(crate) fn new(token: String, expires_in_s: u64, sent_at: NumericDate) -> Option<Self> {
        let expires_at = sent_at.plus(std::time::Duration::from_secs(expires_in_s));
        PromiseToken::try_from(token).ok().map(|token| Self { token, expires_at })
    }
}

/// A promise token for an access token of the user who gave the promise, and for the next promise token.
///
/// Its answer counts `expires_in` and `promise_token_expires_in` in **seconds**. Source: adobe/ims-go, `ims/promise.go`,
/// which requires at least one scope.
///
/// ```
/// use ims_exchange::{ClientSecret, PromiseExchange, PromiseToken};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-service".parse()?;
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// let promise_token: PromiseToken = "eyJ.promise".parse()?;
/// let scopes = ["openid".parse()?];
/// let grant = PromiseExchange::new(&client_id, &client_secret, &promise_token, &scopes);
/// # let _ = grant;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PromiseExchange<'a> {
    client_id: &'a ClientId,
    client_secret: &'a ClientSecret,
    promise_token: &'a PromiseToken,
    scopes: &'a [Scope],
}

impl<'a> PromiseExchange<'a> {
    /// Asks with `promise_token` for `scopes`, of which IMS requires at least one.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        client_secret: &'a ClientSecret,
        promise_token: &'a PromiseToken,
        scopes: &'a [Scope],
    ) -> Self {
        Self { client_id, client_secret, promise_token, scopes }
    }

    fn secrets(&self) -> [&str; 2] {
        [self.client_secret.expose_secret(), self.promise_token.expose_secret()]
    }
}

/// The answer to a [`PromiseExchange`].
///
/// Save the next promise first: the promise that was sent is used up, and without the next one the user has to come back.
///
/// ```
/// use ims_exchange::PromisedTokens;
///
/// fn take(tokens: PromisedTokens, save: impl Fn(&str)) {
///     if let Some(next) = &tokens.next_promise {
///         save(next.token.expose_secret());
///     }
///     match tokens.access_token {
///         Ok(token) => println!("good until {}", token.expires_at()),
///         Err(error) => println!("{error}"),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PromisedTokens {
    /// The user's access token. IMS may give the next promise and no access token that can be read; only then it is an error.
    pub access_token: Result<AccessToken, ExchangeError>,
    /// The promise that replaces the one that was sent. Without one, the one that was sent stays valid.
    pub next_promise: Option<Promise>,
}

impl Sealed for PromiseExchange<'_> {}

impl Call for PromiseExchange<'_> {
    type Answer = PromisedTokens;

    fn request(&self, environment: &Environment) -> Request {
        let mut form = vec![
            ("grant_type", "promise_exchange"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("promise_token", self.promise_token.expose_secret()),
        ];
        let scopes = scope::list(self.scopes);
        form.extend(scope::parameter(&scopes));
        Request::post_form(environment.endpoint("/ims/token/v4"), &form)
    }

    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<PromisedTokens, ExchangeError> {
        let secrets = self.secrets();
        let sent = Sent::new(CredentialKind::AccessToken, sent_at, &secrets);
        let body: NextPromiseBody = answer::json(response, &sent)?;
        let next_promise = match body.promise_token {
            Some(token) => {
                let expires_in = body.promise_token_expires_in;
                let promise = expires_in.and_then(|secs| Promise::new(token, secs, sent_at));
                Some(promise.ok_or_else(|| answer::unrecognized(response, &sent))?)
            }
            None => None,
        };
        let access_token = token_answer::read(response, Unit::Seconds, &sent);
        if next_promise.is_none()
            && let Err(error) = access_token
        {
            return Err(error);
        }
        Ok(PromisedTokens { access_token, next_promise })
    }
}

#[derive(Deserialize)]
struct PromiseBody {
    promise_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct NextPromiseBody {
    promise_token: Option<String>,
    promise_token_expires_in: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> BearerToken {
        BearerToken::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_promise_is_asked_for_as_ims_go_asks_and_its_lifetime_counts_seconds() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let scopes: [Scope; 1] = ["openid".parse().unwrap()];
        let call =
            PromiseRequest::new(&client_id, &client_secret, "definition", &token("canary-token"))
                .with_scopes(&scopes);
        let request = call.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v4");
        let form = "grant_type=promise&client_id=client&client_secret=canary-secret\
                    &promise_definition_id=definition&authenticating_token=canary-token&scope=openid";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{call:?} {request:?}").contains("canary"));

        let answer = r#"{"promise_token":"canary-p","token_type":"promise","scope":"openid","expires_in":60}"#;
        let sent_at = NumericDate::from_secs(1_550_001_138);
        let promise = call.answer(&Response::json(200, answer), sent_at).unwrap();
        assert_eq!(promise.token.expose_secret(), "canary-p");
        assert_eq!(promise.expires_at, NumericDate::from_secs(1_550_001_198));
        assert!(!format!("{promise:?}").contains("canary"));
    }

    #[test]
    fn a_promise_is_exchanged_as_ims_go_does_and_gives_two_tokens() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let promise_token = PromiseToken::try_from("canary-p".to_owned()).unwrap();
        let scopes: [Scope; 1] = ["openid".parse().unwrap()];
        let grant = PromiseExchange::new(&client_id, &client_secret, &promise_token, &scopes);
        let request = grant.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/token/v4");
        let form = "grant_type=promise_exchange&client_id=client&client_secret=canary-secret\
                    &promise_token=canary-p&scope=openid";
        assert_eq!(std::str::from_utf8(request.body()), Ok(form));
        assert!(!format!("{grant:?} {request:?}").contains("canary"));

        let sent_at = NumericDate::from_secs(1_550_001_138);
        let answer = r#"{"access_token":"a","token_type":"access_token","expires_in":86399,
            "promise_token":"p2","promise_token_id":"i","promise_token_expires_in":60}"#;
        let answer = Response::json(200, answer);
        let tokens = grant.answer(&answer, sent_at).unwrap();
        assert_eq!(tokens.access_token.unwrap().lifetime().as_secs(), 86_399);
        let promise = tokens.next_promise.unwrap();
        assert_eq!(promise.token.expose_secret(), "p2");
        assert_eq!(promise.expires_at, NumericDate::from_secs(1_550_001_198));

        let answer = Response::json(200, r#"{"access_token":"a","expires_in":86399}"#);
        assert!(grant.answer(&answer, sent_at).unwrap().next_promise.is_none());
    }

    #[test]
    fn the_next_promise_is_not_lost_with_an_access_token_that_cannot_be_read() {
        let client_id: ClientId = "client".parse().unwrap();
        let client_secret = ClientSecret::new("canary-secret".to_owned());
        let promise_token = PromiseToken::try_from("canary-p".to_owned()).unwrap();
        let grant = PromiseExchange::new(&client_id, &client_secret, &promise_token, &[]);
        let sent_at = NumericDate::from_secs(1_550_001_138);
        let promise = r#""promise_token":"p2","promise_token_expires_in":60"#;
        let answer = Response::json(200, &format!(r#"{{"access_token":"",{promise}}}"#));
        let tokens = grant.answer(&answer, sent_at).unwrap();
        assert!(matches!(tokens.access_token, Err(ExchangeError::Unrecognized(_))));
        assert_eq!(tokens.next_promise.unwrap().token.expose_secret(), "p2");
        assert!(grant.answer(&Response::json(200, "{}"), sent_at).is_err());
    }
}
