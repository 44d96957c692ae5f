//! The proxy: it adds tokens to requests, and passes them on to the APIs that may have them.

mod target;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{HeaderName, Method, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Body;
use ims::token::{Clock, SystemClock};
use ims_middleware::{AllowedHosts, Destination, NoToken, TokenMiddleware, remove_hop_by_hop};
use reqwest::{Url, redirect::Policy, retry};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

use self::target::{Target, Targets, prepare};
use crate::{
    access::RequestRules,
    agent::Agent,
    answer::{Answer, Fault, no_token},
    context::Context,
    counts::Counts,
    error::Error,
    event::Event,
    listener::Listener,
    server::{self, Handler, Limits, RequestBody},
};

/// The longest body that is held in memory so that it can be sent again after a 401, 64 KiB. Longer ones, and those of unknown
/// length, are passed on as they come, and are sent once.
const LONGEST_REPLAY: u64 = 64 * 1024;

/// How long it may take to connect to an API.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an API may send nothing. This is shorter than the time after which an idle connection is closed, so that the
/// client still gets an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(4);

/// Adds the token of one context to the requests of local programs. Cheap to clone; clones share everything.
///
/// A request that is addressed to the proxy goes to its [`Destination`]. One that names its host in its target, as clients
/// send it to a proxy, goes to that host if it is an allowed one. Every other request is refused. Redirects are passed on to
/// the client, upgrades are not.
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
}

impl Proxy {
    /// A proxy for the token of the context `name` of `agent`, which sends it to `hosts`, and what is addressed to itself to
    /// `destination`. `http` is a builder of the HTTP client, with proxies and certificates of your own if you like.
    ///
    /// # Errors
    /// [`Error::UnknownContext`], [`Error::NotAllowed`] and [`Error::Client`].
    pub fn new(
        agent: &Agent,
        name: &str,
        hosts: AllowedHosts,
        destination: Option<Destination>,
        http: reqwest::ClientBuilder,
    ) -> Result<Self, Error> {
        let context = Arc::clone(agent.context(name).ok_or(Error::UnknownContext)?);
        if let Some(refused) = destination.as_ref().filter(|to| !hosts.allows_url(to.url())) {
            return Err(Error::NotAllowed(refused.to_string()));
        }
        // A redirect is for the client: following it here would send fields of the request to another host.
        let http = http
            .redirect(Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| Error::Client(error.without_url().to_string()))?;
        let agent = agent.clone();
        Ok(Self(Arc::new(Inner { agent, context, destination, hosts, http })))
    }

    /// Passes on the requests that come to `listener` until `end` is done, and then ends those that are in progress.
    pub async fn serve(&self, listener: Listener, limits: Limits, end: impl Future<Output = ()>) {
        server::serve(self, listener, limits, end).await;
    }

    /// What the request is for, if it may be sent there. Its fields are those for the API then.
    fn target<B>(&self, rules: &RequestRules, request: &mut Request<B>) -> Result<Target, Fault> {
        rules.check(request.headers())?;
        let (destination, hosts) = (self.0.destination.as_ref(), &self.0.hosts);
        let targets = Targets { destination, hosts, rules };
        let target = targets.find(request.method(), request.uri(), request.headers())?;
        if let Target::Api(_) = &target {
            prepare(request.headers_mut())?;
        }
        Ok(target)
    }

    fn own(&self, method: &Method, path: &str) -> Result<Answer, Fault> {
        match path {
            "health" | "metrics" if method != Method::GET => Err(Fault::NOT_GET),
            "health" => Ok(self.0.agent.health_answer()),
            "metrics" => Ok(self.0.agent.metrics_answer()),
            _ => Err(Fault::PROXY_PATH),
        }
    }

    async fn send(&self, url: Url, request: Request<RequestBody>) -> Result<Answer, Fault> {
        let (parts, body) = request.into_parts();
        let mut outgoing = reqwest::Request::new(parts.method, url);
        *outgoing.headers_mut() = parts.headers;
        // Set when the body of the request breaks: the error of the HTTP client does not show which side caused it.
        let broken = Arc::new(OnceLock::new());
        match body.size_hint().exact() {
            Some(0) => {}
            Some(length) if length <= LONGEST_REPLAY => {
                let body = body.collect().await.map_err(|_| Fault::BODY_BROKEN)?;
                *outgoing.body_mut() = Some(body.to_bytes().into());
            }
            _ => {
                let broken = Arc::clone(&broken);
                let body = body.map_err(move |error| {
                    broken.get_or_init(|| ());
                    error
                });
                *outgoing.body_mut() = Some(reqwest::Body::wrap(body));
            }
        }
        let context = &self.0.context;
        // An API key has no token that could be rejected.
        let sent = if let Some(client) = self.client() {
            client.execute(outgoing).await
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
            Err(_) if broken.get().is_some() => Err(Fault::BODY_BROKEN),
            Err(reqwest_middleware::Error::Reqwest(error)) => Err(fault_of(&error)),
            Err(error) => {
                Counts::add(&context.counts.refused);
                let error = NoToken::of(&error).ok_or(Fault::NOT_SENT)?;
                Ok(no_token(error.token_error()))
            }
        }
    }

    /// The HTTP client that adds the token of the credentials in use; `None` if there is none to add.
    fn client(&self) -> Option<ClientWithMiddleware> {
        let keeper = self.0.context.client().keeper()?.clone();
        let middleware = TokenMiddleware::new(keeper).with_hosts(self.0.hosts.clone());
        Some(ClientBuilder::new(self.0.http.clone()).with(middleware).build())
    }
}

impl Handler for Proxy {
    const CAPABILITY_FIELD: HeaderName = header::PROXY_AUTHORIZATION;

    fn observe(&self, event: &Event) {
        self.0.agent.observe(event);
    }

    async fn answer(
        &self,
        rules: &RequestRules,
        mut request: Request<RequestBody>,
    ) -> Result<Answer, Fault> {
        let (method, started) = (request.method().clone(), SystemClock.monotonic());
        let (host, outcome) = match self.target(rules, &mut request) {
            Ok(Target::Own(path)) => return self.own(&method, &path),
            // The URL of a target never has a user, so this is the host and the port.
            Ok(Target::Api(url)) => (url.authority().to_owned(), self.send(url, request).await),
            // The host in the request is not repeated: it may be any text.
            Err(fault) => ("-".to_owned(), Err(fault)),
        };
        let answer = outcome.unwrap_or_else(|fault| fault.answer());
        let took = SystemClock.monotonic().saturating_sub(started);
        let status = answer.status();
        self.observe(&Event::Proxied { method, host, status, took });
        Ok(answer)
    }
}

/// The answer of the API, without what was for the connection to it.
fn passed_on(response: reqwest::Response) -> Answer {
    let response: Response<reqwest::Body> = response.into();
    let (mut parts, body) = response.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    // The answer has the version of the client's connection.
    parts.version = http::Version::default();
    Response::from_parts(parts, body.boxed_unsync())
}

fn fault_of(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        Fault::TOO_LATE
    } else if error.is_connect() {
        Fault::NOT_REACHED
    } else {
        Fault::NOT_SENT
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Proxy");
        shown.field("context", &self.0.context.name).field("destination", &self.0.destination);
        shown.field("hosts", &self.0.hosts).finish_non_exhaustive()
    }
}
