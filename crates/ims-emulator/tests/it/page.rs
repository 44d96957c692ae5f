//! The web page, as a browser without scripts shows it.

use serde_json::json;

use crate::harness::{CLIENT_ID, CLIENT_SECRET, emulator, exchange, get, integration, jwt};

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
