//! No part of a token is shown: it may be valid, here or elsewhere, and it contains personal data.

use std::{error::Error, fmt::Write};

use ims_testkit::keys;
use ims_verify::Authority;

use super::fixture::*;

#[tokio::test]
async fn neither_debug_nor_display_shows_a_token_or_its_claims() {
    let ims = FakeIms::new();
    let good = token(&claims());
    let answers = [
        Answer::ok(r#"{"valid":true,"token":{"id":"canary"}}"#),
        Answer::Body(400, br#"{"error":"canary error","error_description":"canary"}"#.to_vec()),
        Answer::ok("<html>canary</html>"),
        Answer::silence(),
    ];
    let mut tokens: Vec<String> = [
        claims_with("client_id", "canary/id".into()),
        claims_with("client_id", "canary-client".into()),
        claims_with("scope", "canary-scope".into()),
        claims_with("type", "canary-type".into()),
        claims_with("as", "canary-cluster".into()),
        claims_with("created_at", "canary-time".into()),
        claims_with("created_at", "9999999999999".into()),
        claims_with("expires_in", "1".into()),
    ]
    .iter()
    .map(token)
    .collect();
    tokens.push("canary".to_owned());
    tokens.push(format!("{good}.canary"));
    tokens.push(signed(&header("canary-kid"), &claims(), keys::SECOND));
    tokens.push(signed(&header(KEY_ID), &claims(), keys::SECOND));
    tokens.push(good);
    let requirements = requirements().with_scopes(["openid".parse().unwrap()]);
    for authority in [Authority::PublishedKeys, Authority::PublishedKeysElseIms, Authority::Ims] {
        let verifier = ims.verifier_for(authority, requirements.clone());
        for answer in &answers {
            ims.says(answer.clone());
            for token in &tokens {
                let verdict = verifier.verify(token, NOW).await;
                let mut shown = format!("{verdict:?} {verifier:?}");
                let mut error = verdict.as_ref().err().map(|error| error as &dyn Error);
                while let Some(cause) = error {
                    write!(shown, " {cause} {cause:?}").unwrap();
                    error = cause.source();
                }
                assert!(!shown.contains("canary"), "{authority:?}: {shown}");
                // Nor does it contain a part of the token: header, claims or signature.
                for part in token.split('.').filter(|part| part.len() > 8) {
                    assert!(!shown.contains(&part[..8]), "{authority:?}: {shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_error_says_what_is_wrong_in_a_sentence() {
    let ims = FakeIms::new();
    let verifier = ims.verifier(Authority::PublishedKeys);
    #[rustfmt::skip]
    let table = [
        (token(&claims_with("type", "x".into())),   "the token is bad: its type is not access_token"),
        (token(&claims_with("expires_in", "1".into())), "the token is bad: it has expired (1550001138)"),
        (token(&claims_with("created_at", "x".into())), "the token is bad: its claims are not those of an access token of IMS: the claim created_at is not a string of decimal milliseconds"),
        ("x".to_owned(),                            "the token is bad: it is not a JWT: not three parts separated by dots"),
        (signed(&header(KEY_ID), &claims(), keys::SECOND), "the token is bad: its signature cannot be trusted: the signature is not by this key"),
        (signed(&header("x"), &claims(), keys::SECOND), "the token names a key that IMS does not publish"),
    ];
    for (token, said) in table {
        let error = verifier.verify(&token, NOW).await.unwrap_err();
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            write!(chain, ": {cause}").unwrap();
            source = cause.source();
        }
        assert_eq!(chain, said);
    }
}
