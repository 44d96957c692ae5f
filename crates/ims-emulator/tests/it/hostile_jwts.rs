//! JWTs that an attacker or a careless library would send.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_testkit::{certificates, keys};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::harness::{binding, emulator, exchange, jwt, payload, signed};

fn claims() -> String {
    Value::Object(payload(json!({}))).to_string()
}

/// An HS256 JWT whose secret is what anybody can read: the integration's public key or certificate.
fn by_hmac(secret: &[u8]) -> String {
    let encode = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
    let input = format!("{}.{}", encode(r#"{"alg":"HS256","typ":"JWT"}"#), encode(&claims()));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{input}.{signature}")
}

#[tokio::test]
async fn no_header_makes_another_key_or_algorithm_count() {
    let with_header = |header: &str, key: &str| signed(header, &claims(), key);
    let unsigned = {
        let jwt = with_header(r#"{"alg":"none"}"#, keys::FIRST);
        jwt[..=jwt.rfind('.').unwrap()].to_owned()
    };
    let key_set = r#"{"alg":"RS256","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}"#;
    #[rustfmt::skip]
    let table = [
        (unsigned,                                                        "invalid_signature"),
        (by_hmac(keys::FIRST_PUBLIC.as_bytes()),                          "invalid_signature"),
        (by_hmac(certificates::FIRST.as_bytes()),                         "invalid_signature"),
        (with_header(r#"{"alg":"none"}"#, keys::FIRST),                   "invalid_signature"),
        (with_header(r#"{"alg":"rs256"}"#, keys::FIRST),                  "invalid_signature"),
        (with_header(r#"{"alg":"RS512"}"#, keys::FIRST),                  "invalid_signature"),
        (with_header(r#"{"alg":["RS256"]}"#, keys::FIRST),                "invalid_signature"),
        (with_header(r"{}", keys::FIRST),                                 "invalid_signature"),
        (with_header(r#"{"alg":"RS256","crit":["exp"]}"#, keys::FIRST),   "invalid_signature"),
        (with_header(key_set, keys::SECOND),                              "invalid_signature"),
        (with_header(r#"{"alg":"RS256","x5u":"http://127.0.0.1/"}"#, keys::SECOND), "invalid_signature"),
        (with_header(r#"{"alg":"RS256","alg":"none"}"#, keys::FIRST),     "invalid_token"),
        (with_header("[]", keys::FIRST),                                  "invalid_token"),
    ];
    let emulator = emulator(binding()).await;
    for (jwt, error) in table {
        assert_eq!(exchange(&emulator, &jwt).await.error(), (400, error), "{jwt}");
    }
}

#[tokio::test]
async fn no_payload_but_one_object_with_distinct_members_is_decoded() {
    let twice = format!(r#"{{"exp":1,{}"#, &claims()[1..]);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let emulator = emulator(binding()).await;
    for payload in ["", "[]", "null", "\"x\"", "{", "\u{feff}{}", &twice, &deep] {
        let jwt = signed(r#"{"alg":"RS256"}"#, payload, keys::FIRST);
        assert_eq!(exchange(&emulator, &jwt).await.error(), (400, "invalid_token"), "{payload}");
    }
}

#[tokio::test]
async fn no_other_spelling_of_a_good_jwt_is_taken() {
    let jwt = jwt(json!({}));
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let emulator = emulator(binding()).await;
    for (spelling, error) in [
        (format!("{jwt}%3D"), "invalid_token"),
        (format!("{jwt}%20"), "invalid_token"),
        (format!("{jwt}.e30"), "invalid_token"),
        (format!("{header}.{payload}"), "invalid_token"),
        (format!("{input}."), "invalid_signature"),
        (format!("{input}.{}", &signature[4..]), "invalid_signature"),
        (format!("{input}.AAAA{}", &signature[4..]), "invalid_signature"),
        (format!("{header}.e30.{signature}"), "invalid_token"),
    ] {
        let answer = exchange(&emulator, &spelling).await;
        assert_eq!(answer.error(), (400, error), "{spelling}");
    }
}
