//! The listener: connections, their limits, and their end.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    call::Scheme,
    service::{Service, connection},
    tls::Tls,
    write_timeout::WriteTimeout,
};

/// The longest head of a request: a long assertion in the query, and some headers.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// How long a connection may stay open when the emulator ends, if no request is being answered on it. This is enough to
/// send the rest of an answer, but not to wait for the rest of a request.
const IDLE_GRACE: Duration = Duration::from_millis(100);

/// How long the accept loop waits when the operating system has run out of file descriptors.
const REST: Duration = Duration::from_millis(50);

/// Serves connections until `end` changes or its sender is gone, and then those that are open to their next answer.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>, end: watch::Receiver<()>) {
    let places = Arc::new(Semaphore::new(service.limits.connections));
    let mut connections = JoinSet::new();
    let mut ended = end.clone();
    let mut ended = pin!(ended.changed());
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            _ = &mut ended => break,
            Some(_) = connections.join_next() => {}
            (place, accepted) = next => match accepted {
                Ok((stream, _)) => {
                    let connection = converse(stream, Arc::clone(&service), end.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Serves one connection. How the connection ends does not matter here.
async fn converse(stream: TcpStream, service: Arc<Service>, end: watch::Receiver<()>) {
    // Answers are small and come one at a time, so waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    if let Some(tls) = &service.tls {
        return converse_with_tls(stream, tls, Arc::clone(&service), end).await;
    }
    serve_http(stream, Scheme::Http, service, end).await;
}

/// Serves one connection of a server that supports TLS too, and the tunnel that a CONNECT request opens in it.
async fn converse_with_tls(
    stream: TcpStream,
    tls: &Tls,
    service: Arc<Service>,
    end: watch::Receiver<()>,
) {
    let limit = service.limits.head_timeout;
    let begins_tls = unless_ended(&end, connection::begins_tls(&stream, limit)).await;
    if begins_tls == Some(true) {
        if let Some(Some(stream)) = unless_ended(&end, tls.accept(stream, limit)).await {
            serve_http(stream, Scheme::Https, service, end).await;
        }
        return;
    }
    let tunnel = serve_http(stream, Scheme::Http, Arc::clone(&service), end.clone()).await;
    if let Some(tunnel) = tunnel
        && let Some(Some(stream)) = unless_ended(&end, tls.accept_tunnel(tunnel, limit)).await
    {
        serve_http(stream, Scheme::Https, service, end).await;
    }
}

/// The output of `beginning`, for which the client has still to send something, or `None` if the emulator ends before.
async fn unless_ended<T>(
    end: &watch::Receiver<()>,
    beginning: impl Future<Output = T>,
) -> Option<T> {
    let mut end = end.clone();
    tokio::select! {
        begun = beginning => Some(begun),
        _ = end.changed() => None,
    }
}

/// Answers the requests on `stream`. If one of them turns it into a tunnel, the tunnel is returned.
async fn serve_http<S>(
    stream: S,
    scheme: Scheme,
    service: Arc<Service>,
    mut end: watch::Receiver<()>,
) -> Option<OnUpgrade>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let head_timeout = service.limits.head_timeout;
    let stream = WriteTimeout::new(stream, service.limits.write_timeout);
    let tunnel = Arc::new(Mutex::new(None));
    let opened = Arc::clone(&tunnel);
    let answered = Arc::new(AtomicUsize::new(0));
    let in_progress = Arc::clone(&answered);
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        let opened = Arc::clone(&opened);
        let answering = Answering::new(&in_progress);
        async move {
            let _answering = answering;
            if service.tls.is_some() && connection::is_connect(&request) {
                let (response, tunnel) = connection::connect(&service, request);
                *opened.lock().unwrap_or_else(PoisonError::into_inner) = tunnel;
                return Ok(response);
            }
            service.handle(request, scheme).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        _ = &mut connection => {}
        _ = end.changed() => {
            connection.as_mut().graceful_shutdown();
            loop {
                let ended = timeout(IDLE_GRACE, &mut connection).await.is_ok();
                if ended || answered.load(Ordering::Relaxed) == 0 {
                    break;
                }
            }
        }
    }
    tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Counts a request for as long as it is being answered.
struct Answering(Arc<AtomicUsize>);

impl Answering {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
