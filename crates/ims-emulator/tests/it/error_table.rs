//! Adobe's error table row by row: each documented cause, alone, gives the documented status and code.
//! Source: Adobe, "JWT Authentication Reference", Responses.

use ims_claims::Metascope;
use ims_emulator::{Certificate, Integration, Refusal};
use ims_testkit::{certificates, keys};
use serde_json::{Value, json};

use crate::harness::{
    CLIENT_ID, CLIENT_SECRET, NOW, builder, emulator, exchange, form, integration, jwt, payload,
    signed,
};

/// Exchanges `jwt` at an emulator that has `integration`, and expects `refusal` with its status and code.
async fn refused(integration: Integration, jwt: &str, refusal: Refusal, status: u16, error: &str) {
    let emulator = emulator(integration).await;
    let answer = exchange(&emulator, jwt).await;
    assert_eq!(answer.error(), (status, error), "{refusal:?}");
    assert_eq!(emulator.requests()[0].refusal, Some(refusal));
    assert!(answer.header("x-debug-id").is_some_and(|id| id == emulator.requests()[0].debug_id));
}

#[tokio::test]
async fn each_fault_of_the_claims_gives_its_documented_answer() {
    use Refusal as R;
    let metascope = "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk";
    let claim = |code: &str| format!("https://ims-na1.adobelogin.com/s/{code}");
    let aud = |base: &str, client: &str| json!({ "aud": format!("{base}/c/{client}") });
    let production = "https://ims-na1.adobelogin.com";
    #[rustfmt::skip]
    let table: Vec<(Value, u16, &str, Refusal)> = vec![
        (json!({ "exp": null }),                       400, "invalid_token",  R::ExpNotInteger),
        (json!({ "exp": (NOW + 300).to_string() }),    400, "invalid_token",  R::ExpNotInteger),
        (json!({ "exp": 1_800_000_300.5 }),            400, "invalid_token",  R::ExpNotInteger),
        (json!({ "exp": "Thu Jun 09 16:58:09" }),      400, "invalid_token",  R::ExpNotInteger),
        (json!({ "exp": NOW - 30 }),                   400, "invalid_token",  R::Expired),
        (json!({ "exp": -1 }),                         400, "invalid_token",  R::Expired),
        (json!({ "nbf": NOW + 31 }),                   400, "invalid_token",  R::NotYetValid),
        (json!({ "jti": "x" }),                        400, "invalid_token",  R::JtiNotInteger),
        (json!({ "jti": 1.5 }),                        400, "invalid_token",  R::JtiNotInteger),
        (json!({ "exp": (NOW + 300) * 1000 }),         400, "bad_request",    R::ExpOutOfRange),
        (json!({ "exp": NOW + 86_431 }),               400, "bad_request",    R::ExpOutOfRange),
        (json!({ "iat": NOW - 1, "exp": NOW + 86_400 }), 400, "bad_request",  R::ExpOutOfRange),
        (json!({ "iat": NOW + 300 }),                  400, "bad_request",    R::ExpOutOfRange),
        (json!({ "iat": "now" }),                      400, "bad_request",    R::FieldMalformed),
        (json!({ "iss": null }),                       400, "bad_request",    R::FieldMalformed),
        (json!({ "iss": "C74F69D7594880280" }),        400, "bad_request",    R::FieldMalformed),
        (json!({ "sub": "a@b.example" }),              400, "bad_request",    R::FieldMalformed),
        (json!({ "sub": ["a@techacct.adobe.com"] }),   400, "bad_request",    R::FieldMalformed),
        (json!({ "aud": null }),                       400, "bad_request",    R::FieldMalformed),
        (json!({ "aud": [format!("{production}/c/{CLIENT_ID}")] }), 400, "bad_request", R::FieldMalformed),
        (json!({ metascope: "true" }),                 400, "bad_request",    R::FieldMalformed),
        (aud("https://ims-na1-stg1.adobelogin.com", CLIENT_ID), 400, "invalid_client", R::AudienceElsewhere),
        (aud("https://ims-na1.adobelogin.com.evil.example", CLIENT_ID), 400, "invalid_client", R::AudienceElsewhere),
        (json!({ "aud": production }),                 400, "invalid_client", R::AudienceOfAnotherClient),
        (aud(production, "another"),                   400, "invalid_client", R::AudienceOfAnotherClient),
        (json!({ "iss": "OTHER@AdobeOrg" }),           400, "invalid_signature", R::IdentityUnknown),
        (json!({ "sub": "OTHER@techacct.adobe.com" }), 400, "invalid_signature", R::IdentityUnknown),
        (json!({ metascope: null }),                   400, "invalid_scope",  R::NoMetascopes),
        (json!({ claim("ent_no_such_sdk"): true }),    400, "invalid_scope",  R::MetascopeUnknown),
        (json!({ claim("not a code"): true }),         400, "invalid_scope",  R::MetascopeUnknown),
        (json!({ "https://ims.example/s/ent_user_sdk": true }), 400, "invalid_scope", R::MetascopeUnknown),
        (json!({ claim("ent_gdpr_sdk"): true }),       400, "invalid_scope",  R::MetascopeNotInIntegration),
    ];
    for (changes, status, error, refusal) in table {
        refused(integration(), &jwt(changes), refusal, status, error).await;
    }
}

#[tokio::test]
async fn each_fault_of_the_integration_gives_its_documented_answer() {
    let plain = || jwt(json!({}));
    let bare = Integration::new(
        CLIENT_ID.parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    );
    let others = Certificate::read_all(certificates::SECOND.as_bytes()).unwrap();
    let other_key = bare.clone().with_client_secret(CLIENT_SECRET).with_certificates(others);
    let client_has = |metascope| integration().with_client_metascopes([metascope]);
    #[rustfmt::skip]
    let table = [
        (bare.clone(),                        plain(), 401, "invalid_client",    Refusal::ClientSecretWrong),
        (integration().without_exchange_jwt(),    plain(), 401, "invalid_client",    Refusal::ExchangeNotAllowed),
        (integration().migrated(),                plain(), 500, "internal_error",    Refusal::Migrated),
        (other_key,                           plain(), 400, "invalid_signature", Refusal::SignatureWrong),
        (bare.with_client_secret(CLIENT_SECRET), plain(), 400, "invalid_signature", Refusal::SignatureWrong),
        (integration().requiring_jti(),           plain(), 400, "invalid_jti",       Refusal::JtiMissing),
        (client_has(Metascope::ENT_USER_SDK), plain(), 400, "invalid_scope",     Refusal::MetascopeNotInClient),
    ];
    for (integration, jwt, status, error, refusal) in table {
        refused(integration, &jwt, refusal, status, error).await;
    }
}

#[tokio::test]
async fn each_fault_of_the_request_gives_its_documented_answer() {
    let jwt = jwt(json!({}));
    #[rustfmt::skip]
    let table = [
        ("",        CLIENT_SECRET, jwt.as_str(), 400, "invalid_client", Refusal::ClientIdMissing),
        ("unknown", CLIENT_SECRET, &jwt,         400, "invalid_client", Refusal::ClientUnknown),
        (CLIENT_ID, "",            &jwt,         401, "invalid_client", Refusal::ClientSecretMissing),
        (CLIENT_ID, "wrong",       &jwt,         401, "invalid_client", Refusal::ClientSecretWrong),
        (CLIENT_ID, CLIENT_SECRET, "",           400, "invalid_token",  Refusal::JwtMissing),
        (CLIENT_ID, CLIENT_SECRET, "jwt",        400, "invalid_token",  Refusal::JwtUndecodable),
    ];
    let emulator = emulator(integration()).await;
    for (client_id, client_secret, jwt, status, error, refusal) in table {
        let parameters =
            [("client_id", client_id), ("client_secret", client_secret), ("jwt_token", jwt)];
        let answer = form(&emulator, "/ims/exchange/jwt", &parameters).await;
        assert_eq!(answer.error(), (status, error), "{refusal:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal));
    }
}

#[tokio::test]
async fn a_used_jti_is_refused_and_a_refused_request_uses_none() {
    let emulator = emulator(integration().requiring_jti()).await;
    let metascope = "https://ims-na1.adobelogin.com/s/ent_gdpr_sdk";
    let table = [
        (json!({ "jti": "7", metascope: true }), (400, "invalid_scope")),
        (json!({ "jti": "7" }), (200, "")),
        (json!({ "jti": "7" }), (400, "invalid_jti")),
        (json!({ "jti": 7 }), (400, "invalid_jti")),
        (json!({ "jti": "8" }), (200, "")),
    ];
    for (changes, error) in table {
        assert_eq!(exchange(&emulator, &jwt(changes.clone())).await.error(), error, "{changes}");
    }
}

#[tokio::test]
async fn a_certificate_outside_its_validity_matches_no_signature() {
    for (now, refusal) in [
        (1_795_227_367_i64, Some(Refusal::CertificateNotValid)),
        (1_795_227_368, None),
        (4_948_827_368, None),
        (4_948_827_369, Some(Refusal::CertificateNotValid)),
    ] {
        let emulator = emulator(integration()).await;
        emulator.set_clock_offset(now - NOW);
        let answer = exchange(&emulator, &jwt(json!({ "exp": now + 300 }))).await;
        assert_eq!(emulator.requests()[0].refusal, refusal, "{now} {answer:?}");
    }
}

#[tokio::test]
async fn the_observed_answer_to_a_wrong_key_is_given_on_request() {
    let emulator =
        builder().with_integration(integration()).answering_as_observed().start().await.unwrap();
    let claims = Value::Object(payload(json!({}))).to_string();
    let answer = exchange(&emulator, &signed(r#"{"alg":"RS256"}"#, &claims, keys::SECOND)).await;
    assert_eq!(answer.error(), (400, "invalid_token"));
    assert_eq!(
        answer.body["error_description"],
        "Could not match JWT signature to any of the bindings"
    );
}

#[tokio::test]
async fn an_exp_in_milliseconds_is_accepted_if_the_integration_allows_it() {
    let emulator =
        builder().with_integration(integration()).taking_millisecond_exp().start().await.unwrap();
    let in_ms = |exp: i64| jwt(json!({ "exp": exp * 1000 }));
    assert_eq!(exchange(&emulator, &in_ms(NOW + 300)).await.status, 200);
    assert_eq!(exchange(&emulator, &in_ms(NOW - 300)).await.error(), (400, "invalid_token"));
}

#[tokio::test]
async fn at_most_thirty_seconds_of_clock_skew_are_allowed() {
    #[rustfmt::skip]
    let table = [
        (json!({ "exp": NOW - 29 }),                      200),
        (json!({ "exp": NOW - 30 }),                      400),
        (json!({ "nbf": NOW + 30 }),                      200),
        (json!({ "exp": NOW + 86_430 }),                  200),
        (json!({ "iat": NOW + 20, "exp": NOW + 86_420 }), 200),
    ];
    let emulator = emulator(integration()).await;
    for (changes, status) in table {
        assert_eq!(exchange(&emulator, &jwt(changes.clone())).await.status, status, "{changes}");
    }
}
