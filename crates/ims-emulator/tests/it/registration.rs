//! Clients that register themselves.

use ims_emulator::{Emulator, Refusal};
use serde_json::{Value, json};

use crate::harness::{Answer, builder, emulator, form, get, post};

async fn register(emulator: &Emulator, metadata: &Value) -> Answer {
    post(emulator, "/ims/register", "application/json", &metadata.to_string()).await
}

/// Good metadata with `changes` applied to it; `null` removes a member.
fn metadata(changes: Value) -> Value {
    let mut metadata = json!({
        "client_name": "a tool",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "scope": "openid AdobeID offline_access",
        "software_id": "ignored",
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let members = metadata.as_object_mut().unwrap();
    members.extend(changes);
    members.retain(|_, value| !value.is_null());
    metadata
}

#[tokio::test]
async fn a_client_that_has_registered_itself_signs_users_in() {
    let emulator = Emulator::start().await.unwrap();
    for (method, is_public) in [(Value::Null, false), (json!("none"), true)] {
        let changes = json!({ "token_endpoint_auth_method": method });
        let answer = register(&emulator, &metadata(changes)).await;
        assert_eq!((answer.status, &answer.body["client_name"]), (201, &json!("a tool")));
        let client_id = answer.body["client_id"].as_str().unwrap();
        let secret = answer.body.get("client_secret").map_or("", |text| text.as_str().unwrap());
        assert_eq!(secret.is_empty(), is_public);
        assert_eq!(answer.body.get("client_secret_expires_at").is_some(), !is_public);
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let query = format!(
            "/ims/authorize/v2?client_id={client_id}&scope=openid%20offline_access&prompt=none\
             &code_challenge={challenge}&code_challenge_method=S256"
        );
        let location = get(&emulator, &query, "").await;
        let code = location.header("location").unwrap().split_once("code=").unwrap().1.to_owned();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("client_secret", secret),
            ("code", &code),
            ("code_verifier", verifier),
        ];
        let tokens = form(&emulator, "/ims/token/v3", &parameters).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        assert!(tokens.body["refresh_token"].is_string() && tokens.body["id_token"].is_string());
    }
    let ids: Vec<_> =
        emulator.requests().iter().filter_map(|verdict| verdict.client_id.clone()).collect();
    assert_eq!(ids.len(), 6);
}

#[tokio::test]
async fn each_fault_of_the_metadata_gives_its_own_answer() {
    use Refusal as R;
    let emulator = emulator(crate::harness::integration()).await;
    #[rustfmt::skip]
    let table = [
        (json!({ "client_name": null }),                    "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "client_name": "" }),                      "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "client_name": 1 }),                       "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "redirect_uris": null }),                  "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "redirect_uris": [] }),                    "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "redirect_uris": "https://app.example" }), "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "scope": " " }),                           "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "scope": ["openid"] }),                    "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "token_endpoint_auth_method": "tls_client_auth" }), "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "redirect_uris": ["http://app.example/"] }), "invalid_redirect_uri",  R::RedirectUriMalformed),
        (json!({ "redirect_uris": vec![format!("https://a.example/{}", "x".repeat(990)); 5] }), "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "scope": "s ".repeat(65) }), "invalid_client_metadata", R::ClientMetadataMalformed),
        (json!({ "redirect_uris": ["https://a.example/", "javascript:x"] }), "invalid_redirect_uri", R::RedirectUriMalformed),
    ];
    for (changes, error, refusal) in table {
        let answer = register(&emulator, &metadata(changes.clone())).await;
        assert_eq!(answer.error(), (400, error), "{changes}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal), "{changes}");
    }
    let good = metadata(json!({})).to_string();
    for (content_type, body) in [
        ("text/plain", &*good),
        ("application/x-www-form-urlencoded", "client_name=x"),
        ("application/json", "[]"),
        ("application/json", "{"),
        ("application/json", ""),
    ] {
        let answer = post(&emulator, "/ims/register", content_type, body).await;
        assert_eq!(answer.error(), (400, "invalid_client_metadata"), "{content_type} {body}");
    }
    let long = " ".repeat(70_000);
    let answer = post(&emulator, "/ims/register", "application/json", &long).await;
    assert_eq!(answer.error(), (413, "bad_request"));
    assert_eq!(get(&emulator, "/ims/register", "").await.status, 405);
}

#[tokio::test]
async fn a_registered_client_in_a_state_file_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || builder().with_state_file(folder.path().join("state.json")).start();
    let emulator = start().await.unwrap();
    let client = register(&emulator, &metadata(json!({}))).await.body;
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("client_secret", client["client_secret"].as_str().unwrap()),
        ("scope", "openid"),
    ];
    assert_eq!(form(&emulator, "/ims/token/v3", &parameters).await.status, 200);
}

#[tokio::test]
async fn scopes_are_separated_by_commas_or_spaces_at_every_endpoint() {
    let emulator = Emulator::start().await.unwrap();
    for separator in [",", " ", ", "] {
        let scope = ["openid", "AdobeID"].join(separator);
        let answer = register(&emulator, &metadata(json!({ "scope": scope }))).await;
        let [client_id, secret] =
            ["client_id", "client_secret"].map(|name| answer.body[name].as_str().unwrap());
        let client = [("client_id", client_id), ("client_secret", secret), ("scope", &scope)];
        let written = scope.replace(' ', "%20");
        for path in ["/ims/authorize", "/ims/authorize/v1", "/ims/authorize/v2"] {
            let query = format!("{path}?client_id={client_id}&scope={written}&prompt=none");
            let location = get(&emulator, &query, "").await;
            let location = location.header("location").unwrap();
            assert!(location.contains("code="), "{path} {scope}: {location}");
        }
        let mut token = String::new();
        for version in ["v2", "v3", "v4"] {
            let path = format!("/ims/token/{version}");
            let form_of_grant = [&client[..], &[("grant_type", "client_credentials")]].concat();
            let answer = form(&emulator, &path, &form_of_grant).await;
            assert_eq!(answer.status, 200, "{path} {scope}: {answer:?}");
            token = answer.body["access_token"].as_str().unwrap().to_owned();
        }
        let access_token = "urn:ietf:params:oauth:token-type:access_token";
        let exchange = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", &token),
            ("subject_token_type", access_token),
            ("requested_token_type", access_token),
        ];
        let answer = form(&emulator, "/ims/token/v4", &[&client[..], &exchange[..]].concat()).await;
        assert_eq!(answer.status, 200, "token exchange {scope}: {answer:?}");
    }
}
