//! The agent: contexts by name, whose credentials are read again when they change.

use std::{fmt, sync::Arc, time::Duration};

use ims::{ClientBuilder, Report};

use crate::{
    context::{Context, Load},
    error::Error,
    event::{Event, Observe},
};

/// Gives the tokens of one or more contexts to programs of this machine. Cheap to clone; clones share everything.
///
/// ```no_run
/// use ims::{Client, Credentials, Report};
/// use ims_agent::{Agent, AllowedCallers, Limits, Listener};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let load = |name: &str| {
///     let credentials = Credentials::from_file(format!("/etc/ims/{name}.json"));
///     credentials.map(|it| Client::builder(&it)).map_err(|error| Report::from(&error))
/// };
/// let agent = Agent::start(["production"], load, |event| eprintln!("{event}")).await?;
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
    observe: Observe,
}

impl Agent {
    /// Starts to keep the tokens of the contexts with these names fresh, and does not wait for the tokens. A name that was
    /// given before changes nothing.
    ///
    /// `load` reads the credentials of a context by its name. It may block, and is called again at each reload. Its client
    /// gets the observer of the agent. `observe` is called with each [`Event`], during the work, so it should be quick.
    ///
    /// # Errors
    /// [`Error::Credentials`] if those of a context cannot be used.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer.
    pub async fn start(
        names: impl IntoIterator<Item: Into<String>>,
        load: impl Fn(&str) -> Result<ClientBuilder, Report> + Send + Sync + 'static,
        observe: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let (load, observe): (Load, Observe) = (Arc::new(load), Arc::new(observe));
        let mut contexts: Vec<Arc<Context>> = Vec::new();
        for name in names {
            let name = name.into();
            if contexts.iter().any(|context| *context.name == *name) {
                continue;
            }
            let context = Context::start(&name, Arc::clone(&load), Arc::clone(&observe)).await;
            let context = context.map_err(|report| Error::Credentials { context: name, report })?;
            contexts.push(Arc::new(context));
        }
        Ok(Self(Arc::new(Inner { contexts, observe })))
    }

    /// The names of the contexts, in the order in which they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.contexts().iter().map(|context| &*context.name)
    }

    /// Reads the credentials of every context again, whether or not a file has changed: when the program gets SIGHUP, for example.
    ///
    /// A context whose credentials cannot be read, or which IMS refuses, continues with the old ones; an [`Event`] says so, and
    /// they are tried again later.
    ///
    /// # Errors
    /// The first [`Report`] of a context that continues with its old credentials.
    pub async fn reload(&self) -> Result<(), Report> {
        let mut outcome = Ok(());
        for context in self.contexts() {
            outcome = outcome.and(context.reload().await);
        }
        outcome
    }

    /// Reads the credentials of a context again whenever one of their files changes, until it is dropped. It never ends.
    pub async fn watch_files(&self) {
        loop {
            tokio::time::sleep(WATCH_INTERVAL).await;
            for context in self.contexts() {
                if context.is_due() {
                    // An event has reported the result.
                    let _ = context.reload().await;
                }
            }
        }
    }

    pub(crate) fn contexts(&self) -> &[Arc<Context>] {
        &self.0.contexts
    }

    pub(crate) fn context(&self, name: &str) -> Option<&Arc<Context>> {
        self.contexts().iter().find(|context| *context.name == *name)
    }

    pub(crate) fn observe(&self, event: &Event) {
        (self.0.observe)(event);
    }
}

/// How often files are checked.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
