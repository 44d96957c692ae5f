//! For tests: a clock that a test moves, a source that follows a script, a store that fails, and checks that every store
//! must pass.

mod clock;
mod store_conformance;
#[cfg(feature = "redis")]
mod stored;
mod unreliable_store;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use ims_exchange::AccessToken;

use crate::{
    clock::{Clock, SharedClock},
    fetch_error::FetchError,
    source::TokenSource,
};

pub use clock::FakeClock;
pub use store_conformance::{check_lease_lapses, check_store};
#[cfg(feature = "redis")]
pub use stored::{open_sealed, seal, stored_not_before, stored_token};
pub use unreliable_store::UnreliableStore;

/// A source that gives a new token each time, unless the test lets it fail. Clones are the same source.
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::NumericDate;
/// use ims_token::{FetchError, SharedClock, TokenKeeper, testing::{FakeClock, ScriptedSource}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(1_800_000_000)));
/// let source = ScriptedSource::new(clock.clone(), Duration::from_secs(86_400));
/// let keeper = TokenKeeper::builder(source.source(), clock).build();
/// source.fail_next([FetchError::permanent("the secret is wrong")]);
/// assert!(keeper.token().await.is_err());
/// assert_eq!(source.requests(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ScriptedSource {
    clock: SharedClock,
    script: Arc<Mutex<Script>>,
}

#[derive(Debug)]
struct Script {
    lifetime: Duration,
    latency: Duration,
    next_failures: VecDeque<FetchError>,
    outage: Option<FetchError>,
    requests: u64,
}

impl ScriptedSource {
    /// A source that gives tokens of this `lifetime` by `clock` at once.
    #[must_use]
    pub fn new(clock: SharedClock, lifetime: Duration) -> Self {
        let script = Script {
            lifetime,
            latency: Duration::ZERO,
            next_failures: VecDeque::new(),
            outage: None,
            requests: 0,
        };
        Self { clock, script: Arc::new(Mutex::new(script)) }
    }

    /// Lets each request take `latency` of tokio's time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # use ims_claims::NumericDate;
    /// # use ims_token::{SharedClock, testing::{FakeClock, ScriptedSource}};
    /// # let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(1_800_000_000)));
    /// let source = ScriptedSource::new(clock, Duration::from_secs(86_400)).with_latency(Duration::from_millis(50));
    /// ```
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Self {
        self.script().latency = latency;
        self
    }

    /// Lets the next requests fail, each with one of `failures`.
    pub fn fail_next(&self, failures: impl IntoIterator<Item = FetchError>) {
        self.script().next_failures.extend(failures);
    }

    /// Lets every request fail with `error` from now on.
    pub fn begin_outage(&self, error: FetchError) {
        self.script().outage = Some(error);
    }

    /// Lets requests succeed again.
    pub fn end_outage(&self) {
        self.script().outage = None;
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.script().requests
    }

    /// The source, for a keeper.
    #[must_use]
    pub fn source(&self) -> TokenSource {
        let source = self.clone();
        TokenSource::new(move || source.clone().fetch())
    }

    async fn fetch(self) -> Result<AccessToken, FetchError> {
        let obtained_at = self.clock.now();
        let (number, latency) = {
            let mut script = self.script();
            script.requests += 1;
            (script.requests, script.latency)
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let mut script = self.script();
        if let Some(failure) = script.next_failures.pop_front().or_else(|| script.outage.clone()) {
            return Err(failure);
        }
        let token = AccessToken::new(format!("token-{number}"), obtained_at, script.lifetime);
        Ok(token.expect("the text is visible ASCII"))
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panics while it holds this lock")
    }
}
