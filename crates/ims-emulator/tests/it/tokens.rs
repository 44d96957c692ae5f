//! Who accepts an access token of the emulator: another library, `validate_token`, and the protected resource.

use std::time::Duration;

use ims_emulator::TokenKey;
use jsonwebtoken::{Algorithm, DecodingKey, jwk::JwkSet};
use serde_json::{Value, json};

use crate::harness::{
    Answer, CLIENT_ID, NOW, client_credentials, emulator, exchange, form, get, integration, jwt,
};

fn token(answer: &Answer) -> String {
    answer.body["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn another_library_verifies_the_token_by_the_published_keys() {
    let emulator = emulator(integration()).await;
    let token = token(&exchange(&emulator, &jwt(json!({}))).await);
    let keys: JwkSet = serde_json::from_value(get(&emulator, "/ims/keys", "").await.body).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let key = DecodingKey::from_jwk(keys.find(TokenKey::KEY_ID).unwrap()).unwrap();
    let verified =
        jsonwebtoken::crypto::verify(signature, input.as_bytes(), &key, Algorithm::RS256);
    assert!(verified.unwrap());
}

#[tokio::test]
async fn a_token_names_its_client_and_its_user_and_no_two_are_equal() {
    let emulator = emulator(integration()).await;
    let first = token(&client_credentials(&emulator, "openid,AdobeID").await);
    let second = token(&client_credentials(&emulator, "openid,AdobeID").await);
    assert_ne!(first, second);
    let parameters = [("type", "access_token"), ("client_id", CLIENT_ID), ("token", &*first)];
    let answer = form(&emulator, "/ims/validate_token/v1", &parameters).await;
    assert_eq!(answer.body["valid"], true);
    let payload = &answer.body["token"];
    assert_eq!(payload["client_id"], CLIENT_ID);
    assert_eq!(payload["user_id"], "6657031C5C095BB40A4@techacct.adobe.com");
    assert_eq!(payload["scope"], "openid,AdobeID");
    assert_eq!(payload["created_at"], (NOW * 1000).to_string());
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_still_answered_with_200() {
    let emulator = emulator(integration().with_token_lifetime(Duration::from_mins(1))).await;
    emulator.register(ims_emulator::Integration::new(
        "other".parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
    ));
    let token = token(&client_credentials(&emulator, "openid").await);
    let forged = format!("{}A.{}", &token[..token.rfind('.').unwrap()], "AAAA");
    #[rustfmt::skip]
    let table = [
        (0,  CLIENT_ID, "access_token",  &*token,  Value::Null),
        (59, CLIENT_ID, "access_token",  &*token,  Value::Null),
        (60, CLIENT_ID, "access_token",  &*token,  json!("expired")),
        (0,  "other",   "access_token",  &*token,  json!("of_another_client")),
        (0,  CLIENT_ID, "refresh_token", &*token,  json!("of_another_type")),
        (0,  CLIENT_ID, "access_token",  &*forged, json!("bad_signature")),
        (0,  CLIENT_ID, "access_token",  "x",      json!("not_a_token")),
    ];
    for (seconds_later, client_id, kind, token, reason) in table {
        emulator.set_clock_offset(seconds_later);
        let parameters = [("type", kind), ("client_id", client_id), ("token", token)];
        let answer = form(&emulator, "/ims/validate_token/v1", &parameters).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["valid"], reason.is_null(), "{reason}");
        assert_eq!(answer.body["reason"], reason);
    }
}

#[tokio::test]
async fn a_token_may_be_validated_by_header_too() {
    let emulator = emulator(integration()).await;
    let token = token(&client_credentials(&emulator, "openid").await);
    let headers = format!("Authorization: Bearer {token}\r\nX-IMS-ClientId: {CLIENT_ID}\r\n");
    let answer = get(&emulator, "/ims/validate_token/v1?type=access_token", &headers).await;
    assert_eq!(answer.body["valid"], true);
}

#[tokio::test]
async fn the_protected_resource_answers_as_the_gateway_does() {
    let emulator = emulator(integration()).await;
    let token = token(&exchange(&emulator, &jwt(json!({}))).await);
    let key = format!("x-api-key: {CLIENT_ID}\r\n");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let later = 86_400;
    #[rustfmt::skip]
    let table = [
        (format!("{key}{bearer}"),                            0,     200, Value::Null),
        (bearer.clone(),                                      0,     403, json!("403000")),
        (key.clone(),                                         0,     401, json!("401010")),
        (format!("{key}Authorization: Bearer {token}x\r\n"),  0,     401, json!("401013")),
        (format!("{key}{bearer}"),                            later, 401, json!("401013")),
        (format!("x-api-key: other\r\n{bearer}"),             0,     403, json!("403003")),
    ];
    for (headers, seconds_later, status, error_code) in table {
        emulator.set_clock_offset(seconds_later);
        let answer = get(&emulator, "/echo", &headers).await;
        assert_eq!((answer.status, &answer.body["error_code"]), (status, &error_code), "{headers}");
    }
    emulator.set_clock_offset(0);
    let echo = get(&emulator, "/echo", &format!("{key}{bearer}")).await;
    assert_eq!(echo.body["org_id"], "C74F69D7594880280@AdobeOrg");
    assert_eq!(echo.body["scope"], json!(["ent_dataservices_sdk"]));
}

#[tokio::test]
async fn the_date_of_an_answer_is_that_of_the_emulators_clock() {
    let emulator = ims_emulator::Emulator::builder()
        .with_clock(|| std::time::SystemTime::UNIX_EPOCH)
        .start()
        .await
        .unwrap();
    for (offset, date) in [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (i64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        emulator.set_clock_offset(offset);
        let answer = get(&emulator, "/echo", "").await;
        assert_eq!(answer.header("date"), Some(date));
    }
}

#[tokio::test]
async fn after_a_rotation_tokens_of_both_keys_are_valid_and_both_keys_published() {
    let emulator = emulator(integration()).await;
    let before = token(&client_credentials(&emulator, "openid").await);
    emulator.rotate_token_key().await;
    let after = token(&client_credentials(&emulator, "openid").await);
    let set: JwkSet = serde_json::from_value(get(&emulator, "/ims/keys", "").await.body).unwrap();
    for (token, key_id) in [(before, TokenKey::KEY_ID), (after, "ims_emulator-key-at-2")] {
        let (input, signature) = token.rsplit_once('.').unwrap();
        let key = DecodingKey::from_jwk(set.find(key_id).unwrap()).unwrap();
        let verified =
            jsonwebtoken::crypto::verify(signature, input.as_bytes(), &key, Algorithm::RS256);
        assert!(verified.unwrap(), "{key_id}");
        let parameters = [("client_id", CLIENT_ID), ("token", &*token)];
        let answer = form(&emulator, "/ims/validate_token/v1", &parameters).await;
        assert_eq!(answer.body["valid"], true, "{key_id}");
    }
}
