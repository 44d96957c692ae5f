//! What the verdict about a request contains, and what it must not contain.

use std::sync::mpsc;

use ims_emulator::Refusal;
use ims_testkit::keys;
use serde_json::{Value, json};

use crate::harness::{
    CLIENT_SECRET, builder, emulator, exchange, form, get, integration, jwt, payload, signed,
};

#[tokio::test]
async fn a_verdict_lists_the_checks_and_says_what_to_do() {
    let emulator = emulator(integration()).await;
    let claims = Value::Object(payload(json!({}))).to_string();
    exchange(&emulator, &signed(r#"{"alg":"RS256"}"#, &claims, keys::SECOND)).await;
    let expected = "\
#1 POST /ims/exchange/jwt → 400 invalid_signature (a64f5f10849a410a97ffdac8ae1)
  ok   host is this emulator
  ok   path is served
  ok   method is served: POST
  ok   parameters can be read
  ok   client_id is sent
  ok   client_id is registered: a64f5f10849a410a97ffdac8ae1
  ok   client_secret is sent
  ok   client_secret is right: one of them
  ok   client has the exchange_jwt scope: it may
  ok   credential is not migrated: a JWT credential
  ok   jwt_token is sent
  ok   jwt_token has no white space: none
  ok   JWT can be decoded
  ok   alg is RS256: RS256
  ok   header has no crit
  ok   payload can be decoded
  ok   exp is an integer: 1800000300
  ok   iss has its form: C74F69D7594880280@AdobeOrg
  ok   sub has its form: 6657031C5C095BB40A4@techacct.adobe.com
  ok   aud is one text: https://ims-na1.adobelogin.com/c/a64f5f10849a410a97ffdac8ae1
  ok   metascope has the value true: true
  ok   aud is this IMS: https://ims-na1.adobelogin.com
  ok   aud is this client: a64f5f10849a410a97ffdac8ae1
  ok   iss is the integration's: C74F69D7594880280@AdobeOrg
  ok   sub is the integration's: 6657031C5C095BB40A4@techacct.adobe.com
  FAIL signature matches a certificate: expected a certificate of the integration, which has 1, got none of them
  remedy: Sign with the private key of a certificate of this integration, or add the certificate to it.";
    assert_eq!(emulator.requests()[0].to_string(), expected);
}

#[tokio::test]
async fn a_verdict_is_one_line_of_json() {
    let emulator = emulator(integration()).await;
    exchange(&emulator, "x").await;
    let line = serde_json::to_string(&*emulator.requests()[0]).unwrap();
    assert!(!line.contains('\n'));
    let verdict: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(verdict["endpoint"], "exchange_jwt");
    assert_eq!(verdict["refusal"], "jwt_undecodable");
    assert_eq!(verdict["status"], 400);
    assert_eq!(verdict["checks"].as_array().unwrap().last().unwrap()["passed"], false);
}

#[tokio::test]
async fn an_observer_sees_each_request_before_the_answer_comes() {
    let (sender, receiver) = mpsc::channel();
    let builder = builder().with_integration(integration());
    let observed = builder.with_observer(move |verdict| sender.send(verdict.status).unwrap());
    let emulator = observed.start().await.unwrap();
    exchange(&emulator, &jwt(json!({}))).await;
    get(&emulator, "/nowhere", "").await;
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [200, 404]);
}

#[tokio::test]
async fn no_secret_and_no_token_is_in_a_verdict() {
    let emulator = emulator(integration()).await;
    let jwt = jwt(json!({}));
    let granted = exchange(&emulator, &jwt).await;
    let token = granted.body["access_token"].as_str().unwrap();
    let wrong = "canary-wrong-secret";
    form(
        &emulator,
        "/ims/exchange/jwt",
        &[("client_id", "a64f5f10849a410a97ffdac8ae1"), ("client_secret", wrong)],
    )
    .await;
    form(&emulator, "/ims/exchange/jwt", &[("client_id", CLIENT_SECRET)]).await;
    // The verdict says that the parameters are mixed up, without the secret.
    let among_others = format!("openid,{CLIENT_SECRET}");
    for secret in [CLIENT_SECRET, &among_others] {
        form(&emulator, "/ims/token/v3", &[("grant_type", secret)]).await;
        assert_eq!(
            emulator.requests().pop().unwrap().checks.last().unwrap().actual,
            "a client secret"
        );
    }
    get(&emulator, &format!("/ims/validate_token/v1?token={token}&client_secret={wrong}"), "")
        .await;
    get(&emulator, "/echo", &format!("x-api-key: x\r\nAuthorization: Bearer {token}\r\n")).await;
    for verdict in emulator.requests() {
        let told = format!("{verdict} {verdict:?} {}", serde_json::to_string(&*verdict).unwrap());
        for secret in [CLIENT_SECRET, wrong, &jwt, token] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[tokio::test]
async fn what_a_client_sends_cannot_control_the_terminal() {
    let emulator = emulator(integration()).await;
    form(&emulator, "/ims/exchange/jwt", &[("client_id", "%1b%5b2J%0d%0aok")]).await;
    let verdict = emulator.requests().pop().unwrap();
    assert_eq!(verdict.refusal, Some(Refusal::ClientUnknown));
    assert!(!verdict.to_string().contains(['\u{1b}', '\r']));
}

#[tokio::test]
async fn the_time_of_day_has_two_digits_each() {
    let emulator = emulator(integration()).await;
    get(&emulator, "/ims/keys", "").await;
    let mut verdict = (*emulator.requests()[0]).clone();
    for (ms, time) in [(1_732_752_123_456, "00:02:03"), (86_399_999, "23:59:59")] {
        verdict.received_at_ms = ms;
        assert_eq!(verdict.time_of_day(), time);
    }
}
