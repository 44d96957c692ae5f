//! An integration, JWTs for it, and requests written byte by byte, without a client library.

use std::time::{Duration, SystemTime};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::Metascope;
use ims_emulator::{Certificate, Emulator, EmulatorBuilder, Integration, TokenKey};
use ims_testkit::{certificates, keys};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The time of the tests: the certificates of the test kit are valid then.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret";

pub(crate) fn integration() -> Integration {
    Integration::new(
        CLIENT_ID.parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    )
    .with_client_secret(CLIENT_SECRET)
    .with_certificates(Certificate::read_all(certificates::FIRST.as_bytes()).unwrap())
    .with_metascopes([Metascope::ENT_DATASERVICES_SDK, Metascope::ENT_USER_SDK])
    .with_scopes(["openid", "AdobeID", "read_organizations"])
}

pub(crate) fn builder() -> EmulatorBuilder {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
    Emulator::builder()
        .with_clock(move || now)
        .with_token_key(TokenKey::from_pkcs8_pem(keys::SECOND).unwrap())
}

pub(crate) async fn emulator(integration: Integration) -> Emulator {
    builder().with_integration(integration).start().await.unwrap()
}

/// The payload of a good assertion with `changes` applied to it; `null` removes a member.
#[track_caller]
pub(crate) fn payload(changes: Value) -> Map<String, Value> {
    let payload = json!({
        "exp": NOW + 300,
        "iss": "C74F69D7594880280@AdobeOrg",
        "sub": "6657031C5C095BB40A4@techacct.adobe.com",
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": true,
        "aud": format!("https://ims-na1.adobelogin.com/c/{CLIENT_ID}"),
    });
    let (Value::Object(mut payload), Value::Object(changes)) = (payload, changes) else {
        panic!("changes are an object")
    };
    payload.extend(changes);
    payload.retain(|_, value| !value.is_null());
    payload
}

/// A good assertion with `changes` applied to its claims.
#[track_caller]
pub(crate) fn jwt(changes: Value) -> String {
    let claims = Value::Object(payload(changes)).to_string();
    signed(r#"{"alg":"RS256","typ":"JWT"}"#, &claims, keys::FIRST)
}

/// A JWS with this header and payload, whatever they are, under an RS256 signature of `key`.
#[track_caller]
pub(crate) fn signed(header: &str, payload: &str, key: &str) -> String {
    let encode = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
    let input = format!("{}.{}", encode(header), encode(payload));
    let key = EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::RS256).unwrap();
    format!("{input}.{signature}")
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let field = |line: &&str| {
            line.split_once(':').is_some_and(|(given, _)| given.eq_ignore_ascii_case(name))
        };
        self.head.lines().find(field)?.split_once(':').map(|(_, value)| value.trim())
    }
}

/// Sends `request` as it is and reads until the connection ends.
pub(crate) async fn send(emulator: &Emulator, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let json = serde_json::from_str(body).unwrap_or(Value::Null);
    Answer { status, head: head.to_owned(), text: body.to_owned(), body: json }
}

pub(crate) async fn post(
    emulator: &Emulator,
    path: &str,
    content_type: &str,
    body: &str,
) -> Answer {
    let host = emulator.address();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    send(emulator, request.as_bytes()).await
}

pub(crate) async fn get(emulator: &Emulator, path: &str, headers: &str) -> Answer {
    let host = emulator.address();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    send(emulator, request.as_bytes()).await
}

/// Posts urlencoded parameters; those without a value are left out.
pub(crate) async fn form(emulator: &Emulator, path: &str, parameters: &[(&str, &str)]) -> Answer {
    let body: Vec<String> = parameters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    post(emulator, path, "application/x-www-form-urlencoded", &body.join("&")).await
}

/// Exchanges `jwt` with the right client id and secret.
pub(crate) async fn exchange(emulator: &Emulator, jwt: &str) -> Answer {
    let parameters =
        [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("jwt_token", jwt)];
    form(emulator, "/ims/exchange/jwt", &parameters).await
}

/// Gets an access token with client credentials.
pub(crate) async fn client_credentials(emulator: &Emulator, scope: &str) -> Answer {
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", scope),
    ];
    form(emulator, "/ims/token/v3", &parameters).await
}
