//! How the published keys are fetched, kept and replaced, and which answers are not keys.

use std::time::Duration;

use futures_util::FutureExt;
use ims_claims::NumericDate;
use ims_exchange::{ExchangeError, TransportError};
use ims_sign::KeyError;
use ims_testkit::keys;
use ims_verify::{
    Authority, FAILURE_PAUSE, KEYS_FRESH, KEYS_REFRESHED, KEYS_STALE, LEAST_REFETCH_INTERVAL,
    NotVerified, REQUEST_TIMEOUT, Requirements, TokenVerifier,
};
use serde_json::{Value, json};

use super::fixture::*;

const NEW_KEY_ID: &str = "ims_na1-key-at-2";

/// A verifier without a cache of verdicts, so that the keys are used each time.
fn verifier(ims: &FakeIms) -> TokenVerifier {
    ims.verifier(Authority::PublishedKeys).without_memory()
}

/// A token that lives for years, by the key that IMS publishes.
fn lasting_token() -> String {
    token(&claims_with("expires_in", "999999999999".into()))
}

/// The same by a key that IMS has not used before.
fn token_of_new_key() -> String {
    signed(&header(NEW_KEY_ID), &claims_with("expires_in", "999999999999".into()), keys::SECOND)
}

fn both_keys() -> Answer {
    Answer::ok(jwks(&[jwk(NEW_KEY_ID, keys::SECOND), jwk(KEY_ID, keys::FIRST)]))
}

/// The last second before `date`.
fn before(date: NumericDate) -> NumericDate {
    date.minus(Duration::from_secs(1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_tasks_at_once_cause_one_fetch() {
    let ims = FakeIms::new();
    ims.close();
    let (verifier, token) = (verifier(&ims), lasting_token());
    let tasks: Vec<_> = (0..10_000)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verifier.verify(&token, NOW).await })
        })
        .collect();
    ims.open();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(ims.fetches(), 1);
}

#[tokio::test]
async fn a_thousand_unknown_keys_cause_one_fetch_in_half_a_minute() {
    let ims = FakeIms::new();
    let verifier = verifier(&ims);
    verifier.verify(&lasting_token(), NOW).await.unwrap();
    let attack = async |now: NumericDate| {
        for number in 0..1_000 {
            let token = unsigned(&format!("random-{number}"));
            let verdict = verifier.verify(&token, now).await;
            assert!(matches!(verdict, Err(NotVerified::KeyNotPublished)), "{verdict:?}");
        }
    };
    attack(NOW).await;
    assert_eq!(ims.fetches(), 1);
    attack(NOW.plus(LEAST_REFETCH_INTERVAL)).await;
    assert_eq!(ims.fetches(), 2);
    attack(before(NOW.plus(LEAST_REFETCH_INTERVAL * 2))).await;
    assert_eq!(ims.fetches(), 2);
    // While IMS fails, it is not asked more often.
    ims.publishes(Answer::silence());
    for number in 0..1_000 {
        let token = unsigned(&format!("random-{number}"));
        let verdict = verifier.verify(&token, NOW.plus(LEAST_REFETCH_INTERVAL * 2)).await;
        assert!(matches!(verdict, Err(NotVerified::Unavailable(_))), "{verdict:?}");
    }
    assert_eq!(ims.fetches(), 3);
}

#[tokio::test]
async fn a_token_that_is_bad_by_its_own_claims_causes_no_fetch() {
    let ims = FakeIms::new();
    let verifier = verifier(&ims);
    verifier.verify(&lasting_token(), NOW).await.unwrap();
    let token =
        signed(&header("unknown"), &claims_with("type", "refresh_token".into()), keys::SECOND);
    fault(verifier.verify(&token, NOW.plus(LEAST_REFETCH_INTERVAL)).await);
    assert_eq!(ims.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_known_half_a_minute_after_the_last_fetch() {
    let ims = FakeIms::new();
    let verifier = verifier(&ims);
    verifier.verify(&lasting_token(), NOW).await.unwrap();
    ims.publishes(both_keys());
    let token = token_of_new_key();
    let early = verifier.verify(&token, later(29)).await;
    assert!(matches!(early, Err(NotVerified::KeyNotPublished)), "{early:?}");
    verifier.verify(&token, later(30)).await.unwrap();
    verifier.verify(&lasting_token(), later(30)).await.unwrap();
    assert_eq!(ims.fetches(), 2);
}

#[tokio::test]
async fn a_key_that_ims_no_longer_publishes_is_no_longer_used() {
    let ims = FakeIms::new();
    let verifier = verifier(&ims);
    verifier.verify(&lasting_token(), NOW).await.unwrap();
    ims.publishes(Answer::ok(jwks(&[jwk(NEW_KEY_ID, keys::SECOND)])));
    let verdict = verifier.verify(&lasting_token(), NOW.plus(KEYS_REFRESHED)).await;
    assert!(matches!(verdict, Err(NotVerified::KeyNotPublished)), "{verdict:?}");
}

#[tokio::test]
async fn keys_are_replaced_in_the_background_before_a_caller_has_to_wait() {
    let ims = FakeIms::new();
    let (verifier, token) = (verifier(&ims), lasting_token());
    verifier.verify(&token, NOW).await.unwrap();
    verifier.verify(&token, before(NOW.plus(KEYS_FRESH))).await.unwrap();
    settle().await;
    assert_eq!(ims.fetches(), 1);
    // Nothing is answered, and no one waits for it.
    ims.close();
    let now = NOW.plus(KEYS_FRESH);
    for _ in 0..100 {
        verifier.verify(&token, now).await.unwrap();
    }
    ims.publishes(both_keys());
    ims.open();
    settle().await;
    assert_eq!(ims.fetches(), 2);
    verifier.verify(&token_of_new_key(), now).await.unwrap();
    assert_eq!(ims.fetches(), 2);
}

#[tokio::test]
async fn keys_are_used_for_a_day_without_ims_and_no_longer() {
    let ims = FakeIms::new();
    let (verifier, token) = (verifier(&ims), lasting_token());
    verifier.verify(&token, NOW).await.unwrap();
    ims.publishes(Answer::Body(502, b"<html>Bad Gateway</html>".to_vec()));
    for now in [NOW.plus(KEYS_REFRESHED), before(NOW.plus(KEYS_STALE))] {
        verifier.verify(&token, now).await.unwrap();
    }
    let verdict = verifier.verify(&token, NOW.plus(KEYS_STALE)).await;
    assert!(
        matches!(&verdict, Err(error @ NotVerified::Unavailable(_)) if error.is_transient()),
        "{verdict:?}"
    );
    ims.publishes(both_keys());
    verifier.verify(&token, NOW.plus(KEYS_STALE + FAILURE_PAUSE)).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_put_back_makes_keys_old() {
    let ims = FakeIms::new();
    let (verifier, token) = (verifier(&ims), lasting_token());
    verifier.verify(&token, NOW.plus(KEYS_STALE)).await.unwrap();
    verifier.verify(&token, NOW).await.unwrap();
    assert_eq!(ims.fetches(), 2);
}

#[tokio::test]
async fn after_a_failure_no_request_is_sent_for_a_while() {
    let table = [
        (Answer::silence(), 5),
        (Answer::Body(500, Vec::new()), 5),
        (Answer::ok("<html>"), 5),
        (Answer::RetryAfter("90"), 90),
        (Answer::RetryAfter("999999"), 3_600),
    ];
    for (row, (answer, pause)) in table.into_iter().enumerate() {
        let ims = FakeIms::new();
        let (verifier, token) = (verifier(&ims), lasting_token());
        ims.publishes(answer);
        for now in [0, 0, pause - 1] {
            verifier.verify(&token, later(now)).await.unwrap_err();
        }
        assert_eq!(ims.fetches(), 1, "row {row}");
        ims.publishes(both_keys());
        verifier.verify(&token, later(pause)).await.unwrap();
        assert_eq!(ims.fetches(), 2, "row {row}");
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_cancels_no_fetch() {
    let ims = FakeIms::new();
    ims.close();
    let (verifier, token) = (verifier(&ims), lasting_token());
    let mut impatient = Box::pin(verifier.verify(&token, NOW));
    assert!(impatient.as_mut().now_or_never().is_none());
    drop(impatient);
    settle().await;
    ims.open();
    verifier.verify(&token, NOW).await.unwrap();
    assert_eq!(ims.fetches(), 1);
}

#[test]
fn a_fetch_that_ends_with_its_runtime_is_started_again_in_another() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ims = FakeIms::new();
    ims.close();
    let (verifier, token) = (verifier(&ims), lasting_token());
    let first = runtime();
    first.block_on(async {
        let mut verdict = Box::pin(verifier.verify(&token, NOW));
        assert!(verdict.as_mut().now_or_never().is_none());
        settle().await;
    });
    drop(first);
    ims.open();
    runtime().block_on(verifier.verify(&token, NOW)).unwrap();
    assert_eq!(ims.fetches(), 2);
}

#[tokio::test]
async fn a_panic_of_the_transport_counts_as_a_failure() {
    let ims = FakeIms::new();
    let (verifier, token) = (verifier(&ims), lasting_token());
    ims.publishes(Answer::Panics);
    let verdict = verifier.verify(&token, NOW).await;
    assert!(matches!(verdict, Err(NotVerified::Unavailable(_))), "{verdict:?}");
    ims.publishes(both_keys());
    verifier.verify(&token, NOW).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_not_a_key_set_is_a_separate_kind_of_error() {
    let good = jwks(&[jwk(KEY_ID, keys::FIRST)]);
    let long = format!("{}{good}", " ".repeat(64 * 1024 + 1 - good.len()));
    let too_long = || Answer::Fails(TransportError::TooLong);
    #[rustfmt::skip]
    let table = [
        ("HTML",               Answer::ok("<html>canary</html>"),       "unknown form"),
        ("nothing",            Answer::ok(""),                          "unknown form"),
        ("half a set",         Answer::ok(&good.as_bytes()[..good.len() / 2]), "unknown form"),
        ("another object",     Answer::ok(r#"{"keys":"canary"}"#),      "unknown form"),
        ("another array",      Answer::ok("[]"),                        "unknown form"),
        ("64 KiB + 1",         Answer::ok(long),                        "unknown form"),
        ("too long to take",   too_long(),                              "unreachable"),
        ("texts for keys",     Answer::ok(r#"{"keys":["canary"]}"#),    "unknown form"),
        ("a redirect",         Answer::Body(302, Vec::new()),           "unknown form"),
        ("no key",             Answer::ok(r#"{"keys":[]}"#),            "no key"),
        ("an EC key",          Answer::ok(jwks(&[ec_key()])),           "no key"),
        ("an RSA key of 512 bits", Answer::ok(jwks(&[rsa_key(&"w".repeat(86))])), "no key"),
        ("an RSA key of 16384 bits", Answer::ok(jwks(&[rsa_key(&"w".repeat(2_731))])), "no key"),
        ("a secret",           Answer::ok(jwks(&[json!({"kty": "oct", "k": "canary", "kid": KEY_ID})])), "no key"),
        ("another use",        Answer::ok(jwks(&[with(jwk(KEY_ID, keys::FIRST), "use", "enc".into())])), "no key"),
        ("no answer",          Answer::silence(),                       "unavailable"),
        ("a gateway",          Answer::Body(502, b"canary".to_vec()),   "unavailable"),
    ];
    for (name, answer, kind) in table {
        let ims = FakeIms::new();
        ims.publishes(answer);
        let error = verifier(&ims).verify(&lasting_token(), NOW).await.unwrap_err();
        let seen = match &error {
            NotVerified::Unavailable(ExchangeError::Unrecognized(_)) => "unknown form",
            NotVerified::Unavailable(ExchangeError::Unreachable(_)) => "unreachable",
            NotVerified::Unavailable(ExchangeError::Unavailable { .. }) => "unavailable",
            NotVerified::KeysUnusable(KeyError::NoVerificationKey) => "no key",
            _ => "something else",
        };
        assert_eq!(seen, kind, "{name}: {error:?}");
        assert_eq!(error.is_transient(), kind == "unavailable", "{name}");
        assert!(!format!("{error:?} {error}").contains("canary"), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a_good_key_is_found_among_others() {
    let first = || jwk(KEY_ID, keys::FIRST);
    let with_zeros = {
        let modulus = jwk(KEY_ID, keys::FIRST)["n"].as_str().unwrap().to_owned();
        // Four characters are three octets, and these are zeros.
        with(first(), "n", format!("AAAA{modulus}").into())
    };
    #[rustfmt::skip]
    let table = [
        ("between keys of other kinds", vec![ec_key(), rsa_key(&"w".repeat(86)), first(), json!({"kty": "canary"})]),
        ("with its kid given to another", vec![jwk(KEY_ID, keys::SECOND), first(), jwk(KEY_ID, keys::LARGE)]),
        ("with zeros before its modulus", vec![with_zeros]),
        ("without a kid",               vec![with(first(), "kid", Value::Null)]),
        ("with unknown members",   vec![with(first(), "x5t", json!(["canary"]))]),
    ];
    for (name, set) in table {
        let ims = FakeIms::new();
        ims.publishes(Answer::ok(jwks(&set)));
        let verdict = verifier(&ims).verify(&lasting_token(), NOW).await;
        assert!(verdict.is_ok(), "{name}: {verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_hangs_delays_another_as_long_as_one_request_can_take_and_no_longer() {
    for authority in [Authority::PublishedKeys, Authority::Ims] {
        let ims = FakeIms::new();
        let (verifier, token) = (ims.verifier(authority), lasting_token());
        let idle = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        {
            // The question is asked in a runtime that is no longer driven.
            let _guard = idle.enter();
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let mut asking = Box::pin(verifier.verify(&token, NOW));
            assert!(asking.as_mut().poll(&mut context).is_pending());
        }
        let start = tokio::time::Instant::now();
        verifier.verify(&token, NOW).await.unwrap();
        // A question that is answered at the last moment must not be asked twice.
        let limits = REQUEST_TIMEOUT + Duration::from_millis(500)..REQUEST_TIMEOUT * 12 / 10;
        assert!(limits.contains(&start.elapsed()), "{authority:?}: {:?}", start.elapsed());
        assert_eq!(ims.fetches() + ims.questions(), 1, "{authority:?}");
        idle.shutdown_background();
    }
}

#[tokio::test]
async fn requirements_hold_for_new_keys_too() {
    let ims = FakeIms::new();
    let verifier = ims.verifier_for(Authority::PublishedKeys, Requirements::of_clients([]));
    ims.publishes(both_keys());
    fault(verifier.verify(&token_of_new_key(), NOW).await);
}

fn with(mut jwk: Value, member: &str, value: Value) -> Value {
    jwk[member] = value;
    jwk
}

fn ec_key() -> Value {
    json!({"kty": "EC", "crv": "P-256", "kid": KEY_ID, "x": "canary", "y": "canary"})
}

/// A key whose modulus is `modulus`, odd as a modulus is.
fn rsa_key(modulus: &str) -> Value {
    json!({"kty": "RSA", "kid": KEY_ID, "n": modulus, "e": "AQAB"})
}
