//! A ready token: given until it ends, never renewed, and IMS is never asked.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims::{
    Client, Credentials, ReadyTokenError, TokenError, claims::NumericDate,
    exchange::testing::FakeTransport, token::testing::FakeClock,
};

const CREATED_AT: i64 = 1_550_001_138;

fn credentials() -> Credentials {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let payload = format!(
        r#"{{"client_id":"dev-console","created_at":"{CREATED_AT}000","expires_in":"86400000"}}"#
    );
    let token = format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&payload), part("signature"));
    format!(r#"{{"accessToken":"{token}"}}"#).parse().unwrap()
}

/// A client whose every request to IMS would panic, at `after` the creation of the token.
fn client(after: Duration) -> (Client, FakeClock) {
    let clock = FakeClock::new(NumericDate::from_secs(CREATED_AT).plus(after));
    let builder = Client::builder(&credentials()).with_transport(FakeTransport::new([]));
    (builder.with_clock(clock.clone()).build().unwrap(), clock)
}

#[track_caller]
fn cause(error: &TokenError) -> ReadyTokenError {
    *error.fetch_error().unwrap().cause().downcast_ref().unwrap()
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn the_token_is_given_until_its_last_second_and_then_an_error_names_its_end() {
    let (client, clock) = client(HOUR);
    assert_eq!(client.headers().await.unwrap()["x-api-key"], "dev-console");
    clock.advance(HOUR * 22 + Duration::from_secs(3598));
    client.access_token().await.unwrap();
    clock.advance(Duration::from_secs(2));
    let error = client.access_token().await.unwrap_err();
    let ends_at = NumericDate::from_secs(CREATED_AT).plus(DAY);
    assert_eq!(cause(&error), ReadyTokenError::Ended { ends_at });
    assert!(error.to_string().contains("expired at 2019-02-13T19:52:18Z"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_expired_token_is_never_given() {
    let (client, _) = client(DAY + HOUR);
    let error = client.access_token().await.unwrap_err();
    assert!(matches!(cause(&error), ReadyTokenError::Ended { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_token_is_not_available() {
    let (client, _) = client(HOUR);
    let token = client.access_token().await.unwrap();
    let error = client.refresh().await.unwrap_err();
    assert!(matches!(cause(&error), ReadyTokenError::NotRenewable { .. }), "{error:?}");
    assert_eq!(client.access_token().await.unwrap().expose_secret(), token.expose_secret());
    assert!(client.access_token_valid_for(HOUR * 22).await.is_ok());
    assert!(client.access_token_valid_for(DAY).await.is_err());
    assert!(client.access_token_valid_for(HOUR * 23 + HOUR / 2).await.is_err());
}

#[tokio::test]
async fn a_token_that_an_api_rejected_is_still_given_since_there_is_no_other() {
    let (client, _) = client(HOUR);
    let token = client.access_token().await.unwrap();
    client.keeper().unwrap().report_rejected(&token);
    let again = client.access_token().await.unwrap();
    assert_eq!(again.fingerprint(), token.fingerprint());
}
