//! Faults on demand, as a client sees them.

use std::time::{Duration, Instant};

use ims_emulator::{Endpoint, Fault, FaultRule};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{CLIENT_ID, builder, emulator, exchange, get, integration, jwt};

#[tokio::test]
async fn a_fault_in_place_of_the_checks_has_its_status_and_wait() {
    let wait = Some(Duration::from_secs(7));
    #[rustfmt::skip]
    let table = [
        (Fault::TooManyRequests { retry_after: wait }, 429, "too_many_requests",   Some("7")),
        (Fault::TooManyRequests { retry_after: None }, 429, "too_many_requests",   None),
        (Fault::Unavailable { retry_after: wait },     503, "service_unavailable", Some("7")),
        (Fault::InternalError,                         500, "internal_error",      None),
        (Fault::Html,                                  502, "",                    None),
    ];
    let emulator = emulator(integration().requiring_jti()).await;
    let jwt = jwt(json!({ "jti": "1" }));
    for (fault, status, error, retry_after) in table {
        emulator.inject(FaultRule::new(fault).times(1));
        let answer = exchange(&emulator, &jwt).await;
        assert_eq!(answer.error(), (status, error));
        assert_eq!(answer.header("retry-after"), retry_after);
        assert_eq!(emulator.requests().last().unwrap().fault, Some(fault));
    }
    assert_eq!(exchange(&emulator, &jwt).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_has_used_its_jti() {
    let jwt = jwt(json!({ "jti": "1" }));
    for fault in [Fault::Truncated, Fault::WrongContentType, Fault::Oversized] {
        let emulator = emulator(integration().requiring_jti()).await;
        emulator.inject(FaultRule::new(fault).times(1));
        let answer = exchange(&emulator, &jwt).await;
        assert_eq!(answer.status, 200, "{fault:?}");
        assert_eq!(exchange(&emulator, &jwt).await.error(), (400, "invalid_jti"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_truncated_answer_is_shorter_than_it_says() {
    let emulator = emulator(integration()).await;
    let whole = get(&emulator, "/ims/keys", "").await.header("content-length").unwrap().to_owned();
    emulator.inject(FaultRule::new(Fault::Truncated));
    let answer = get(&emulator, "/ims/keys", "").await;
    assert_eq!(answer.header("content-length"), Some(&*whole));
    assert!(answer.body.is_null());
}

#[tokio::test]
async fn a_disconnected_client_gets_no_byte() {
    let emulator = emulator(integration()).await;
    emulator.inject(FaultRule::new(Fault::Disconnected));
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    stream.write_all(b"GET /ims/keys HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn an_oversized_answer_has_a_mebibyte_and_a_wrong_type_the_right_body() {
    let emulator = emulator(integration()).await;
    emulator.inject(FaultRule::new(Fault::Oversized).times(1));
    let answer = get(&emulator, "/ims/keys", "").await;
    assert!(answer.header("content-length").unwrap().parse::<usize>().unwrap() > 1024 * 1024);
    emulator.inject(FaultRule::new(Fault::WrongContentType).times(1));
    let answer = get(&emulator, "/ims/keys", "").await;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert!(answer.body["keys"].is_array());
}

#[tokio::test]
async fn a_delayed_answer_is_correct() {
    let delay = FaultRule::new(Fault::Delay(Duration::from_millis(50)));
    let emulator =
        builder().with_integration(integration()).with_fault(delay).start().await.unwrap();
    let begun = Instant::now();
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_rule_applies_only_to_its_client_and_endpoint_until_it_is_removed() {
    let emulator = emulator(integration()).await;
    emulator.inject(FaultRule::new(Fault::InternalError).of("other".parse().unwrap()));
    emulator.inject(FaultRule::new(Fault::InternalError).at(Endpoint::Keys));
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 200);
    assert_eq!(get(&emulator, "/ims/keys", "").await.status, 500);
    emulator.inject(FaultRule::new(Fault::Html).of(CLIENT_ID.parse().unwrap()));
    assert_eq!(exchange(&emulator, &jwt(json!({}))).await.status, 502);
    emulator.clear_faults();
    assert_eq!(get(&emulator, "/ims/keys", "").await.status, 200);
}
