//! The crate oauth2: client credentials with Basic authentication, sign-in with PKCE, refresh.

use std::error::Error;

use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse, TokenUrl, basic::BasicClient, reqwest, url::Url,
};

type Outcome = Result<(), Box<dyn Error>>;

macro_rules! client {
    ($url:expr, $secret:expr) => {
        BasicClient::new(ClientId::new("test-client".to_owned()))
            .set_client_secret(ClientSecret::new($secret.to_owned()))
            .set_auth_uri(AuthUrl::new(format!("{}/ims/authorize/v2", $url))?)
            .set_token_uri(TokenUrl::new(format!("{}/ims/token/v3", $url))?)
            .set_redirect_uri(RedirectUrl::new("http://127.0.0.1:8000/callback".to_owned())?)
    };
}

fn main() {
    let url = std::env::var("IMS_URL").expect("IMS_URL is set");
    let http = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
    let cases: [(&str, Option<&str>, Outcome); 3] = [
        ("client credentials, Basic", None, credentials(&url, &http, "test-secret")),
        ("sign-in with PKCE, refresh", None, sign_in(&url, &http)),
        ("wrong secret", Some("invalid client_secret parameter"), credentials(&url, &http, "wrong")),
    ];
    let mut all_right = true;
    for (name, refusal, outcome) in cases {
        let said = outcome.err().map(|error| format!("{error} {error:?}"));
        let right = match (&said, refusal) {
            (None, None) => true,
            (Some(said), Some(refusal)) => said.contains(refusal),
            _ => false,
        };
        println!("{}: {name}: {}", if right { "ok" } else { "WRONG" }, said.as_deref().unwrap_or("succeeded"));
        all_right &= right;
    }
    std::process::exit(i32::from(!all_right));
}

fn credentials(url: &str, http: &reqwest::blocking::Client, secret: &str) -> Outcome {
    let scope = Scope::new("openid,AdobeID".to_owned());
    let answer = client!(url, secret).exchange_client_credentials().add_scope(scope).request(http)?;
    let lifetime = answer.expires_in().ok_or("no expires_in")?.as_secs();
    if (86_390..=86_400).contains(&lifetime) { Ok(()) } else { Err("not 24 hours".into()) }
}

fn sign_in(url: &str, http: &reqwest::blocking::Client) -> Outcome {
    let client = client!(url, "test-secret");
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    for scope in ["openid", "AdobeID", "offline_access"] {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    let (mut page, state) = request.url();
    // The browser of a user who is signed in already.
    page.query_pairs_mut().append_pair("prompt", "none").append_pair("login_hint", "ADA@AdobeID");
    let answer = http.get(page).send()?;
    let callback = answer.headers().get("location").ok_or("no redirection")?.to_str()?;
    let callback = Url::parse(callback)?;
    let value = |name: &str| callback.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    if value("state").as_ref() != Some(state.secret()) {
        return Err("another state".into());
    }
    let code = AuthorizationCode::new(value("code").ok_or("no code")?);
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request(http)?;
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let refreshed = client.exchange_refresh_token(refresh).request(http)?;
    let is_new = refreshed.access_token().secret() != tokens.access_token().secret();
    if is_new { Ok(()) } else { Err("the same access token".into()) }
}
