//! What the reqwest transport must not do: follow a redirect, send twice, wait or read without end, or show a secret.

#![cfg(feature = "reqwest")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::time::Duration;

use ims_claims::{ClientId, Environment};
use ims_exchange::{
    Call, ClientCredentials, ClientSecret, Request, ReqwestTransport, Response, Transport,
    TransportError,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

const TIMEOUT: Duration = Duration::from_secs(30);
const CANARY: &str = "canary-client-secret";

#[track_caller]
fn request(base_url: &str) -> Request {
    let client_id: ClientId = "client".parse().unwrap();
    let client_secret = ClientSecret::new(CANARY.to_owned());
    ClientCredentials::new(&client_id, &client_secret, &[]).request(&base_url.parse().unwrap())
}

async fn send(base_url: &str, timeout: Duration) -> Result<Response, TransportError> {
    let environment: Environment = base_url.parse().unwrap();
    ReqwestTransport::new(&environment).unwrap().send(request(base_url), timeout).await
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(template).mount(&server).await;
    server
}

/// Waits for a request and answers with four bytes of ten.
async fn half_an_answer(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = [0; 1024];
    assert_ne!(stream.read(&mut request).await.unwrap(), 0);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    stream
}

/// The texts of an error and of all its sources.
fn everything_said(error: &TransportError) -> String {
    let causes =
        std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(|cause| format!("{cause} {cause:?}")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_whole_answer_is_returned() {
    let server = answering(
        ResponseTemplate::new(401).insert_header("x-debug-id", "id").set_body_string("no"),
    )
    .await;
    let response = send(&server.uri(), TIMEOUT).await.unwrap();
    assert_eq!((response.status().as_u16(), response.body()), (401, &b"no"[..]));
    assert_eq!(response.headers()["x-debug-id"], "id");
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(sent.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(sent.url.query().is_none(), "a query could carry a secret");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = answering(ResponseTemplate::new(200)).await;
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    let server = answering(redirect).await;
    let response = send(&server.uri(), TIMEOUT).await.unwrap();
    assert_eq!(response.status(), 307);
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn sixty_four_kib_are_accepted_and_one_byte_more_is_not() {
    let server =
        answering(ResponseTemplate::new(200).set_body_bytes(vec![b'a'; Response::MAX_BODY])).await;
    assert_eq!(send(&server.uri(), TIMEOUT).await.unwrap().body().len(), Response::MAX_BODY);
    let server =
        answering(ResponseTemplate::new(200).set_body_bytes(vec![b'a'; Response::MAX_BODY + 1]))
            .await;
    let error = send(&server.uri(), TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::TooLong), "{error}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_stopped_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let _stream = half_an_answer(&listener).await;
        std::future::pending::<()>().await;
    });
    let error = send(&base_url, Duration::from_millis(50)).await.unwrap_err();
    assert!(
        matches!(error, TransportError::Timeout { .. }) && error.is_transient(),
        "{}",
        everything_said(&error)
    );
    assert_eq!(error.to_string(), "no answer from IMS within 50 ms");
    server.abort();
}

#[tokio::test]
async fn half_an_answer_is_a_broken_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        drop(half_an_answer(&listener).await);
    });
    let error = send(&base_url, TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Broken { .. }) && error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_is_broken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The whole request is read: an unread rest would reset the connection.
        let mut request = Vec::new();
        while !String::from_utf8_lossy(&request).contains(CANARY) {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
    });
    let error = send(&base_url, TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Broken { .. }), "{error}");
    let said = "the connection to IMS broke: it was closed before the answer came";
    assert_eq!(error.to_string(), said);
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    // The server accepts the connection, and never begins TLS.
    let server = tokio::spawn(async move {
        let _stream = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    });
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let client = client.connect_timeout(Duration::from_millis(50)).build().unwrap();
    let transport = ReqwestTransport::from_client(client);
    let error = transport.send(request(&base_url), TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    server.abort();
}

#[tokio::test]
async fn a_closed_port_is_a_connection_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&base_url, TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }) && error.is_transient(), "{error}");
    assert_eq!(error.to_string(), "cannot connect to 127.0.0.1: connection refused");
    assert!(!everything_said(&error).contains(CANARY));
}

/// A resolver that finds no name, with the error text of glibc.
#[derive(Debug)]
struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let text = "failed to lookup address information: Name or service not known";
        Box::pin(async move { Err(std::io::Error::other(text).into()) })
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_named_without_the_layers_of_the_http_library() {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let client = client.dns_resolver(NoNames).build().unwrap();
    let transport = ReqwestTransport::from_client(client);
    let error = transport.send(request("https://ims.example"), TIMEOUT).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot resolve ims.example: name or service not known");
    let said = everything_said(&error);
    assert!(!said.contains("error sending request") && !said.contains("dns error"), "{said}");
}

#[tokio::test]
async fn a_transport_accepts_only_the_scheme_that_it_was_made_for() {
    let loopback = ReqwestTransport::new(&"http://127.0.0.1:1".parse().unwrap()).unwrap();
    let error =
        loopback.send(request("https://ims-na1.adobelogin.com"), TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Scheme), "{error}");
    let https = ReqwestTransport::new(&Environment::production()).unwrap();
    let error = https.send(request("http://127.0.0.1:1"), TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Scheme), "{error}");
}
