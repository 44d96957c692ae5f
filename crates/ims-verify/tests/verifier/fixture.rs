//! Tokens as IMS makes them, by another library, and an IMS with prepared answers.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ims_claims::{Environment, NumericDate};
use ims_exchange::{Request, Response, SharedTransport, Transport, TransportError};
use ims_testkit::keys;
use ims_verify::{Authority, Fault, NotVerified, Requirements, TokenVerifier, VerifiedToken};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(crate) const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
pub(crate) const KEY_ID: &str = "ims_na1-key-at-1";

/// When the token of [`claims`] was issued; it lives a day.
pub(crate) const ISSUED_AT: NumericDate = NumericDate::from_secs(1_550_001_138);

/// An hour later.
pub(crate) const NOW: NumericDate = NumericDate::from_secs(1_550_004_738);

pub(crate) fn later(seconds: u64) -> NumericDate {
    NOW.plus(Duration::from_secs(seconds))
}

/// The payload of a token as IMS issues it.
pub(crate) fn claims() -> Value {
    json!({
        "id": "1550001138000_canary-id_ue1", "type": "access_token", "client_id": CLIENT_ID,
        "user_id": "6657031C5C095BB40A4@techacct.adobe.com", "as": "ims-na1", "aa_id": "canary-aa-id", "ctp": 0,
        "fg": "canary-fg", "moi": "canary-moi", "scope": "openid,AdobeID,read_organizations",
        "created_at": "1550001138000", "expires_in": "86400000",
    })
}

/// `claims` with one of them replaced, or removed by `null`.
#[track_caller]
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    claims
}

/// The header of a token as IMS writes it, naming `key_id`.
pub(crate) fn header(key_id: &str) -> Value {
    json!({"alg": "RS256", "x5u": format!("{key_id}.cer"), "kid": key_id, "itt": "at"})
}

/// A token of IMS, signed by the first key of the test kit.
pub(crate) fn token(claims: &Value) -> String {
    signed(&header(KEY_ID), claims, keys::FIRST)
}

/// RS256 by `pem` over any header and payload, whatever the header says.
#[track_caller]
pub(crate) fn signed(header: &Value, claims: &Value, pem: &str) -> String {
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    signed_as(header, &claims.to_string(), &key, Algorithm::RS256)
}

/// A token that names `key_id` and is signed with no known key.
pub(crate) fn unsigned(key_id: &str) -> String {
    let [header, payload] =
        [header(key_id), claims()].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{payload}.AAAA")
}

#[track_caller]
pub(crate) fn signed_as(
    header: &Value,
    payload: &str,
    key: &EncodingKey,
    algorithm: Algorithm,
) -> String {
    let [header, payload] =
        [&header.to_string(), payload].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let input = format!("{header}.{payload}");
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), key, algorithm).unwrap();
    format!("{input}.{signature}")
}

/// The public key of `pem` as IMS publishes it.
#[track_caller]
pub(crate) fn jwk(key_id: &str, pem: &str) -> Value {
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = key_id.into();
    jwk["use"] = "sig".into();
    jwk
}

pub(crate) fn jwks(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

pub(crate) fn requirements() -> Requirements {
    Requirements::of_clients([CLIENT_ID.parse().unwrap()])
}

/// What [`FakeIms`] answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Body(u16, Vec<u8>),
    RetryAfter(&'static str),
    Fails(TransportError),
    Panics,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Body(200, body.into())
    }

    pub(crate) fn silence() -> Self {
        Self::Fails(TransportError::Timeout { timeout: Duration::from_secs(10) })
    }
}

/// An IMS that publishes the first key of the test kit and answers that each token is valid, until the test changes that.
#[derive(Debug, Clone)]
pub(crate) struct FakeIms(Arc<State>);

struct State {
    keys: Mutex<Answer>,
    validity: Mutex<Answer>,
    asked: Mutex<Vec<Asked>>,
    /// Without a permit, nothing is answered.
    gate: Semaphore,
    /// One for each question that is neither answered nor given up.
    waiting: Arc<()>,
}

/// A question as the wire would have it.
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) text: String,
}

impl FakeIms {
    pub(crate) fn new() -> Self {
        static KEYS: LazyLock<String> = LazyLock::new(|| jwks(&[jwk(KEY_ID, keys::FIRST)]));
        Self(Arc::new(State {
            keys: Mutex::new(Answer::ok(KEYS.as_str())),
            validity: Mutex::new(Answer::ok(json!({"valid": true, "token": claims()}).to_string())),
            asked: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            waiting: Arc::default(),
        }))
    }

    pub(crate) fn publishes(&self, answer: Answer) {
        *self.0.keys.lock().unwrap() = answer;
    }

    pub(crate) fn says(&self, answer: Answer) {
        *self.0.validity.lock().unwrap() = answer;
    }

    /// Answers nothing until [`FakeIms::open`].
    pub(crate) fn close(&self) {
        self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open(&self) {
        self.0.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// How often it was asked for its keys.
    pub(crate) fn fetches(&self) -> usize {
        self.count("/ims/keys")
    }

    /// How often it was asked about a token.
    pub(crate) fn questions(&self) -> usize {
        self.count("/ims/validate_token/")
    }

    /// How many questions are neither answered nor given up.
    pub(crate) fn waiting(&self) -> usize {
        Arc::strong_count(&self.0.waiting) - 1
    }

    pub(crate) fn last_question(&self) -> Asked {
        self.0.asked.lock().unwrap().pop().unwrap()
    }

    fn count(&self, path: &str) -> usize {
        self.0.asked.lock().unwrap().iter().filter(|asked| asked.url.contains(path)).count()
    }

    /// A verifier of production's tokens, which asks this IMS.
    pub(crate) fn verifier(&self, authority: Authority) -> TokenVerifier {
        self.verifier_for(authority, requirements())
    }

    pub(crate) fn verifier_for(
        &self,
        authority: Authority,
        requirements: Requirements,
    ) -> TokenVerifier {
        let transport = SharedTransport::new(self.clone());
        TokenVerifier::new(Environment::production(), transport, authority, requirements)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeIms")
    }
}

impl Transport for FakeIms {
    async fn send(&self, request: Request, _: Duration) -> Result<Response, TransportError> {
        let (url, body) = (request.url().to_owned(), String::from_utf8_lossy(request.body()));
        let text = format!("{:?} {body}", request.headers());
        let is_for_keys = url.ends_with("/ims/keys");
        self.0.asked.lock().unwrap().push(Asked { url, text });
        let _waiting = Arc::clone(&self.0.waiting);
        let _permit = self.0.gate.acquire().await.unwrap();
        let answer = if is_for_keys { &self.0.keys } else { &self.0.validity };
        let answer = answer.lock().unwrap().clone();
        let response = |status, headers, body| {
            Response::new(StatusCode::from_u16(status).unwrap(), headers, body)
        };
        match answer {
            Answer::Body(status, body) => Ok(response(status, HeaderMap::new(), body)),
            Answer::RetryAfter(value) => {
                let field =
                    (HeaderName::from_static("retry-after"), HeaderValue::from_static(value));
                Ok(response(503, HeaderMap::from_iter([field]), Vec::new()))
            }
            Answer::Fails(error) => Err(error),
            Answer::Panics => panic!("the transport panics"),
        }
    }
}

/// The fault of a token that must be bad.
#[track_caller]
pub(crate) fn fault(verdict: Result<VerifiedToken, NotVerified>) -> Fault {
    match verdict {
        Err(NotVerified::Bad(fault)) => fault,
        other => panic!("not a bad token: {other:?}"),
    }
}

/// Waits until the tasks in the background have ended.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
