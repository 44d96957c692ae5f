//! The keys that IMS publishes, fetched when they are needed and not oftener than is good for IMS.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, ready},
};
use ims_claims::NumericDate;
use ims_exchange::TransportError;
use ims_sign::VerificationKeys;
use tokio::task::AbortHandle;

use crate::{NotVerified, ims::Ims, memory::distance};

/// How long fetched keys are used without a word.
///
/// The same as in panva/jose, `createRemoteJWKSet`, `cacheMaxAge`.
pub const KEYS_FRESH: Duration = Duration::from_mins(10);

/// How long fetched keys are used while newer ones are fetched. After that, callers wait for the newer ones.
pub const KEYS_REFRESHED: Duration = Duration::from_hours(1);

/// How long fetched keys are used if no newer ones can be had: as long as a token lives.
pub const KEYS_STALE: Duration = Duration::from_hours(24);

/// The least time between two fetches on account of a token that names an unknown key, however many such tokens come. A key
/// that IMS has just begun to use can be unknown for so long.
///
/// The same as in panva/jose, `createRemoteJWKSet`, `cooldownDuration`.
pub const LEAST_REFETCH_INTERVAL: Duration = Duration::from_secs(30);

/// How long IMS is left alone after a fetch that failed, while there are no keys at all. While there are older ones, it is
/// [`LEAST_REFETCH_INTERVAL`].
pub const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// The longest that a `Retry-After` is honoured.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// The keys of one IMS. A clone shares them.
#[derive(Clone)]
pub(crate) struct KeyCache(Arc<Inner>);

struct Inner {
    ims: Arc<Ims>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    published: Option<Published>,
    /// Of the last fetch, if it failed.
    failure: Option<Failure>,
    flight: Option<Flight>,
}

struct Published {
    keys: Arc<VerificationKeys>,
    asked_at: NumericDate,
}

struct Failure {
    error: NotVerified,
    asked_at: NumericDate,
}

/// A fetch under way. It is a task that no caller owns: who gives up cancels nothing.
struct Flight {
    landing: Landing,
    task: AbortHandle,
}

type Outcome = Result<Arc<VerificationKeys>, NotVerified>;
type Landing = Shared<BoxFuture<'static, Outcome>>;

impl KeyCache {
    pub(crate) fn new(ims: Arc<Ims>) -> Self {
        Self(Arc::new(Inner { ims, state: Mutex::default() }))
    }

    /// The keys to verify with at `now`.
    pub(crate) async fn current(&self, now: NumericDate) -> Outcome {
        let (known, landing) = match self.glance(now) {
            Glance::Good(keys) => return Ok(keys),
            Glance::Old(keys, landing) => (Some(keys), landing),
            Glance::Nothing(landing) => (None, landing),
        };
        landing.await.or_else(|error| known.ok_or(error))
    }

    /// The keys that came after `known`, for a token whose key is not among those; `None` if they are hardly older than the
    /// question.
    pub(crate) async fn after(
        &self,
        known: &Arc<VerificationKeys>,
        now: NumericDate,
    ) -> Result<Option<Arc<VerificationKeys>>, NotVerified> {
        let landing = {
            let mut state = self.state();
            match &state.published {
                Some(own) if !Arc::ptr_eq(&own.keys, known) => return Ok(Some(own.keys.clone())),
                Some(own) if own.age(now) < LEAST_REFETCH_INTERVAL => return Ok(None),
                _ => self.fetch_after(LEAST_REFETCH_INTERVAL, &mut state, now),
            }
        };
        landing.await.map(Some)
    }

    /// What there is without waiting. Begins a fetch unless that is good for a while.
    fn glance(&self, now: NumericDate) -> Glance {
        let mut state = self.state();
        let own = state.published.as_ref().map(|own| (own.keys.clone(), own.age(now)));
        match own {
            Some((keys, age)) if age < KEYS_FRESH => Glance::Good(keys),
            Some((keys, age)) if age < KEYS_STALE => {
                let landing = self.fetch_after(LEAST_REFETCH_INTERVAL, &mut state, now);
                if age < KEYS_REFRESHED { Glance::Good(keys) } else { Glance::Old(keys, landing) }
            }
            _ => Glance::Nothing(self.fetch_after(FAILURE_PAUSE, &mut state, now)),
        }
    }

    /// The end of a fetch: of the one under way, else of the last one if it failed less than `pause` ago, else of a new one.
    fn fetch_after(&self, pause: Duration, state: &mut State, now: NumericDate) -> Landing {
        if let Some(flight) = state.flight.as_ref().filter(|flight| !flight.task.is_finished()) {
            return flight.landing.clone();
        }
        if let Some(failure) = state.failure.as_ref().filter(|it| it.holds(pause, now)) {
            return ready(Err(failure.error.clone())).boxed().shared();
        }
        let cache = self.clone();
        let task = tokio::spawn(async move { cache.fetch(now).await });
        let abort_handle = task.abort_handle();
        let landing = task.map(|end| end.unwrap_or_else(|_| Err(lost()))).boxed().shared();
        state.flight = Some(Flight { landing: landing.clone(), task: abort_handle });
        landing
    }

    /// Asks IMS and keeps what came of it. `asked_at` is when the keys were asked for: from there their age is counted.
    async fn fetch(&self, asked_at: NumericDate) -> Outcome {
        let outcome = self.0.ims.published_keys().await.map(Arc::new);
        let mut state = self.state();
        state.flight = None;
        match &outcome {
            Ok(keys) => {
                state.published = Some(Published { keys: keys.clone(), asked_at });
                state.failure = None;
            }
            Err(error) => {
                state.failure = Some(Failure { error: error.clone(), asked_at });
            }
        }
        outcome
    }

    /// A runtime that panics can poison the lock, but under it nothing is ever half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`KeyCache::glance`] sees.
enum Glance {
    Good(Arc<VerificationKeys>),
    /// Good enough if nothing better comes.
    Old(Arc<VerificationKeys>, Landing),
    Nothing(Landing),
}

impl Published {
    fn age(&self, now: NumericDate) -> Duration {
        distance(self.asked_at, now)
    }
}

impl Failure {
    /// Whether IMS is still left alone after it: for `pause`, or for as long as IMS has asked.
    fn holds(&self, pause: Duration, now: NumericDate) -> bool {
        let asked = match &self.error {
            NotVerified::Unavailable(error) => error.retry_after().unwrap_or_default(),
            _ => Duration::ZERO,
        };
        distance(self.asked_at, now) < pause.max(asked.min(LONGEST_RETRY_AFTER))
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache(..)")
    }
}

/// The task of a fetch ended before it had an outcome: its runtime was shut down, or the transport panicked.
fn lost() -> NotVerified {
    let source = Box::<dyn Error + Send + Sync>::from("the fetch was given up");
    NotVerified::Unavailable(TransportError::Broken { source: source.into() }.into())
}
