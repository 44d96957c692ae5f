//! What the agent and the proxy have in common: their credentials, their log, their signals, and how they end.

mod manager;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use clap::Args;
use ims::{
    Client, ClientBuilder, Connection, Credential, Credentials, Discovery, DiscoveryError, Report,
    Source, claims::Environment, exchange::SharedTransport,
};
use ims_agent::{Agent, AllowedCallers, Capability, Error, Event, Limits, Listener};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use self::signals::{Signals, Wanted};
use crate::{
    failure::Failure,
    integration::{announce, standard_input},
    output::{self, Answer},
    storage::SignInPlace,
    terminal_text::TerminalText,
};

/// The options of a service that gives tokens.
#[derive(Debug, Args)]
pub(crate) struct ServiceOptions {
    /// A file of credentials, as for every other command; - reads standard input. Without it and --context, the
    /// credentials are found as `ims token` finds them.
    #[arg(short, long, value_name = "FILE", conflicts_with = "context")]
    credentials: Option<OsString>,

    /// Base URL of IMS, instead of the one in the credentials. Plain http only for loopback.
    #[arg(long, alias = "url", value_name = "URL", env = "IMS_URL", hide_env_values = true)]
    ims_url: Option<Environment>,

    /// A caller at an address must send the text of this file. If the file does not exist, it is created; only this user
    /// can read it.
    #[arg(long, value_name = "FILE")]
    capability_file: Option<PathBuf>,

    /// Also allow the processes of this user on a Unix socket; may be given several times
    #[arg(long, value_name = "UID")]
    allow_uid: Vec<u32>,

    /// Also allow the processes of this group on a Unix socket; may be given several times
    #[arg(long, value_name = "GID")]
    allow_gid: Vec<u32>,

    /// Print JSON lines: first where it listens, then on standard error what happens
    #[arg(long)]
    json: bool,
}

impl ServiceOptions {
    /// Reads the credentials of these contexts, or those that are found if none is named.
    pub(crate) async fn start(&self, names: &[String]) -> Result<Agent, Failure> {
        let mut places = BTreeMap::new();
        for name in names {
            places.insert(name.clone(), Discovery::new().with_context(name));
        }
        let mut order = names.to_vec();
        if names.is_empty() {
            let found = self.found()?;
            let name = name_of(&found)?;
            order.push(name.clone());
            places.insert(name, found);
        }
        for discovery in places.values() {
            if let Ok(Some(found)) = discovery.find() {
                announce(&found.credentials);
            }
        }
        let url = self.ims_url.clone();
        let transports = Transports::default();
        let is_json = self.json;
        let load = move |name: &str| load(&places, name, url.as_ref(), &transports);
        let agent = Agent::start(order, load, move |event| log(event, is_json)).await;
        agent.map_err(failure)
    }

    fn found(&self) -> Result<Discovery, Failure> {
        let Some(given) = &self.credentials else { return Ok(Discovery::new()) };
        let given = if given == "-" { standard_input()? } else { given.clone() };
        Ok(Discovery::new().with_given(given))
    }

    /// The sockets of the service manager, and those that were asked for.
    pub(crate) async fn listeners(
        &self,
        socket: Option<&PathBuf>,
        address: Option<std::net::SocketAddr>,
    ) -> Result<Vec<Listener>, Failure> {
        let capability = match &self.capability_file {
            Some(path) => Some(Capability::read_or_create(path).map_err(failure)?),
            None => None,
        };
        let mut callers = AllowedCallers::own_user();
        for uid in &self.allow_uid {
            callers = callers.with_user(*uid);
        }
        for gid in &self.allow_gid {
            callers = callers.with_group(*gid);
        }
        let passed = manager::sockets(&callers, capability.as_ref());
        let mut listeners = passed.map_err(failure)?;
        if let Some(path) = socket {
            let listener = Listener::at_socket(path, callers);
            listeners.push(listener.map_err(failure)?);
        }
        if let Some(address) = address {
            let listener = Listener::at_address(address, capability).await;
            listeners.push(listener.map_err(failure)?);
        }
        Ok(listeners)
    }

    /// Serves until a signal ends it.
    pub(crate) async fn serve<S, Serving>(
        &self,
        agent: Agent,
        listeners: Vec<Listener>,
        serve: S,
    ) -> Result<Answer, Failure>
    where
        S: Fn(Listener, Limits, watch::Receiver<()>) -> Serving,
        Serving: Future<Output = ()> + Send + 'static,
    {
        let signals = Signals::listen();
        let mut signals = signals
            .map_err(|error| Failure::person("no signal can be waited for").because(error))?;
        signals::allow_many_files();
        let places: Vec<String> = listeners.iter().map(ToString::to_string).collect();
        if self.json {
            output::json(&json!({ "listening": places }))?;
        } else {
            places.iter().try_for_each(output::line)?;
        }
        let (ending, ended) = watch::channel(());
        let mut servers = JoinSet::new();
        for listener in listeners {
            servers.spawn(serve(listener, Limits::default(), ended.clone()));
        }
        manager::ready();
        let watcher = agent.clone();
        let watcher = tokio::spawn(async move { watcher.watch_files().await });
        loop {
            match signals.next().await {
                Wanted::End => break,
                Wanted::State => {
                    for (name, line) in lines(&agent.health()) {
                        output::note("state", &format!("context {name}: {line}"));
                    }
                }
                Wanted::Reload => {
                    let agent = agent.clone();
                    manager::reloading();
                    tokio::spawn(async move {
                        // The log has said what could not be used.
                        let _ = agent.reload().await;
                        manager::ready();
                    });
                }
            }
        }
        manager::stopping();
        watcher.abort();
        drop(ending);
        while servers.join_next().await.is_some() {}
        Ok(Answer::Yes)
    }
}

/// The name of the context, where the credentials are one.
fn name_of(discovery: &Discovery) -> Result<String, Failure> {
    let sources = discovery.sources()?;
    Ok(match sources.into_iter().next() {
        Some(
            Source::Context(context)
            | Source::ContextVariable(context)
            | Source::CurrentContext(context),
        ) => context.name,
        _ => "default".to_owned(),
    })
}

fn load(
    places: &BTreeMap<String, Discovery>,
    name: &str,
    url: Option<&Environment>,
    transports: &Transports,
) -> Result<ClientBuilder, Report> {
    let unread = |error: DiscoveryError| Report::from(&error);
    let discovery = places.get(name).ok_or(DiscoveryError::NotFound).map_err(unread)?;
    let found = discovery.find().map_err(unread)?;
    let mut credentials = found.ok_or(DiscoveryError::NotFound).map_err(unread)?.credentials;
    if let Some(url) = url {
        credentials = credentials.with_environment(url.clone());
    }
    let mut builder = builder(&credentials);
    // These send nothing to IMS.
    if !matches!(credentials.credential(), Credential::Token(_) | Credential::ApiKey(_)) {
        let transport = transports.to(credentials.environment());
        builder = builder.with_transport(transport.map_err(|error| Report::from(&error))?);
    }
    Ok(builder)
}

/// One transport for each IMS: the certificates that a transport trusts take more memory than everything else of a context.
#[derive(Default)]
struct Transports(Mutex<BTreeMap<String, SharedTransport>>);

impl Transports {
    fn to(&self, environment: &Environment) -> Result<SharedTransport, ims::Error> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transport) = known.get(environment.base_url()) {
            return Ok(transport.clone());
        }
        let transport = Connection::new(environment.clone())?.transport().clone();
        known.insert(environment.base_url().to_owned(), transport.clone());
        Ok(transport)
    }
}

/// A client that keeps its token in memory alone, except for that of a person, whose sign-in is where the other commands
/// have it.
fn builder(credentials: &Credentials) -> ClientBuilder {
    let builder = Client::builder(credentials);
    let Credential::User(credential) = credentials.credential() else { return builder };
    match SignInPlace::of(credentials.environment(), &credential.client_id) {
        Ok(place) => builder.with_refresh_tokens(place.of_current()).with_store(place.store()),
        // Without a home folder no one is signed in. The first refresh reports that.
        Err(_) => builder,
    }
}

fn log(event: &Event, is_json: bool) {
    if let Event::Token { event, .. } = event
        && event.is_step()
    {
        return;
    }
    if !is_json {
        return output::note(event.name(), &event.to_string());
    }
    let line = match event {
        Event::Proxied { method, host, status, took } => json!({
            "event": event.name(), "method": method.as_str(), "host": host,
            "status": status.as_u16(), "ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }),
        _ => json!({ "event": event.name(), "message": event.to_string() }),
    };
    TerminalText::of_json(&line.to_string()).with("\n").to_stderr();
}

/// The state of each context in a line, from what an agent says about its health.
pub(crate) fn lines(health: &Value) -> Vec<(&str, String)> {
    let contexts = health["contexts"].as_array().into_iter().flatten();
    contexts.map(|context| (context["name"].as_str().unwrap_or_default(), line(context))).collect()
}

fn line(context: &Value) -> String {
    let mut parts = Vec::new();
    parts.push(match context["token"]["expires_at"].as_str() {
        Some(end) => format!("token until {end}"),
        None if context["is_serving"] == true => "an API key".to_owned(),
        None => "no token".to_owned(),
    });
    if let Some(end) = context["certificate_expires_at"].as_str() {
        parts.push(format!("certificate until {end}"));
    }
    if let Some(message) = context["last_failure"]["message"].as_str() {
        parts.push(format!("last failure: {message}"));
    }
    if let Some(message) = context["reload_failure"]["message"].as_str() {
        parts.push(format!("the newest credentials are not used: {message}"));
    }
    parts.join(" · ")
}

/// Why the agent or the proxy does not start.
pub(crate) fn failure(error: Error) -> Failure {
    match error {
        Error::Credentials { context, report } => {
            Failure::from(report).about(&format!("context {context}"))
        }
        Error::File(error) => error.into(),
        Error::NotAllowed(_) => Failure::usage(error.to_string())
            .hint("if that is right, add its domain: --allow-host DOMAIN"),
        Error::NotLoopback(_) => {
            Failure::usage(error.to_string()).hint("a token is not for other machines: --port 0")
        }
        error => Failure::person("the service cannot start").because(error),
    }
}

/// Waits until the other side of `ended` is dropped.
pub(crate) async fn end(mut ended: watch::Receiver<()>) {
    // It never changes.
    let _ = ended.changed().await;
}

#[cfg(unix)]
mod signals {
    use std::io;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use crate::process::EndSignals;

    /// What a signal asks for.
    pub(super) enum Wanted {
        End,
        Reload,
        State,
    }

    pub(super) struct Signals {
        end: EndSignals,
        hangup: Signal,
        user: Signal,
    }

    impl Signals {
        pub(super) fn listen() -> io::Result<Self> {
            let hangup = signal(SignalKind::hangup())?;
            let user = signal(SignalKind::user_defined1())?;
            Ok(Self { end: EndSignals::listen()?, hangup, user })
        }

        pub(super) async fn next(&mut self) -> Wanted {
            tokio::select! {
                () = self.end.recv() => Wanted::End,
                _ = self.hangup.recv() => Wanted::Reload,
                _ = self.user.recv() => Wanted::State,
            }
        }
    }

    /// Raises the limit of open files to what the system allows: each connection is one, and the usual limit of 1,024 is for
    /// programs that use `select`.
    pub(super) fn allow_many_files() {
        let limit = getrlimit(Resource::Nofile);
        // With the old limit there are fewer connections at a time.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}

#[cfg(windows)]
mod signals {
    use std::io;

    use crate::process::EndSignals;

    /// What a signal asks for: on Windows only to end. Files are checked, and `/v1/health` has the state.
    pub(super) enum Wanted {
        End,
        #[expect(dead_code, reason = "Windows has no signal for it")]
        Reload,
        #[expect(dead_code, reason = "Windows has no signal for it")]
        State,
    }

    pub(super) struct Signals(EndSignals);

    impl Signals {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self(EndSignals::listen()?))
        }

        pub(super) async fn next(&mut self) -> Wanted {
            self.0.recv().await;
            Wanted::End
        }
    }

    pub(super) fn allow_many_files() {}
}
