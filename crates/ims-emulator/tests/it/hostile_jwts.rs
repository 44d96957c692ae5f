//! JWTs that an attacker or a careless library would send: hundreds, each with one fault, under a key that was made for
//! this run.

mod headers;
mod payloads;
mod signatures;

use std::collections::HashSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_emulator::{Certificate, Emulator, Integration};
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use crate::harness::{CLIENT_ID, CLIENT_SECRET, NOW, builder, payload, post};

/// The header of a good assertion.
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// One hostile JWT, what is wrong with it, and the documented answer.
struct Case {
    fault: String,
    jwt: String,
    status: u16,
    error: &'static str,
}

/// Cases as they are put together; every documented answer to a JWT has the status 400.
#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn add(&mut self, fault: impl Into<String>, jwt: String, error: &'static str) {
        self.0.push(Case { fault: fault.into(), jwt, status: 400, error });
    }
}

/// A key that was made for this run, and the certificate that an integration has of it.
struct Forge {
    pem: String,
    certificate_pem: String,
}

impl Forge {
    fn new() -> Self {
        let key_pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
        (params.not_before, params.not_after) = (now - Duration::days(1), now + Duration::days(1));
        let certificate_pem = params.self_signed(&key_pair).unwrap().pem();
        Self { pem: key_pair.serialize_pem(), certificate_pem }
    }

    /// The signature of this key over `input`, as RS256 unless `algorithm` says otherwise, in base64url.
    fn signature(&self, input: &str, algorithm: Algorithm) -> String {
        let key = EncodingKey::from_rsa_pem(self.pem.as_bytes()).unwrap();
        jsonwebtoken::crypto::sign(input.as_bytes(), &key, algorithm).unwrap()
    }

    /// A JWS whose first two parts are these octets, whatever they are.
    fn signed(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.joined(&encoded(header), &encoded(payload))
    }

    /// A JWS whose first two parts are these, encoded or not.
    fn joined(&self, header: &str, payload: &str) -> String {
        let input = format!("{header}.{payload}");
        let signature = self.signature(&input, Algorithm::RS256);
        format!("{input}.{signature}")
    }

    /// A good assertion with `changes` applied to its claims; `null` removes one.
    fn jwt(&self, changes: Value) -> String {
        self.signed(HEADER, claims(changes))
    }

    async fn emulator(&self) -> Emulator {
        let integration = Integration::new(
            CLIENT_ID.parse().unwrap(),
            "C74F69D7594880280@AdobeOrg".parse().unwrap(),
            "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
        )
        .with_client_secret(CLIENT_SECRET)
        .with_metascopes([
            ims_claims::Metascope::ENT_DATASERVICES_SDK,
            ims_claims::Metascope::ENT_USER_SDK,
        ])
        .with_certificates(Certificate::read_all(self.certificate_pem.as_bytes()).unwrap());
        builder().with_integration(integration).start().await.unwrap()
    }
}

fn encoded(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

/// The payload of a good assertion with `changes` applied to it.
fn claims(changes: Value) -> String {
    Value::Object(payload(changes)).to_string()
}

/// The same with one more member, as text: a library for JSON would not write such members.
fn claims_with(member: &str) -> String {
    let claims = claims(json!({}));
    format!("{{{member},{}", &claims[1..])
}

/// The same with another value of `claim`, which may be `null`.
fn claims_having(claim: &str, value: Value) -> String {
    let mut claims: Map<String, Value> = payload(json!({}));
    claims.insert(claim.to_owned(), value);
    Value::Object(claims).to_string()
}

async fn exchange(emulator: &Emulator, jwt: &str) -> crate::harness::Answer {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", CLIENT_ID)
        .append_pair("client_secret", CLIENT_SECRET)
        .append_pair("jwt_token", jwt)
        .finish();
    post(emulator, "/ims/exchange/jwt", "application/x-www-form-urlencoded", &body).await
}

#[tokio::test]
async fn hundreds_of_hostile_jwts_get_their_documented_answers() {
    let (forge, stranger) = (Forge::new(), Forge::new());
    let mut cases = Cases::default();
    headers::forge(&forge, &stranger, &mut cases);
    payloads::forge(&forge, &mut cases);
    signatures::forge(&forge, &stranger, &mut cases);
    let mut different = HashSet::new();
    for Case { fault, jwt, .. } in &cases.0 {
        assert!(different.insert(jwt), "{fault} is there twice");
    }
    assert!(cases.0.len() >= 300, "{}", cases.0.len());
    let emulator = forge.emulator().await;
    assert_eq!(exchange(&emulator, &forge.jwt(json!({}))).await.status, 200);
    for Case { fault, jwt, status, error } in &cases.0 {
        let answer = exchange(&emulator, jwt).await;
        assert_eq!(answer.error(), (*status, *error), "{fault}: {jwt}");
        let verdict = emulator.requests().pop().unwrap();
        assert_eq!(verdict.checks.iter().filter(|check| !check.passed).count(), 1, "{fault}");
        let signature = jwt.rsplit('.').next().filter(|signature| signature.len() > 100);
        assert!(signature.is_none_or(|text| !verdict.to_string().contains(text)), "{fault}");
    }
}
