//! The documented order of the checks: of two faults, the one that is earlier in the README decides.

use ims_emulator::{Integration, Refusal};
use ims_testkit::keys;
use serde_json::{Value, json};

use crate::harness::{CLIENT_ID, CLIENT_SECRET, NOW, emulator, form, integration, payload, signed};

/// A request that is right until faults are added.
struct Attempt {
    client_id: &'static str,
    client_secret: &'static str,
    resource: &'static str,
    integration: Integration,
    header: &'static str,
    claims: serde_json::Map<String, Value>,
    key: &'static str,
}

impl Attempt {
    fn claim(&mut self, name: &str, value: Value) {
        self.claims.insert(name.to_owned(), value);
    }
}

type Fault = (Refusal, fn(&mut Attempt));

/// One fault for each row of the README's table that concerns the client or the JWT, in its order.
const FAULTS: [Fault; 18] = [
    (Refusal::ClientUnknown, |attempt| attempt.client_id = "unknown"),
    (Refusal::ClientSecretWrong, |attempt| attempt.client_secret = "wrong"),
    (Refusal::ResourceMalformed, |attempt| attempt.resource = "no-uri"),
    (Refusal::ExchangeNotAllowed, |attempt| {
        attempt.integration = attempt.integration.clone().without_exchange_jwt();
    }),
    (Refusal::Migrated, |attempt| attempt.integration = attempt.integration.clone().migrated()),
    (Refusal::AlgorithmMismatch, |attempt| attempt.header = r#"{"alg":"none"}"#),
    (Refusal::ExpNotInteger, |attempt| attempt.claim("exp", json!("soon"))),
    (Refusal::JtiNotInteger, |attempt| attempt.claim("jti", json!("x"))),
    (Refusal::FieldMalformed, |attempt| attempt.claim("iss", json!("x"))),
    (Refusal::AudienceElsewhere, |attempt| attempt.claim("aud", json!("https://x.example/c/y"))),
    (Refusal::AudienceOfAnotherClient, |attempt| {
        attempt.claim("aud", json!("https://ims-na1.adobelogin.com/c/y"));
    }),
    (Refusal::IdentityUnknown, |attempt| attempt.claim("sub", json!("X@techacct.adobe.com"))),
    (Refusal::SignatureWrong, |attempt| attempt.key = keys::SECOND),
    (Refusal::Expired, |attempt| attempt.claim("exp", json!(NOW - 300))),
    (Refusal::NotYetValid, |attempt| attempt.claim("nbf", json!(NOW + 300))),
    (Refusal::ExpOutOfRange, |attempt| attempt.claim("exp", json!(NOW + 90_000))),
    (Refusal::MetascopeNotInIntegration, |attempt| {
        attempt.claim("https://ims-na1.adobelogin.com/s/ent_gdpr_sdk", json!(true));
    }),
    (Refusal::JtiMissing, |attempt| {
        attempt.integration = attempt.integration.clone().requiring_jti();
    }),
];

/// Why an attempt with these faults is refused. The later fault is added first, so that the earlier one
/// decides the value of a claim that both change.
async fn refusal(earlier: &Fault, later: &Fault) -> Option<Refusal> {
    let mut attempt = Attempt {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        resource: "",
        integration: integration(),
        header: r#"{"alg":"RS256"}"#,
        claims: payload(json!({})),
        key: keys::FIRST,
    };
    (later.1)(&mut attempt);
    (earlier.1)(&mut attempt);
    let jwt = signed(attempt.header, &Value::Object(attempt.claims).to_string(), attempt.key);
    let emulator = emulator(attempt.integration).await;
    let parameters = [
        ("client_id", attempt.client_id),
        ("client_secret", attempt.client_secret),
        ("resource", attempt.resource),
        ("jwt_token", &jwt),
    ];
    form(&emulator, "/ims/exchange/jwt", &parameters).await;
    emulator.requests()[0].refusal
}

#[tokio::test]
async fn of_two_faults_the_one_that_is_documented_earlier_decides() {
    for (place, earlier) in FAULTS.iter().enumerate() {
        for later in &FAULTS[place..] {
            let refusal = refusal(earlier, later).await;
            assert_eq!(refusal, Some(earlier.0), "{:?} and {:?}", earlier.0, later.0);
        }
    }
}
