//! Tokens of the emulator, verified by a service that receives them.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::time::Duration;

use ims::{
    claims::{Environment, NumericDate},
    exchange::{
        AccessToken, Call, ClientCredentials, ClientSecret, ExchangeError, InvalidateToken,
        ReqwestTransport, Scope, SharedTransport, Transport,
    },
    sign::VerifyError,
    verify::{
        Authority, FAILURE_PAUSE, Fault, KEYS_REFRESHED, LEAST_REFETCH_INTERVAL, NotVerified,
        Requirements, TokenVerifier, VerifiedToken,
    },
};
use ims_emulator::{Emulator, Endpoint, Fault as Trouble, FaultRule, Integration, TokenKey};
use ims_testkit::keys;

const NOW: NumericDate = NumericDate::from_secs(1_800_000_000);
const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
const CLIENT_SECRET: &str = "canary-client-secret";

#[tokio::test]
async fn a_token_of_the_emulator_is_verified_by_its_published_key() {
    let emulator = emulator(keys::SECOND).await;
    let token = issue(&emulator).await;
    let verified = verify(&verifier(&emulator), &token, NOW).await.unwrap();
    assert_eq!(verified.client_id().as_str(), CLIENT_ID);
    assert_eq!(verified.user_id(), Some("6657031C5C095BB40A4@techacct.adobe.com"));
    assert_eq!(verified.scopes().collect::<Vec<_>>(), ["openid", "AdobeID"]);
    // The lifetime in the answer of IMS and the one in the token are the same.
    assert_eq!(verified.created_at(), NOW);
    assert_eq!(verified.expires_at().since(token.expires_at()), Duration::from_secs(1));
}

#[tokio::test]
async fn a_rotated_key_is_fetched_when_its_first_token_arrives() {
    let emulator = emulator(keys::SECOND).await;
    let (verifier, old) = (verifier(&emulator), issue(&emulator).await);
    verify(&verifier, &old, NOW).await.unwrap();
    emulator.rotate_token_key().await;
    let new = issue(&emulator).await;
    let early = verify(&verifier, &new, NOW).await;
    assert!(matches!(early, Err(NotVerified::KeyNotPublished)), "{early:?}");
    let now = NOW.plus(LEAST_REFETCH_INTERVAL);
    for token in [&new, &old, &new] {
        verify(&verifier, token, now).await.unwrap();
    }
    assert_eq!(requests(&emulator, Endpoint::Keys), 2);
}

#[tokio::test]
async fn a_token_of_another_emulator_is_not_verified() {
    let (ours, theirs) = (emulator(keys::SECOND).await, emulator(keys::LARGE).await);
    let verifier = verifier(&ours);
    let same_key_id = verify(&verifier, &issue(&theirs).await, NOW).await;
    let wrong = Fault::Signature(VerifyError::Signature);
    assert_eq!(same_key_id.unwrap_err().fault(), Some(&wrong));
    theirs.rotate_token_key().await;
    let other_key_id = verify(&verifier, &issue(&theirs).await, NOW).await;
    assert!(matches!(other_key_id, Err(NotVerified::KeyNotPublished)), "{other_key_id:?}");
    // Asked about it, our IMS does not know it either.
    let asking = verifier_with(&ours, Authority::PublishedKeysElseIms);
    let refused = verify(&asking, &issue(&theirs).await, NOW).await.unwrap_err();
    assert!(matches!(refused.fault(), Some(Fault::RefusedByIms { .. })), "{refused:?}");
}

#[tokio::test]
async fn only_ims_knows_that_a_token_was_invalidated() {
    let emulator = emulator(keys::SECOND).await;
    let verifier = verifier(&emulator).without_memory();
    let token = issue(&emulator).await;
    verifier.verify_with_ims(token.expose_secret(), NOW).await.unwrap();
    invalidate(&emulator, &token).await;
    verify(&verifier, &token, NOW).await.unwrap();
    let asked = verifier.verify_with_ims(token.expose_secret(), NOW).await.unwrap_err();
    let revoked = Fault::RefusedByIms { reason: Some("revoked".to_owned()) };
    assert_eq!(asked.fault(), Some(&revoked));
}

#[tokio::test]
async fn a_thousand_callers_at_once_ask_for_the_keys_once() {
    let emulator = emulator(keys::SECOND).await;
    let (verifier, token) = (verifier(&emulator), issue(&emulator).await);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verify(&verifier, &token, NOW).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(requests(&emulator, Endpoint::Keys), 1);
}

#[tokio::test]
async fn an_answer_of_a_gateway_is_not_a_verdict_and_is_temporary() {
    #[rustfmt::skip]
    let table = [
        (Trouble::Html,                                  true),
        (Trouble::Truncated,                             true),
        (Trouble::Disconnected,                          true),
        (Trouble::Oversized,                             false),
        (Trouble::InternalError,                         true),
        (Trouble::Unavailable { retry_after: None },     true),
        (Trouble::TooManyRequests { retry_after: None }, true),
    ];
    for (trouble, is_transient) in table {
        // Each row has its own emulator, so that a background fetch of the previous row does not get a fault of this one.
        let emulator = emulator(keys::SECOND).await;
        let token = issue(&emulator).await;
        let verifier = verifier_with(&emulator, Authority::PublishedKeys).without_memory();
        emulator.inject(FaultRule::new(trouble).at(Endpoint::Keys));
        let error = verify(&verifier, &token, NOW).await.unwrap_err();
        assert!(matches!(error, NotVerified::Unavailable(_)), "{trouble:?}: {error:?}");
        assert_eq!(error.is_transient(), is_transient, "{trouble:?}: {error:?}");
        emulator.clear_faults();
        let now = NOW.plus(FAILURE_PAUSE);
        verify(&verifier, &token, now).await.unwrap();
        // From now on there are keys to continue with.
        emulator.inject(FaultRule::new(trouble).at(Endpoint::Keys));
        verify(&verifier, &token, now.plus(KEYS_REFRESHED)).await.unwrap();
        emulator.clear_faults();
    }
}

#[tokio::test]
async fn without_ims_no_caller_waits_longer_than_the_timeout() {
    let emulator = emulator(keys::SECOND).await;
    let token = issue(&emulator).await;
    let [by_keys, by_ims] =
        [Authority::PublishedKeys, Authority::Ims].map(|it| verifier_with(&emulator, it));
    emulator.shutdown().await;
    for verifier in [by_keys, by_ims] {
        let error = verify(&verifier, &token, NOW).await.unwrap_err();
        let NotVerified::Unavailable(ExchangeError::Unavailable { .. }) = error else {
            panic!("{error:?}")
        };
    }
}

async fn emulator(token_key: &str) -> Emulator {
    let now = std::time::UNIX_EPOCH + NOW.since(NumericDate::from_secs(0));
    let integration = Integration::new(
        CLIENT_ID.parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    )
    .with_client_secret(CLIENT_SECRET)
    .with_scopes(["openid", "AdobeID"]);
    Emulator::builder()
        .with_clock(move || now)
        .with_token_key(TokenKey::from_pkcs8_pem(token_key).unwrap())
        .with_integration(integration)
        .start()
        .await
        .unwrap()
}

fn verifier(emulator: &Emulator) -> TokenVerifier {
    verifier_with(emulator, Authority::PublishedKeys)
}

fn verifier_with(emulator: &Emulator, authority: Authority) -> TokenVerifier {
    let requirements = Requirements::of_clients([CLIENT_ID.parse().unwrap()])
        .with_scopes(["openid".parse().unwrap()])
        .with_issuing_cluster("ims-na1");
    let transport = SharedTransport::new(transport(emulator));
    TokenVerifier::new(environment(emulator), transport, authority, requirements)
}

async fn verify(
    verifier: &TokenVerifier,
    token: &AccessToken,
    now: NumericDate,
) -> Result<VerifiedToken, NotVerified> {
    verifier.verify(token.expose_secret(), now).await
}

/// A new token for the emulator's one client.
async fn issue(emulator: &Emulator) -> AccessToken {
    let (client_id, secret) = (CLIENT_ID.parse().unwrap(), ClientSecret::new(CLIENT_SECRET.into()));
    let scopes: [Scope; 2] = ["openid", "AdobeID"].map(|scope| scope.parse().unwrap());
    let grant = ClientCredentials::new(&client_id, &secret, &scopes);
    let request = grant.request(&environment(emulator));
    let response = transport(emulator).send(request, TIMEOUT).await.unwrap();
    grant.answer(&response, NOW).unwrap()
}

async fn invalidate(emulator: &Emulator, token: &AccessToken) {
    let client_id = CLIENT_ID.parse().unwrap();
    let call = InvalidateToken::new(&client_id, token);
    let request = call.request(&environment(emulator));
    let response = transport(emulator).send(request, TIMEOUT).await.unwrap();
    call.answer(&response, NOW).unwrap();
}

fn environment(emulator: &Emulator) -> Environment {
    emulator.url().parse().unwrap()
}

fn transport(emulator: &Emulator) -> ReqwestTransport {
    ReqwestTransport::new(&environment(emulator)).unwrap()
}

/// How many requests came to `endpoint`.
fn requests(emulator: &Emulator, endpoint: Endpoint) -> usize {
    emulator.requests().iter().filter(|verdict| verdict.endpoint == Some(endpoint)).count()
}

const TIMEOUT: Duration = Duration::from_secs(10);
