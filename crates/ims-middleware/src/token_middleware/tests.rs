//! The middleware against servers on loopback, and names that lead to them.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use http::HeaderMap;
use http_body_util::Full;
use ims_token::{TokenError, testing::ScriptedSource};
use reqwest_middleware::reqwest::{Body, Client};
use wiremock::{Mock, MockServer, Request as Received, ResponseTemplate, matchers::any};

use super::*;
use crate::{
    NoToken,
    fixture::{keeper, refusal},
};

/// A client that resolves every host name to `address`.
fn client(keeper: TokenKeeper, address: SocketAddr) -> ClientWithMiddleware {
    let hosts = AllowedHosts::default().with_loopback();
    let builder = Client::builder().no_proxy();
    let names = ["api.adobe.io", "evil-adobe.io"];
    let builder = names.iter().fold(builder, |builder, name| builder.resolve(name, address));
    TokenMiddleware::client_for(keeper, hosts, builder).unwrap()
}

/// What an API answers to an `Authorization`.
type Judge = fn(&str) -> ResponseTemplate;

/// An API that gives each request the answer that `judge` finds for its `Authorization`.
async fn api(judge: impl Fn(&str) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Received| judge(&authorization(&request.headers));
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn authorization(headers: &HeaderMap) -> String {
    headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn seen(server: &MockServer) -> Vec<String> {
    let received = server.received_requests().await.unwrap();
    received.iter().map(|request| authorization(&request.headers)).collect()
}

fn without_the_first(authorization: &str) -> ResponseTemplate {
    ResponseTemplate::new(if authorization == "Bearer token-1" { 401 } else { 200 })
}

async fn status(client: &ClientWithMiddleware, url: &str) -> u16 {
    client.post(url).body("what is asked").send().await.unwrap().status().as_u16()
}

/// An API, and a client with its own keeper.
async fn setting(
    judge: impl Fn(&str) -> ResponseTemplate + Send + Sync + 'static,
) -> (MockServer, ClientWithMiddleware, TokenKeeper, ScriptedSource) {
    let (keeper, source) = keeper();
    let server = api(judge).await;
    let client = client(keeper.clone(), *server.address());
    (server, client, keeper, source)
}

/// Replaces the client, so that HTTPS can be asked for without a server.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<HeaderMap>>>);

#[async_trait]
impl Middleware for Recorder {
    async fn handle(&self, request: Request, _: &mut Extensions, _: Next<'_>) -> Result<Response> {
        self.0.lock().unwrap().push(request.headers().clone());
        Ok(http::Response::new("").into())
    }
}

#[tokio::test]
async fn a_request_to_adobe_over_https_gets_the_headers_of_the_keeper_and_no_other_one() {
    let recorder = Recorder::default();
    let token = TokenMiddleware::new(keeper().0);
    let client = ClientBuilder::new(Client::new()).with(token).with(recorder.clone()).build();
    #[rustfmt::skip]
    let table = [
        ("https://api.adobe.io/",          true),
        ("https://ims-na1.adobelogin.com", true),
        ("http://api.adobe.io/",           false),
        ("https://evil-adobe.io/",         false),
        ("http://127.0.0.1/",              false),
    ];
    for (url, is_allowed) in table {
        client.get(url).send().await.unwrap();
        let headers = recorder.0.lock().unwrap().pop().unwrap();
        assert_eq!(headers.len(), if is_allowed { 3 } else { 0 }, "{url}");
        assert!(!is_allowed || headers["authorization"].is_sensitive(), "{url}");
    }
}

#[tokio::test]
async fn a_client_asks_for_a_token_for_hosts_of_adobe() {
    let (keeper, source) = keeper();
    // Nothing listens at this port.
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let builder = Client::builder().no_proxy().resolve("api.adobe.io", nowhere);
    let client = TokenMiddleware::client(keeper, builder).unwrap();
    client.get("https://api.adobe.io:1/").send().await.unwrap_err();
    assert_eq!(source.requests(), 1);
}

#[tokio::test]
async fn a_request_over_plain_http_carries_nothing() {
    let (server, client, _, source) = setting(|_| ResponseTemplate::new(401)).await;
    let port = server.address().port();
    assert_eq!(status(&client, &format!("http://api.adobe.io:{port}/")).await, 401);
    let received = server.received_requests().await.unwrap();
    assert!(!received[0].headers.contains_key("authorization"));
    assert!(!received[0].headers.contains_key("x-api-key"));
    assert_eq!((received.len(), source.requests()), (1, 0));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_left_to_the_caller_and_carries_nothing() {
    let evil = api(|_| ResponseTemplate::new(200)).await;
    let location = format!("http://evil-adobe.io:{}/", evil.address().port());
    let redirect = ResponseTemplate::new(307).insert_header("location", location.as_str());
    let (server, _, keeper, _) = setting(move |_| redirect.clone()).await;
    let client = client(keeper, *evil.address());

    assert_eq!(status(&client, &server.uri()).await, 307);
    assert!(evil.received_requests().await.unwrap().is_empty());
    assert_eq!(status(&client, &location).await, 200);
    let received = evil.received_requests().await.unwrap();
    for name in ["authorization", "x-api-key", "x-gw-ims-org-id"] {
        assert!(!received[0].headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_401_after_a_redirect_to_another_origin_does_not_count_as_a_rejected_token() {
    let other = api(|_| ResponseTemplate::new(401)).await;
    let redirect = ResponseTemplate::new(307).insert_header("location", other.uri());
    let (server, client, _, source) = setting(move |_| redirect.clone()).await;
    assert_eq!(status(&client, &server.uri()).await, 401);
    assert_eq!((seen(&other).await, source.requests()), (vec![String::new()], 1));
}

#[tokio::test]
async fn a_rejected_request_is_sent_again_with_another_token() {
    #[rustfmt::skip]
    let table: [(Judge, u16, &[&str]); 3] = [
        (without_the_first,              200, &["Bearer token-1", "Bearer token-2"]),
        (|_| ResponseTemplate::new(401), 401, &["Bearer token-1", "Bearer token-2"]),
        (|_| ResponseTemplate::new(403), 403, &["Bearer token-1"]),
    ];
    for (judge, answer, authorizations) in table {
        let (server, client, ..) = setting(judge).await;
        assert_eq!(status(&client, &server.uri()).await, answer);
        assert_eq!(seen(&server).await, authorizations);
        let received = server.received_requests().await.unwrap();
        assert!(received.iter().all(|request| request.body == b"what is asked"));
    }
}

#[tokio::test]
async fn a_rejected_request_is_not_sent_again_with_the_same_token() {
    let (server, client, keeper, source) = setting(without_the_first).await;
    keeper.token().await.unwrap();
    source.begin_outage(refusal());
    assert_eq!(status(&client, &server.uri()).await, 401);
    assert_eq!(seen(&server).await, ["Bearer token-1"]);
}

#[tokio::test]
async fn a_body_that_cannot_be_copied_is_sent_once() {
    let (server, client, ..) = setting(without_the_first).await;
    let stream = Body::wrap(Full::<&[u8]>::new(b"what is asked"));
    let response = client.post(server.uri()).body(stream).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(seen(&server).await, ["Bearer token-1"]);
}

#[tokio::test]
async fn an_authorization_of_the_caller_is_kept() {
    let (server, client, _, source) = setting(|_| ResponseTemplate::new(401)).await;
    client.get(server.uri()).header("authorization", "Basic b3du").send().await.unwrap();
    assert_eq!((seen(&server).await, source.requests()), (vec!["Basic b3du".to_owned()], 0));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let (server, client, _, source) = setting(|_| ResponseTemplate::new(200)).await;
    source.begin_outage(refusal());
    let error = client.get(server.uri()).send().await.unwrap_err();
    let token_error = NoToken::of(&error).map(NoToken::token_error);
    assert!(matches!(token_error, Some(TokenError::Refused { .. })), "{error:?}");
    assert!(seen(&server).await.is_empty());
}

#[tokio::test]
async fn a_hundred_rejected_requests_cause_one_refresh() {
    let (server, client, _, source) = setting(without_the_first).await;
    let url = server.uri();
    let answers = join_all((0..100).map(|_| status(&client, &url))).await;
    assert_eq!(answers, [200; 100]);
    assert_eq!(source.requests(), 2);
}
