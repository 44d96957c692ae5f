//! IMS as the authority: when it is asked, how its answer is used, and what is cached.

use futures_util::FutureExt;
use ims_claims::JwtError;
use ims_sign::VerifyError;
use ims_testkit::keys;
use ims_verify::{
    Authority, Fault, INVALID_REMEMBERED, MAX_QUESTIONS, NotVerified, VALID_REMEMBERED,
};

use super::fixture::*;

/// A token whose key is not published.
fn unpublished() -> String {
    signed(&header("ims_na1-key-at-9"), &claims(), keys::SECOND)
}

fn invalid() -> Answer {
    Answer::ok(r#"{"valid":false,"reason":"revoked"}"#)
}

fn refused() -> Fault {
    Fault::RefusedByIms { reason: Some("revoked".to_owned()) }
}

#[tokio::test]
async fn each_authority_asks_the_one_that_it_names() {
    let published = token(&claims());
    let forged = signed(&header(KEY_ID), &claims(), keys::SECOND);
    let unpublished = unpublished();
    #[rustfmt::skip]
    let table = [
        // authority                      token          verdict          fetches, questions
        (Authority::PublishedKeys,        &published,    "verified",      1, 0),
        (Authority::PublishedKeys,        &unpublished,  "not published", 1, 0),
        (Authority::PublishedKeys,        &forged,       "bad",           1, 0),
        (Authority::PublishedKeysElseIms, &published,    "verified",      1, 0),
        (Authority::PublishedKeysElseIms, &unpublished,  "verified",      1, 1),
        (Authority::PublishedKeysElseIms, &forged,       "bad",           1, 0),
        (Authority::Ims,                  &published,    "verified",      0, 1),
        (Authority::Ims,                  &unpublished,  "verified",      0, 1),
    ];
    for (row, (authority, token, verdict, fetches, questions)) in table.into_iter().enumerate() {
        let ims = FakeIms::new();
        let seen = match ims.verifier(authority).verify(token, NOW).await {
            Ok(_) => "verified",
            Err(NotVerified::KeyNotPublished) => "not published",
            Err(NotVerified::Bad(Fault::Signature(VerifyError::Signature))) => "bad",
            Err(_) => "something else",
        };
        assert_eq!(
            (seen, ims.fetches(), ims.questions()),
            (verdict, fetches, questions),
            "row {row}"
        );
    }
}

#[tokio::test]
async fn ims_is_asked_for_the_client_that_the_token_names_and_not_in_a_url() {
    let ims = FakeIms::new();
    let token = unpublished();
    ims.verifier(Authority::Ims).verify(&token, NOW).await.unwrap();
    let asked = ims.last_question();
    assert_eq!(asked.url, "https://ims-na1.adobelogin.com/ims/validate_token/v1");
    for part in [&format!("client_id={CLIENT_ID}"), "type=access_token", &format!("token={token}")]
    {
        assert!(asked.text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_token_that_ims_accepts_must_still_be_for_an_allowed_client() {
    let ims = FakeIms::new();
    #[rustfmt::skip]
    let table = [
        (claims_with("client_id", "another".into()),    Fault::ClientNotAllowed),
        (claims_with("type", "refresh_token".into()),   Fault::NotAnAccessToken),
        (claims_with("as", "ims-na1-stg1".into()),      Fault::AnotherEnvironment),
        (claims_with("expires_in", "1".into()),         Fault::Expired { expired_at: ISSUED_AT }),
    ];
    let verifier = ims.verifier(Authority::Ims);
    for (claims, reason) in table {
        assert_eq!(fault(verifier.verify(&token(&claims), NOW).await), reason, "{claims}");
    }
    let no_jwt = verifier.verify("opaque", NOW).await;
    assert_eq!(fault(no_jwt), Fault::NotAJwt(JwtError::NotThreeParts));
    assert_eq!(ims.questions(), 0);
}

#[tokio::test]
async fn a_verdict_of_ims_is_cached_for_its_time() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::Ims);
    let (good, bad) = (token(&claims()), unpublished());
    for _ in 0..1_000 {
        verifier.verify(&good, NOW).await.unwrap();
    }
    ims.says(invalid());
    for _ in 0..1_000 {
        assert_eq!(fault(verifier.verify(&bad, NOW).await), refused());
    }
    assert_eq!(ims.questions(), 2);
    // The bad one becomes good, and the good one bad.
    ims.says(Answer::ok(r#"{"valid":true}"#));
    verifier.verify(&bad, NOW.plus(INVALID_REMEMBERED)).await.unwrap();
    ims.says(invalid());
    assert_eq!(fault(verifier.verify(&good, NOW.plus(VALID_REMEMBERED)).await), refused());
    assert_eq!(ims.questions(), 4);
}

#[tokio::test]
async fn a_good_token_is_never_cached_beyond_its_expiry() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::Ims);
    let token = token(&claims_with("expires_in", "3660000".into()));
    verifier.verify(&token, later(59)).await.unwrap();
    let expired_at = later(60);
    assert_eq!(fault(verifier.verify(&token, later(60)).await), Fault::Expired { expired_at });
}

#[tokio::test]
async fn without_a_cache_ims_is_asked_each_time() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::Ims).without_memory();
    for _ in 0..10 {
        verifier.verify(&token(&claims()), NOW).await.unwrap();
    }
    assert_eq!(ims.questions(), 10);
}

#[tokio::test]
async fn ten_thousand_callers_with_two_tokens_ask_two_questions() {
    let ims = FakeIms::new();
    ims.close();
    let verifier = ims.verifier(Authority::Ims);
    let tokens = [token(&claims()), unpublished()];
    let callers: Vec<_> = (0..10_000)
        .map(|number| {
            let (verifier, token) = (verifier.clone(), tokens[number % 2].clone());
            tokio::spawn(async move { verifier.verify(&token, NOW).await })
        })
        .collect();
    tokio::task::yield_now().await;
    ims.open();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(ims.questions(), 2);
}

#[tokio::test]
async fn a_caller_that_gives_up_cancels_no_question_and_the_answer_is_cached() {
    let ims = FakeIms::new();
    ims.close();
    let (verifier, token) = (ims.verifier(Authority::Ims), token(&claims()));
    let mut impatient = Box::pin(verifier.verify(&token, NOW));
    assert!(impatient.as_mut().now_or_never().is_none());
    drop(impatient);
    ims.open();
    settle().await;
    verifier.verify(&token, NOW).await.unwrap();
    assert_eq!(ims.questions(), 1);
}

#[tokio::test]
async fn a_caller_that_sends_made_up_tokens_and_gives_up_leaves_a_bounded_number_of_questions() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::PublishedKeysElseIms);
    // With the keys at hand, each made-up token goes to IMS at once.
    verifier.verify(&token(&claims()), NOW).await.unwrap();
    ims.close();
    let made_up = |number: usize| unsigned(&format!("made-up-{number}"));
    for number in 0..2 * MAX_QUESTIONS {
        let hasty = verifier.verify(&made_up(number), NOW).now_or_never();
        assert!(hasty.is_none(), "{number}: {hasty:?}");
    }
    settle().await;
    assert_eq!(ims.waiting(), MAX_QUESTIONS);

    // A caller that waits is answered even now.
    let token = made_up(2 * MAX_QUESTIONS);
    let (verdict, ()) = tokio::join!(verifier.verify(&token, NOW), async { ims.open() });
    verdict.unwrap();
    settle().await;
    assert_eq!(ims.waiting(), 0);
}

#[tokio::test]
async fn an_ims_that_asks_to_wait_gets_no_request() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::Ims);
    ims.says(Answer::RetryAfter("90"));
    for now in [0, 0, 89] {
        for token in [token(&claims()), unpublished()] {
            let error = verifier.verify(&token, later(now)).await.unwrap_err();
            assert!(error.is_transient(), "{error:?}");
        }
    }
    assert_eq!(ims.questions(), 1);
    ims.says(Answer::ok(r#"{"valid":true}"#));
    verifier.verify(&unpublished(), later(90)).await.unwrap();
    verifier.verify(&token(&claims()), later(90)).await.unwrap();
}

#[tokio::test]
async fn a_cached_verdict_of_ims_has_priority_over_the_keys() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::PublishedKeys);
    let token = token(&claims());
    verifier.verify(&token, NOW).await.unwrap();
    ims.says(invalid());
    // A cached verdict does not prevent this request.
    assert_eq!(fault(verifier.verify_with_ims(&token, NOW).await), refused());
    assert_eq!(fault(verifier.verify(&token, NOW).await), refused());
    // The keys do not show a revocation.
    verifier.verify(&token, NOW.plus(INVALID_REMEMBERED)).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_not_a_verdict_is_an_error_and_is_not_cached() {
    let too_long = format!(r#"{{"valid":true,"token":{{"a":"{}"}}}}"#, "a".repeat(64 * 1024));
    #[rustfmt::skip]
    let table = [
        ("HTML",              Answer::ok("<html>valid</html>")),
        ("nothing",           Answer::ok("")),
        ("truncated",         Answer::ok(r#"{"valid":true,"token":{"#)),
        ("too long",          Answer::ok(too_long)),
        ("a text",            Answer::ok(r#"{"valid":"true"}"#)),
        ("a number",          Answer::ok(r#"{"valid":1}"#)),
        ("twice",             Answer::ok(r#"{"valid":false,"valid":true}"#)),
        ("a redirect",        Answer::Body(302, br#"{"valid":true}"#.to_vec())),
        ("a refusal",         Answer::Body(400, br#"{"error":"invalid_client"}"#.to_vec())),
        ("a gateway",         Answer::Body(502, br#"{"valid":true}"#.to_vec())),
        ("silence",           Answer::silence()),
        ("a panic",           Answer::Panics),
    ];
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::PublishedKeysElseIms);
    let (token, asked) = (unpublished(), |row| 2 * row + 2);
    for (row, (name, answer)) in table.into_iter().enumerate() {
        ims.says(answer);
        for _ in 0..2 {
            let verdict = verifier.verify(&token, NOW).await;
            assert!(matches!(verdict, Err(NotVerified::Unavailable(_))), "{name}: {verdict:?}");
        }
        assert_eq!(ims.questions(), asked(row), "{name}");
    }
    ims.says(Answer::ok(r#"{"valid":true}"#));
    verifier.verify(&token, NOW).await.unwrap();
}
