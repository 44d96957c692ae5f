//! The admin API, as a test suite in another language uses it.

use ims_testkit::{certificates, keys};
use serde_json::{Value, json};

use crate::harness::{
    Answer, CLIENT_ID, CLIENT_SECRET, NOW, builder, emulator, exchange, get, integration, jwt, send,
};
use ims_emulator::{Emulator, StartError};

async fn change(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let request = format!(
        "{method} /_emulator/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        emulator.address(),
        body.len()
    );
    send(emulator, request.as_bytes()).await
}

const JSON: &str = "Content-Type: application/json\r\n";

fn entry() -> Value {
    json!({
        "client_id": CLIENT_ID,
        "org_id": "C74F69D7594880280@AdobeOrg",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "client_secrets": [CLIENT_SECRET],
        "certificates": [certificates::FIRST],
        "metascopes": ["ent_dataservices_sdk"],
    })
}

#[tokio::test]
async fn an_integration_is_added_shown_without_its_secret_and_removed() {
    let emulator = builder().start().await.unwrap();
    assert_eq!(get(&emulator, "/_emulator/ready", "").await.body["ready"], true);
    let added = change(&emulator, "POST", "integrations", JSON, &entry().to_string()).await;
    assert_eq!(added.status, 204);
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 200);
    let shown = get(&emulator, "/_emulator/integrations", "").await.body;
    assert_eq!(shown[0]["certificates"][0]["subject"], "C=US, O=Example, CN=first");
    assert!(!shown.to_string().contains(CLIENT_SECRET));
    let path = format!("integrations/{CLIENT_ID}");
    assert_eq!(change(&emulator, "DELETE", &path, "", "").await.status, 204);
    assert_eq!(change(&emulator, "DELETE", &path, "", "").await.status, 404);
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.error(), (400, "invalid_client"));
}

#[tokio::test]
async fn an_edit_changes_the_named_members_and_keeps_secrets_and_certificates() {
    let emulator = emulator(integration()).await;
    let path = format!("integrations/{CLIENT_ID}");
    let edit = r#"{"metascopes":["ent_user_sdk"],"redirect_uris":["https://app.example/"]}"#;
    assert_eq!(change(&emulator, "PATCH", &path, JSON, edit).await.status, 204);
    let shown = get(&emulator, "/_emulator/integrations", "").await.body;
    assert_eq!(shown[0]["metascopes"], json!(["ent_user_sdk"]));
    assert_eq!(shown[0]["redirect_uris"], json!(["https://app.example/"]));
    assert_eq!(shown[0]["client_secrets"], 1);
    let user_sdk = json!({
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": null,
        "https://ims-na1.adobelogin.com/s/ent_user_sdk": true,
    });
    assert_eq!(exchange(&emulator, &jwt(user_sdk)).await.status, 200);
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.error(), (400, "invalid_scope"));

    // `null` removes a member.
    let defaults = r#"{"default_redirect_uri":"https://app.example/home","products":[{"service_code":"dma_tartan"}]}"#;
    assert_eq!(change(&emulator, "PATCH", &path, JSON, defaults).await.status, 204);
    let none = r#"{"default_redirect_uri":null,"products":null,"client_metascopes":null}"#;
    assert_eq!(change(&emulator, "PATCH", &path, JSON, none).await.status, 204);
    let shown = get(&emulator, "/_emulator/integrations", "").await.body;
    assert_eq!(
        (&shown[0]["default_redirect_uri"], &shown[0]["products"]),
        (&json!(null), &json!([]))
    );

    #[rustfmt::skip]
    let table = [
        (&*path,               "{\"org_id\":null}",                   "org_id"),
        (&*path,               "{\"org_id\":\"canary\"}",             "org_id"),
        (&*path,               "{\"metascope\":[]}",                  ""),
        (&*path,               "{\"certificate_files\":[\"/x\"]}",    "certificate_files"),
        (&*path,               "[]",                                  ""),
    ];
    for (path, edit, member) in table {
        let answer = change(&emulator, "PATCH", path, JSON, edit).await;
        assert_eq!((answer.status, answer.body["member"].as_str()), (400, Some(member)), "{edit}");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    let renamed = change(&emulator, "PATCH", &path, JSON, "{\"client_id\":\"other\"}").await;
    assert_eq!(renamed.status, 400);
    assert_eq!(change(&emulator, "PATCH", "integrations/unknown", JSON, "{}").await.status, 404);
}

#[tokio::test]
async fn active_faults_are_listed_and_removed_one_by_one() {
    let emulator = emulator(integration()).await;
    for fault in [
        r#"{"fault":"delay","delay_ms":1,"endpoint":"keys","every":2,"times":3}"#,
        r#"{"fault":"internal_error","endpoint":"keys"}"#,
    ] {
        assert_eq!(change(&emulator, "POST", "faults", JSON, fault).await.status, 204);
    }
    assert_eq!(get(&emulator, "/ims/keys", "").await.status, 500);
    let listed = get(&emulator, "/_emulator/faults", "").await.body;
    assert_eq!(
        listed,
        json!([
            {"number": 1, "fault": "delay", "delay_ms": 1, "endpoint": "keys", "every": 2, "times": 3, "met": 1, "given": 0},
            {"number": 2, "fault": "internal_error", "endpoint": "keys", "met": 1, "given": 1},
        ])
    );
    assert_eq!(change(&emulator, "DELETE", "faults/2", "", "").await.status, 204);
    assert_eq!(change(&emulator, "DELETE", "faults/2", "", "").await.status, 404);
    assert_eq!(get(&emulator, "/ims/keys", "").await.status, 200);
}

#[tokio::test]
async fn the_api_rotates_the_key_and_shows_the_clock_and_no_authority_that_there_is_not() {
    let emulator = emulator(integration()).await;
    let kids = |keys: &Answer| {
        let keys = keys.body["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].clone()).collect::<Vec<_>>()
    };
    let before = kids(&get(&emulator, "/ims/keys", "").await);
    assert_eq!(change(&emulator, "POST", "keys", JSON, "{}").await.status, 204);
    let after = kids(&get(&emulator, "/_emulator/keys", "").await);
    assert_eq!((before.len(), after.len()), (1, 2));
    assert!(after.contains(&before[0]), "tokens of the old key stay valid");

    let offset = r#"{"offset_seconds":3600}"#;
    assert_eq!(change(&emulator, "PUT", "clock", JSON, offset).await.status, 204);
    let clock = get(&emulator, "/_emulator/clock", "").await.body;
    assert_eq!(clock["offset_seconds"], 3600);
    assert_eq!(clock["now_ms"], (NOW + 3600) * 1000);

    assert_eq!(get(&emulator, "/_emulator/ca.pem", "").await.status, 404);
}

#[tokio::test]
async fn there_is_a_limit_to_what_the_api_can_add() {
    let emulator = builder().start().await.unwrap();
    let fault = r#"{"fault":"html"}"#;
    for _ in 0..512 {
        assert_eq!(change(&emulator, "POST", "faults", JSON, fault).await.status, 204);
    }
    assert_eq!(change(&emulator, "POST", "faults", JSON, fault).await.status, 507);
    let mut large = entry();
    large["scopes"] = json!(["x".repeat(17 * 1024)]);
    let answer = change(&emulator, "POST", "integrations", JSON, &large.to_string()).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_verdict_has_the_parameters_and_the_decoded_jwt_and_no_secret() {
    let emulator = emulator(integration()).await;
    let assertion = jwt(json!({}));
    exchange(&emulator, &assertion).await;
    let text = get(&emulator, "/_emulator/requests", "").await.text;
    assert!(!text.contains(CLIENT_SECRET) && !text.contains(&assertion), "{text}");
    let verdict = serde_json::from_str::<Value>(&text).unwrap()[0].clone();
    assert_eq!(
        verdict["parameters"],
        json!([
            {"name": "client_id", "value": CLIENT_ID},
            {"name": "client_secret", "value": "20 characters, not shown"},
            {"name": "jwt_token", "value": format!("{} characters, not shown", assertion.len())},
        ])
    );
    assert_eq!(verdict["jwt"]["parameter"], "jwt_token");
    assert_eq!(verdict["jwt"]["header"]["alg"], "RS256");
    assert_eq!(verdict["jwt"]["payload"]["iss"], "C74F69D7594880280@AdobeOrg");

    // A secret in another parameter's place, and in a claim.
    let state = [("client_id", CLIENT_ID), ("state", CLIENT_SECRET)];
    crate::harness::form(&emulator, "/ims/authorize/v2", &state).await;
    exchange(&emulator, &jwt(json!({ "note": format!("it is {CLIENT_SECRET}") }))).await;
    let text = get(&emulator, "/_emulator/requests?after=1", "").await.text;
    assert!(!text.contains(CLIENT_SECRET), "{text}");
}

#[tokio::test]
async fn verdicts_are_read_from_a_number_on_and_requests_to_the_api_have_none() {
    let emulator = emulator(integration()).await;
    for _ in 0..3 {
        get(&emulator, "/ims/keys", "").await;
        get(&emulator, "/_emulator/requests", "").await;
    }
    let numbers = |answer: Answer| -> Vec<u64> {
        let verdicts = answer.body.as_array().unwrap().clone();
        verdicts.iter().map(|verdict| verdict["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(get(&emulator, "/_emulator/requests", "").await), [1, 2, 3]);
    assert_eq!(numbers(get(&emulator, "/_emulator/requests?after=2", "").await), [3]);
}

#[tokio::test]
async fn faults_and_the_clock_are_set_and_reset() {
    let emulator = emulator(integration()).await;
    let fault = r#"{"fault":"unavailable","retry_after_seconds":1}"#;
    assert_eq!(change(&emulator, "POST", "faults", JSON, fault).await.status, 204);
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 503);
    assert_eq!(change(&emulator, "DELETE", "faults", "", "").await.status, 204);
    let clock = r#"{"offset_seconds":600}"#;
    assert_eq!(change(&emulator, "PUT", "clock", JSON, clock).await.status, 204);
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.error(), (400, "invalid_token"));
}

#[tokio::test]
async fn an_impossible_request_is_refused_and_repeats_nothing() {
    let emulator = emulator(integration()).await;
    let with_key = {
        let mut entry = entry();
        entry["certificates"] = json!([keys::FIRST]);
        entry.to_string()
    };
    let with_file = {
        let mut entry = entry();
        entry["certificate_files"] = json!(["/etc/passwd"]);
        entry.to_string()
    };
    let foreign = format!("{JSON}Origin: http://evil.example\r\n");
    let entry = entry().to_string();
    #[rustfmt::skip]
    let table = [
        ("POST",   "integrations",      JSON,                             "{}",       400),
        ("POST",   "integrations",      JSON,                             &*with_key, 400),
        ("POST",   "integrations",      JSON,                             &with_file, 400),
        ("POST",   "integrations",      "Content-Type: text/plain\r\n",   &entry,     415),
        ("POST",   "integrations",      "",                               &entry,     415),
        ("POST",   "integrations",      &foreign,                         &entry,     403),
        ("DELETE", "faults",        "Origin: null\r\n",               "",         403),
        ("POST",   "faults",        JSON,                             "{\"fault\":\"canary\"}", 400),
        ("PUT",    "clock",         JSON,                             "{}",       400),
        ("PATCH",  "clock",         JSON,                             "{}",       404),
        ("PATCH",  "users/x",       JSON,                             "{}",       404),
        ("POST",   "nowhere",       JSON,                             "{}",       404),
    ];
    for (method, path, headers, body, status) in table {
        let answer = change(&emulator, method, path, headers, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body} {answer:?}");
        assert!(!answer.body.to_string().contains("canary"), "{answer:?}");
    }
    let foreign =
        "GET /_emulator/requests HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(send(&emulator, foreign.as_bytes()).await.status, 421);
}

#[tokio::test]
async fn an_error_names_the_member_the_form_and_the_nearest_name() {
    let emulator = builder().start().await.unwrap();
    let mut wrong_org = entry();
    wrong_org["org_id"] = json!("foo");
    let mut wrong_name = entry();
    wrong_name["client_secret"] = json!("canary");
    #[rustfmt::skip]
    let table = [
        ("integrations", wrong_org.to_string(),  "org_id",   json!("an Organization ID, …@AdobeOrg"), Value::Null),
        ("integrations", wrong_name.to_string(), "",         Value::Null,                             json!("client_secrets")),
        ("faults", json!({ "fault": "nope" }).to_string(),  "fault",    json!("one of too_many_requests, unavailable, internal_error, html, delay, truncated, disconnected, wrong_content_type, oversized"), Value::Null),
        ("faults", json!({ "fault": "dely" }).to_string(),  "fault",    json!("one of too_many_requests, unavailable, internal_error, html, delay, truncated, disconnected, wrong_content_type, oversized"), json!("delay")),
        ("faults", json!({ "fault": "delay" }).to_string(), "delay_ms", json!("a number of milliseconds, at least 0, since fault is delay"), Value::Null),
        ("users",  json!({ "id": "A@AdobeID" }).to_string(), "email",   json!("an e-mail address"), Value::Null),
    ];
    for (path, body, member, expected, nearest) in table {
        let answer = change(&emulator, "POST", path, JSON, &body).await;
        assert_eq!((answer.status, &answer.body["member"]), (400, &json!(member)), "{answer:?}");
        assert_eq!((&answer.body["expected"], &answer.body["nearest"]), (&expected, &nearest));
        assert_eq!(answer.body["line"], 1);
        assert!(answer.body["error"].as_str().unwrap().starts_with("line 1: "), "{answer:?}");
        assert!(!answer.text.contains("canary"));
    }
}

#[tokio::test]
async fn a_user_is_added_shown_and_removed() {
    let emulator = builder().start().await.unwrap();
    let users = get(&emulator, "/_emulator/users", "").await.body;
    assert_eq!(users[0]["id"], ims_emulator::User::EMULATED_ID);
    let user = json!({ "id": "ADA@AdobeID", "email": "ada@example.com" }).to_string();
    assert_eq!(change(&emulator, "POST", "users", JSON, &user).await.status, 204);
    let users = get(&emulator, "/_emulator/users", "").await.body;
    assert_eq!((users.as_array().unwrap().len(), &users[0]["id"]), (1, &json!("ADA@AdobeID")));
    assert_eq!(change(&emulator, "DELETE", "users/ADA@AdobeID", "", "").await.status, 204);
    assert_eq!(change(&emulator, "DELETE", "users/ADA@AdobeID", "", "").await.status, 404);
}

#[tokio::test]
async fn integrations_in_a_state_file_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let start = || builder().with_state_file(&path).start();
    let emulator = start().await.unwrap();
    let added = change(&emulator, "POST", "integrations", JSON, &entry().to_string()).await;
    assert_eq!(added.status, 204);
    emulator.shutdown().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let emulator = start().await.unwrap();
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 200);
    let taken = change(&emulator, "DELETE", &format!("integrations/{CLIENT_ID}"), "", "").await;
    assert_eq!(taken.status, 204);
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.error(), (400, "invalid_client"));
    std::fs::write(&path, "x").unwrap();
    assert!(matches!(start().await, Err(StartError::State(_))));
}
