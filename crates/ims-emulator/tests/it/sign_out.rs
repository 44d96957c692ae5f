//! How a user's tokens end: by `cascading=all`, by the end of a refresh token, by a logout.

use ims_emulator::{Emulator, Refusal};
use serde_json::Value;

use crate::{
    harness::{Answer, CLIENT_ID, CLIENT_SECRET, client_credentials, emulator, form, get},
    sign_in::{REDIRECT_URI, VERIFIER, authorize, redeem, sent, user_integration},
};

async fn sign_in(emulator: &Emulator) -> Value {
    let code = sent(&authorize(emulator, &[]).await, "code").unwrap();
    redeem(emulator, &code, CLIENT_SECRET, VERIFIER).await.body
}

async fn is_valid(emulator: &Emulator, tokens: &Value, name: &str) -> bool {
    let token = tokens[name].as_str().unwrap();
    let parameters = [("client_id", CLIENT_ID), ("type", name), ("token", token)];
    form(emulator, "/ims/validate_token/v1", &parameters).await.body["valid"] == true
}

#[tokio::test]
async fn the_request_says_which_tokens_end_with_a_token() {
    let emulator = emulator(user_integration()).await;
    #[rustfmt::skip]
    let table = [
        // path,                     the token that is ended, cascading, what is valid then: access, refresh
        ("/ims/invalidate_token/v2", "access_token",          "",        [false, true]),
        ("/ims/invalidate_token/v2", "access_token",          "all",     [false, false]),
        ("/ims/invalidate_token/v2", "refresh_token",         "",        [false, false]),
        ("/ims/revoke",              "access_token",          "",        [false, true]),
        ("/ims/revoke",              "refresh_token",         "",        [false, false]),
    ];
    for (path, name, cascading, valid) in table {
        let (tokens, others) = (sign_in(&emulator).await, sign_in(&emulator).await);
        let parameters = [
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("token_type", name),
            ("token", tokens[name].as_str().unwrap()),
            ("cascading", cascading),
        ];
        assert_eq!(form(&emulator, path, &parameters).await.status, 200);
        let access = is_valid(&emulator, &tokens, "access_token").await;
        let refresh = is_valid(&emulator, &tokens, "refresh_token").await;
        assert_eq!([access, refresh], valid, "{path} {name} {cascading}");
        assert!(is_valid(&emulator, &others, "access_token").await);
        assert!(is_valid(&emulator, &others, "refresh_token").await);
    }
}

type Parameters<'a> = &'a [(&'a str, &'a str)];

async fn log_out(emulator: &Emulator, path: &str, parameters: Parameters<'_>) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    get(emulator, &format!("{path}?{query}"), "").await
}

#[tokio::test]
async fn a_logout_ends_the_sign_in_and_sends_the_browser_back() {
    let emulator = emulator(user_integration()).await;
    let (front, plain) = ("/ims/logout/v1", "/ims/logout/v1/token");
    #[rustfmt::skip]
    let table: [(&str, Parameters<'_>, u16, &str); 7] = [
        (front, &[("client_id", CLIENT_ID), ("redirect_uri", REDIRECT_URI)],       302, ""),
        (front, &[("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("redirect_uri", REDIRECT_URI)], 302, ""),
        (front, &[("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)],     200, "{}"),
        (front, &[("client_id", CLIENT_ID)],                                       200, "{}"),
        (plain, &[("client_id", CLIENT_ID), ("redirect_uri", "http://x.example")], 200, "{}"),
        (plain, &[("callback", "jQuery.done_1")],                                  200, "jQuery.done_1({});"),
        (plain, &[],                                                               200, "{}"),
    ];
    for (path, parameters, status, body) in table {
        let tokens = sign_in(&emulator).await;
        let token = [("access_token", tokens["access_token"].as_str().unwrap())];
        let answer = log_out(&emulator, path, &[parameters, &token].concat()).await;
        assert_eq!((answer.status, &*answer.text), (status, body), "{path} {parameters:?}");
        assert_eq!(answer.header("location"), (status == 302).then_some(REDIRECT_URI));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(!is_valid(&emulator, &tokens, "access_token").await, "{parameters:?}");
        assert!(!is_valid(&emulator, &tokens, "refresh_token").await, "{parameters:?}");
    }
}

#[tokio::test]
async fn each_fault_of_a_logout_gives_its_own_answer_and_ends_nothing() {
    use Refusal as R;
    let emulator = emulator(user_integration()).await;
    let tokens = sign_in(&emulator).await;
    let token = tokens["access_token"].as_str().unwrap();
    let long = "x".repeat(65);
    #[rustfmt::skip]
    let table = [
        ("unknown", "redirect_uri",  REDIRECT_URI,         (400, "invalid_client"), R::ClientUnknown),
        (CLIENT_ID, "redirect_uri",  "http://x.example/",  (400, "bad_request"),    R::RedirectUriUnknown),
        (CLIENT_ID, "client_secret", "wrong",              (401, "invalid_client"), R::ClientSecretWrong),
        (CLIENT_ID, "callback",      "alert(1)//",         (400, "bad_request"),    R::CallbackMalformed),
        (CLIENT_ID, "callback",      "1a",                 (400, "bad_request"),    R::CallbackMalformed),
        (CLIENT_ID, "callback",      &*long,               (400, "bad_request"),    R::CallbackMalformed),
    ];
    for (client_id, name, value, error, refusal) in table {
        let parameters = [("client_id", client_id), ("access_token", token), (name, value)];
        let answer = log_out(&emulator, "/ims/logout/v1", &parameters).await;
        assert_eq!((answer.error(), answer.header("location")), (error, None), "{name}={value}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal));
        assert!(is_valid(&emulator, &tokens, "access_token").await);
    }
    let stranger = log_out(&emulator, "/ims/logout/v1", &[]).await;
    assert_eq!(stranger.error(), (400, "invalid_client"));
    let done = log_out(&emulator, "/ims/logout/v1", &[("client_id", CLIENT_ID)]).await;
    assert_eq!((done.status, &*done.text), (200, "{}"));
}

#[tokio::test]
async fn tokens_of_machines_belong_to_no_sign_in() {
    let emulator = emulator(user_integration()).await;
    let (one, other) = (
        client_credentials(&emulator, "openid").await,
        client_credentials(&emulator, "openid").await,
    );
    let parameters = [
        ("client_id", CLIENT_ID),
        ("token", one.body["access_token"].as_str().unwrap()),
        ("cascading", "all"),
    ];
    assert_eq!(form(&emulator, "/ims/invalidate_token/v2", &parameters).await.status, 200);
    assert!(!is_valid(&emulator, &one.body, "access_token").await);
    assert!(is_valid(&emulator, &other.body, "access_token").await);
}
