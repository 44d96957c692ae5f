//! Admin consent: an administrator allows an app, and the app gets tokens for that organization.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_emulator::{AccountType, Emulator, Integration, User};
use serde_json::Value;

use crate::harness::{Answer, CLIENT_ID, CLIENT_SECRET, builder, form, get, integration, send};

const CALLBACK: &str = "https://partner.example/callback";
const CUSTOMER: &str = "CUSTOMER@AdobeOrg";

async fn emulator() -> Emulator {
    let app: Integration = integration().with_redirect_uri(CALLBACK);
    let admin = User::new("ADMIN@AdobeID")
        .with_email("admin@customer.example")
        .with_account_type(AccountType::Enterprise)
        .with_role(CUSTOMER.parse().unwrap(), "org_admin");
    let member = User::new("MEMBER@AdobeID")
        .with_email("member@customer.example")
        .with_account_type(AccountType::Federated);
    let person = User::new("PERSON@AdobeID").with_email("person@example.com");
    let builder = builder().with_integration(app);
    builder.with_user(admin).with_user(member).with_user(person).start().await.unwrap()
}

/// What is sent to the app if these parameters replace the valid ones; those without a value are left out.
async fn sent(emulator: &Emulator, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut parameters = vec![
        ("client_id", CLIENT_ID),
        ("scope", "openid,AdobeID"),
        ("state", "xyz987"),
        ("nonce", "nonce123"),
        ("redirect_uri", CALLBACK),
        ("consent", "allow"),
        ("user", "ADMIN@AdobeID"),
    ];
    for (name, value) in changed {
        parameters.retain(|(known, _)| known != name);
        parameters.push((name, value));
    }
    let answer = form(emulator, "/consent", &parameters).await;
    let location = answer.header("location").unwrap_or_else(|| panic!("{answer:?}"));
    let (uri, query) = location.split_once('?').unwrap();
    assert_eq!(uri, CALLBACK);
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        pairs.push((name.to_owned(), value.to_owned()));
    }
    pairs
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

async fn token_for(emulator: &Emulator, org_id: &str) -> Answer {
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "openid"),
        ("org_id", org_id),
    ];
    form(emulator, "/ims/token/v3", &parameters).await
}

#[tokio::test]
async fn after_consent_the_app_gets_tokens_for_the_organization_that_its_id_token_names() {
    let emulator = emulator().await;
    assert_eq!(token_for(&emulator, CUSTOMER).await.status, 400);
    let pairs = sent(&emulator, &[]).await;
    assert_eq!(value(&pairs, "admin_consent"), Some("true"));
    assert_eq!(value(&pairs, "state"), Some("xyz987"));
    let payload = value(&pairs, "id_token").unwrap().split('.').nth(1).unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["iss"], format!("{}/ims", emulator.url()));
    assert_eq!(claims["sub"], "6657031C5C095BB40A4@techacct.adobe.com");
    assert_eq!((&claims["aud"], &claims["nonce"]), (&CLIENT_ID.into(), &"nonce123".into()));
    assert_eq!(claims["org_id"], CUSTOMER);
    assert_eq!(token_for(&emulator, claims["org_id"].as_str().unwrap()).await.status, 200);
    assert_eq!(token_for(&emulator, "OTHER@AdobeOrg").await.status, 400);
}

#[tokio::test]
async fn the_redirection_says_what_is_wrong_and_gives_no_consent() {
    let emulator = emulator().await;
    #[rustfmt::skip]
    let table: [(&[(&str, &str)], &str); 6] = [
        (&[("scope", "unknown")],        "invalid_scopes"),
        (&[("scope", "")],               "invalid_scopes"),
        (&[("state", "")],               "missing_state_param"),
        (&[("nonce", "")],               "error"),
        (&[("user", "MEMBER@AdobeID")],  "insufficient_privilege"),
        (&[("user", "PERSON@AdobeID")],  "incompatible_account_type"),
    ];
    for (changed, error) in table {
        let pairs = sent(&emulator, changed).await;
        assert_eq!(value(&pairs, "error"), Some(error), "{changed:?}");
        assert_eq!(value(&pairs, "admin_consent"), None, "{changed:?}");
    }
    let denied = sent(&emulator, &[("consent", "deny")]).await;
    assert_eq!(value(&denied, "admin_consent"), Some("false"));
    assert_eq!(value(&denied, "id_token"), None);
    assert_eq!(token_for(&emulator, CUSTOMER).await.status, 400);

    let elsewhere = [("client_id", CLIENT_ID), ("redirect_uri", "https://evil.example/")];
    let answer = form(&emulator, "/consent", &elsewhere).await;
    assert_eq!(answer.error(), (400, "invalid_redirect_uri"));
}

#[tokio::test]
async fn the_administrator_has_to_answer_and_a_link_alone_gives_no_consent() {
    let emulator = emulator().await;
    let query = format!("client_id={CLIENT_ID}&scope=openid,AdobeID&state=a&nonce=b&consent=allow");
    let page = get(&emulator, &format!("/consent?{query}"), "").await;
    assert_eq!(page.status, 200);
    for text in ["Allow an app for your organization", "admin@customer.example", "AdobeID"] {
        assert!(page.text.contains(text), "{text}");
    }
    // Under Adobe's own name the token's issuer is still IMS.
    let body = format!("{query}&user=ADMIN@AdobeID");
    let request = format!(
        "POST /consent HTTP/1.1\r\nHost: id.adobe.com\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = send(&emulator, request.as_bytes()).await;
    let location = answer.header("location").unwrap();
    let payload = location.split('.').rev().nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], "https://ims-na1.adobelogin.com/ims");
}
