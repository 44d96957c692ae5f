//! HTTPS on the same port: telling TLS from plain HTTP, and the CONNECT proxy for clients with hard-coded hosts.

use std::{sync::Arc, time::Duration};

use http::{Method, Request, Response, StatusCode, uri::Authority};
use hyper::{
    body::Incoming,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    answer::{Answer, AnswerBody},
    host::IMS_HOSTS,
};

/// The first octet of every TLS connection, a handshake record (RFC 8446 §5.1); no HTTP method begins with it.
const HANDSHAKE: u8 = 0x16;

/// Accepts TLS connections.
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

impl Tls {
    pub(crate) fn new(config: ServerConfig) -> Self {
        Self(TlsAcceptor::from(Arc::new(config)))
    }

    /// Accepts a connection; `None` if the client does not trust it, gives up or takes too long.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        limit: Duration,
    ) -> Option<TlsStream<S>> {
        timeout(limit, self.0.accept(stream)).await.ok()?.ok()
    }

    /// Accepts the connection that a CONNECT request has asked for.
    pub(crate) async fn accept_tunnel(
        &self,
        tunnel: OnUpgrade,
        limit: Duration,
    ) -> Option<TlsStream<TokioIo<Upgraded>>> {
        self.accept(TokioIo::new(tunnel.await.ok()?), limit).await
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// Whether `stream` begins as TLS does; nothing is taken from it.
pub(crate) async fn begins_tls(stream: &TcpStream, limit: Duration) -> bool {
    let mut first = [0];
    matches!(timeout(limit, stream.peek(&mut first)).await, Ok(Ok(1)) if first == [HANDSHAKE])
}

/// Answers a CONNECT request (RFC 9110 §9.3.6): the tunnel ends here, whatever its host's address may be. This is no
/// way to any other host.
pub(crate) fn connect(request: Request<Incoming>) -> (Response<AnswerBody>, Option<OnUpgrade>) {
    let is_ims = |authority: &Authority| {
        let name = authority.host();
        IMS_HOSTS.iter().any(|host| host.eq_ignore_ascii_case(name))
            && authority.port_u16() == Some(443)
    };
    if request.uri().authority().is_some_and(is_ims) {
        let answer = Answer::new(StatusCode::OK, "text/plain", "");
        (answer.into_tunnel(), Some(hyper::upgrade::on(request)))
    } else {
        let answer = Answer::new(StatusCode::FORBIDDEN, "text/plain", REFUSED);
        (answer.into_response(None), None)
    }
}

pub(crate) fn is_connect(request: &Request<Incoming>) -> bool {
    request.method() == Method::CONNECT
}

const REFUSED: &str = "ims-emulator stands for Adobe's IMS hosts at port 443 and is a proxy to no others: name those in NO_PROXY.\n";
