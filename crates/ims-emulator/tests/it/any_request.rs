//! Requests that no client would send: each gets an answer and a verdict, and the emulator continues.

use ims_emulator::{Emulator, ProductContext};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

use crate::{
    grants::user_token,
    harness::{CLIENT_ID, CLIENT_SECRET, emulator, post},
    sign_in::{REDIRECT_URI, user_integration},
};

const PATHS: [&str; 25] = [
    "/ims/exchange/jwt",
    "/ims/exchange/v1/jwt/",
    "/ims/token/v1",
    "/ims/token/v2",
    "/ims/token/v3",
    "/ims/token/v4",
    "/ims/authorize/v1",
    "/ims/authorize/v2",
    "/ims/validate_token/v1",
    "/ims/invalidate_token/v2",
    "/ims/revoke",
    "/ims/logout/v1",
    "/ims/logout/v1/token",
    "/ims/userinfo/v2",
    "/ims/profile/v3",
    "/ims/profile/v",
    "/ims/organizations/v6",
    "/ims/admin_profile/v1",
    "/ims/admin_organizations/v5",
    "/ims/register",
    "/ims/keys",
    "/ims",
    "/console/organizations/1/credentials/2/secrets",
    "/console/organizations/1/credentials/2/secrets/3",
    "/echo",
];

#[rustfmt::skip]
const NAMES: [&str; 31] = [
    "client_id", "client_secret", "jwt_token", "grant_type", "code", "code_verifier", "refresh_token",
    "scope", "org_id", "resource", "redirect_uri", "state", "nonce", "prompt", "response_type",
    "response_mode", "code_challenge", "code_challenge_method", "consent", "token", "token_type",
    "cascading", "subject_token", "user_token", "user_id", "owning_org_id", "callback", "access_token",
    "promise_definition_id", "authenticating_token", "promise_token",
];

#[rustfmt::skip]
const VALUES: [&str; 30] = [
    CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, "", " ", "none", "code id_token", "id_token token", "device",
    "openid", "openid,offline_access", "client_credentials", "authorization_code", "refresh_token",
    "cluster_at_exchange", "urn:ietf:params:oauth:grant-type:token-exchange", "all", "S256", "allow",
    "fragment", "a@b", "C74F69D7594880280@AdobeOrg", "a.b.c", "e30.e30.e30", "..", "urn:x:y",
    "service_token", "promise", "promise_exchange", "\0\n",
];

#[rustfmt::skip]
const CONTENT_TYPES: [&str; 4] =
    ["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b", "x"];

/// One request: a path, parameters, and what the body says it is.
fn requests(token: &str) -> impl Strategy<Value = (&'static str, String, &'static str)> {
    let values: Vec<String> = VALUES.map(str::to_owned).into();
    let token = Just(token.to_owned());
    let value = prop_oneof![4 => select(values), 1 => token, 1 => "\\PC{0,20}"];
    let form = vec((select(NAMES.as_slice()), value), 0..8).prop_map(|pairs| {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    });
    let json = "\\{\"(client_name|redirect_uris|scope)\":(\"x\"|\\[\"https://x/\"\\]|1|null)\\}|\\PC{0,40}";
    (select(PATHS.as_slice()), prop_oneof![9 => form, 1 => json], select(CONTENT_TYPES.as_slice()))
}

/// What each request gets: a status that no failure of the server has, a debug id and one verdict with both.
async fn answered(emulator: &Emulator, path: &str, body: &str, content_type: &str, token: &str) {
    let content_type =
        format!("{content_type}\r\nX-IMS-ClientId: {CLIENT_ID}\r\nAuthorization: Bearer {token}");
    let answer = post(emulator, path, &content_type, body).await;
    assert!((200..500).contains(&answer.status), "{path} {body} {answer:?}");
    let verdict = emulator.requests().pop().unwrap();
    assert_eq!(
        (verdict.status, Some(&*verdict.debug_id)),
        (answer.status, answer.header("x-debug-id"))
    );
    let told = format!("{verdict}");
    assert!(!told.contains(token) && !told.contains(CLIENT_SECRET), "{path} {body} {told}");
}

#[test]
fn every_request_gets_an_answer_and_a_verdict() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (emulator, token) = runtime.block_on(async {
        let integration = user_integration()
            .with_service_code("canary-permanent-code")
            .with_product(ProductContext::new("dma_media_library"));
        let emulator = emulator(integration).await;
        let token = user_token(&emulator).await;
        (emulator, token)
    });
    let mut runner = TestRunner::new(Config { cases: 1000, ..Config::default() });
    let outcome = runner.run(&requests(&token), |(path, body, content_type)| {
        runtime.block_on(answered(&emulator, path, &body, content_type, &token));
        Ok(())
    });
    outcome.unwrap();
}
