//! The crate openidconnect: discovery of the keys, sign-in with a nonce, the ID token with its hash of the access token, user info.

use std::error::Error;

use openidconnect::{
    AccessTokenHash, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, JsonWebKeySetUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse, TokenUrl, UserInfoUrl,
    core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet, CoreUserInfoClaims},
    reqwest, url::Url,
};

fn main() {
    match sign_in() {
        Ok(()) => println!("ok: sign-in, ID token, user info: succeeded"),
        Err(error) => {
            println!("WRONG: sign-in, ID token, user info: {error} {error:?}");
            std::process::exit(1);
        }
    }
}

fn sign_in() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("IMS_URL")?;
    let http = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    // The issuer is not the URL before `/.well-known/`, so the crate cannot discover by itself: the document says the rest.
    let document: serde_json::Value =
        serde_json::from_str(&http.get(format!("{url}/ims/.well-known/openid-configuration")).send()?.text()?)?;
    let named = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let keys = CoreJsonWebKeySet::fetch(&JsonWebKeySetUrl::new(named("jwks_uri"))?, &http)?;
    let client = CoreClient::new(ClientId::new("test-client".to_owned()), IssuerUrl::new(named("issuer"))?, keys)
        .set_client_secret(ClientSecret::new("test-secret".to_owned()))
        .set_auth_uri(AuthUrl::new(named("authorization_endpoint"))?)
        .set_token_uri(TokenUrl::new(named("token_endpoint"))?)
        .set_user_info_url(UserInfoUrl::new(named("userinfo_endpoint"))?)
        .set_redirect_uri(RedirectUrl::new("http://127.0.0.1:8000/callback".to_owned())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .set_pkce_challenge(challenge);
    for scope in ["AdobeID", "email", "profile"] {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    let (mut page, _, nonce) = request.url();
    page.query_pairs_mut().append_pair("prompt", "none").append_pair("login_hint", "ada@example.org");
    let answer = http.get(page).send()?;
    let callback = Url::parse(answer.headers().get("location").ok_or("no redirection")?.to_str()?)?;
    let code = callback.query_pairs().find(|(name, _)| name == "code").ok_or("no code")?.1.into_owned();
    let tokens = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier).request(&http)?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let id_token_verifier = client.id_token_verifier();
    let claims = id_token.claims(&id_token_verifier, &nonce)?;
    if claims.subject().as_str() != "ADA@AdobeID" {
        return Err("another user".into());
    }
    if let Some(expected) = claims.access_token_hash() {
        let key = id_token.signing_key(&id_token_verifier)?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg()?, key)?;
        if actual != *expected {
            return Err("another access token".into());
        }
    }
    let info: CoreUserInfoClaims = client.user_info(tokens.access_token().clone(), None).request(&http)?;
    if info.email().map(|email| email.as_str()) != Some("ada@example.org") {
        return Err("another e-mail address".into());
    }
    Ok(())
}
