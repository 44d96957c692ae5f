//! Connections: their number, their deadlines, and their end.

use std::{convert::Infallible, fmt, io, pin::pin, sync::Arc, time::Duration};

use http::{HeaderName, Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    access::RequestRules,
    activity::{ActiveBody, Activity, Running},
    agent::Agent,
    answer::{Answer, AnswerBody},
    event::Event,
    listener::{Connection, Listener, Stream},
};

/// What a caller may use up at most.
///
/// ```
/// use std::time::Duration;
///
/// use ims_agent::Limits;
///
/// let mut limits = Limits::default();
/// limits.connections = 64;
/// limits.grace = Duration::from_secs(2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time, 4,096. Further ones wait until the system has accepted them.
    pub connections: usize,
    /// The longest head of a request, 64 KiB.
    pub head_bytes: usize,
    /// A connection on which no request is being answered is closed after this time, 15 seconds, or up to twice of it: one that sends a
    /// head too slowly, one that sends nothing, and one that waits for its next request.
    pub idle: Duration,
    /// A connection on which a request is being answered is closed if nothing of either body moves for so long, 5 minutes.
    pub stalled: Duration,
    /// How long the requests that are being answered have when the server ends, 10 seconds.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head_bytes: 64 * 1024,
            idle: Duration::from_secs(15),
            stalled: Duration::from_mins(5),
            grace: Duration::from_secs(10),
        }
    }
}

/// What answers requests.
pub(crate) trait Handler: fmt::Debug + Send + Sync + 'static {
    /// The field in which callers show a capability.
    const CAPABILITY_FIELD: HeaderName;

    fn agent(&self) -> &Agent;

    fn answer(
        &self,
        rules: &RequestRules,
        request: Request<ActiveBody<Incoming>>,
    ) -> impl Future<Output = Answer> + Send;
}

impl Handler for Agent {
    const CAPABILITY_FIELD: HeaderName = http::header::AUTHORIZATION;

    fn agent(&self) -> &Agent {
        self
    }

    async fn answer(&self, rules: &RequestRules, request: Request<ActiveBody<Incoming>>) -> Answer {
        let (uri, headers) = (request.uri(), request.headers());
        if let Err(fault) = rules.check_host(uri, headers).and_then(|()| rules.check(headers)) {
            return fault.answer();
        }
        self.handle(request).await
    }
}

impl Agent {
    /// Answers the requests that come to `listener` until `end` is done, and then those that are being answered.
    pub async fn serve(&self, listener: Listener, limits: Limits, end: impl Future<Output = ()>) {
        serve(Arc::new(self.clone()), listener, limits, end).await;
    }
}

/// Serves connections until `end` is done.
pub(crate) async fn serve<H: Handler>(
    handler: Arc<H>,
    mut listener: Listener,
    limits: Limits,
    end: impl Future<Output = ()>,
) {
    let rules = Arc::new(listener.rules(H::CAPABILITY_FIELD));
    let capacity = Arc::new(Semaphore::new(limits.connections));
    let (ending, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    loop {
        let next = async {
            let permit = Arc::clone(&capacity).acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = &mut end => break,
            Some(_) = connections.join_next() => {}
            (permit, accepted) = next => match accepted {
                Ok(Connection::Accepted(stream)) => {
                    let (handler, rules) = (Arc::clone(&handler), Arc::clone(&rules));
                    let ended = ended.clone();
                    connections.spawn(async move {
                        converse(stream, &handler, &rules, limits, ended).await;
                        drop(permit);
                    });
                }
                Ok(Connection::Refused { stream, caller, reason }) => {
                    handler.agent().observer().report(&Event::CallerRefused { caller, reason });
                    connections.spawn(async move {
                        // A caller that has gone misses nothing.
                        let _ = timeout(REFUSAL_TIMEOUT, refuse(stream)).await;
                        drop(permit);
                    });
                }
                // The system has run out of files, or the caller has gone.
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    drop(ending);
    while connections.join_next().await.is_some() {}
}

/// Answers a caller that may not ask, whatever it asks, and reads that away: what is left unread when a socket is closed
/// may cost the other side the answer.
async fn refuse(mut stream: Box<dyn Stream>) -> io::Result<()> {
    stream.write_all(NOT_ALLOWED).await?;
    stream.shutdown().await?;
    let mut away = [0; 1024];
    while stream.read(&mut away).await? > 0 {}
    Ok(())
}

/// Serves one connection. How it ends is the caller's affair.
async fn converse<H: Handler>(
    stream: Box<dyn Stream>,
    handler: &Arc<H>,
    rules: &Arc<RequestRules>,
    limits: Limits,
    mut ended: watch::Receiver<()>,
) {
    let activity = Arc::new(Activity::default());
    let service = service_fn(|request: Request<Incoming>| {
        let (handler, rules) = (Arc::clone(handler), Arc::clone(rules));
        let running = Running::new(&activity);
        let body_running = Running::new(&activity);
        async move {
            let request = request.map(|body| ActiveBody::new(body, body_running));
            let answer: Response<AnswerBody> = handler.answer(&rules, request).await;
            Ok::<_, Infallible>(answer.map(|body| ActiveBody::new(body, running)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // A slow head is an idle connection, see below.
        .header_read_timeout(None)
        .max_buf_size(limits.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut seen = activity.steps();
    let mut unmoved = Duration::ZERO;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = ended.changed() => break,
            () = sleep(limits.idle) => {
                if activity.steps() != seen {
                    (seen, unmoved) = (activity.steps(), Duration::ZERO);
                    continue;
                }
                unmoved += limits.idle;
                if !activity.is_running() || unmoved >= limits.stalled {
                    return;
                }
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    let mut waited = Duration::ZERO;
    while waited < limits.grace {
        if timeout(END_CHECK, connection.as_mut()).await.is_ok() || !activity.is_running() {
            return;
        }
        waited += END_CHECK;
    }
}

/// The answer to a caller that may not ask.
const NOT_ALLOWED: &[u8] = b"HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 99\r\n\r\n\
    {\"error\":{\"reason\":\"caller_not_allowed\",\"message\":\"neither your user nor your group may ask here\"}}";

/// How long a caller that may not ask has to read that.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How many requests an HTTP/2 connection may have at a time.
const MAX_STREAMS: u32 = 256;

/// How long the accept loop waits when the system has run out of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often it is looked whether a connection has come to its end.
const END_CHECK: Duration = Duration::from_millis(100);
