//! The web page, as a browser without scripts shows it.

use std::time::Duration;

use ims_emulator::{Fault, FaultRule};
use serde_json::json;

use crate::harness::{
    CLIENT_ID, CLIENT_SECRET, builder, emulator, exchange, get, integration, jwt, post,
};

#[tokio::test]
async fn the_page_shows_integrations_and_verdicts_without_scripts_and_without_secrets() {
    let emulator = emulator(integration()).await;
    exchange(&emulator, &jwt(json!({ "iss": "<b>@AdobeOrg" }))).await;
    let page = get(&emulator, "/_emulator/", "").await;
    assert_eq!(page.header("content-type"), Some("text/html;charset=UTF-8"));
    for text in
        [CLIENT_ID, "CN=first", "400 invalid_signature", "&lt;b&gt;@AdobeOrg", "data-number=1"]
    {
        assert!(page.text.contains(text), "{text}");
    }
    for text in [CLIENT_SECRET, "<b>", "http://ims", "{verdicts}", "{users}", "{base}"] {
        assert!(!page.text.contains(text), "{text}");
    }
}

#[tokio::test]
async fn the_page_lists_active_faults_and_users_with_the_buttons_that_remove_them() {
    let emulator = builder().start().await.unwrap();
    let page = get(&emulator, "/_emulator/", "").await.text;
    assert!(page.contains("There is no integration yet"), "{page}");
    assert!(page.contains("None: all requests get their normal answers."), "{page}");
    assert!(!page.contains("data-remove-user"), "the user of every emulator stays: {page}");

    emulator.inject(FaultRule::new(Fault::Delay(Duration::from_millis(1))).times(3));
    let user = r#"{"id":"<b>@AdobeID","email":"b@example.com","roles":[{"organization":"A@AdobeOrg","role":"admin"}]}"#;
    let added = post(&emulator, "/_emulator/users", "application/json", user).await;
    assert_eq!(added.status, 204, "{}", added.text);
    get(&emulator, "/ims/keys", "").await;
    let page = get(&emulator, "/_emulator/", "").await.text;
    for text in [
        "delay of 1 ms, at most 3 times",
        "given to 1 of 1 requests",
        "data-remove-fault=1",
        "data-remove-user=\"&lt;b&gt;@AdobeID\"",
        "admin in A@AdobeOrg",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<b>"));
}

#[tokio::test]
async fn the_page_and_its_files_load_nothing_from_elsewhere() {
    let emulator = emulator(integration()).await;
    for (name, content_type) in [
        ("", "text/html"),
        ("page.css", "text/css"),
        ("page.js", "text/javascript"),
        ("decoder.js", "text/javascript"),
    ] {
        let file = get(&emulator, &format!("/_emulator/{name}"), "").await;
        assert!(file.header("content-type").unwrap().starts_with(content_type), "{name}");
        assert!(!file.text.contains("//cdn") && !file.text.contains("src=http"), "{name}");
    }
    let page = get(&emulator, "/_emulator/", "").await;
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(get(&emulator, "/_emulator/page.php", "").await.status, 404);
}

#[tokio::test]
async fn new_rows_come_with_checks_parameters_and_the_decoded_jwt() {
    let emulator = emulator(integration()).await;
    get(&emulator, "/ims/keys", "").await;
    exchange(&emulator, &jwt(json!({ "aud": "<i>" }))).await;
    let rows = get(&emulator, "/_emulator/rows?after=1", "").await;
    assert_eq!(rows.text.matches("<details class=\"verdict").count(), 1, "{}", rows.text);
    for text in [
        "data-number=2",
        "<dt>client_id<dd>a64f5f10849a410a97ffdac8ae1",
        "20 characters, not shown",
        "JWT in <code>jwt_token</code>",
        "&quot;aud&quot;: &quot;&lt;i&gt;&quot;",
        "What to do:",
        "failed: ",
        "<span class=cause><span class=hidden>failed: </span>aud is this IMS",
        "checks before it passed",
    ] {
        assert!(rows.text.contains(text), "{text}: {}", rows.text);
    }
    assert!(!rows.text.contains(CLIENT_SECRET));
    assert_eq!(get(&emulator, "/_emulator/rows?after=2", "").await.text, "");
}
