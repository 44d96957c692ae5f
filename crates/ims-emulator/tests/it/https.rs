//! HTTPS on the same port, and the proxy for clients that know no other host than Adobe's.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ims_emulator::{CertificateAuthority, Emulator, Limits, Refusal};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    time_provider::TimeProvider,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::harness::{
    CLIENT_ID, CLIENT_SECRET, NOW, builder, emulator, get, integration, jwt, send,
};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
}

/// The client's clock.
#[derive(Debug)]
struct Fixed;

impl TimeProvider for Fixed {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(NOW.unsigned_abs())))
    }
}

/// An emulator with a certificate authority, and a client that trusts this authority alone.
async fn with_tls() -> (Emulator, TlsConnector) {
    let hosts = ["ims-emulator".to_owned()];
    let authority = CertificateAuthority::generate_for(&hosts, now()).unwrap();
    let mut trusted = RootCertStore::empty();
    let pem = authority.certificate_pem().as_bytes().to_owned();
    trusted.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let config = ClientConfig::builder_with_details(
        Arc::new(aws_lc_rs::default_provider()),
        Arc::new(Fixed),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(trusted)
    .with_no_client_auth();
    let builder = builder()
        .with_integration(integration())
        .with_host("ims-emulator")
        .with_certificate_authority(authority);
    (builder.start().await.unwrap(), TlsConnector::from(Arc::new(config)))
}

/// Exchanges a JWT over `stream`, as a client of `host` does.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> Value {
    let jwt = jwt(json!({}));
    let body = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&jwt_token={jwt}");
    let request = format!(
        "POST /ims/exchange/jwt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn https_and_http_are_served_on_one_port() {
    let (emulator, tls) = with_tls().await;
    for host in ["localhost", "127.0.0.1", "ims-emulator"] {
        let stream = TcpStream::connect(emulator.address()).await.unwrap();
        let stream = tls.connect(host.try_into().unwrap(), stream).await.unwrap();
        assert_eq!(exchange(stream, host).await["expires_in"], 86_399_999, "{host}");
    }
    assert_eq!(get(&emulator, "/ims/keys", "").await.status, 200);
}

#[tokio::test]
async fn a_client_with_a_hard_coded_host_comes_through_the_proxy() {
    let (emulator, tls) = with_tls().await;
    let host = "ims-na1.adobelogin.com";
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    stream.write_all(b"CONNECT ims-na1.adobelogin.com:443 HTTP/1.1\r\nHost: ims-na1.adobelogin.com:443\r\n\r\n").await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    assert!(!String::from_utf8_lossy(&head).to_lowercase().contains("content-length"));
    let stream = tls.connect(host.try_into().unwrap(), stream).await.unwrap();
    assert_eq!(exchange(stream, host).await["token_type"], "bearer");
    let requests = emulator.requests();
    let tunnel = &requests[0];
    assert_eq!((&*tunnel.method, &*tunnel.path), ("CONNECT", "ims-na1.adobelogin.com:443"));
    assert_eq!((tunnel.status, tunnel.is_granted()), (200, true));
    assert_eq!((requests.len(), &*requests[1].path), (2, "/ims/exchange/jwt"));
}

#[tokio::test]
async fn the_proxy_connects_to_the_names_that_it_was_given() {
    let (emulator, tls) = with_tls().await;
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let request = b"CONNECT ims-emulator:8443 HTTP/1.1\r\nHost: ims-emulator:8443\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    let stream = tls.connect("ims-emulator".try_into().unwrap(), stream).await.unwrap();
    assert_eq!(exchange(stream, "ims-emulator:8443").await["token_type"], "bearer");
}

#[tokio::test]
async fn the_proxy_connects_to_no_other_name() {
    let (emulator, _) = with_tls().await;
    for host in ["example.com:443", "ims-na1.adobelogin.com:22", "localhost:443", "127.0.0.1:22"] {
        let request =
            format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = send(&emulator, request.as_bytes()).await;
        assert_eq!(answer.status, 403, "{host}");
        assert!(answer.text.contains("NO_PROXY"), "{answer:?}");
        let verdict = emulator.requests().pop().unwrap();
        assert_eq!((&*verdict.method, &*verdict.path), ("CONNECT", host));
        assert_eq!(verdict.refusal, Some(Refusal::TunnelElsewhere));
        assert_eq!((verdict.status, verdict.error), (403, Some("forbidden")));
        assert!(verdict.checks.last().unwrap().expected.contains("adobeid-na1.services.adobe.com"));
        assert_eq!(answer.header("x-debug-id"), Some(&*verdict.debug_id));
    }
    let plain = self::emulator(integration()).await;
    let request = "CONNECT ims-na1.adobelogin.com:443 HTTP/1.1\r\nHost: ims-na1.adobelogin.com\r\nConnection: close\r\n\r\n";
    assert_eq!(send(&plain, request.as_bytes()).await.status, 404);
}

#[tokio::test]
async fn a_client_that_ends_or_stops_the_handshake_does_no_harm() {
    let authority = CertificateAuthority::generate(now()).unwrap();
    let mut limits = Limits::default();
    limits.head_timeout = Duration::from_millis(200);
    let builder = builder().with_certificate_authority(authority).with_limits(limits);
    let emulator = builder.start().await.unwrap();
    for hello in [&[0x16, 3, 1, 0, 1, 0][..], &[0x16], &[0x16, 0xff, 0xff, 0xff, 0xff], &[]] {
        let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
        stream.write_all(hello).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(get(&emulator, "/ims/keys", "").await.status, 200, "{hello:?}");
    }
}
