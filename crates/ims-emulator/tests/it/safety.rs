//! What protects an emulator and its machine: limits for hosts, sizes, times and numbers, and the shutdown.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_emulator::{CertificateAuthority, Emulator, Fault, FaultRule, Limits, StartError};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{builder, emulator, exchange, integration, jwt, post, send};

#[tokio::test]
async fn a_request_under_a_foreign_host_name_is_refused() {
    let emulator = emulator(integration()).await;
    #[rustfmt::skip]
    let table = [
        ("Host: evil.example\r\n",                       421),
        ("",                                             421),
        ("Host: localhost\r\nHost: evil.example\r\n",    421),
        ("Host: user@localhost\r\n",                     421),
        ("Host: localhost\r\n",                          200),
        ("Host: ims-na1.adobelogin.com\r\n",             200),
    ];
    for (host, status) in table {
        let request = format!("GET /ims/keys HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        assert_eq!(send(&emulator, request.as_bytes()).await.status, status, "{host}");
    }
    let absolute =
        "GET http://evil.example/ims/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send(&emulator, absolute.as_bytes()).await.status, 421);
}

#[tokio::test]
async fn an_address_outside_of_loopback_has_to_be_allowed() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused = Emulator::builder().with_address(everywhere).start().await;
    assert!(matches!(refused, Err(StartError::NotLoopback)), "{refused:?}");
    let taken = Emulator::start().await.unwrap();
    let refused = Emulator::builder().with_address(taken.address()).start().await;
    assert!(matches!(refused, Err(StartError::Listen(..))), "{refused:?}");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let emulator = emulator(integration()).await;
    let request = "POST /ims/exchange/jwt HTTP/1.1\r\nHost: localhost\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1073741824\r\n\r\n";
    let answer = send(&emulator, request.as_bytes()).await;
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    let chunk = "1".repeat(70_000);
    let request = format!(
        "POST /ims/exchange/jwt HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{chunk}\r\n0\r\n\r\n",
        chunk.len()
    );
    assert_eq!(send(&emulator, request.as_bytes()).await.status, 413);
    let longest = format!("x={}", "1".repeat(64 * 1024 - 2));
    let answer =
        post(&emulator, "/ims/exchange/jwt", "application/x-www-form-urlencoded", &longest).await;
    assert_eq!(answer.error(), (400, "invalid_client"));
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let emulator = emulator(integration()).await;
    let request =
        format!("GET /ims/keys HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(send(&emulator, request.as_bytes()).await.status, 431);
}

#[tokio::test]
async fn slow_clients_are_disconnected_and_others_are_answered_meanwhile() {
    let mut limits = Limits::default();
    limits.head_timeout = Duration::from_millis(200);
    limits.body_timeout = Duration::from_millis(200);
    let emulator =
        builder().with_integration(integration()).with_limits(limits).start().await.unwrap();
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
        stream.write_all(b"POST /ims/exchange/jwt HTTP/1.1\r\nHost: local").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 200);
    for mut stream in slow {
        let mut rest = Vec::new();
        // It ends; on a busy machine by a reset, since the system may throw away what was not read.
        if let Err(error) = stream.read_to_end(&mut rest).await {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        }
    }
    let half_a_body = "POST /ims/exchange/jwt HTTP/1.1\r\nHost: localhost\r\n\
                       Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\na=";
    assert_eq!(send(&emulator, half_a_body.as_bytes()).await.status, 408);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let mut limits = Limits::default();
    limits.connections = 2;
    let emulator =
        builder().with_integration(integration()).with_limits(limits).start().await.unwrap();
    let emulator = Arc::new(emulator);
    let requests = (0..20).map(|_| {
        let emulator = Arc::clone(&emulator);
        tokio::spawn(async move { exchange(&emulator, &jwt(json!({}))).await.status })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_with_one_jti_exactly_one_is_granted() {
    let emulator = Arc::new(emulator(integration().requiring_jti()).await);
    let jwt = jwt(json!({ "jti": "1" }));
    let requests = (0..32).map(|_| {
        let (emulator, jwt) = (Arc::clone(&emulator), jwt.clone());
        tokio::spawn(async move { exchange(&emulator, &jwt).await.status })
    });
    let mut granted = 0;
    for request in requests.collect::<Vec<_>>() {
        granted += u32::from(request.await.unwrap() == 200);
    }
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn shutdown_closes_the_port_and_idle_connections() {
    let emulator = emulator(integration()).await;
    let address = emulator.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /ims/keys HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(idle.read_u8().await.unwrap(), b'H');
    emulator.shutdown().await;
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn half_a_head_or_half_a_body_does_not_delay_the_shutdown() {
    for half in [
        "POST /ims/exchange/jwt HTTP/1.1\r\nHost: local",
        "POST /ims/exchange/jwt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nclient_id=",
    ] {
        let emulator = emulator(integration()).await;
        let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        // An answer on another connection shows that the half has arrived.
        assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 200);
        let start = std::time::Instant::now();
        emulator.shutdown().await;
        assert!(start.elapsed() < Duration::from_secs(1), "{half}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_connection_that_has_sent_nothing_to_a_tls_server_does_not_delay_the_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let authority =
        CertificateAuthority::open(&folder.path().join("ca"), SystemTime::now()).unwrap();
    let emulator = builder().with_certificate_authority(authority).start().await.unwrap();
    let _silent = TcpStream::connect(emulator.address()).await.unwrap();
    let mut half = TcpStream::connect(emulator.address()).await.unwrap();
    half.write_all(&[0x16, 3, 1]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    ends_at_once(emulator).await;
}

#[tokio::test]
async fn clients_that_wait_for_large_answers_and_never_read_do_not_delay_the_shutdown() {
    let emulator = emulator(integration()).await;
    let payload = BASE64_URL_SAFE_NO_PAD.encode(json!({ "x": "x".repeat(4_300) }).to_string());
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let body = format!("token={header}.{payload}.signature");
    for _ in 0..800 {
        post(&emulator, "/ims/revoke", "application/x-www-form-urlencoded", &body).await;
    }
    let mut silent = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
        let request = b"GET /_emulator/requests HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        silent.push(stream);
    }
    // Two have an answer that is longer than what the system keeps for them, and the others wait for their turn.
    tokio::time::sleep(Duration::from_millis(200)).await;
    ends_at_once(emulator).await;
}

async fn ends_at_once(emulator: Emulator) {
    let start = std::time::Instant::now();
    emulator.shutdown().await;
    assert!(start.elapsed() < Duration::from_millis(700), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_answer_in_progress_is_still_given_at_the_shutdown() {
    let emulator = emulator(integration()).await;
    let late = FaultRule::new(Fault::Delay(Duration::from_millis(400)));
    emulator.inject(late);
    let address = emulator.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /ims/keys HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // The verdict comes with the answer, so a second request, which the fault delays as long, shows that the first has come.
    tokio::time::sleep(Duration::from_millis(100)).await;
    emulator.shutdown().await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let mut limits = Limits::default();
    limits.write_timeout = Duration::from_millis(200);
    let emulator = builder().with_limits(limits).start().await.unwrap();
    emulator.inject(FaultRule::new(Fault::Oversized));
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    // More answers than the operating system keeps for a client, 1 MiB each.
    for _ in 0..64 {
        let request = b"GET /ims/keys HTTP/1.1\r\nHost: localhost\r\n\r\n";
        if stream.write_all(request).await.is_err() {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    let answered = emulator.requests().len();
    assert!(answered < 64, "{answered}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(emulator.requests().len(), answered);
}

#[tokio::test]
async fn three_hundred_large_registrations_leave_small_verdicts() {
    let emulator = emulator(integration()).await;
    let uris = vec!["https://app.example/callback"; 1_900];
    let body = json!({ "client_name": "x", "redirect_uris": uris }).to_string();
    for _ in 0..300 {
        let answer = post(&emulator, "/ims/register", "application/json", &body).await;
        assert_eq!(answer.error(), (400, "invalid_client_metadata"));
    }
    let scope = "s,".repeat(5_000);
    let body = format!("client_id={}&scope={scope}", crate::harness::CLIENT_ID);
    post(&emulator, "/ims/authorize/v2", "application/x-www-form-urlencoded", &body).await;
    for verdict in emulator.requests() {
        let size = serde_json::to_string(&*verdict).unwrap().len();
        assert!(verdict.checks.len() <= 64 && size <= 16 * 1024, "{size}");
    }
}

#[tokio::test]
async fn dropping_it_closes_the_port() {
    let emulator = emulator(integration()).await;
    let address = emulator.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    drop(emulator);
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}
