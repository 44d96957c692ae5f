//! One context: its client, which is replaced when its credentials change, and what is remembered of it.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use ims::{
    AccessToken, Client, ClientBuilder, Report, TokenError,
    claims::NumericDate,
    token::{Clock, KeepFresh, SystemClock},
};

use crate::{
    counts::Counts,
    event::{Event, Observer},
    token_answer::TokenAnswer,
    watched_files::WatchedFiles,
};

/// The credentials of one context, as the program has read them.
///
/// ```
/// use ims::{Client, Credentials, Report};
/// use ims_agent::Loaded;
///
/// fn load(name: &str) -> Result<Loaded, Report> {
///     let credentials = Credentials::from_file(format!("/etc/ims/{name}.json"));
///     let credentials = credentials.map_err(|error| Report::from(&error))?;
///     Ok(Loaded::new(Client::builder(&credentials)).with_files(credentials.files()))
/// }
/// assert!(load("no such context").is_err());
/// ```
#[derive(Debug)]
#[must_use]
pub struct Loaded {
    builder: ClientBuilder,
    files: Vec<PathBuf>,
}

impl Loaded {
    /// The client to build. Its observer is replaced by that of the agent.
    pub fn new(builder: ClientBuilder) -> Self {
        Self { builder, files: Vec::new() }
    }

    /// The files that were read for it ([`Credentials::files`](ims::Credentials::files)). When one of them changes, the credentials are
    /// read again.
    ///
    /// ```
    /// use ims::{Client, Credentials};
    /// use ims_agent::Loaded;
    ///
    /// let credentials = Credentials::from_json(r#"{ "client_id": "a", "client_secret": "p8e-x", "scopes": ["openid"] }"#)?;
    /// let loaded = Loaded::new(Client::builder(&credentials)).with_files(["/etc/ims/credentials.json".into()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_files(self, files: impl Into<Vec<PathBuf>>) -> Self {
        Self { files: files.into(), ..self }
    }
}

/// Reads the credentials of the context of this name. It may block.
pub(crate) type Load = Arc<dyn Fn(&str) -> Result<Loaded, Report> + Send + Sync>;

/// A context that is served.
pub(crate) struct Context {
    pub(crate) name: Arc<str>,
    pub(crate) counts: Arc<Counts>,
    load: Load,
    observer: Observer,
    serving: ArcSwap<Serving>,
    answer: ArcSwapOption<TokenAnswer>,
    files: Mutex<WatchedFiles>,
    problem: Mutex<Option<Problem>>,
}

/// The client that is in use.
struct Serving {
    client: Client,
    generation: u64,
    _keep_fresh: Option<KeepFresh>,
}

/// Why the newest credentials are not in use.
#[derive(Debug, Clone)]
struct Problem {
    report: Report,
    /// When they are tried again, by the monotonic clock, even if no file changes.
    try_at: Duration,
    failures: u32,
}

impl Context {
    /// Reads the credentials for the first time, and begins to keep the token fresh.
    pub(crate) async fn start(
        name: &str,
        load: Load,
        observer: Observer,
    ) -> Result<Arc<Self>, Report> {
        let name: Arc<str> = name.into();
        let counts = Arc::new(Counts::default());
        let opened = open(&name, &load, &observer, &counts).await?;
        Ok(Arc::new(Self {
            serving: ArcSwap::from_pointee(Serving::new(opened.client, 0)),
            files: Mutex::new(opened.files),
            answer: ArcSwapOption::empty(),
            problem: Mutex::default(),
            name,
            counts,
            load,
            observer,
        }))
    }

    /// Another number after each reload.
    pub(crate) fn generation(&self) -> u64 {
        self.serving.load().generation
    }

    /// The client that is in use. It may be replaced at any time.
    pub(crate) fn client(&self) -> Client {
        self.serving.load().client.clone()
    }

    /// The body of the answer with a token that can still be used in `min_lifetime`.
    pub(crate) async fn token_answer(&self, min_lifetime: Duration) -> Result<Bytes, TokenError> {
        let now = SystemClock.now();
        if min_lifetime.is_zero() {
            let serving = self.serving.load();
            if let Some(token) = serving.client.keeper().and_then(ims::token::TokenKeeper::peek) {
                return Ok(self.body_for(&token, now));
            }
        }
        let token = self.token(min_lifetime).await?;
        Ok(self.body_for(&token, now))
    }

    /// A token that can still be used in `min_lifetime`.
    pub(crate) async fn token(&self, min_lifetime: Duration) -> Result<AccessToken, TokenError> {
        let client = self.client();
        let token = if min_lifetime.is_zero() {
            client.access_token().await?
        } else {
            client.access_token_valid_for(min_lifetime).await?
        };
        Ok(token)
    }

    fn body_for(&self, token: &AccessToken, now: NumericDate) -> Bytes {
        self.answer_for(token, now).body.clone()
    }

    /// The name of `token`, computed once for each token.
    pub(crate) fn fingerprint(&self, token: &AccessToken) -> String {
        self.answer_for(token, SystemClock.now()).fingerprint.clone()
    }

    fn answer_for(&self, token: &AccessToken, now: NumericDate) -> Arc<TokenAnswer> {
        if let Some(answer) = &*self.answer.load()
            && answer.is_for(token, now)
        {
            return Arc::clone(answer);
        }
        let answer = Arc::new(TokenAnswer::new(token.clone(), now));
        self.answer.store(Some(Arc::clone(&answer)));
        answer
    }

    /// Takes note that an API rejected the token that was given out last, if `names` finds that it is this one.
    pub(crate) fn reject(&self, names: impl FnOnce(&TokenAnswer) -> bool) -> bool {
        let Some(answer) = self.answer.load_full().filter(|answer| names(answer)) else {
            return false;
        };
        if let Some(keeper) = self.client().keeper() {
            keeper.report_rejected(&answer.token);
        }
        true
    }

    /// Why the newest credentials are not in use, if they are not.
    pub(crate) fn problem(&self) -> Option<Report> {
        lock(&self.problem).as_ref().map(|problem| problem.report.clone())
    }

    /// Whether the credentials are to be read again: a file has changed, or it is time to try those again that could not be used.
    pub(crate) fn is_due(&self) -> bool {
        let now = SystemClock.monotonic();
        let is_time = lock(&self.problem).as_ref().is_some_and(|problem| problem.try_at <= now);
        is_time || lock(&self.files).have_changed()
    }

    /// Reads the credentials again, and uses them if they work. If they do not, the old ones stay, and an event says why.
    pub(crate) async fn reload(&self) -> Result<(), Report> {
        match self.read_again().await {
            Ok(()) => {
                *lock(&self.problem) = None;
                self.observer.report(&Event::Reloaded { context: Arc::clone(&self.name) });
                Ok(())
            }
            Err(report) => {
                if self.remember(&report) {
                    let (context, report) = (Arc::clone(&self.name), report.clone());
                    self.observer.report(&Event::NotReloaded { context, report });
                }
                Err(report)
            }
        }
    }

    async fn read_again(&self) -> Result<(), Report> {
        let before = lock(&self.files).again();
        let opened = open(&self.name, &self.load, &self.observer, &self.counts).await;
        let Opened { client, files } = opened.inspect_err(|_| *lock(&self.files) = before)?;
        *lock(&self.files) = files;
        let is_serving = self.client().health().is_some_and(|health| health.is_serving());
        // As long as callers are served, the new credentials have to show that they work. If they are not, there is nothing to
        // lose.
        if is_serving && client.keeper().is_some() {
            client.refresh().await.map_err(|error| Report::from(&error))?;
        }
        let generation = self.generation() + 1;
        self.serving.store(Arc::new(Serving::new(client, generation)));
        Ok(())
    }

    /// Returns whether this is another problem than before.
    fn remember(&self, report: &Report) -> bool {
        let now = SystemClock.monotonic();
        let mut problem = lock(&self.problem);
        let before = problem.take();
        let failures = before.as_ref().map_or(0, |before| before.failures.saturating_add(1));
        let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(8)).min(LONGEST_PAUSE);
        *problem = Some(Problem { report: report.clone(), try_at: now + pause, failures });
        before.is_none_or(|before| before.report.message() != report.message())
    }
}

impl Serving {
    fn new(client: Client, generation: u64) -> Self {
        let keep_fresh = client.keeper().map(ims::token::TokenKeeper::keep_fresh);
        Self { client, generation, _keep_fresh: keep_fresh }
    }
}

struct Opened {
    client: Client,
    files: WatchedFiles,
}

/// Reads the credentials and builds their client, on a thread for blocking calls.
async fn open(
    name: &Arc<str>,
    load: &Load,
    observer: &Observer,
    counts: &Arc<Counts>,
) -> Result<Opened, Report> {
    let (name, load) = (Arc::clone(name), Arc::clone(load));
    let (observer, counts) = (observer.clone(), Arc::clone(counts));
    let opened = tokio::task::spawn_blocking(move || {
        let mut loaded = load(&name)?;
        let files = WatchedFiles::look(std::mem::take(&mut loaded.files));
        if files.are_fresh(SystemClock.now()) {
            // They may have been written to after they were read and before they were looked at.
            loaded = load(&name)?;
        }
        let builder = loaded.builder.with_observer(move |event| {
            counts.record(event);
            let (context, event) = (Arc::clone(&name), event.clone());
            observer.report(&Event::Token { context, event });
        });
        let client = builder.build().map_err(|error| Report::from(&error))?;
        Ok(Opened { client, files })
    });
    opened.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// How long after a failure the credentials are read again, if no file changes until then. It doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Context");
        shown.field("name", &self.name).field("client", &self.client()).finish_non_exhaustive()
    }
}
