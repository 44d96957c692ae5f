//! The layer around a service that remembers what it was sent.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures_util::future::{Ready, join_all, ready};
use http::{HeaderMap, header::AUTHORIZATION};
use ims_token::{TokenError, testing::ScriptedSource};
use tower::{ServiceExt, limit::ConcurrencyLimit};

use super::*;
use crate::{
    NoToken,
    fixture::{keeper, refusal},
};

/// The status that an API gives to an `Authorization`.
type Judge = fn(&str) -> u16;

/// An API that gives each request the status that `judge` finds for its `Authorization`. It has to be found ready before
/// each call, and a clone is not ready.
struct Api {
    judge: Judge,
    seen: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    is_ready: bool,
}

impl Api {
    fn new(judge: Judge) -> Self {
        Self { judge, seen: Arc::default(), is_ready: false }
    }

    /// The `Authorization` of each request, or nothing.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(headers, _)| authorization(headers)).collect()
    }
}

impl Clone for Api {
    fn clone(&self) -> Self {
        Self { judge: self.judge, seen: Arc::clone(&self.seen), is_ready: false }
    }
}

impl Service<Request<String>> for Api {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        assert!(mem::take(&mut self.is_ready), "called before it was ready");
        let status = (self.judge)(&authorization(request.headers()));
        let (parts, body) = request.into_parts();
        self.seen.lock().unwrap().push((parts.headers, body));
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        ready(Ok(response))
    }
}

fn authorization(headers: &HeaderMap) -> String {
    headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn without_the_first(authorization: &str) -> u16 {
    if authorization == "Bearer token-1" { 401 } else { 200 }
}

fn request(uri: &str) -> Request<String> {
    Request::post(uri).body("what is asked".to_owned()).unwrap()
}

const API: &str = "https://platform.adobe.io/data";

/// Sends one request to `api`, and gives the status.
async fn status(layer: &TokenLayer<String>, api: &Api, request: Request<String>) -> u16 {
    layer.layer(api.clone()).oneshot(request).await.unwrap().status().as_u16()
}

fn layer() -> (TokenLayer<String>, ScriptedSource) {
    let (keeper, source) = keeper();
    (TokenLayer::new(keeper), source)
}

#[tokio::test]
async fn a_request_to_adobe_gets_the_headers_of_the_keeper() {
    let ((layer, _), api) = (layer(), Api::new(|_| 200));
    // Without a token at first, and then with the one that is held.
    for _ in 0..2 {
        assert_eq!(status(&layer, &api, request(API)).await, 200);
    }
    for (headers, body) in api.seen.lock().unwrap().iter() {
        assert_eq!(headers[AUTHORIZATION], "Bearer token-1");
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(headers["x-api-key"], "my-client");
        assert_eq!(headers["x-gw-ims-org-id"], "0123456789ABCDEF01234567@AdobeOrg");
        assert_eq!(body, "what is asked");
    }
}

#[tokio::test]
async fn all_other_requests_pass_untouched() {
    let ((layer, source), api) = (layer(), Api::new(|_| 401));
    for uri in
        ["http://platform.adobe.io/", "https://evil-adobe.io/", "https://127.0.0.1/", "/data"]
    {
        assert_eq!(status(&layer, &api, request(uri)).await, 401, "{uri}");
    }
    assert!(api.seen.lock().unwrap().iter().all(|(headers, _)| headers.is_empty()));
    assert_eq!((api.seen().len(), source.requests()), (4, 0));
}

#[tokio::test]
async fn other_hosts_replace_those_of_adobe() {
    let ((layer, _), api) = (layer(), Api::new(|_| 200));
    let layer = layer.with_hosts(AllowedHosts::none().with_domain("example.com").unwrap());
    for uri in ["https://api.example.com/", API] {
        assert_eq!(status(&layer, &api, request(uri)).await, 200);
    }
    assert_eq!(api.seen(), ["Bearer token-1", ""]);
}

#[tokio::test]
async fn a_redirect_to_another_host_carries_nothing() {
    let ((layer, _), api) = (layer(), Api::new(|_| 307));
    // A client that follows redirects sends again only the headers that it set itself, so not the token.
    for uri in [API, "https://evil.example/"] {
        assert_eq!(status(&layer, &api, request(uri)).await, 307);
    }
    assert_eq!(api.seen(), ["Bearer token-1", ""]);
    assert!(api.seen.lock().unwrap()[1].0.is_empty());
}

#[tokio::test]
async fn headers_of_the_caller_are_kept() {
    let ((layer, source), api) = (layer(), Api::new(|_| 401));
    let mut own = request(API);
    own.headers_mut().insert(AUTHORIZATION, "Basic b3du".parse().unwrap());
    assert_eq!(status(&layer, &api, own).await, 401);
    assert_eq!((api.seen(), source.requests()), (vec!["Basic b3du".to_owned()], 0));

    let mut own = request(API);
    own.headers_mut().insert("x-api-key", "another".parse().unwrap());
    status(&layer, &api, own).await;
    assert_eq!(api.seen.lock().unwrap()[1].0["x-api-key"], "another");
}

#[tokio::test]
async fn a_rejected_request_is_sent_again_with_another_token() {
    #[rustfmt::skip]
    let table: [(Judge, u16, &[&str]); 3] = [
        (without_the_first, 200, &["Bearer token-1", "Bearer token-2"]),
        (|_| 401,           401, &["Bearer token-1", "Bearer token-2"]),
        (|_| 403,           403, &["Bearer token-1"]),
    ];
    for (judge, answer, seen) in table {
        let ((layer, _), api) = (layer(), Api::new(judge));
        assert_eq!(status(&layer, &api, request(API)).await, answer);
        assert_eq!(api.seen(), seen);
        assert!(api.seen.lock().unwrap().iter().all(|(_, body)| body == "what is asked"));
    }
}

#[tokio::test]
async fn a_rejected_request_is_not_sent_again_with_the_same_token() {
    let (keeper, source) = keeper();
    let (layer, api) = (TokenLayer::new(keeper.clone()), Api::new(without_the_first));
    keeper.token().await.unwrap();
    source.begin_outage(refusal());
    assert_eq!(status(&layer, &api, request(API)).await, 401);
    assert_eq!(api.seen(), ["Bearer token-1"]);
}

#[tokio::test]
async fn a_body_that_cannot_be_copied_is_sent_once() {
    let (keeper, _) = keeper();
    let (layer, api) = (TokenLayer::with_copy(keeper, |_| None), Api::new(without_the_first));
    assert_eq!(status(&layer, &api, request(API)).await, 401);
    assert_eq!(api.seen(), ["Bearer token-1"]);
    // The keeper has learned about it.
    assert_eq!(status(&layer, &api, request(API)).await, 200);
    assert_eq!(api.seen(), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let ((layer, source), api) = (layer(), Api::new(|_| 200));
    source.begin_outage(refusal());
    let error = layer.layer(api.clone()).oneshot(request(API)).await.unwrap_err();
    let no_token = error.downcast::<NoToken>().unwrap();
    let token_error = no_token.token_error();
    assert!(matches!(token_error, TokenError::Refused { .. }), "{token_error:?}");
    let said = "the request was not sent: the integration is disabled";
    assert_eq!(no_token.to_string(), said);
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn a_hundred_rejected_requests_cause_one_refresh() {
    let ((layer, source), api) = (layer(), Api::new(without_the_first));
    let answers = join_all((0..100).map(|_| status(&layer, &api, request(API)))).await;
    assert_eq!(answers, [200; 100]);
    assert_eq!(source.requests(), 2);
}

#[tokio::test]
async fn a_single_connection_is_free_again_for_the_second_sending() {
    let ((layer, _), api) = (layer(), Api::new(without_the_first));
    let mut service = layer.layer(ConcurrencyLimit::new(api.clone(), 1));
    for _ in 0..2 {
        let response = service.ready().await.unwrap().call(request(API)).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(api.seen(), ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);
}

#[tokio::test]
async fn no_token_is_shown() {
    let (keeper, _) = keeper();
    keeper.token().await.unwrap();
    let shown = format!("{:?}", TokenLayer::<String>::new(keeper).layer(()));
    assert!(!shown.contains("token-1"), "{shown}");
}
