//! Proxies, each of which answers `CONNECT` in another way.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use ims_claims::ClientId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{
    call::Call, error::ExchangeError, grant::ClientCredentials, secret_text::ClientSecret,
};

mod tls;

/// A proxy that answers each request with the same bytes, and remembers what it was asked.
struct StubProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StubProxy {
    async fn start(answer: &'static str) -> Self {
        Self::start_with(answer, answer).await
    }

    /// One that gives the answer `later` to all but the first request.
    async fn start_with(first: &'static str, later: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            for answer in std::iter::once(first).chain(std::iter::repeat(later)) {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                remembered.lock().unwrap().push(String::from_utf8(request).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { address, asked }
    }

    fn transport(&self) -> ReqwestTransport {
        transport_through(&format!("http://user:canary-password@{}", self.address))
    }
}

fn transport_through(proxy: &str) -> ReqwestTransport {
    let client = builder().tls_certs_only([]).proxy(reqwest::Proxy::https(proxy).unwrap());
    ReqwestTransport {
        client: client.build().unwrap(),
        scheme: "https://",
        proxies: Some(Proxies::of(proxy, Trust::System)),
        last_url: LastUrl::default(),
    }
    .with_proxy_variable("HTTPS_PROXY")
}

async fn send(transport: &ReqwestTransport) -> TransportError {
    let client_id: ClientId = "client".parse().unwrap();
    let secret = ClientSecret::new("canary-secret".to_owned());
    let environment = "https://ims.example".parse().unwrap();
    let request = ClientCredentials::new(&client_id, &secret, &[]).request(&environment);
    let error = transport.send(request, Duration::from_secs(30)).await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(!said.contains("canary"), "{said}");
    error
}

#[test]
fn a_cause_inside_an_io_error_is_found() {
    let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let error = std::io::Error::other(std::io::Error::other(untrusted.clone()));
    let innermost = causes(&error).last().and_then(|cause| cause.downcast_ref());
    assert_eq!(innermost, Some(&untrusted));
    assert_eq!(causes(&error).count(), 3);
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_is_named_with_its_answer() {
    #[rustfmt::skip]
    let table = [
        ("HTTP/1.1 403 Forbidden\r\n\r\n",                              "answered 403 Forbidden",                       false),
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",          "answered 407 Proxy Authentication Required",   false),
        ("HTTP/1.1 302 Moved\r\nLocation: http://portal/\r\n\r\n",    "answered 302 Found",                           false),
        ("HTTP/1.1 429 x\r\n\r\n",                                      "answered 429 Too Many Requests",               false),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n",                            "answered 502 Bad Gateway",                     true),
        ("HTTP/1.0 503 Service Unavailable\r\n\r\n",                    "answered 503 Service Unavailable",             true),
        ("HTTP/1.1 599 x\r\n\r\n",                                      "answered 599",                                 true),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n",                                 "does not answer in HTTP",                      true),
        ("220 mail.example",                                            "does not answer in HTTP",                      true),
        ("",                                                            "does not connect to ims.example",              true),
    ];
    for (answer, said, is_transient) in table {
        let proxy = StubProxy::start(answer).await;
        let error = send(&proxy.transport()).await;
        let expected = format!("the proxy {} (HTTPS_PROXY) {said}", proxy.address);
        assert_eq!(error.to_string(), expected, "{answer}");
        assert_eq!(error.is_transient(), is_transient, "{answer}");
        assert_eq!(ExchangeError::from(error).is_transient(), is_transient, "{answer}");
    }
}

#[tokio::test]
async fn the_second_request_to_the_proxy_is_the_same_as_the_first() {
    let proxy = StubProxy::start("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let error = send(&proxy.transport()).await;
    let TransportError::Proxy(refusal) = error else { panic!("{error}") };
    assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    let asked = proxy.asked.lock().unwrap();
    let [first, second] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(first.starts_with("CONNECT ims.example:443 HTTP/1.1\r\n"), "{first}");
    let lines = |request: &str| {
        let mut lines: Vec<_> = request.to_ascii_lowercase().lines().map(str::to_owned).collect();
        // The HTTP library adds its name; the rest has to be equal, the credentials too.
        lines.retain(|line| !line.starts_with("user-agent:"));
        lines.sort();
        lines
    };
    assert!(lines(second).iter().any(|line| line.starts_with("proxy-authorization: basic ")));
    assert_eq!(lines(first), lines(second));
}

#[tokio::test]
async fn a_proxy_that_asks_for_a_password_is_not_asked_again() {
    let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    let proxy = StubProxy::start_with(answer, "HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let error = send(&proxy.transport()).await;
    let TransportError::Proxy(refusal) = error else { panic!("{error}") };
    assert_eq!(refusal.status(), StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    assert_eq!(proxy.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_connects_when_it_is_asked_again_has_only_its_first_answer_to_be_blamed_for() {
    let (refusal, connected) = ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
    let proxy = StubProxy::start_with(refusal, connected).await;
    let error = send(&proxy.transport()).await;
    let expected =
        format!("the proxy {} (HTTPS_PROXY) does not connect to ims.example", proxy.address);
    assert_eq!(error.to_string(), expected);
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_first_line_without_an_end_is_read_up_to_1024_bytes() {
    let line = format!("HTTP/1.1 403 {}", "x".repeat(1011));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(line.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let url = Uri::from_static("https://ims.example");
    let proxy = Proxies::of(&proxy, Trust::System).on_the_way_to(&url).unwrap();
    let answer = proxy.ask(&url, Duration::from_secs(5)).await;
    assert_eq!(answer, ProxyAnswer::Status(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = send(&transport_through(&format!("http://{address}"))).await;
    let expected =
        format!("cannot connect to the proxy {address} (HTTPS_PROXY): connection refused");
    assert_eq!(error.to_string(), expected);
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_proxy_that_does_not_answer_the_second_request_costs_no_more_than_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        let _silent = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    });
    let proxy = format!("http://{address}");
    let proxy =
        Proxies::of(&proxy, Trust::System).on_the_way_to(&Uri::from_static("https://ims.example"));
    let proxy = proxy.unwrap();
    let url = Uri::from_static("https://ims.example");
    let first = proxy.ask(&url, Duration::from_secs(30)).await;
    assert_eq!(first, ProxyAnswer::Status(StatusCode::FORBIDDEN));
    let second = proxy.ask(&url, Duration::from_millis(20)).await;
    assert_eq!(second, ProxyAnswer::Unknown);
}

#[test]
fn a_loopback_address_needs_neither_a_proxy_nor_ca_certificates() {
    let environment = "http://127.0.0.1:8080".parse().unwrap();
    let transport = ReqwestTransport::from_variables(&environment, |_| Some(":::".into()));
    assert!(transport.is_ok());
}

#[test]
fn a_request_that_cannot_be_written_is_not_tried_again_and_its_url_is_not_repeated() {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    for url in ["https://canary:secret@[", "https://canary.example:99999", "canary"] {
        let error = explain(client.get(url).build().unwrap_err(), Duration::from_secs(1));
        assert!(matches!(error, TransportError::Setup { .. }), "{url}: {error:?}");
        assert!(!error.is_transient(), "{url}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
