//! Where the proxy sends a token, and where not.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ims_agent::{Capability, Destination, Error, Limits, Listener, Proxy};
use ims_middleware::AllowedHosts;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    api::{Api, answer},
    fixture::{Fixture, raw},
};

/// The address of a proxy in front of an API.
async fn proxy(fixture: &Fixture, to: &str, capability: Option<Capability>) -> SocketAddr {
    proxy_with(fixture, to, capability, Limits::default()).await
}

async fn proxy_with(
    fixture: &Fixture,
    to: &str,
    capability: Option<Capability>,
    limits: Limits,
) -> SocketAddr {
    let hosts = AllowedHosts::default().with_loopback();
    let destination: Destination = to.parse().unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let proxy = Proxy::new(&fixture.agent, "default", hosts, Some(destination), http).unwrap();
    let listener = Listener::at_address(([127, 0, 0, 1], 0).into(), capability).await.unwrap();
    let address = listener.address().unwrap();
    let end = fixture.end();
    tokio::spawn(async move { proxy.serve(listener, limits, end).await });
    address
}

fn get(path: &str, host: impl std::fmt::Display, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n")
}

#[tokio::test]
async fn a_request_gets_the_token_and_loses_the_fields_that_were_for_the_proxy() {
    let fixture = Fixture::new().await;
    let api =
        Api::start(|_| answer("200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-End: 1", "hello"))
            .await;
    let address = proxy(&fixture, &format!("{}/base", api.url()), None).await;
    let fields = "Authorization: Bearer of-the-client\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 1\r\n\
                  Proxy-Authorization: Basic eA==\r\nTE: trailers\r\n";
    let answered = raw(address, &get("/a?b=c", address, fields)).await;
    assert!(
        answered.starts_with("HTTP/1.1 200 OK\r\n") && answered.ends_with("hello"),
        "{answered}"
    );
    assert!(answered.contains("x-end: 1") && !answered.contains("x-hop"), "{answered}");

    let token = fixture.get("/v1/token").await.json()["access_token"].as_str().unwrap().to_owned();
    let requests = api.requests();
    let request = &requests[0];
    for part in [
        "GET /base/a?b=c HTTP/1.1\r\n",
        &format!("authorization: Bearer {token}\r\n"),
        "x-api-key: emulated-client\r\n",
        "x-gw-ims-org-id: EMULATED@AdobeOrg\r\n",
        "x-end: 1\r\n",
        "via: 1.1 ims\r\n",
        &format!("host: {}\r\n", api.address),
    ] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
    for part in ["of-the-client", "x-hop", "proxy-authorization", "te: "] {
        assert!(!request.contains(part), "{part} is in {request}");
    }
    let event = fixture.happened("proxied").await;
    assert!(event.starts_with(&format!("proxied: GET {} 200 ", api.address)), "{event}");
    assert!(!event.contains("b=c"), "a query may hold private data: {event}");
}

#[tokio::test]
async fn one_401_is_answered_with_a_new_token_where_the_body_can_be_sent_again() {
    let fixture = Fixture::new().await;
    let first = fixture.get("/v1/token").await.json()["access_token"].as_str().unwrap().to_owned();
    let rejected = first.clone();
    let api = Api::start(move |request| {
        if request.contains(&rejected) {
            answer("401 Unauthorized", "rejected")
        } else {
            answer("200 OK", "taken")
        }
    });
    let api = api.await;
    let address = proxy(&fixture, &api.url(), None).await;

    // A body of unknown length passes through while it comes, and cannot be sent again: the client gets the 401.
    let chunked = format!(
        "POST /a HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    );
    let answered = raw(address, &chunked).await;
    assert!(answered.starts_with("HTTP/1.1 401 "), "{answered}");
    assert_eq!(api.requests().len(), 1);
    // Its token was rejected anyway, and the next request has another.
    let body = format!(
        "POST /a HTTP/1.1\r\nHost: {address}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    );
    assert!(raw(address, &body).await.ends_with("taken"));
    assert_eq!(api.requests().len(), 2);
}

#[tokio::test]
async fn a_short_body_is_sent_again_and_a_401_for_the_new_token_is_passed_on() {
    let fixture = Fixture::new().await;
    let api = Api::start(|_| answer("401 Unauthorized", "rejected")).await;
    let address = proxy(&fixture, &api.url(), None).await;
    let body = format!(
        "POST /a HTTP/1.1\r\nHost: {address}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    );
    assert!(raw(address, &body).await.starts_with("HTTP/1.1 401 "));
    let requests = api.requests();
    assert_eq!(requests.len(), 2);
    let token = |request: &str| {
        request.lines().find(|line| line.starts_with("authorization")).unwrap().to_owned()
    };
    assert_ne!(token(&requests[0]), token(&requests[1]));
    assert!(requests.iter().all(|request| request.ends_with("\r\n\r\nhello")), "{requests:?}");
}

#[tokio::test]
async fn a_redirect_is_for_the_client_and_no_token_follows_it() {
    let fixture = Fixture::new().await;
    let elsewhere = Api::start(|_| answer("200 OK", "stolen")).await;
    let location = format!("302 Found\r\nLocation: {}/a", elsewhere.url());
    let api = Api::start(move |_| answer(&location, "")).await;
    let address = proxy(&fixture, &api.url(), None).await;
    let answered = raw(address, &get("/a", address, "")).await;
    assert!(answered.starts_with("HTTP/1.1 302 Found\r\n"), "{answered}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_request_for_a_host_that_may_not_have_the_token_is_not_sent() {
    let fixture = Fixture::new().await;
    let api = Api::start(|_| answer("200 OK", "hello")).await;
    let address = proxy(&fixture, &api.url(), None).await;
    #[rustfmt::skip]
    let table = [
        (get("http://evil.example/a", "evil.example", ""),                    "403"),
        (get("http://evil.example/a", address, ""),                           "400"),
        (get("/a", "evil.example", ""),                                       "421"),
        (get("/a", "platform.adobe.io", ""),                                  "421"),
        (get(&format!("http://{}/a", api.address), "evil.example", ""),       "400"),
        (format!("GET /a HTTP/1.1\r\nHost: {address}\r\nHost: {address}\r\nConnection: close\r\n\r\n"), "421"),
        (get("http://localhost./a", "localhost.", ""),                         "403"),
        ("CONNECT platform.adobe.io:443 HTTP/1.1\r\nHost: platform.adobe.io:443\r\nConnection: close\r\n\r\n".to_owned(), "405"),
        (get("/a", address, "Upgrade: websocket\r\n"),                        "501"),
        (get("/a", address, "Origin: http://evil.example\r\n"),               "403"),
        // The answer would repeat the token.
        (get("/a", address, "").replacen("GET", "TRACE", 1),                  "405"),
        // Its destination may be the proxy itself.
        (get("/a", address, "Via: 1.1 ims\r\n"),                             "508"),
    ];
    for (request, status) in table {
        let answered = raw(address, &request).await;
        assert!(answered.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answered}");
    }
    assert!(api.requests().is_empty());
    // A client of a forward proxy is served.
    let named = raw(address, &get(&format!("http://{}/a", api.address), api.address, "")).await;
    assert!(named.ends_with("hello"), "{named}");
    assert_eq!(api.requests().len(), 1);
}

#[tokio::test]
async fn what_two_servers_may_read_differently_reaches_the_api_as_one_request_or_not_at_all() {
    let fixture = Fixture::new().await;
    let api = Api::start(|_| answer("200 OK", "hello")).await;
    // Some of these shapes wait for bytes that never come.
    let mut limits = Limits::default();
    (limits.idle, limits.stalled) = (Duration::from_millis(300), Duration::from_millis(300));
    let address = proxy_with(&fixture, &api.url(), None, limits).await;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = hidden.len();
    let head = format!("POST /seen HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    let mut sent = JoinSet::new();
    for framing in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("Content-Length: 0, {length}\r\n\r\n{hidden}"),
        format!("Content-Length: +0\r\n\r\n{hidden}"),
        format!("Content-Length : {length}\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("X: y\nTransfer-Encoding: chunked\n\n0\r\n\r\n{hidden}"),
        format!("X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\n0;x=\n\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{hidden}"),
    ] {
        let request = format!("{head}{framing}");
        sent.spawn(async move { raw(address, &request).await });
    }
    sent.join_all().await;
    for request in api.requests() {
        // If anything reached the API, it was one request; what follows the head is its body.
        assert!(!request.starts_with("GET /hidden"), "{request}");
        let (fields, _) = request.split_once("\r\n\r\n").unwrap();
        let lengths =
            fields.matches("content-length").count() + fields.matches("transfer-encoding").count();
        assert!(lengths <= 1, "{request}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_is_the_fault_of_the_client_and_not_of_the_api() {
    let fixture = Fixture::new().await;
    let api = Api::start(|_| answer("200 OK", "hello")).await;
    let address = proxy(&fixture, &api.url(), None).await;
    let request = format!(
        "POST /a HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nno size\r\n"
    );
    let answered = raw(address, &request).await;
    assert!(
        answered.starts_with("HTTP/1.1 400 ") && answered.contains("body_broken"),
        "{answered}"
    );
}

#[tokio::test]
async fn bodies_are_passed_on_while_they_come_in_both_directions() {
    let fixture = Fixture::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let address = proxy(&fixture, &url, None).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let (mut api, _) = listener.accept().await.unwrap();
    read_until(&mut api, "\r\n\r\n").await;
    api.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
    read_until(&mut client, "\r\n\r\n").await;
    for word in ["one", "two", "three"] {
        let chunk = format!("{:x}\r\n{word}\r\n", word.len());
        client.write_all(chunk.as_bytes()).await.unwrap();
        read_until(&mut api, word).await;
        api.write_all(chunk.as_bytes()).await.unwrap();
        read_until(&mut client, word).await;
    }
}

async fn read_until(stream: &mut TcpStream, end: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(end) {
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_buf(&mut seen)).await;
        assert!(read.unwrap().unwrap() > 0, "{}", String::from_utf8_lossy(&seen));
    }
}

#[tokio::test]
async fn a_client_may_use_http2_and_send_the_capability_as_a_proxy_password() {
    let fixture = Fixture::new().await;
    let api = Api::start(|_| answer("200 OK", "hello")).await;
    let path = fixture.folder.path().join("of-the-proxy");
    let capability = Capability::read_or_create(&path).unwrap();
    let address = proxy(&fixture, &api.url(), Some(capability)).await;
    assert!(raw(address, &get("/a", address, "")).await.starts_with("HTTP/1.1 407 "));
    assert!(api.requests().is_empty());

    let shown = format!("Bearer {}", std::fs::read_to_string(&path).unwrap());
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("http://{address}/a")).header("proxy-authorization", &shown);
    let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    assert!(!api.requests()[0].contains(&shown[7..]));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_answer_says_why() {
    let fixture = Fixture::without_ims(None).await;
    let api = Api::start(|_| answer("200 OK", "hello")).await;
    let address = proxy(&fixture, &api.url(), None).await;
    let answered = raw(address, &get("/a", address, "")).await;
    assert!(answered.starts_with("HTTP/1.1 503 ") && answered.contains("\"reason\""), "{answered}");
    assert!(api.requests().is_empty());
    let health = raw(address, &get("/_ims/health", address, "")).await;
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
}

#[tokio::test]
async fn an_api_that_cannot_be_reached_is_a_502() {
    let fixture = Fixture::new().await;
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = proxy(&fixture, &format!("http://{nowhere}"), None).await;
    let answered = raw(address, &get("/a", address, "")).await;
    assert!(
        answered.starts_with("HTTP/1.1 502 ") && answered.contains("api_not_reached"),
        "{answered}"
    );
}

#[tokio::test]
async fn a_destination_that_may_not_have_the_token_is_refused_at_once() {
    let fixture = Fixture::new().await;
    let refused = Proxy::new(
        &fixture.agent,
        "default",
        AllowedHosts::default(),
        Some("https://api.example".parse().unwrap()),
        reqwest::Client::builder(),
    );
    assert!(matches!(refused, Err(Error::NotAllowed(_))));
}
