//! The ways in which real clients send the same request, and the answers' units.

use serde_json::json;

use crate::harness::{
    Answer, CLIENT_ID, CLIENT_SECRET, builder, client_credentials, emulator, exchange, form, get,
    integration, jwt, post, send,
};

/// What form-data 4.0 for Node writes, as @adobe/jwt-auth 2.0.0 sends it.
fn node_multipart(parameters: &[(&str, &str)]) -> String {
    let boundary = "--------------------------330864815262542512905093";
    let part = |(name, value): &(&str, &str)| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let parts: String = parameters.iter().map(part).collect();
    format!("{parts}--{boundary}--\r\n")
}

#[track_caller]
fn granted_for_a_day_in_ms(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["token_type"], "bearer");
    assert_eq!(answer.body["expires_in"], 86_399_999);
    assert!(answer.body.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_jwt_is_exchanged_at_each_path_and_in_each_form() {
    let emulator = emulator(integration()).await;
    let jwt = jwt(json!({}));
    let parameters =
        [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("jwt_token", &*jwt)];
    let multipart =
        "multipart/form-data; boundary=--------------------------330864815262542512905093";
    for path in ["/ims/exchange/jwt", "/ims/exchange/jwt/", "/ims/exchange/v1/jwt"] {
        granted_for_a_day_in_ms(&form(&emulator, path, &parameters).await);
        let body = node_multipart(&parameters);
        granted_for_a_day_in_ms(&post(&emulator, path, multipart, &body).await);
        let query =
            format!("{path}?client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&jwt_token={jwt}");
        granted_for_a_day_in_ms(&post(&emulator, &query, "text/plain", "").await);
    }
}

#[tokio::test]
async fn a_chunked_body_is_read_as_any_other() {
    let emulator = emulator(integration()).await;
    let body =
        format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&jwt_token={}", jwt(json!({})));
    let (first, second) = body.split_at(100);
    let request = format!(
        "POST /ims/exchange/jwt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    granted_for_a_day_in_ms(&send(&emulator, request.as_bytes()).await);
}

#[tokio::test]
async fn the_emulators_own_base_url_serves_as_well_as_the_canonical_one() {
    let emulator =
        builder().with_integration(integration()).with_host("emulator").start().await.unwrap();
    let own = emulator.url();
    let mixed = json!({ "aud": format!("{own}/c/{CLIENT_ID}") });
    granted_for_a_day_in_ms(&exchange(&emulator, &jwt(mixed)).await);
    let all = json!({
        "aud": format!("{own}/c/{CLIENT_ID}"),
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": null,
        format!("{own}/s/ent_user_sdk"): true,
    });
    granted_for_a_day_in_ms(&exchange(&emulator, &jwt(all)).await);
    let elsewhere = json!({ "aud": format!("http://emulator:1/c/{CLIENT_ID}") });
    assert_eq!(exchange(&emulator, &jwt(elsewhere)).await.error(), (400, "invalid_client"));
}

#[tokio::test]
async fn client_credentials_are_granted_in_the_unit_of_each_version() {
    let emulator = emulator(integration()).await;
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "openid,AdobeID"),
        ("org_id", "C74F69D7594880280@AdobeOrg"),
    ];
    let (seconds, milliseconds) = (json!(86_399), json!(86_399_999));
    #[rustfmt::skip]
    let table = [
        ("/ims/token",    &milliseconds), ("/ims/token/",    &milliseconds),
        ("/ims/token/v1", &milliseconds), ("/ims/token/v1/", &milliseconds),
        ("/ims/token/v2", &seconds),      ("/ims/token/v2/", &seconds),
        ("/ims/token/v3", &seconds),      ("/ims/token/v3/", &seconds),
        ("/ims/token/v4", &seconds),      ("/ims/token/v4/", &seconds),
    ];
    for (path, expires_in) in table {
        let answer = form(&emulator, path, &parameters).await;
        assert_eq!((answer.status, &answer.body["expires_in"]), (200, expires_in), "{path}");
    }
}

#[tokio::test]
async fn basic_authentication_replaces_the_parameters() {
    let secret = "p8e-a+b/c=";
    let emulator = emulator(integration().with_client_secret(secret)).await;
    // The secret as it is, and urlencoded as RFC 6749 §2.3.1 requires.
    for credentials in [
        "YTY0ZjVmMTA4NDlhNDEwYTk3ZmZkYWM4YWUxOnA4ZS1hK2IvYz0=",
        "YTY0ZjVmMTA4NDlhNDEwYTk3ZmZkYWM4YWUxOnA4ZS1hJTJCYiUyRmMlM0Q=",
    ] {
        let body = "grant_type=client_credentials&scope=openid";
        let request = format!(
            "POST /ims/token/v3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Basic {credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(send(&emulator, request.as_bytes()).await.status, 200, "{credentials}");
    }
}

#[tokio::test]
async fn each_fault_of_client_credentials_has_its_answer() {
    let emulator = emulator(integration()).await;
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "openid AdobeID"),
        ("org_id", ""),
    ];
    #[rustfmt::skip]
    let table = [
        ("scope",         "openid,AdobeID",  200, ""),
        ("scope",         "openid%20AdobeID", 200, ""),
        ("scope",         "",                400, "invalid_scope"),
        ("scope",         ",",               400, "invalid_scope"),
        ("scope",         "openid,other",    400, "invalid_scope"),
        ("grant_type",    "",                400, "bad_request"),
        ("grant_type",    "password",        400, "unsupported_grant_type"),
        ("client_id",     "",                400, "invalid_client"),
        ("client_id",     "unknown",         400, "invalid_client"),
        ("client_secret", "",                400, "invalid_client"),
        ("client_secret", "wrong",           400, "invalid_client"),
        ("org_id",        "OTHER@AdobeOrg",  400, "bad_request"),
    ];
    for (name, value, status, error) in table {
        let changed = good.map(|(given, good)| (given, if given == name { value } else { good }));
        let answer = form(&emulator, "/ims/token/v2", &changed).await;
        assert_eq!(answer.error(), (status, error), "{name}={value}");
    }
}

#[tokio::test]
async fn an_integration_without_scopes_has_no_client_credentials() {
    let account = ims_claims::ServiceAccount::new(
        CLIENT_ID.parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
        [ims_claims::Metascope::ENT_USER_SDK],
    );
    let integration =
        ims_emulator::Integration::from(&account.unwrap()).with_client_secret(CLIENT_SECRET);
    let emulator = emulator(integration).await;
    assert_eq!(client_credentials(&emulator, "openid").await.error(), (400, "unauthorized_client"));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let emulator = emulator(integration()).await;
    assert_eq!(get(&emulator, "/ims/exchange/jwt", "").await.header("allow"), Some("POST"));
    assert_eq!(get(&emulator, "/ims/exchange/jwt", "").await.status, 405);
    for path in ["/", "/ims", "/ims/exchange", "/ims/exchange/jwt//", "/IMS/keys", "/ims/token/v5"]
    {
        assert_eq!(get(&emulator, path, "").await.status, 404, "{path}");
    }
}
