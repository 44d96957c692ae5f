//! The listener for the redirect of the browser. Any program and any web page can send requests here, so everything except
//! the one redirect gets an answer, and changes nothing.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Method, Request, Response, header::HOST};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use ims::{SignIn, exchange::RedirectError};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{page::Page, redirect_uri::RedirectUri};

/// How long a browser may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest head of a request. Codes of IMS are JWTs of a few KiB.
const MAX_HEAD: usize = 64 * 1024;

/// How many requests are read at once; others wait for their turn.
const MAX_CONNECTIONS: usize = 500;

/// How long to wait before the next connection is accepted when the system has no room for one.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the browser may take to fetch the last page.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A listener that waits for the redirect of one sign-in.
#[derive(Debug)]
pub(super) struct Listener {
    arrivals: mpsc::Receiver<Arrival>,
    end: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// A browser that has followed the redirect, and waits for the page with the result.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The path and query that it asked for.
    pub(super) redirect: String,
    page: oneshot::Sender<Page>,
}

impl Arrival {
    /// Shows it.
    pub(super) fn show(self, page: Page) {
        // A browser that is gone needs no page.
        let _ = self.page.send(page);
    }
}

/// Binds a socket on this machine.
pub(super) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, u16)> {
    let socket = TcpListener::bind(address).await?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

impl Listener {
    /// Waits on `socket` for the redirect of `sign_in`.
    pub(super) fn start(
        socket: TcpListener,
        port: u16,
        sign_in: Arc<SignIn>,
        redirect_uri: &RedirectUri,
    ) -> Self {
        let (sender, arrivals) = mpsc::channel(1);
        let (end, ended) = oneshot::channel();
        let desk = Desk {
            sign_in,
            hosts: [
                redirect_uri.host().to_owned(),
                format!("127.0.0.1:{port}"),
                format!("localhost:{port}"),
            ],
            path: redirect_uri.path().to_owned(),
            arrivals: sender,
            is_answered: AtomicBool::new(false),
        };
        let serving = tokio::spawn(serve(socket, Arc::new(desk), ended));
        Self { arrivals, end, serving }
    }

    /// The browser with the redirect, which comes once. All other requests are answered here.
    pub(super) async fn arrival(&mut self) -> Arrival {
        match self.arrivals.recv().await {
            Some(arrival) => arrival,
            // The one redirect has come.
            None => std::future::pending().await,
        }
    }

    /// Listens no longer, once the last page is sent.
    pub(super) async fn close(self) {
        drop(self.end);
        // It does not panic, and if it did, the sign-in would not change.
        let _ = self.serving.await;
    }
}

async fn serve(socket: TcpListener, desk: Arc<Desk>, mut ended: oneshot::Receiver<()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false);
    let (connections, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
    loop {
        let taken = tokio::select! {
            taken = accept(&socket, &room) => taken,
            _ = &mut ended => break,
        };
        let Ok((stream, turn)) = taken else {
            sleep(PAUSE).await;
            continue;
        };
        let desk = Arc::clone(&desk);
        let answer = service_fn(move |request| answer(Arc::clone(&desk), request));
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            // The server has already answered what is not HTTP.
            let _ = connection.await;
            drop(turn);
        });
    }
    drop(socket);
    // The listener does not wait for a browser that does not read its page.
    let _ = timeout(SHUTDOWN_GRACE, connections.shutdown()).await;
}

async fn accept(
    socket: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let turn = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = socket.accept().await?;
    Ok((stream, turn))
}

async fn answer(
    desk: Arc<Desk>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let page = match desk.redirect(&request) {
        Ok(redirect) => desk.hand_over(redirect).await,
        Err(page) => page,
    };
    Ok(page.response())
}

/// Where requests are checked.
struct Desk {
    sign_in: Arc<SignIn>,
    /// The names of this machine that a request may have: a page with DNS rebinding sends its own name.
    hosts: [String; 3],
    path: String,
    arrivals: mpsc::Sender<Arrival>,
    is_answered: AtomicBool,
}

impl Desk {
    /// The redirect, if `request` has it; otherwise the page to show instead.
    fn redirect<Body>(&self, request: &Request<Body>) -> Result<String, Page> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let is_ours = hosts.next().is_some_and(|host| {
            self.hosts.iter().any(|ours| host.as_bytes().eq_ignore_ascii_case(ours.as_bytes()))
        });
        if !is_ours || hosts.next().is_some() {
            return Err(Page::WrongHost);
        }
        if request.uri().path() != self.path {
            return Err(Page::NotFound);
        }
        if request.method() != Method::GET {
            return Err(Page::WrongMethod);
        }
        let redirect = request.uri().to_string();
        match self.sign_in.code(&redirect) {
            Ok(_) | Err(RedirectError::Refused { .. }) => Ok(redirect),
            Err(_) => Err(Page::AnotherSignIn),
        }
    }

    /// Passes the redirect to the command, and waits for the result.
    async fn hand_over(&self, redirect: String) -> Page {
        if self.is_answered.swap(true, Ordering::Relaxed) {
            return Page::Twice;
        }
        let (sender, page) = oneshot::channel();
        let arrival = Arrival { redirect, page: sender };
        match self.arrivals.send(arrival).await {
            Ok(()) => page.await.unwrap_or(Page::Failed),
            Err(_) => Page::Failed,
        }
    }
}
