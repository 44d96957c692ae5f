//! TLS on the same port, under the certificates of the emulator's own authority.

use std::{fmt, sync::Arc, time::Duration};

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

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

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}
