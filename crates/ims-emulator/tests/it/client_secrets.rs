//! The API for client secrets: listed with age and last use, added, deleted, and refused with a reason.

use ims_emulator::{Emulator, Integration, Refusal};
use serde_json::Value;

use crate::harness::{
    Answer, CLIENT_ID, CLIENT_SECRET, NOW, builder, client_credentials, form, integration, send,
};

const SCOPES: &str = "AdobeID,openid,read_organizations,additional_info.projectedProductContext,\
                      additional_info.roles,adobeio_api,read_client_secret,manage_client_secrets";
const PATH: &str = "/console/organizations/23294/credentials/436084/secrets";

fn managed() -> Integration {
    integration()
        .with_scopes(SCOPES.split(',').skip(3))
        .with_scopes(["AdobeID"])
        .with_console_org_id("23294")
        .with_credential_id("436084")
}

/// Asks with `token`, as the client of the tests.
async fn ask(emulator: &Emulator, method: &str, path: &str, token: &str) -> Answer {
    let host = emulator.address();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\
         x-api-key: {CLIENT_ID}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    send(emulator, request.as_bytes()).await
}

async fn token(emulator: &Emulator, scopes: &str) -> String {
    let answer = client_credentials(emulator, scopes).await;
    answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Whether a token is given for `client_secret`.
async fn is_taken(emulator: &Emulator, client_secret: &str) -> bool {
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", client_secret),
        ("scope", "openid"),
    ];
    form(emulator, "/ims/token/v3", &parameters).await.status == 200
}

#[tokio::test]
async fn a_second_secret_is_shown_once_and_accepted_also_without_the_first() {
    let emulator = builder().with_integration(managed()).start().await.unwrap();
    let api_token = token(&emulator, SCOPES).await;
    let now_ms = (NOW * 1000).to_string();
    let list = ask(&emulator, "GET", PATH, &api_token).await;
    assert_eq!((list.status, &list.body["client_id"]), (200, &CLIENT_ID.into()));
    let first = &list.body["client_secrets"][0];
    assert_eq!(first["created_at"], now_ms.as_str());
    assert_eq!(first["created_at"], first["secret_usages"][0]["last_used_at"]);
    assert_eq!(first["secret_usages"][0]["grant_type"], "client_credentials");
    assert_eq!(first["expires_at"], "PERMANENT");

    emulator.set_clock_offset(60);
    let added = ask(&emulator, "POST", PATH, &api_token).await;
    assert_eq!((added.status, &added.body["secret_usages"]), (201, &Value::Null));
    assert_eq!(added.body["created_at"], ((NOW + 60) * 1000).to_string());
    let secret = added.body["client_secret"].as_str().unwrap();
    let list = ask(&emulator, "GET", PATH, &api_token).await;
    assert!(!list.text.contains(secret) && !list.text.contains(CLIENT_SECRET), "{list:?}");
    assert_eq!(list.body["client_secrets"][0]["created_at"], now_ms, "the first one is older");
    assert_eq!(list.body["client_secrets"][1]["uuid"], added.body["uuid"]);
    assert!(is_taken(&emulator, secret).await && is_taken(&emulator, CLIENT_SECRET).await);
    let list = ask(&emulator, "GET", PATH, &api_token).await;
    assert!(list.body["client_secrets"][1]["secret_usages"][0].is_object(), "{list:?}");

    let first = format!("{PATH}/{}", first["uuid"].as_str().unwrap());
    let deleted = ask(&emulator, "DELETE", &first, &api_token).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert!(is_taken(&emulator, secret).await && !is_taken(&emulator, CLIENT_SECRET).await);
    assert!(!format!("{:?}", emulator.requests()).contains(secret), "a verdict shows the secret");
}

#[tokio::test]
async fn an_impossible_request_to_the_api_is_refused_like_by_the_gateway() {
    let emulator = builder().with_integration(managed()).start().await.unwrap();
    let api_token = token(&emulator, SCOPES).await;
    let no_scopes = token(&emulator, "openid,AdobeID").await;
    let one_less = token(&emulator, SCOPES.strip_suffix(",manage_client_secrets").unwrap()).await;
    let elsewhere = "/console/organizations/23294/credentials/1/secrets";
    let unknown = &format!("{PATH}/0123");
    let list = ask(&emulator, "GET", PATH, &api_token).await;
    let only = &format!("{PATH}/{}", list.body["client_secrets"][0]["uuid"].as_str().unwrap());
    #[rustfmt::skip]
    let table = [
        ("GET",    PATH,      no_scopes.as_str(), 403, Refusal::ApiScopeMissing),
        ("GET",    PATH,      one_less.as_str(),  403, Refusal::ApiScopeMissing),
        ("POST",   PATH,      &no_scopes,         403, Refusal::ApiScopeMissing),
        ("GET",    PATH,      "x",                401, Refusal::BearerNotValid),
        ("GET",    elsewhere, &api_token,         404, Refusal::CredentialUnknown),
        ("DELETE", unknown,   &api_token,         404, Refusal::SecretUnknown),
        ("DELETE", only,      &api_token,         400, Refusal::LastSecret),
        ("DELETE", PATH,      &api_token,         405, Refusal::MethodNotAllowed),
        ("GET",    only,      &api_token,         405, Refusal::MethodNotAllowed),
    ];
    for (method, path, token, status, refusal) in table {
        let answer = ask(&emulator, method, path, token).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.body["error_code"].is_string(), "{answer:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal), "{method} {path}");
    }
    assert_eq!(ask(&emulator, "POST", PATH, &api_token).await.status, 201);
    let third = ask(&emulator, "POST", PATH, &api_token).await;
    assert_eq!(third.status, 400);
    assert_eq!(emulator.requests().last().unwrap().refusal, Some(Refusal::TooManySecrets));
}

#[tokio::test]
async fn ids_that_are_not_configured_are_not_compared() {
    let plain = integration().with_scopes(SCOPES.split(',').skip(3));
    let emulator = builder().with_integration(plain).start().await.unwrap();
    let api_token = token(&emulator, SCOPES).await;
    let anywhere = "/console/organizations/1/credentials/2/secrets";
    assert_eq!(ask(&emulator, "GET", anywhere, &api_token).await.status, 200);
}

#[tokio::test]
async fn the_age_of_a_secret_survives_a_new_registration_of_the_integration() {
    let emulator = builder().with_integration(managed()).start().await.unwrap();
    emulator.set_clock_offset(3600);
    emulator.register(managed().with_client_secret("another"));
    let api_token = token(&emulator, SCOPES).await;
    let list = ask(&emulator, "GET", PATH, &api_token).await.body;
    let created = |place: usize| list["client_secrets"][place]["created_at"].clone();
    assert_eq!(created(0), (NOW * 1000).to_string());
    assert_eq!(created(1), ((NOW + 3600) * 1000).to_string());
}
