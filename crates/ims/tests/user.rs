//! A person signs in, and the refresh token gives one access token after the other, in one process or in several.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{fs, path::Path, sync::Arc, time::Duration};

use ims::{
    BlockingClient, Client, ClientBuilder, ClientSecrets, Connection, Credential, RefreshTokens,
    SignIn, SignInError, UserCredential,
    exchange::{
        ClientSecret, ExchangeError, Prompt, RedirectError, RefreshToken, Request, Response,
        Transport, TransportError,
    },
    token::{FetchError, Remedy},
};
use ims_emulator::{Endpoint, Integration, Refusal, SilentSignIn};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[path = "harness/emulated.rs"]
mod emulated;

use emulated::{CLIENT_ID, Emulated, ORG_ID};

const REDIRECT_URI: &str = "http://127.0.0.1:8000/callback";
const DAY: Duration = Duration::from_hours(24);

fn integration() -> Integration {
    emulated::integration()
        .with_redirect_uri(REDIRECT_URI)
        .with_scopes(["openid", "offline_access"])
}

/// A public client's credential, or a confidential one's with these secrets.
fn credential(secrets: &[&str]) -> UserCredential {
    let secrets = secrets.iter().map(|secret| ClientSecret::new((*secret).to_owned()));
    let scopes = ["openid".parse().unwrap(), "offline_access".parse().unwrap()];
    let credential =
        UserCredential::new(CLIENT_ID.parse().unwrap(), scopes).with_org(ORG_ID.parse().unwrap());
    match ClientSecrets::from_list(secrets) {
        Some(secrets) => credential.with_client_secrets(secrets).unwrap(),
        None => credential,
    }
}

fn sign_in(emulated: &Emulated, credential: UserCredential) -> SignIn {
    let environment = emulated.emulator.url().parse().unwrap();
    let connection = Connection::new(environment).unwrap().with_clock(emulated.clock.clone());
    SignIn::new(connection, credential, REDIRECT_URI).with_prompt(Prompt::None)
}

/// What a browser does if the person has signed in before: it is redirected at once.
async fn redirected(emulated: &Emulated, url: &str) -> String {
    let host = emulated.emulator.address();
    let path = url.strip_prefix(&emulated.emulator.url()).unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let location = |line: &str| line.strip_prefix("location: ").map(str::to_owned);
    answer.lines().find_map(location).unwrap()
}

/// Signs a person in, with the refresh token in `place`.
async fn signed_in(emulated: &Emulated, credential: UserCredential, place: &RefreshTokens) {
    let sign_in = sign_in(emulated, credential);
    let redirect = redirected(emulated, &sign_in.url()).await;
    sign_in.finish(&redirect).await.unwrap().keep_in(place).await.unwrap();
}

/// A client of the person whose refresh token is in `place`.
fn builder(emulated: &Emulated, secrets: &[&str], place: &RefreshTokens) -> ClientBuilder {
    let credential = Credential::User(credential(secrets));
    emulated.builder(credential).with_refresh_tokens(place.clone())
}

fn client(emulated: &Emulated, place: &RefreshTokens) -> Client {
    builder(emulated, &[], place).build().unwrap()
}

async fn held(place: &RefreshTokens) -> String {
    place.load().await.unwrap().unwrap().expose_secret().to_owned()
}

fn refreshes(emulated: &Emulated) -> usize {
    let is_refresh = |path: &str| path.starts_with("/ims/token/");
    emulated.requests_since(0).iter().filter(|request| is_refresh(&request.path)).count() - 1
}

#[tokio::test]
async fn public_and_confidential_clients_sign_people_in_and_stay_signed_in() {
    for secrets in [&[][..], &["canary-secret"]] {
        for integration in [integration(), integration().rotating_refresh_tokens()] {
            let integration = secrets
                .iter()
                .fold(integration, |integration, secret| integration.with_client_secret(*secret));
            let emulated = Emulated::new(integration).await;
            let sign_in = sign_in(&emulated, credential(secrets));
            let redirect = redirected(&emulated, &sign_in.url()).await;
            let person = sign_in.finish(&redirect).await.unwrap();
            assert!(person.id_token().is_some() && person.user_id().is_some());

            let place = RefreshTokens::empty();
            person.keep_in(&place).await.unwrap();
            let client = builder(&emulated, secrets, &place).build().unwrap();
            let mut last = person.access_token().fingerprint();
            for _ in 0..3 {
                let token = client.access_token().await.unwrap();
                assert_ne!(token.fingerprint(), last);
                last = token.fingerprint();
                emulated.clock.advance(DAY);
            }
            assert_eq!(refreshes(&emulated), 3);
            let headers = client.headers().await.unwrap();
            assert_eq!(headers["x-api-key"], CLIENT_ID);
            assert_eq!(headers["x-gw-ims-org-id"], ORG_ID);
            assert!(client.unsaved_refresh_token().is_none());
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_the_person_refuses_or_another_begins_gives_no_token() {
    let refusing = integration().with_silent_sign_in(SilentSignIn::ConsentRequired);
    let emulated = Emulated::new(refusing).await;
    let one = sign_in(&emulated, credential(&[]));
    let refused = redirected(&emulated, &one.url()).await;
    let error = one.finish(&refused).await.unwrap_err();
    assert!(matches!(error, SignInError::Redirect(RedirectError::Refused { .. })), "{error:?}");

    emulated.emulator.register(integration());
    let another = sign_in(&emulated, credential(&[]));
    let redirect = redirected(&emulated, &another.url()).await;
    let error = one.finish(&redirect).await.unwrap_err();
    assert!(matches!(error, SignInError::Redirect(RedirectError::AnotherSignIn)), "{error:?}");

    another.finish(&redirect).await.unwrap();
    let error = another.finish(&redirect).await.unwrap_err();
    let SignInError::Exchange(ExchangeError::SignInNeeded(_)) = error else { panic!("{error:?}") };

    let mut offline = credential(&[]);
    offline.scopes = vec!["openid".parse().unwrap()];
    let sign_in = sign_in(&emulated, offline);
    let redirect = redirected(&emulated, &sign_in.url()).await;
    let person = sign_in.finish(&redirect).await.unwrap();
    let error = person.keep_in(&RefreshTokens::empty()).await.unwrap_err();
    assert!(matches!(error, SignInError::NoRefreshToken), "{error:?}");
}

#[tokio::test]
async fn a_new_refresh_token_is_saved_before_any_caller_has_the_access_token() {
    let emulated = Emulated::new(integration().rotating_refresh_tokens()).await;
    let folder = TempDir::new().unwrap();
    let place = RefreshTokens::in_folder(folder.path().join("tokens"), CLIENT_ID);
    signed_in(&emulated, credential(&[]), &place).await;
    let first = client(&emulated, &place);
    let mut last = held(&place).await;
    for _ in 0..3 {
        first.refresh().await.unwrap();
        let now = held(&place).await;
        assert_ne!(now, last);
        last = now;
    }
    // The next process begins where this one ended.
    client(&emulated, &place).access_token().await.unwrap();
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_reported_and_the_caller_gets_the_token() {
    let emulated = Emulated::new(integration().rotating_refresh_tokens()).await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokens");
    let place = RefreshTokens::in_folder(&path, CLIENT_ID);
    signed_in(&emulated, credential(&[]), &place).await;
    let client = client(&emulated, &place);
    let first = held(&place).await;

    obstruct(&path);
    for _ in 0..3 {
        client.refresh().await.unwrap();
        let unsaved = client.unsaved_refresh_token().unwrap();
        assert!(
            unsaved.to_string().starts_with("the refresh token cannot be saved in "),
            "{unsaved}"
        );
        assert_eq!(held(&place).await, first, "the new one is only in memory");
    }
    clear(&path);
    client.refresh().await.unwrap();
    assert!(client.unsaved_refresh_token().is_none());
    assert_ne!(held(&place).await, first);
}

/// Puts a folder where the next file would be written.
fn obstruct(folder: &Path) {
    fs::create_dir(folder.join(format!("{CLIENT_ID}.refresh_token.new"))).unwrap();
}

fn clear(folder: &Path) {
    fs::remove_dir(folder.join(format!("{CLIENT_ID}.refresh_token.new"))).unwrap();
}

#[tokio::test]
async fn a_sign_in_or_out_while_a_token_is_unsaved_has_priority() {
    let emulated = Emulated::new(integration().rotating_refresh_tokens()).await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokens");
    let place = RefreshTokens::in_folder(&path, CLIENT_ID);
    signed_in(&emulated, credential(&[]), &place).await;
    let client = client(&emulated, &place);
    obstruct(&path);
    client.refresh().await.unwrap();
    clear(&path);

    signed_in(&emulated, credential(&[]), &place).await;
    let again = held(&place).await;
    client.refresh().await.unwrap();
    assert!(client.unsaved_refresh_token().is_none());
    assert_ne!(held(&place).await, again, "it was used, and replaced");

    // A person who signs out while a token is unsaved is signed out.
    obstruct(&path);
    client.refresh().await.unwrap();
    assert!(client.unsaved_refresh_token().is_some());
    place.forget().await.unwrap();
    let error = client.refresh().await.unwrap_err();
    assert_eq!(error.fetch_error().map(FetchError::remedy), Some(Remedy::SignIn), "{error:?}");
}

/// Stops the first refresh until the test has made its change.
#[derive(Debug, Clone)]
struct Between(Arc<Gap>);

#[derive(Debug)]
struct Gap {
    inner: ims::exchange::ReqwestTransport,
    reached: tokio::sync::Semaphore,
    go_on: tokio::sync::Semaphore,
}

impl Between {
    fn new(emulated: &Emulated) -> Self {
        let environment = emulated.emulator.url().parse().unwrap();
        let inner = ims::exchange::ReqwestTransport::new(&environment).unwrap();
        let none = || tokio::sync::Semaphore::new(0);
        Self(Arc::new(Gap { inner, reached: none(), go_on: none() }))
    }
}

impl Transport for Between {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        self.0.reached.add_permits(1);
        self.0.go_on.acquire().await.unwrap().forget();
        self.0.inner.send(request, timeout).await
    }
}

#[tokio::test]
async fn a_sign_in_or_out_while_a_refresh_is_in_progress_has_priority() {
    let emulated = Emulated::new(integration().rotating_refresh_tokens()).await;
    let another = RefreshToken::try_from("of-another-sign-in".to_owned()).unwrap();
    for signs_in in [true, false] {
        let folder = TempDir::new().unwrap();
        let place = RefreshTokens::in_folder(folder.path().join("tokens"), CLIENT_ID);
        signed_in(&emulated, credential(&[]), &place).await;
        let between = Between::new(&emulated);
        let client = builder(&emulated, &[], &place);
        let client = client.with_transport(between.clone()).build().unwrap();

        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.access_token().await }
        });
        between.0.reached.acquire().await.unwrap().forget();
        if signs_in {
            place.save(&another).await.unwrap();
        } else {
            place.forget().await.unwrap();
        }
        between.0.go_on.add_permits(1);
        waiting.await.unwrap().unwrap();
        let left = place.load().await.unwrap();
        assert_eq!(left.is_some(), signs_in);
        assert!(left.is_none_or(|left| left.expose_secret() == another.expose_secret()));
        assert!(client.unsaved_refresh_token().is_none());
    }
}

#[tokio::test]
async fn two_processes_that_refresh_at_once_both_get_their_token() {
    let emulated = Emulated::new(integration().rotating_refresh_tokens()).await;
    let folder = TempDir::new().unwrap();
    let place = RefreshTokens::in_folder(folder.path().join("tokens"), CLIENT_ID);
    signed_in(&emulated, credential(&[]), &place).await;
    let between = Between::new(&emulated);
    let slow = builder(&emulated, &[], &place);
    let slow = slow.with_transport(between.clone()).build().unwrap();
    let quick = client(&emulated, &place);

    let waiting = tokio::spawn(async move { slow.access_token().await });
    // It has loaded its refresh token, and the other process uses the same one first.
    between.0.reached.acquire().await.unwrap().forget();
    quick.access_token().await.unwrap();
    between.0.go_on.add_permits(2);
    waiting.await.unwrap().unwrap();
    let refused = emulated.requests_since(0);
    let refused: Vec<_> = refused.iter().filter_map(|request| request.refusal).collect();
    assert_eq!(refused, [Refusal::RefreshTokenNotValid], "the old one, once");
}

#[tokio::test]
async fn a_refresh_token_that_is_no_longer_valid_is_for_a_person_and_is_tried_once() {
    let emulated = Emulated::new(integration()).await;
    let refresh_token = RefreshToken::try_from("canary-token".to_owned()).unwrap();
    let refresh_tokens = RefreshTokens::in_memory(refresh_token);
    let client = client(&emulated, &refresh_tokens);
    let error = client.access_token().await.unwrap_err();
    assert!(!error.is_transient());
    let refused = error.exchange_error().unwrap();
    assert!(matches!(refused, ExchangeError::SignInNeeded(_)), "{refused:?}");
    assert_eq!(emulated.requests_since(0).len(), 1);
    assert!(!format!("{error:?} {client:?}").contains("canary"));
}

#[tokio::test]
async fn an_error_says_where_no_one_is_signed_in_and_ims_is_not_asked() {
    let emulated = Emulated::new(integration()).await;
    let folder = TempDir::new().unwrap();
    let refresh_tokens = RefreshTokens::in_folder(folder.path().join("tokens"), "me");
    let said =
        format!("no one is signed in: there is no refresh token in {}", refresh_tokens.place());
    let error = client(&emulated, &refresh_tokens).access_token().await.unwrap_err();
    assert_eq!(error.to_string(), said);
    assert_eq!(emulated.requests_since(0).len(), 0);

    // A client that was given no refresh tokens has an empty memory.
    let client = emulated.client(Credential::User(credential(&[])));
    let error = client.access_token().await.unwrap_err();
    assert_eq!(error.fetch_error().map(FetchError::remedy), Some(Remedy::SignIn), "{error:?}");
}

#[tokio::test]
async fn of_two_secrets_the_right_one_is_found_at_sign_in_and_at_refresh() {
    let emulated = Emulated::new(integration().with_client_secret("new")).await;
    let place = RefreshTokens::empty();
    signed_in(&emulated, credential(&["old", "new"]), &place).await;
    let client = builder(&emulated, &["old", "new"], &place).build().unwrap();
    for _ in 0..2 {
        client.refresh().await.unwrap();
    }
    let asked = emulated.requests_since(0);
    let refusals: Vec<_> = asked
        .iter()
        .filter(|request| request.endpoint == Some(Endpoint::Token))
        .map(|request| request.refusal)
        .collect();
    let wrong = Some(Refusal::ClientSecretWrong);
    assert_eq!(refusals, [wrong, None, wrong, None, None], "redeemed, refreshed, and remembered");
}

#[test]
fn a_program_without_a_runtime_gets_the_token_of_a_person() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = RefreshTokens::empty();
    let emulated = runtime.block_on(async {
        let emulated = Emulated::new(integration()).await;
        signed_in(&emulated, credential(&[]), &place).await;
        emulated
    });
    let client = BlockingClient::from_builder(builder(&emulated, &[], &place)).unwrap();
    let token = client.access_token().unwrap();
    assert_eq!(client.access_token().unwrap().fingerprint(), token.fingerprint());
}
