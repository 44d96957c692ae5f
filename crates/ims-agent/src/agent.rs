//! The agent: contexts by name.

use std::{fmt, sync::Arc};

use ims::Report;

use crate::{
    context::{Context, Load, Loaded},
    event::{Event, Observer},
};

/// Gives the tokens of one or more contexts to programs of this machine. Cheap to clone; clones share all.
///
/// ```no_run
/// use ims::{Client, Credentials, Report};
/// use ims_agent::{Agent, AllowedCallers, Limits, Listener, Loaded};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let agent = Agent::builder(|name| {
///     let credentials = Credentials::from_file(format!("/etc/ims/{name}.json"));
///     let credentials = credentials.map_err(|error| Report::from(&error))?;
///     Ok(Loaded::new(Client::builder(&credentials)).with_files(credentials.files()))
/// });
/// let agent = agent.with_context("production").with_observer(|event| eprintln!("{event}"));
/// let agent = agent.start().await?;
/// let listener = Listener::at_socket("/run/ims/agent.sock".as_ref(), AllowedCallers::own_user())?;
/// tokio::select! {
///     () = agent.serve(listener, Limits::default(), std::future::pending()) => {}
///     () = agent.watch_files() => {}
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

struct Inner {
    /// In the order in which they were named. A search in a list of a hundred short names takes less than a microsecond.
    contexts: Vec<Arc<Context>>,
    observer: Observer,
}

/// Puts an [`Agent`] together; see [`Agent::builder`].
#[must_use]
pub struct AgentBuilder {
    load: Load,
    names: Vec<String>,
    observer: Observer,
}

/// Correct the credentials of a context, or do what its report says: the agent does not begin with less than it was to serve.
///
/// ```
/// use ims::{Credentials, Report};
/// use ims_agent::Agent;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let load = |_: &str| match Credentials::from_file("/nowhere/credentials.json") {
///     Ok(credentials) => Ok(ims_agent::Loaded::new(ims::Client::builder(&credentials))),
///     Err(error) => Err(Report::from(&error)),
/// };
/// let error = Agent::builder(load).with_context("stage").start().await.err().expect("no such file");
/// println!("{}: {}", error.context, error.report);
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[error("context {context}: {}", .report.message())]
#[non_exhaustive]
pub struct StartError {
    /// The name of the context.
    pub context: String,
    /// Why it cannot be served.
    pub report: Report,
}

impl Agent {
    /// Begins to put together an agent. `load` reads the credentials of the context of a name; it may block, and is called again
    /// at each reload.
    pub fn builder(
        load: impl Fn(&str) -> Result<Loaded, Report> + Send + Sync + 'static,
    ) -> AgentBuilder {
        AgentBuilder { load: Arc::new(load), names: Vec::new(), observer: Observer::default() }
    }

    /// The names of the contexts, in the order in which they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.contexts().iter().map(|context| &*context.name)
    }

    pub(crate) fn contexts(&self) -> &[Arc<Context>] {
        &self.0.contexts
    }

    pub(crate) fn observer(&self) -> &Observer {
        &self.0.observer
    }
}

impl AgentBuilder {
    /// Serves the context of this name too. A name that was given before changes nothing.
    ///
    /// ```
    /// use ims_agent::Agent;
    ///
    /// # let load = |_: &str| Err(ims::Report::from(&ims::Credentials::from_json("").unwrap_err()));
    /// let agent = Agent::builder(load).with_context("production").with_context("stage");
    /// ```
    pub fn with_context(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        self
    }

    /// Calls `observe` with everything that happens. It runs within the work, so it should be quick.
    ///
    /// ```
    /// use ims_agent::Agent;
    ///
    /// # let load = |_: &str| Err(ims::Report::from(&ims::Credentials::from_json("").unwrap_err()));
    /// let agent = Agent::builder(load).with_observer(|event| println!("{event}"));
    /// ```
    pub fn with_observer(self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self { observer: Observer::new(observe), ..self }
    }

    /// Reads the credentials of all contexts, and begins to keep their tokens fresh. No token is waited for.
    ///
    /// # Errors
    /// [`StartError`] if the credentials of a context cannot be used.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer.
    pub async fn start(self) -> Result<Agent, StartError> {
        let mut contexts = Vec::with_capacity(self.names.len());
        for name in self.names {
            let context = Context::start(&name, Arc::clone(&self.load), self.observer.clone());
            let context = context.await;
            let context = context.map_err(|report| StartError { context: name, report })?;
            contexts.push(context);
        }
        Ok(Agent(Arc::new(Inner { contexts, observer: self.observer })))
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Agent").field(&self.contexts()).finish()
    }
}

impl fmt::Debug for AgentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentBuilder").field("names", &self.names).finish_non_exhaustive()
    }
}
