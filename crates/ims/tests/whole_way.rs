//! From a credentials file to a token that the emulator accepts, and from each refusal of IMS to the error of the caller.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{fs, sync::Arc, time::Duration};

use ims::{
    Client, ClientBuilder, Credentials, Form, TokenError,
    claims::{CompactJwt, Metascope, NumericDate},
    exchange::{
        ExchangeError, Request, Response, Transport, TransportError, testing::FakeTransport,
    },
    token::{Clock, RETRIES, testing::FakeClock},
};
use ims_emulator::{
    Certificate, Emulator, Endpoint, Fault, FaultRule, Integration, Refusal, TokenKey, Verdict,
};
use ims_testkit::{certificates, keys};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The time of the tests: the certificates of the test kit are valid then.
const NOW: u64 = 1_800_000_000;
const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
const CLIENT_SECRET: &str = "canary-client-secret";

const SERVICE_ACCOUNT: &str = r#""org_id": "C74F69D7594880280@AdobeOrg", "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com", "private_key_file": "private.key", "metascopes": ["ent_dataservices_sdk"]"#;
const SERVER_TO_SERVER: &str = r#""scopes": ["openid", "AdobeID"]"#;

#[tokio::test]
async fn a_service_account_and_client_credentials_obtain_tokens_that_are_accepted() {
    let emulator = emulator(integration()).await;
    for members in [SERVICE_ACCOUNT, SERVER_TO_SERVER] {
        let client = client(&emulator, members);
        assert_eq!(client.environment().base_url(), emulator.url());
        assert_eq!(client.client_id().as_str(), CLIENT_ID);

        let token = client.access_token().await.unwrap();
        // IMS says 86399999 ms or 86399 s of 24 hours, and a fraction of a second is dropped.
        let lifetime = Duration::from_hours(24) - Duration::from_secs(1);
        assert_eq!(token.lifetime(), lifetime, "{members}");
        let path = format!(
            "/ims/validate_token/v1?client_id={CLIENT_ID}&type=access_token&token={}",
            token.expose_secret()
        );
        let validity = get(&emulator, &path, "").await;
        assert!(validity.contains(r#""valid":true"#), "{members}: {validity}");

        let echo = get(&emulator, "/echo", &fields(&client).await).await;
        assert!(echo.starts_with("HTTP/1.1 200 "), "{members}: {echo}");
        assert!(echo.contains(CLIENT_ID), "{members}: {echo}");
    }
}

#[tokio::test]
async fn a_thousand_callers_at_once_make_one_exchange() {
    let emulator = emulator(integration()).await;
    let client = client(&emulator, SERVICE_ACCOUNT);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.access_token().await.unwrap().fingerprint() })
        })
        .collect();
    let mut fingerprints = Vec::new();
    for caller in callers {
        fingerprints.push(caller.await.unwrap());
    }
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 1);
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn a_program_that_asks_once_may_ask_for_retries() {
    for (retries, requests, obtains) in [(None, 1, false), (Some(RETRIES), 2, true)] {
        let emulator = emulator(integration()).await;
        emulator.inject(FaultRule::new(Fault::Unavailable { retry_after: None }).times(1));
        let builder = builder(&emulator.url(), SERVICE_ACCOUNT);
        let builder = retries.into_iter().fold(builder, ClientBuilder::with_retries);
        let token = builder.build().unwrap().access_token().await;
        assert_eq!(token.is_ok(), obtains, "{token:?}");
        assert_eq!(emulator.requests().len(), requests, "{retries:?}");
    }
}

#[tokio::test]
async fn aud_and_metascopes_name_the_ims_that_is_asked() {
    let emulator = emulator(integration()).await;
    client(&emulator, SERVICE_ACCOUNT).access_token().await.unwrap();
    let verdict = last(&emulator);
    let aud = verdict.checks.iter().find(|check| check.name == "aud is this IMS").unwrap();
    assert!(aud.actual.starts_with(&emulator.url()), "{}", aud.actual);
}

#[tokio::test]
async fn a_path_prefix_is_kept_in_the_url_in_aud_and_in_metascopes() {
    let transport = Recorder::default();
    let client = builder("https://proxy.example/adobe/", SERVICE_ACCOUNT)
        .with_transport(transport.clone())
        .build()
        .unwrap();
    // The transport gives no answer: only the request is checked.
    client.access_token().await.unwrap_err();
    let requests = transport.0.take_requests();
    assert_eq!(requests[0].url(), "https://proxy.example/adobe/ims/exchange/jwt");
    let body = str::from_utf8(requests[0].body()).unwrap();
    let jwt = body.split('&').find_map(|parameter| parameter.strip_prefix("jwt_token=")).unwrap();
    let payload = CompactJwt::parse(jwt).unwrap().payload().to_vec();
    let payload = String::from_utf8(payload).unwrap();
    for part in [
        format!(r#""aud":"https://proxy.example/adobe/c/{CLIENT_ID}""#),
        r#""https://proxy.example/adobe/s/ent_dataservices_sdk":true"#.to_owned(),
    ] {
        assert!(payload.contains(&part), "{part} in {payload}");
    }
}

#[tokio::test]
async fn each_refusal_of_ims_reaches_the_caller_with_what_can_be_done() {
    let other_key = || certificate(certificates::SECOND);
    let other_secret = || bare().with_certificates(certificate(certificates::FIRST));
    #[rustfmt::skip]
    let table = [
        (bare().with_client_secret(CLIENT_SECRET).with_certificates(other_key()), SERVICE_ACCOUNT,  "integration", 400, "invalid_signature", Refusal::SignatureWrong),
        (other_secret().with_client_secret("other"),                              SERVICE_ACCOUNT,  "integration", 401, "invalid_client",    Refusal::ClientSecretWrong),
        (other_secret().with_client_secret("other"),                              SERVER_TO_SERVER, "integration", 400, "invalid_client",    Refusal::ClientSecretWrong),
        (integration().without_exchange_jwt(),                                        SERVICE_ACCOUNT,  "integration", 401, "invalid_client",    Refusal::ExchangeNotAllowed),
        (integration().requiring_jti(),                                               SERVICE_ACCOUNT,  "integration", 400, "invalid_jti",       Refusal::JtiMissing),
        (integration().migrated(),                                                    SERVICE_ACCOUNT,  "unavailable", 500, "internal_error",    Refusal::Migrated),
    ];
    for (integration, members, kind, status, code, reason) in table {
        let emulator = emulator(integration).await;
        let error = refusal(&client(&emulator, members)).await;
        assert_eq!(self::kind(&error), kind, "{reason:?}");
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.status(), refusal.code()), (status, Some(code)), "{reason:?}");
        assert!(!refusal.causes().is_empty(), "{reason:?}");
        let verdict = last(&emulator);
        assert_eq!(verdict.refusal, Some(reason));
        assert_eq!(refusal.debug_id(), Some(&*verdict.debug_id));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn a_metascope_that_the_integration_does_not_have_is_for_a_person() {
    let emulator = emulator(integration()).await;
    let members = SERVICE_ACCOUNT.replace("ent_dataservices_sdk", "ent_unknown_sdk");
    let error = refusal(&client(&emulator, &members)).await;
    assert_eq!(kind(&error), "integration");
    assert_eq!(error.refusal().unwrap().code(), Some("invalid_scope"));
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn an_assertion_that_ims_reports_as_expired_is_signed_again_once() {
    let emulator = emulator(integration()).await;
    emulator.set_clock_offset(3600);
    let client = builder(&emulator.url(), SERVICE_ACCOUNT).with_retries(5).build().unwrap();
    let error = exchange_error(&client.access_token().await.unwrap_err());
    assert_eq!(kind(&error), "assertion");
    assert_eq!(error.refusal().unwrap().code(), Some("invalid_token"));
    assert_eq!(emulator.requests().len(), 2);
    emulator.set_clock_offset(0);
}

#[tokio::test]
async fn an_integration_that_requires_a_jti_accepts_credentials_that_send_one() {
    let emulator = emulator(integration().requiring_jti()).await;
    let client = client(&emulator, &format!(r#"{SERVICE_ACCOUNT}, "jti": true"#));
    let first = client.access_token().await.unwrap();
    // A second exchange shows that the next jti is another.
    let second = client.refresh().await.unwrap();
    assert_ne!(first.fingerprint(), second.fingerprint());
    assert_eq!(emulator.requests().len(), 2);
}

#[tokio::test]
async fn retry_after_reaches_the_caller_and_no_request_is_sent_before_it() {
    let emulator = emulator(integration()).await;
    let minute = Duration::from_mins(1);
    let throttled = Fault::TooManyRequests { retry_after: Some(minute) };
    emulator.inject(FaultRule::new(throttled).at(Endpoint::ExchangeJwt));
    let client = client(&emulator, SERVICE_ACCOUNT);
    for _ in 0..3 {
        let error = client.access_token().await.unwrap_err();
        assert!(error.is_transient());
        assert!(error.retry_after().unwrap() >= minute, "{error:?}");
        let exchange = exchange_error(&error);
        assert_eq!(exchange.retry_after(), Some(minute));
        assert_eq!(exchange.refusal().unwrap().status(), 429);
    }
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn without_an_ims_the_error_says_that_it_is_not_available() {
    let emulator = emulator(integration()).await;
    let client = client(&emulator, SERVICE_ACCOUNT);
    emulator.shutdown().await;
    let error = refusal(&client).await;
    assert_eq!(kind(&error), "unavailable");
    assert!(error.refusal().is_none());
}

#[tokio::test]
async fn the_same_integration_works_from_aem_service_credentials() {
    let emulator = emulator(integration()).await;
    let folder = TempDir::new().unwrap();
    let escaped = |pem: &str| pem.replace('\n', "\\r\\n");
    let text = format!(
        r#"{{"ok":true,"integration":{{"imsEndpoint":"{url}","metascopes":"ent_dataservices_sdk",
        "technicalAccount":{{"clientId":"{CLIENT_ID}","clientSecret":"{CLIENT_SECRET}"}},
        "email":"another@techacct.adobe.com","id":"6657031C5C095BB40A4@techacct.adobe.com",
        "org":"C74F69D7594880280@AdobeOrg","privateKey":"{key}","publicKey":"{certificate}"}},"statusCode":200}}"#,
        url = emulator.url(),
        key = escaped(keys::FIRST_PKCS1),
        certificate = escaped(certificates::FIRST),
    );
    let path = folder.path().join("service_token.json");
    fs::write(&path, text).unwrap();
    let credentials = Credentials::from_file(path).unwrap();
    assert_eq!(credentials.form(), Form::AemService);
    let client = Client::builder(&credentials).with_clock(clock()).build().unwrap();
    client.access_token().await.unwrap();
    assert!(last(&emulator).is_granted());
}

/// An integration without secret and certificate.
fn bare() -> Integration {
    Integration::new(
        CLIENT_ID.parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    )
    .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
    .with_scopes(["openid", "AdobeID"])
}

fn integration() -> Integration {
    bare().with_client_secret(CLIENT_SECRET).with_certificates(certificate(certificates::FIRST))
}

fn certificate(pem: &str) -> Vec<Certificate> {
    Certificate::read_all(pem.as_bytes()).unwrap()
}

async fn emulator(integration: Integration) -> Emulator {
    let now = std::time::UNIX_EPOCH + Duration::from_secs(NOW);
    Emulator::builder()
        .with_clock(move || now)
        .with_token_key(TokenKey::from_pkcs8_pem(keys::SECOND).unwrap())
        .with_integration(integration)
        .start()
        .await
        .unwrap()
}

fn clock() -> impl Clock + 'static {
    FakeClock::new(NumericDate::from_secs(0).plus(Duration::from_secs(NOW)))
}

/// A client with credentials to which `members` are added.
fn client(emulator: &Emulator, members: &str) -> Client {
    builder(&emulator.url(), members).build().unwrap()
}

fn builder(url: &str, members: &str) -> ClientBuilder {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("private.key");
    fs::write(&key, keys::FIRST).unwrap();
    make_private(&key);
    let path = folder.path().join("credentials.json");
    let text = format!(
        r#"{{ "client_id": "{CLIENT_ID}", "client_secret": "{CLIENT_SECRET}", "ims_url": "{url}", {members} }}"#
    );
    fs::write(&path, text).unwrap();
    Client::builder(&Credentials::from_file(&path).unwrap()).with_clock(clock())
}

#[cfg(unix)]
fn make_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn make_private(_path: &std::path::Path) {}

#[track_caller]
fn exchange_error(error: &TokenError) -> ExchangeError {
    error.exchange_error().expect("IMS was asked").clone()
}

async fn refusal(client: &Client) -> ExchangeError {
    exchange_error(&client.access_token().await.unwrap_err())
}

fn kind(error: &ExchangeError) -> &'static str {
    match error {
        ExchangeError::Unavailable { .. } => "unavailable",
        ExchangeError::AssertionRefused(_) => "assertion",
        ExchangeError::IntegrationRefused(_) => "integration",
        _ => "another",
    }
}

fn last(emulator: &Emulator) -> Arc<Verdict> {
    emulator.requests().pop().unwrap()
}

/// The header fields that an API expects, as they are sent.
async fn fields(client: &Client) -> String {
    let headers = client.headers().await.unwrap();
    let lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()))
        .collect();
    lines.concat()
}

async fn get(emulator: &Emulator, path: &str, fields: &str) -> String {
    let host = emulator.address();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n");
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A transport that keeps what was asked, for the test that holds its other end.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<FakeTransport>);

impl Transport for Recorder {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        self.0.send(request, timeout).await
    }
}
