//! Connections: their number, their deadlines, and their end.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, Request};
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use tokio_util::io::{InspectReader, InspectWriter};

use crate::{
    access::RequestRules,
    answer::{Answer, Fault},
    event::Event,
    listener::{Listener, Stream},
};

/// The limits for callers.
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
    /// A connection on which no request is being answered is closed after this time, 15 seconds, or up to twice of it: one
    /// that sends a head too slowly, one that sends nothing, and one that waits for its next request.
    pub idle: Duration,
    /// A connection on which a request is being answered is closed if nothing of either body is read or written for this
    /// time, 5 minutes.
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

/// The body of a request.
pub(crate) type RequestBody = BoxBody<Bytes, hyper::Error>;

/// What answers requests. Clones share all.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// The field in which callers show a capability.
    const CAPABILITY_FIELD: HeaderName;

    fn observe(&self, event: &Event);

    fn answer(
        &self,
        rules: &RequestRules,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Result<Answer, Fault>> + Send;
}

/// Serves connections until `end` is done.
pub(crate) async fn serve<H: Handler>(
    handler: &H,
    listener: Listener,
    limits: Limits,
    end: impl Future<Output = ()>,
) {
    let rules = Arc::new(listener.rules(H::CAPABILITY_FIELD));
    let (ending, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    loop {
        let accepted = tokio::select! {
            () = &mut end => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept(), if connections.len() < limits.connections => accepted,
        };
        let Ok((stream, refused)) = accepted else {
            // The system has run out of files, or the caller has gone.
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // A caller that may not ask gets a short time to send a request and read the refusal.
        let (limits, rules) = match refused {
            Some(caller) => {
                handler.observe(&Event::CallerRefused { caller });
                (Limits { idle: REFUSAL_TIME, stalled: REFUSAL_TIME, ..limits }, None)
            }
            None => (limits, Some(Arc::clone(&rules))),
        };
        connections.spawn(converse(stream, handler.clone(), rules, limits, ended.clone()));
    }
    drop(listener);
    drop(ending);
    while connections.join_next().await.is_some() {}
}

/// Serves one connection, that of a caller which may not ask without `rules`. Its result matters only to the caller.
async fn converse<H: Handler>(
    stream: Box<dyn Stream>,
    handler: H,
    rules: Option<Arc<RequestRules>>,
    limits: Limits,
    mut ended: watch::Receiver<()>,
) {
    let activity = Arc::new(Activity::default());
    let service = service_fn(|request: Request<Incoming>| {
        let (handler, rules) = (handler.clone(), rules.clone());
        let running = activity.begin();
        let sending = Arc::clone(&running);
        async move {
            // Until both bodies have come to their end, the request is being answered.
            let request =
                request.map(|body| body.map_err(move |error| held(error, &sending)).boxed());
            let answered = match &rules {
                Some(rules) => handler.answer(rules, request).await,
                None => Err(Fault::CALLER),
            };
            let answer = answered.unwrap_or_else(|fault| fault.answer());
            Ok::<_, Infallible>(answer.map(|body| body.map_err(move |error| held(error, &running))))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // A slow head is an idle connection, see below.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http1().max_buf_size(limits.head_bytes);
    let most = u32::try_from(limits.head_bytes).unwrap_or(u32::MAX);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(most);
    builder.http2().max_concurrent_streams(MAX_STREAMS);
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(activity.watch(stream)), service));
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
    let grace = if activity.is_running() { limits.grace } else { LAST_ANSWER };
    // Requests that are not answered by then are aborted.
    let _ = timeout(grace, connection).await;
}

/// How long a caller that may not ask may take to send a request and read the refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// How many requests an HTTP/2 connection may have at a time.
const MAX_STREAMS: u32 = 256;

/// How long the accept loop waits when the system has run out of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long the client may take to read an answer when the server ends.
const LAST_ANSWER: Duration = Duration::from_millis(200);

/// What happens on one connection: an idle one is closed, a busy one is not.
#[derive(Debug, Default)]
struct Activity {
    /// Each request that is being answered, bodies included, has a clone.
    running: Arc<()>,
    /// Requests that have begun.
    requests: AtomicUsize,
    /// How often something was read or written.
    moves: AtomicUsize,
}

impl Activity {
    /// A request counts as being answered as long as the result of this function exists.
    fn begin(&self) -> Arc<()> {
        self.requests.fetch_add(1, Relaxed);
        Arc::clone(&self.running)
    }

    fn is_running(&self) -> bool {
        Arc::strong_count(&self.running) > 1
    }

    /// A value that changes with every progress: during a request, with everything that is read or written. Otherwise only
    /// with a new request, since a head may come byte by byte.
    fn steps(&self) -> (bool, usize) {
        let is_running = self.is_running();
        let counter = if is_running { &self.moves } else { &self.requests };
        (is_running, counter.load(Relaxed))
    }

    /// `stream`, with a count of its reads and writes.
    fn watch(self: &Arc<Self>, stream: Box<dyn Stream>) -> impl AsyncRead + AsyncWrite + use<> {
        let (reads, writes) = (Arc::clone(self), Arc::clone(self));
        let stream = InspectWriter::new(stream, move |_| _ = writes.moves.fetch_add(1, Relaxed));
        InspectReader::new(stream, move |_| _ = reads.moves.fetch_add(1, Relaxed))
    }
}

/// The error of a body that holds what says that its request is being answered.
fn held<E>(error: E, _running: &Arc<()>) -> E {
    error
}
