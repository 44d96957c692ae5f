//! Which redirects and tokens a sign-in accepts as its own.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::{Environment, NumericDate};
use ims_exchange::{IdTokenFault, Transport, testing::FakeTransport};
use ims_token::{MemoryStore, SharedClock, SharedStore, testing::FakeClock};
use serde_json::{Value, json};

use super::*;
use ims_credentials::ClientSecrets;

const NOW: i64 = 1_800_000_000;

fn credential() -> UserCredential {
    let scopes = ["openid".parse().unwrap(), "offline_access".parse().unwrap()];
    UserCredential::new("client".parse().unwrap(), scopes)
}

fn sign_in() -> SignIn {
    SignIn::new(
        connection(FakeTransport::default()),
        credential(),
        "http://127.0.0.1:8000/callback",
    )
}

fn connection(transport: impl Transport + 'static) -> Connection {
    let clock = FakeClock::new(NumericDate::from_secs(NOW));
    Connection::from_transport(Environment::production(), transport).with_clock(clock)
}

/// Finishes `sign_in` where IMS answers `answer`.
async fn finish(mut sign_in: SignIn, answer: &Value) -> Result<SignedIn, SignInError> {
    let answer = FakeTransport::answer(200, &answer.to_string());
    // Only now: the answer can have the nonce of the sign-in.
    sign_in.connection = connection(FakeTransport::new([Ok(answer)]));
    sign_in.finish(&redirect(&sign_in)).await
}

fn redirect(sign_in: &SignIn) -> String {
    format!("{}?code=canary-code&state={}", sign_in.redirect_uri(), sign_in.state.as_str())
}

/// A sign-in that ends with an ID token that has its claims, changed by `changes`.
async fn finished(changes: Value) -> Result<SignedIn, SignInError> {
    let sign_in = sign_in();
    let mut claims = json!({
        "aud": "client", "exp": NOW + 1, "nonce": sign_in.nonce.as_str(), "sub": "B@AdobeID",
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (name, value) in changes {
        claims[name] = value;
    }
    let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let id_token = format!("{}.{}.c2ln", encode(&json!({ "alg": "RS256" })), encode(&claims));
    let answer = json!({
        "access_token": "a", "refresh_token": "canary-refresh", "id_token": id_token, "expires_in": 86399,
    });
    finish(sign_in, &answer).await
}

#[test]
fn the_url_carries_the_challenge_and_no_secret() {
    let sign_in = sign_in().with_prompt(Prompt::Login);
    let url = sign_in.url();
    assert!(url.starts_with("https://ims-na1.adobelogin.com/ims/authorize/v2?client_id=client&"));
    for part in
        ["scope=openid%2Coffline_access", "code_challenge_method=S256", "nonce=", "prompt=login"]
    {
        assert!(url.contains(part), "{part} in {url}");
    }
    assert!(!url.contains(sign_in.verifier.expose_secret()));
    let another = self::sign_in().url();
    assert_ne!(url, another, "each sign-in has its own secrets");
}

#[test]
fn only_the_redirect_of_this_sign_in_is_followed() {
    let (sign_in, another) = (sign_in(), sign_in());
    assert_eq!(sign_in.code(&redirect(&sign_in)).unwrap().expose_secret(), "canary-code");
    let strange = sign_in.code(&redirect(&another)).unwrap_err();
    assert_eq!(strange, RedirectError::AnotherSignIn);
    let refused = format!("/callback?error=access_denied&state={}", sign_in.state.as_str());
    assert!(matches!(sign_in.code(&refused), Err(RedirectError::Refused { .. })));
}

#[tokio::test]
async fn an_answer_without_the_id_token_that_was_asked_for_is_not_a_sign_in() {
    let answer =
        json!({ "access_token": "a", "refresh_token": "canary-refresh", "expires_in": 86399 });
    let finished = finish(sign_in(), &answer).await;
    assert!(matches!(finished, Err(SignInError::IdToken(IdTokenFault::Missing))), "{finished:?}");
}

#[tokio::test]
async fn an_id_token_of_another_request_client_or_time_is_not_taken() {
    #[rustfmt::skip]
    let table = [
        (json!({}),                                 None),
        (json!({ "aud": ["other", "client"] }),     None),
        (json!({ "exp": NOW - 59 }),                None),
        (json!({ "nonce": "other" }),               Some(IdTokenFault::Nonce)),
        (json!({ "nonce": null }),                  Some(IdTokenFault::Nonce)),
        (json!({ "aud": "other" }),                 Some(IdTokenFault::Audience)),
        (json!({ "aud": ["other"] }),               Some(IdTokenFault::Audience)),
        (json!({ "exp": NOW - 60 }),                Some(IdTokenFault::Expired)),
        (json!({ "exp": "soon" }),                  Some(IdTokenFault::Unreadable)),
    ];
    for (changes, fault) in table {
        let said = format!("{changes}");
        match (finished(changes).await, fault) {
            (Ok(_), None) => {}
            (Err(SignInError::IdToken(met)), Some(fault)) => assert_eq!(met, fault, "{said}"),
            (outcome, _) => panic!("{said}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_finds_the_refresh_token_that_the_sign_in_saved() {
    let signed_in = finished(json!({})).await.unwrap();
    let place = RefreshTokens::empty();
    signed_in.keep_in(&place).await.unwrap();
    let kept = place.load().await.unwrap().unwrap();
    assert_eq!(kept.expose_secret(), "canary-refresh");
    assert!(!format!("{signed_in:?} {place:?}").contains("canary"));
}

#[tokio::test]
async fn a_client_with_the_same_store_finds_the_access_token_of_the_same_ims_and_place_only() {
    let signed_in = finished(json!({})).await.unwrap();
    let clock = FakeClock::new(NumericDate::from_secs(NOW));
    let store = SharedStore::new(MemoryStore::new(SharedClock::new(clock.clone())));
    let place = RefreshTokens::empty();
    signed_in.cache_in(&store, &place).await.unwrap();
    let of_another_person = RefreshTokens::empty();
    let table = [
        (Environment::production(), &place, true),
        (Environment::stage(), &place, false),
        (Environment::production(), &of_another_person, false),
    ];
    for (environment, place, is_found) in table {
        let credentials = Credentials::new(environment, Credential::User(credential()));
        let client = crate::Client::builder(&credentials)
            .with_refresh_tokens(place.clone())
            .with_store(store.clone())
            .with_clock(clock.clone())
            .with_transport(FakeTransport::new([]))
            .build()
            .unwrap();
        let found = client.access_token().await.ok();
        let found = found.as_ref().map(AccessToken::expose_secret);
        assert_eq!(found, is_found.then_some("a"), "{}", credentials.environment());
    }
}

#[tokio::test]
async fn the_second_secret_is_tried_when_the_first_is_wrong_and_for_nothing_else() {
    let wrong_secret = r#""invalid_client","error_description":"invalid client_secret parameter""#;
    let unknown_client = r#""invalid_client","error_description":"invalid client_id parameter""#;
    for (status, code, requests) in [
        (401, r#""invalid_client""#, 2),
        (400, wrong_secret, 2),
        // The token endpoint answers so to a wrong secret, too.
        (400, r#""invalid_client""#, 2),
        (401, unknown_client, 1),
        (400, r#""invalid_grant""#, 1),
    ] {
        let secret = |text: &str| ClientSecret::new(text.to_owned());
        let client_secrets = ClientSecrets::new(secret("old")).with_next(secret("new"));
        let credential = credential().with_client_secrets(client_secrets).unwrap();
        let transport = std::sync::Arc::new(FakeTransport::new(
            (0..2).map(|_| Ok(FakeTransport::answer(status, &format!(r#"{{"error":{code}}}"#)))),
        ));
        let connection = connection(Shared(transport.clone()));
        let sign_in = SignIn::new(connection, credential, "http://127.0.0.1/");
        let finished = sign_in.finish(&redirect(&sign_in)).await;
        assert!(matches!(finished, Err(SignInError::Exchange(_))));
        assert_eq!(transport.take_requests().len(), requests, "{code}");
    }
}

/// A transport to which the test keeps a handle.
#[derive(Debug)]
struct Shared(std::sync::Arc<FakeTransport>);

impl Transport for Shared {
    async fn send(
        &self,
        request: ims_exchange::Request,
        timeout: std::time::Duration,
    ) -> Result<ims_exchange::Response, ims_exchange::TransportError> {
        self.0.send(request, timeout).await
    }
}
