//! Where a browser goes to sign in, `GET /ims/authorize/v2`.

use ims_claims::{ClientId, Environment};

use crate::{
    browser::{
        random_text::{CodeVerifier, Nonce, State},
        redirect::{self, RedirectError},
    },
    message::urlencoded,
    scope::{self, Resource, Scope},
    secret_text::AuthorizationCode,
};

/// The URL of an authorization request (RFC 6749 §4.1.1), always with the challenge of PKCE by `S256` (RFC 7636 §4.3).
///
/// It holds no secret: it contains only the challenge of the code verifier. Sources: AdobeDocs/adobe-dev-console, "User
/// Authentication", for version 2; adobe/ims-go, `ims/authorize.go`, for version 1.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{AuthorizeUrl, CodeVerifier, Prompt, State};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (client_id, scopes) = ("my-client".parse()?, ["openid".parse()?]);
/// let (verifier, state) = (CodeVerifier::generate(), State::generate());
/// let redirect_uri = "http://127.0.0.1:8912/callback";
/// let authorize = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state)
///     .with_prompt(Prompt::Login);
/// assert!(authorize.url(&Environment::production()).contains("code_challenge_method=S256"));
/// let redirect = format!("{redirect_uri}?code=eyJ&state={}", state.as_str());
/// assert_eq!(authorize.answer(&redirect)?.expose_secret(), "eyJ");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AuthorizeUrl<'a> {
    client_id: &'a ClientId,
    redirect_uri: &'a str,
    scopes: &'a [Scope],
    challenge: String,
    state: &'a State,
    version: AuthorizeVersion,
    response_type: ResponseType,
    nonce: Option<&'a Nonce>,
    prompt: Option<Prompt>,
    resources: &'a [Resource],
}

/// The version of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthorizeVersion {
    /// `/ims/authorize/v1`, which supports neither nonce nor prompt.
    V1,
    /// `/ims/authorize/v2`, the current one.
    #[default]
    V2,
}

/// What the redirect contains, `response_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResponseType {
    /// An authorization code, in the query.
    #[default]
    Code,
    /// A code and an ID token, in the fragment.
    CodeIdToken,
    /// An access token, in the fragment: the implicit grant, which RFC 9700 §2.1.2 advises against.
    Token,
    /// An ID token, in the fragment.
    IdToken,
    /// An ID token and an access token, in the fragment.
    IdTokenToken,
    /// A device token. Source: adobe/ims-go, `ims/authorize.go`; how it is redeemed is not public.
    Device,
}

/// Whether IMS may ask the user to sign in, `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// It may not: the redirect carries `login_required`, `consent_required` or `interaction_required` instead.
    None,
    /// It must, even if the user is signed in.
    Login,
}

impl<'a> AuthorizeUrl<'a> {
    /// Asks for a code for `scopes`. It is sent to `redirect_uri` together with `state`, and `verifier` is
    /// needed to redeem it.
    #[must_use]
    pub fn new(
        client_id: &'a ClientId,
        redirect_uri: &'a str,
        scopes: &'a [Scope],
        verifier: &CodeVerifier,
        state: &'a State,
    ) -> Self {
        Self {
            client_id,
            redirect_uri,
            scopes,
            challenge: verifier.challenge(),
            state,
            version: AuthorizeVersion::default(),
            response_type: ResponseType::default(),
            nonce: None,
            prompt: None,
            resources: &[],
        }
    }

    /// Chooses another version of the endpoint than the current one.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::AuthorizeVersion;
    /// # use ims_exchange::{AuthorizeUrl, CodeVerifier, State};
    /// # let (client_id, scopes) = ("my-app".parse()?, ["openid".parse()?]);
    /// # let (verifier, state, redirect_uri) = (CodeVerifier::generate(), State::generate(), "http://127.0.0.1:8912/callback");
    ///
    /// let authorize = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state)
    ///     .with_version(AuthorizeVersion::V1);
    /// assert!(authorize.url(&Environment::production()).contains("/ims/authorize/v1?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_version(self, version: AuthorizeVersion) -> Self {
        Self { version, ..self }
    }

    /// Asks for something else than a code.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::ResponseType;
    /// # use ims_exchange::{AuthorizeUrl, CodeVerifier, State};
    /// # let (client_id, scopes) = ("my-app".parse()?, ["openid".parse()?]);
    /// # let (verifier, state, redirect_uri) = (CodeVerifier::generate(), State::generate(), "http://127.0.0.1:8912/callback");
    ///
    /// let authorize = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state)
    ///     .with_response_type(ResponseType::CodeIdToken);
    /// assert!(authorize.url(&Environment::production()).contains("response_type=code"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_response_type(self, response_type: ResponseType) -> Self {
        Self { response_type, ..self }
    }

    /// Puts `nonce` into the ID token.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::Nonce;
    /// # use ims_exchange::{AuthorizeUrl, CodeVerifier, State};
    /// # let (client_id, scopes) = ("my-app".parse()?, ["openid".parse()?]);
    /// # let (verifier, state, redirect_uri) = (CodeVerifier::generate(), State::generate(), "http://127.0.0.1:8912/callback");
    ///
    /// let nonce = Nonce::generate();
    /// let authorize = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state).with_nonce(&nonce);
    /// assert!(authorize.url(&Environment::production()).contains(nonce.as_str()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_nonce(self, nonce: &'a Nonce) -> Self {
        Self { nonce: Some(nonce), ..self }
    }

    /// Says whether the user may or must be asked to sign in.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::Prompt;
    /// # use ims_exchange::{AuthorizeUrl, CodeVerifier, State};
    /// # let (client_id, scopes) = ("my-app".parse()?, ["openid".parse()?]);
    /// # let (verifier, state, redirect_uri) = (CodeVerifier::generate(), State::generate(), "http://127.0.0.1:8912/callback");
    ///
    /// // Without a page: the redirect has a code, or an error such as login_required.
    /// let authorize = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state)
    ///     .with_prompt(Prompt::None);
    /// assert!(authorize.url(&Environment::production()).contains("prompt=none"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_prompt(self, prompt: Prompt) -> Self {
        Self { prompt: Some(prompt), ..self }
    }

    /// Asks for a token for `resources` only (RFC 8707 §2.1).
    ///
    /// ```
    /// # use ims_exchange::{AuthorizeUrl, CodeVerifier, State};
    /// # let (client_id, scopes) = ("my-app".parse()?, ["openid".parse()?]);
    /// # let (verifier, state, redirect_uri) = (CodeVerifier::generate(), State::generate(), "http://127.0.0.1:8912/callback");
    /// let resources = ["https://api.example.com".parse()?];
    /// let authorize = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state)
    ///     .with_resources(&resources);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_resources(self, resources: &'a [Resource]) -> Self {
        Self { resources, ..self }
    }

    /// The URL, for a browser.
    #[must_use]
    pub fn url(&self, environment: &Environment) -> String {
        let path = match self.version {
            AuthorizeVersion::V1 => "/ims/authorize/v1",
            AuthorizeVersion::V2 => "/ims/authorize/v2",
        };
        let scopes = scope::list(self.scopes);
        let mut query = vec![
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("scope", &scopes),
            ("state", self.state.as_str()),
            ("response_type", self.response_type.as_str()),
            ("code_challenge", &self.challenge),
            ("code_challenge_method", "S256"),
        ];
        query.extend(self.nonce.map(|nonce| ("nonce", nonce.as_str())));
        query.extend(self.prompt.map(|prompt| ("prompt", prompt.as_str())));
        query.extend(scope::resource_parameters(self.resources));
        query.retain(|(_, value)| !value.is_empty());
        format!("{}?{}", environment.endpoint(path), urlencoded(&query))
    }

    /// Reads the code in `redirect`: the whole URL, or the path and query of the request to a server on a loopback address.
    ///
    /// # Errors
    /// [`RedirectError`], sorted by what the caller can do.
    pub fn answer(&self, redirect: &str) -> Result<AuthorizationCode, RedirectError> {
        redirect::read(redirect, self.state)
    }
}

impl ResponseType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CodeIdToken => "code id_token",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::Device => "device",
        }
    }
}

impl Prompt {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn the_url_is_the_one_of_adobes_guide_and_never_holds_the_verifier() {
        let client_id: ClientId = "135c20864fbfb26a46522aa2433b".parse().unwrap();
        let scopes: [Scope; 2] = ["openid".parse().unwrap(), "creative_sdk".parse().unwrap()];
        let verifier = CodeVerifier::try_from(VERIFIER.to_owned()).unwrap();
        let state = State::try_from("90cff02f-da33".to_owned()).unwrap();
        let redirect_uri = "https://www.myapp.com/OAuth/callback";
        let request = AuthorizeUrl::new(&client_id, redirect_uri, &scopes, &verifier, &state);
        let query = "client_id=135c20864fbfb26a46522aa2433b\
                     &redirect_uri=https%3A%2F%2Fwww.myapp.com%2FOAuth%2Fcallback&scope=openid%2Ccreative_sdk\
                     &state=90cff02f-da33&response_type=code\
                     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
        let production = Environment::production();
        let base = "https://ims-na1.adobelogin.com/ims/authorize";
        assert_eq!(request.url(&production), format!("{base}/v2?{query}"));

        let nonce = Nonce::try_from("n".to_owned()).unwrap();
        let resources = ["https://a.example/x", "urn:b"]
            .map(|resource| Resource::try_from(resource.to_owned()).unwrap());
        let request =
            request.with_nonce(&nonce).with_prompt(Prompt::Login).with_resources(&resources);
        let more = "&nonce=n&prompt=login&resource=https%3A%2F%2Fa.example%2Fx&resource=urn%3Ab";
        assert_eq!(request.url(&production), format!("{base}/v2?{query}{more}"));
        assert!(!format!("{request:?}{}", request.url(&production)).contains(VERIFIER));
        assert!(
            !format!("{request:?}").contains("90cff02f"),
            "the state is shown to the browser alone"
        );

        let code = request.answer("/OAuth/callback?code=c&state=90cff02f-da33").unwrap();
        assert_eq!(code.expose_secret(), "c");
    }

    #[test]
    fn a_version_and_a_response_type_change_path_and_parameter_only() {
        let client_id: ClientId = "client".parse().unwrap();
        let (verifier, state) = (CodeVerifier::generate(), State::generate());
        let url = |version, response_type| {
            AuthorizeUrl::new(&client_id, "http://127.0.0.1:1/", &[], &verifier, &state)
                .with_version(version)
                .with_response_type(response_type)
                .url(&Environment::production())
        };
        let code = url(AuthorizeVersion::V2, ResponseType::Code);
        assert!(!code.contains("scope="), "an empty parameter is left out");
        assert_eq!(url(AuthorizeVersion::V1, ResponseType::Code), code.replace("/v2?", "/v1?"));
        for (response_type, text) in [
            (ResponseType::CodeIdToken, "code+id_token"),
            (ResponseType::Token, "token"),
            (ResponseType::IdToken, "id_token"),
            (ResponseType::IdTokenToken, "id_token+token"),
            (ResponseType::Device, "device"),
        ] {
            let expected = code.replace("response_type=code&", &format!("response_type={text}&"));
            assert_eq!(url(AuthorizeVersion::V2, response_type), expected);
        }
    }
}
