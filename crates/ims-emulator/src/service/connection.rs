//! How a connection begins: distinguishing TLS from plain HTTP, and the CONNECT proxy for clients with hard-coded hosts.

use std::time::Duration;

use http::{Method, Request, Response, StatusCode, uri::Authority};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use tokio::{net::TcpStream, time::timeout};

use super::{RequestId, Service};
use crate::{
    answer::{Answer, AnswerBody},
    checks::{Checks, shown},
    host::ADOBE_HOSTS,
    refusal::Refusal,
    verdict::Verdict,
};

/// The first octet of every TLS connection, a handshake record (RFC 8446 §5.1); no HTTP method begins with it.
const HANDSHAKE: u8 = 0x16;

/// Whether `stream` begins as TLS does; nothing is read from it.
pub(crate) async fn begins_tls(stream: &TcpStream, limit: Duration) -> bool {
    let mut first = [0];
    matches!(timeout(limit, stream.peek(&mut first)).await, Ok(Ok(1)) if first == [HANDSHAKE])
}

/// Answers a CONNECT request (RFC 9110 §9.3.6): the tunnel ends in the emulator, whatever address the host has. The requests
/// in it get their own verdicts.
pub(crate) fn connect(
    service: &Service,
    request: Request<Incoming>,
) -> (Response<AnswerBody>, Option<OnUpgrade>) {
    let RequestId { number, now_ms, debug_id } = service.next_request_id();
    let to = request.uri().authority().cloned();
    let mut checks = Checks::new();
    let refusal = examine(service, to.as_ref(), &mut checks).err();
    let status = refusal.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN);
    let (checks, client_id) = checks.into_parts();
    service.journal.record(Verdict {
        number,
        received_at_ms: now_ms,
        method: "CONNECT".into(),
        path: shown(to.map_or(String::new(), |to| to.to_string()).into()),
        endpoint: None,
        client_id,
        parameters: Vec::new(),
        jwt: None,
        checks,
        refusal,
        fault: None,
        status: status.as_u16(),
        error: refusal.map(Refusal::error),
        remedy: refusal.map(Refusal::remedy),
        debug_id: debug_id.clone(),
    });
    let Some(refusal) = refusal else {
        let answer = Answer::empty(status);
        return (answer.into_tunnel(), Some(hyper::upgrade::on(request)));
    };
    let text = format!("{} {}\n", refusal.description(), refusal.remedy());
    (Answer::new(status, "text/plain", text).into_response(Some(&debug_id)), None)
}

/// The emulator itself answers for the hosts of Adobe and for the names that it was given.
fn examine(service: &Service, to: Option<&Authority>, checks: &mut Checks) -> Result<(), Refusal> {
    let leads_there = match to {
        Some(to) => {
            let is_adobe = ADOBE_HOSTS.iter().any(|host| host.eq_ignore_ascii_case(to.host()));
            is_adobe && to.port_u16() == Some(443) || service.hosts.names(to.host())
        }
        None => false,
    };
    let mut expected = format!("{}, each at port 443", ADOBE_HOSTS.join(", "));
    for name in &service.hosts.0 {
        expected.push_str(", ");
        expected.push_str(name);
    }
    checks
        .that("proxy leads there", leads_there)
        .expected(expected)
        .actual(to.map_or(String::new(), ToString::to_string))
        .or(Refusal::TunnelElsewhere)
}

pub(crate) fn is_connect(request: &Request<Incoming>) -> bool {
    request.method() == Method::CONNECT
}
