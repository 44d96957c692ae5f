//! Callers that hold connections and send nothing, or too slowly.

use std::time::Duration;

use ims_agent::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::fixture::Fixture;

fn short() -> Limits {
    let mut limits = Limits::default();
    limits.idle = Duration::from_millis(200);
    limits
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_ends_its_connection() {
    let fixture = Fixture::new().await;
    let address = fixture.serve_at_address(short()).await;
    for start in ["G", "PRI * HTTP/2.0\r\n", "GET /v1/token HTTP/1.1\r\nHost: x\r\n", ""] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let dribble = tokio::spawn(async move {
            // One byte of a field at a time, for as long as the server accepts it.
            while writer.write_all(b"a").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        let mut answer = Vec::new();
        let closed = timeout(Duration::from_secs(5), reader.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "{start:?} holds its connection");
        dribble.abort();
    }
    assert_eq!(fixture.get("/v1/token").await.status, 200);
}

// Not on Windows, because Wine hangs.
#[cfg(unix)]
#[tokio::test]
async fn others_get_a_token_next_to_a_thousand_connections_that_send_nothing_or_half_a_head() {
    let fixture = Fixture::new().await;
    let address = fixture.serve_at_address(Limits::default()).await;
    let (mut silent, mut half_open) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        silent.push(fixture.connect().await);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /v1/token HTTP/1.1\r\nHo").await.unwrap();
        half_open.push(stream);
    }
    assert_eq!(fixture.get("/v1/token").await.status, 200);
    let request = format!(
        "GET /v1/token HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        fixture.capability()
    );
    let answer = crate::fixture::raw(address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    drop((silent, half_open));
}

#[tokio::test]
async fn callers_beyond_the_limit_are_served_when_silent_connections_are_closed() {
    let fixture = Fixture::new().await;
    let mut limits = short();
    limits.connections = 10;
    let address = fixture.serve_at_address(limits).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let request = format!(
        "GET /v1/token HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        fixture.capability()
    );
    let answer = crate::fixture::raw(address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let fixture = Fixture::new().await;
    let address = fixture.serve_at_address(Limits::default()).await;
    let long = "a".repeat(80 * 1024);
    let request = format!("GET /v1/token HTTP/1.1\r\nHost: {address}\r\nX: {long}\r\n\r\n");
    let answer = crate::fixture::raw(address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_in_progress_at_the_shutdown_gets_its_answer() {
    let fixture = Fixture::new().await;
    let first = fixture.token().await;
    let slow = ims_emulator::Fault::Delay(Duration::from_millis(300));
    fixture.emulator.inject(ims_emulator::FaultRule::new(slow));
    fixture.post("/v1/rejected", &format!("fingerprint={first}")).await;
    let path = fixture.folder.path().join("end/agent.sock");
    let listener = ims_agent::Listener::at_socket(&path, ims_agent::AllowedCallers::own_user());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let agent = fixture.agent.clone();
    let serving = tokio::spawn(async move {
        agent.serve(listener.unwrap(), Limits::default(), async { drop(ended.await) }).await;
    });
    let mut idle = tokio::net::UnixStream::connect(&path).await.unwrap();
    let mut busy = tokio::net::UnixStream::connect(&path).await.unwrap();
    busy.write_all(b"GET /v1/token HTTP/1.1\r\nHost: ims\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    end.send(()).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
    timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
    assert!(!path.exists(), "the socket is removed");
}
