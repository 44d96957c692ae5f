//! The proxy: it adds tokens to requests, and passes them on to the APIs that may have them.

pub(crate) mod destination;
mod fields;

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use http::{HeaderName, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use ims::token::{Clock, SystemClock};
use ims_middleware::{AllowedHosts, NoToken, TokenMiddleware};
use reqwest::{Url, redirect::Policy, retry};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

use self::destination::{Destination, Target, Targets};
use crate::{
    access::RequestRules,
    activity::ActiveBody,
    agent::Agent,
    answer::{Answer, Fault, expect_method, no_token},
    context::Context,
    counts::Counts,
    event::Event,
    listener::Listener,
    server::{self, Handler, Limits},
};

/// The longest body that is held in memory so that it can be sent again after a 401, 64 KiB. Longer ones, and those of unknown
/// length, are passed on as they come, and are sent once.
const LONGEST_REPLAY: u64 = 64 * 1024;

/// How long a connection to an API may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an API may send nothing of its answer: less than a connection on which nothing moves stays open, so that the client
/// still gets an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(4);

/// Adds the token of one context to the requests of local programs. Cheap to clone; clones share all.
///
/// A request that is addressed at the proxy goes to its [`Destination`]. One that names its host in its target, as clients
/// send it to a proxy, goes to that host if it is an allowed one. Every other request is refused, redirects are passed on to the
/// client, and no upgrade is.
///
/// ```
/// use ims_agent::{Agent, Limits, Listener, Proxy};
/// use ims_middleware::AllowedHosts;
///
/// # async fn run(agent: &Agent) -> Result<(), Box<dyn std::error::Error>> {
/// let destination = "https://platform.adobe.io".parse()?;
/// let http = reqwest::Client::builder();
/// let proxy = Proxy::new(agent, "production", AllowedHosts::default(), Some(destination), http)?;
/// let listener = Listener::at_address("127.0.0.1:8790".parse()?, None).await?;
/// proxy.serve(listener, Limits::default(), std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Proxy(Arc<Inner>);

struct Inner {
    agent: Agent,
    context: Arc<Context>,
    destination: Option<Destination>,
    hosts: AllowedHosts,
    http: reqwest::Client,
    /// Made for the client of the context; another one after a reload.
    with_token: ArcSwapOption<WithToken>,
}

struct WithToken {
    generation: u64,
    client: ClientWithMiddleware,
}

/// Correct what the proxy was given.
///
/// ```
/// use ims_agent::{Agent, Proxy, ProxyError};
/// use ims_middleware::AllowedHosts;
///
/// fn check(agent: &Agent, name: &str) {
///     match Proxy::new(agent, name, AllowedHosts::default(), None, reqwest::Client::builder()) {
///         Err(ProxyError::UnknownContext) => println!("no context {name}"),
///         Err(error) => println!("{error}"),
///         Ok(_) => println!("{name} can be served"),
///     }
/// }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Name a context of the agent.
    #[error("the agent serves no context of this name")]
    UnknownContext,
    /// Allow the host of the destination, or choose another: it may not have the token.
    #[error("{0} may not have the token")]
    NotAllowed(Destination),
    /// Look at what the HTTP library says: its client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl Proxy {
    /// A proxy for the token of the context `name` of `agent`, which sends it to `hosts`, and what is addressed at itself to
    /// `destination`. `http` is a builder of the HTTP client, with proxies and certificates of your own if you like.
    ///
    /// # Errors
    /// [`ProxyError`]
    pub fn new(
        agent: &Agent,
        name: &str,
        hosts: AllowedHosts,
        destination: Option<Destination>,
        http: reqwest::ClientBuilder,
    ) -> Result<Self, ProxyError> {
        let context = agent.contexts().iter().find(|context| *context.name == *name);
        let context = Arc::clone(context.ok_or(ProxyError::UnknownContext)?);
        if let Some(refused) = destination.as_ref().filter(|to| !to.is_allowed_by(&hosts)) {
            return Err(ProxyError::NotAllowed(refused.clone()));
        }
        // A redirect is for the client: what follows it here would take fields of the request along.
        let http = http
            .redirect(Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| ProxyError::Client(error.without_url().to_string()))?;
        let with_token = ArcSwapOption::empty();
        let agent = agent.clone();
        Ok(Self(Arc::new(Inner { agent, context, destination, hosts, http, with_token })))
    }

    /// Passes on the requests that come to `listener` until `end` is done, and then ends those that are under way.
    pub async fn serve(&self, listener: Listener, limits: Limits, end: impl Future<Output = ()>) {
        server::serve(Arc::new(self.clone()), listener, limits, end).await;
    }

    async fn handle(
        &self,
        rules: &RequestRules,
        mut request: Request<ActiveBody<Incoming>>,
    ) -> Result<Answer, Fault> {
        rules.check(request.headers())?;
        let inner = &*self.0;
        let targets =
            Targets { destination: inner.destination.as_ref(), hosts: &inner.hosts, rules };
        let url = match targets.find(request.method(), request.uri(), request.headers())? {
            Target::Own(path) => return self.own(request.method(), &path),
            Target::Api(url) => url,
        };
        fields::prepare_request(request.headers_mut())?;
        let started = SystemClock.monotonic();
        let method = request.method().clone();
        let host = host_of(&url);
        let outcome = self.send(url, request).await;
        let answer = outcome.unwrap_or_else(|fault| fault.answer());
        let took = SystemClock.monotonic().saturating_sub(started);
        let status = answer.status();
        inner.agent.observer().report(&Event::Proxied { method, host, status, took });
        Ok(answer)
    }

    fn own(&self, method: &Method, path: &str) -> Result<Answer, Fault> {
        expect_method(method, &Method::GET, "GET")?;
        match path {
            "health" => Ok(self.0.agent.health_answer()),
            "metrics" => Ok(self.0.agent.metrics_answer()),
            _ => Err(NO_SUCH_PATH),
        }
    }

    async fn send(
        &self,
        url: Url,
        request: Request<ActiveBody<Incoming>>,
    ) -> Result<Answer, Fault> {
        let (parts, body) = request.into_parts();
        let mut outgoing = reqwest::Request::new(parts.method, url);
        *outgoing.headers_mut() = parts.headers;
        match body.size_hint().exact() {
            Some(0) => {}
            Some(length) if length <= LONGEST_REPLAY => {
                let body = body.collect().await.map_err(|_| BODY_BROKEN)?;
                *outgoing.body_mut() = Some(body.to_bytes().into());
            }
            _ => *outgoing.body_mut() = Some(reqwest::Body::wrap(body)),
        }
        let context = &self.0.context;
        let client = self.client();
        // An API key has no token that could be rejected.
        let sent = if let Some(client) = &client {
            client.client.execute(outgoing).await
        } else {
            let fields = context.client().headers().await;
            outgoing.headers_mut().extend(fields.unwrap_or_default());
            self.0.http.execute(outgoing).await.map_err(Into::into)
        };
        match sent {
            Ok(response) => {
                Counts::add(&context.counts.served);
                Ok(passed_on(response))
            }
            Err(reqwest_middleware::Error::Reqwest(error)) => Err(fault_of(&error)),
            Err(reqwest_middleware::Error::Middleware(error)) => {
                Counts::add(&context.counts.refused);
                let no_token_error = error.downcast_ref::<NoToken>();
                no_token_error.map(|error| no_token(error.token_error())).ok_or(NOT_SENT)
            }
        }
    }

    /// The HTTP client that adds the token; `None` if there is none to add.
    fn client(&self) -> Option<Arc<WithToken>> {
        let inner = &*self.0;
        let generation = inner.context.generation();
        let known = inner.with_token.load_full();
        if let Some(known) = known.filter(|known| known.generation == generation) {
            return Some(known);
        }
        let keeper = inner.context.client().keeper()?.clone();
        let middleware = TokenMiddleware::new(keeper).with_hosts(inner.hosts.clone());
        let client = ClientBuilder::new(inner.http.clone()).with(middleware).build();
        let with_token = Arc::new(WithToken { generation, client });
        inner.with_token.store(Some(Arc::clone(&with_token)));
        Some(with_token)
    }
}

impl Handler for Proxy {
    const CAPABILITY_FIELD: HeaderName = header::PROXY_AUTHORIZATION;

    fn agent(&self) -> &Agent {
        &self.0.agent
    }

    async fn answer(&self, rules: &RequestRules, request: Request<ActiveBody<Incoming>>) -> Answer {
        let method = request.method().clone();
        match self.handle(rules, request).await {
            Ok(answer) => answer,
            Err(fault) => {
                // What the request calls its host is not repeated: it may be anything.
                let (host, status) = (NO_HOST.to_owned(), fault.status);
                let event = Event::Proxied { method, host, status, took: Duration::ZERO };
                self.agent().observer().report(&event);
                fault.answer()
            }
        }
    }
}

/// In the log, in place of the host of a request that was sent to none.
const NO_HOST: &str = "-";

/// The answer of the API, without what was for the connection to it.
fn passed_on(response: reqwest::Response) -> Answer {
    let response: Response<reqwest::Body> = response.into();
    let (parts, body) = response.into_parts();
    let mut answer = Response::new(body.map_err(Into::into).boxed_unsync());
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    fields::remove_hop_by_hop(answer.headers_mut());
    answer
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn fault_of(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        TOO_LATE
    } else if error.is_connect() {
        NOT_REACHED
    } else if error.is_body() {
        BODY_BROKEN
    } else {
        NOT_SENT
    }
}

const NO_SUCH_PATH: Fault = Fault::new(
    StatusCode::NOT_FOUND,
    "path_unknown",
    "the paths of the proxy itself are /_ims/health and /_ims/metrics",
);
const TOO_LATE: Fault =
    Fault::new(StatusCode::GATEWAY_TIMEOUT, "api_too_slow", "the API did not answer in time");
const NOT_REACHED: Fault =
    Fault::new(StatusCode::BAD_GATEWAY, "api_not_reached", "no connection to the API came about");
const NOT_SENT: Fault = Fault::new(
    StatusCode::BAD_GATEWAY,
    "api_connection_broken",
    "the connection to the API broke before it had answered",
);
const BODY_BROKEN: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "body_broken",
    "the body of the request did not come to its end",
);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Proxy");
        shown.field("context", &self.0.context.name).field("destination", &self.0.destination);
        shown.field("hosts", &self.0.hosts).finish_non_exhaustive()
    }
}
