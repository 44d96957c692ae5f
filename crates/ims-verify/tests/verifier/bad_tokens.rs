//! Tokens that the published keys do not verify, one row for each reason.

use std::sync::LazyLock;

use ims_claims::{Algorithm, ClaimsError, CompactJwt, JwtError};
use ims_sign::VerifyError;
use ims_testkit::keys;
use ims_verify::{Authority, Fault, NotVerified, Requirements, SKEW};
use jsonwebtoken::EncodingKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::*;

#[tokio::test]
async fn a_good_token_gives_its_holder_and_its_scopes() {
    let verifier = FakeIms::new().verifier(Authority::PublishedKeys);
    let token = verifier.verify(&token(&claims()), NOW).await.unwrap();
    assert_eq!(token.client_id().as_str(), CLIENT_ID);
    assert_eq!(token.user_id(), Some("6657031C5C095BB40A4@techacct.adobe.com"));
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["openid", "AdobeID", "read_organizations"]);
    assert!(token.has_scope(&"openid".parse().unwrap()));
    assert!(!token.has_scope(&"open".parse().unwrap()));
    assert_eq!(token.created_at(), ISSUED_AT);
    assert_eq!(token.expires_at().since(token.created_at()).as_secs(), 86_400);
    // Members without a method are kept.
    assert_eq!(token.payload().members()["moi"], "canary-moi");
}

#[tokio::test]
async fn each_claim_that_is_wrong_has_its_own_reason() {
    let missing = |claim| Fault::Claims(ClaimsError::Missing { claim });
    let malformed = |claim, expected| Fault::Claims(ClaimsError::Malformed { claim, expected });
    let milliseconds = |claim| malformed(claim, "a string of decimal milliseconds");
    let lacking = |scope: &str| Fault::ScopeMissing { scope: scope.parse().unwrap() };
    #[rustfmt::skip]
    let table = [
        ("type",       json!("refresh_token"),      Fault::NotAnAccessToken),
        ("type",       json!("service_token"),      Fault::NotAnAccessToken),
        ("type",       json!(["access_token"]),     Fault::NotAnAccessToken),
        ("type",       json!(null),                 Fault::NotAnAccessToken),
        ("as",         json!("ims-na1-stg1"),       Fault::AnotherEnvironment),
        ("as",         json!(null),                 Fault::AnotherEnvironment),
        ("client_id",  json!(null),                 missing("client_id")),
        ("client_id",  json!(7),                    missing("client_id")),
        ("client_id",  json!("a/b"),                malformed("client_id", "a client id")),
        ("client_id",  json!("another"),            Fault::ClientNotAllowed),
        ("scope",      json!("openid,adobeid"),     lacking("AdobeID")),
        ("scope",      json!("openid,AdobeID.x"),   lacking("AdobeID")),
        ("scope",      json!(["openid","AdobeID"]), lacking("openid")),
        ("scope",      json!(null),                 lacking("openid")),
        ("created_at", json!(null),                 missing("created_at")),
        ("created_at", json!(1_550_001_138_000_u64), milliseconds("created_at")),
        ("expires_in", json!("-1"),                 milliseconds("expires_in")),
        ("expires_in", json!("0"),                  Fault::Expired { expired_at: ISSUED_AT }),
    ];
    let scopes = ["openid", "AdobeID"].map(|scope| scope.parse().unwrap());
    let verifier =
        FakeIms::new().verifier_for(Authority::PublishedKeys, requirements().with_scopes(scopes));
    verifier.verify(&token(&claims()), NOW).await.unwrap();
    for (name, value, reason) in table {
        let verdict = verifier.verify(&token(&claims_with(name, value.clone())), NOW).await;
        assert_eq!(fault(verdict), reason, "{name} {value}");
    }
}

#[tokio::test]
async fn a_token_is_good_from_half_a_minute_before_its_issue_until_its_expiry() {
    let expired_at = ISSUED_AT.plus(std::time::Duration::from_hours(24));
    let future = Some(Fault::FromTheFuture { created_at: ISSUED_AT });
    let expired = Some(Fault::Expired { expired_at });
    let (second, seconds) = (std::time::Duration::from_secs(1), std::time::Duration::from_secs);
    let table = [
        (ISSUED_AT.minus(SKEW).minus(second), future),
        (ISSUED_AT.minus(SKEW), None),
        (ISSUED_AT, None),
        (expired_at.minus(second), None),
        (expired_at, expired.clone()),
        (expired_at.plus(seconds(86_400)), expired),
    ];
    // With a cache, too: cached verdicts expire like any other.
    let verifier = FakeIms::new().verifier(Authority::PublishedKeys);
    let token = token(&claims());
    for (now, reason) in table {
        let verdict = verifier.verify(&token, now).await;
        assert_eq!(verdict.err().map(|error| error.fault().cloned()), reason.map(Some), "{now:?}");
    }
}

#[tokio::test]
async fn a_header_may_not_choose_the_algorithm_or_the_key() {
    let with = |members: Value| {
        let mut header = header(KEY_ID);
        header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        header
    };
    let algorithm = VerifyError::Algorithm { expected: Algorithm::Rs256 };
    #[rustfmt::skip]
    let table = [
        (json!({"alg": "none"}),                        algorithm.clone()),
        (json!({"alg": "HS256"}),                       algorithm.clone()),
        (json!({"alg": "RS384"}),                       algorithm.clone()),
        (json!({"alg": "PS256"}),                       algorithm),
        (json!({"crit": ["b64"], "b64": false}),        VerifyError::Critical),
        (json!({"jku": "https://evil.example/keys"}),   VerifyError::EmbeddedKey { member: "jku" }),
        (json!({"jwk": jwk(KEY_ID, keys::SECOND)}),     VerifyError::EmbeddedKey { member: "jwk" }),
        (json!({"x5c": ["MIID"]}),                      VerifyError::EmbeddedKey { member: "x5c" }),
        (json!({"x5u": "https://evil.example/a.cer"}),  VerifyError::EmbeddedKey { member: "x5u" }),
    ];
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::PublishedKeys);
    for (members, reason) in table {
        let token = signed(&with(members.clone()), &claims(), keys::FIRST);
        assert_eq!(
            fault(verifier.verify(&token, NOW).await),
            Fault::Signature(reason),
            "{members}"
        );
    }
    assert_eq!((ims.fetches(), ims.questions()), (1, 0));
}

#[tokio::test]
async fn a_good_token_does_not_make_another_header_valid() {
    let verifier = FakeIms::new().verifier(Authority::PublishedKeys).without_memory();
    let good = token(&claims());
    verifier.verify(&good, NOW).await.unwrap();
    verifier.verify(&good, NOW).await.unwrap();
    let wrong = signed(&json!({"alg": "none", "kid": KEY_ID}), &claims(), keys::FIRST);
    let algorithm = VerifyError::Algorithm { expected: Algorithm::Rs256 };
    assert_eq!(fault(verifier.verify(&wrong, NOW).await), Fault::Signature(algorithm));
    let (header, _) = good.split_once('.').unwrap();
    let forged = format!("{header}.{}", unsigned(KEY_ID).split_once('.').unwrap().1);
    let verdict = fault(verifier.verify(&forged, NOW).await);
    assert_eq!(verdict, Fault::Signature(VerifyError::Signature));
    let shorter = good.replacen(header, &header[..header.len() - 1], 1);
    assert!(matches!(fault(verifier.verify(&shorter, NOW).await), Fault::NotAJwt(_)));
    verifier.verify(&good, NOW).await.unwrap();
}

#[tokio::test]
async fn a_signature_by_anything_but_the_named_key_is_wrong() {
    let public_key = EncodingKey::from_secret(keys::FIRST_PUBLIC.as_bytes());
    let hs256 = |header| {
        let payload = claims().to_string();
        signed_as(header, &payload, &public_key, jsonwebtoken::Algorithm::HS256)
    };
    let good = token(&claims());
    let (input, signature) = good.rsplit_once('.').unwrap();
    let without_kid = json!({"alg": "RS256"});
    let table = [
        ("another key", signed(&header(KEY_ID), &claims(), keys::SECOND)),
        ("another key, without kid", signed(&without_kid, &claims(), keys::SECOND)),
        ("no signature", format!("{input}.")),
        ("half a signature", format!("{input}.{}", &signature[..128])),
        ("the public key as a secret", hs256(&header(KEY_ID))),
        ("other claims", {
            let other = token(&claims_with("client_id", "another".into()));
            format!("{}.{signature}", other.rsplit_once('.').unwrap().0)
        }),
    ];
    let verifier = FakeIms::new().verifier(Authority::PublishedKeys);
    for (name, token) in table {
        // The second time from the cache.
        for _ in 0..2 {
            let fault = fault(verifier.verify(&token, NOW).await);
            assert_eq!(fault, Fault::Signature(VerifyError::Signature), "{name}");
        }
    }
    let without_kid = signed(&without_kid, &claims(), keys::FIRST);
    verifier.verify(&without_kid, NOW).await.unwrap();
}

#[tokio::test]
async fn a_text_that_is_not_a_jwt_is_refused_before_anything_is_fetched() {
    let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes()).unwrap();
    let rs256 = jsonwebtoken::Algorithm::RS256;
    let payload = |payload: &str| signed_as(&header(KEY_ID), payload, &key, rs256);
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::PublishedKeysElseIms);
    #[rustfmt::skip]
    let table = [
        (String::new(),                              JwtError::NotThreeParts),
        ("Bearer".to_owned(),                        JwtError::NotThreeParts),
        (format!("{}.x", token(&claims())),          JwtError::NotThreeParts),
        (format!(" {}", token(&claims())),           JwtError::Base64 { part: "header" }),
        (format!("{}=", token(&claims())),           JwtError::Base64 { part: "signature" }),
        ("a".repeat(CompactJwt::MAX_LENGTH + 1),     JwtError::TooLong),
    ];
    for (text, reason) in table {
        assert_eq!(fault(verifier.verify(&text, NOW).await), Fault::NotAJwt(reason), "{text:.80}");
    }
    assert_eq!(ims.fetches(), 0);
    #[rustfmt::skip]
    let table = [
        (payload("access_token"),                    JwtError::NotAnObject { part: "payload" }),
        (payload(r#"{"type":"x","type":"access_token"}"#), JwtError::DuplicateMember { part: "payload" }),
        (payload(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(99), "]".repeat(99))), JwtError::TooDeep { part: "payload" }),
    ];
    for (text, reason) in table {
        assert_eq!(fault(verifier.verify(&text, NOW).await), Fault::NotAJwt(reason), "{text:.80}");
    }
    assert_eq!(ims.questions(), 0);
}

#[tokio::test]
async fn the_longest_jwt_is_verified_as_any_other() {
    // No base64 has a length of one more than a multiple of four, which the length of the header must allow for.
    let mut header = header(KEY_ID);
    header["x5u"] = "key.cer".into();
    let padded =
        |length: usize| signed(&header, &claims_with("fg", "x".repeat(length).into()), keys::FIRST);
    // Three bytes of the payload are four characters of the token.
    let missing = (CompactJwt::MAX_LENGTH - padded(0).len()) / 4 * 3;
    let mut tokens = (missing..missing + 4).map(padded);
    let longest = tokens.find(|token| token.len() == CompactJwt::MAX_LENGTH).unwrap();
    for authority in [Authority::PublishedKeys, Authority::PublishedKeysElseIms, Authority::Ims] {
        let verifier = FakeIms::new().verifier(authority);
        verifier.verify(&longest, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn without_a_list_of_clients_all_are_allowed_and_with_an_empty_one_none() {
    let token = token(&claims_with("client_id", "another".into()));
    #[rustfmt::skip]
    let table = [
        (Requirements::of_any_client(),                                        true),
        (Requirements::of_clients([]),                                         false),
        (Requirements::of_clients([CLIENT_ID.parse().unwrap()]),               false),
        (Requirements::of_clients([CLIENT_ID, "another"].map(|id| id.parse().unwrap())), true),
    ];
    for (requirements, is_let_in) in table {
        let verifier = FakeIms::new().verifier_for(Authority::PublishedKeys, requirements.clone());
        assert_eq!(verifier.verify(&token, NOW).await.is_ok(), is_let_in, "{requirements:?}");
    }
}

#[tokio::test]
async fn a_named_cluster_replaces_the_one_behind_the_host() {
    let token = token(&claims_with("as", "ims-ue1".into()));
    let verifier =
        |requirements| FakeIms::new().verifier_for(Authority::PublishedKeys, requirements);
    verifier(requirements().with_issuing_cluster("ims-ue1")).verify(&token, NOW).await.unwrap();
    let verdict = verifier(requirements()).verify(&token, NOW).await;
    assert_eq!(fault(verdict), Fault::AnotherEnvironment);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_token_with_one_byte_changed_is_never_verified(place in any::<prop::sample::Index>(), byte in 0_u8..128) {
        static GOOD: LazyLock<String> = LazyLock::new(|| token(&claims()));
        let mut changed = GOOD.clone().into_bytes();
        let place = place.index(changed.len());
        prop_assume!(changed[place] != byte);
        changed[place] = byte;
        let changed = String::from_utf8(changed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        for authority in [Authority::PublishedKeys, Authority::PublishedKeysElseIms] {
            let ims = FakeIms::new();
            ims.says(Answer::ok(r#"{"valid":false,"reason":"bad_signature"}"#));
            let verifier = ims.verifier(authority);
            // The verdict on the good one is cached, and must not be used for the other.
            prop_assert!(runtime.block_on(verifier.verify(&GOOD, NOW)).is_ok());
            let verdict = runtime.block_on(verifier.verify(&changed, NOW));
            let is_refused = matches!(verdict, Err(NotVerified::Bad(_) | NotVerified::KeyNotPublished));
            prop_assert!(is_refused, "{place} {byte}: {verdict:?}");
        }
    }
}
