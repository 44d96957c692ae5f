//! The keys that IMS publishes, fetched when they are needed and not oftener than is good for IMS.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, future::ready};
use ims_claims::NumericDate;
use ims_sign::VerificationKeys;

use crate::{
    NotVerified,
    failure::Failure,
    flight::{Flight, Landing},
    ims::Ims,
    memory::distance,
};

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
    flight: Option<Flight<Keys>>,
}

struct Published {
    keys: Keys,
    asked_at: NumericDate,
}

type Keys = Arc<VerificationKeys>;

impl KeyCache {
    pub(crate) fn new(ims: Arc<Ims>) -> Self {
        Self(Arc::new(Inner { ims, state: Mutex::default() }))
    }

    /// The keys to verify with at `now`.
    pub(crate) async fn current(&self, now: NumericDate) -> Result<Keys, NotVerified> {
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
        known: &Keys,
        now: NumericDate,
    ) -> Result<Option<Keys>, NotVerified> {
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
    fn fetch_after(&self, pause: Duration, state: &mut State, now: NumericDate) -> Landing<Keys> {
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.is_under_way()) {
            return flight.landing();
        }
        if let Some(error) = state.failure.as_ref().and_then(|last| last.within(pause, now)) {
            return ready(Err(error)).boxed().shared();
        }
        let cache = self.clone();
        let flight = Flight::begin(async move { cache.fetch(now).await });
        state.flight.insert(flight).landing()
    }

    /// Asks IMS and keeps what came of it. `asked_at` is when the keys were asked for: from there their age is counted.
    async fn fetch(&self, asked_at: NumericDate) -> Result<Keys, NotVerified> {
        let outcome = self.0.ims.published_keys(asked_at).await.map(Arc::new);
        let mut state = self.state();
        state.flight = None;
        match &outcome {
            Ok(keys) => {
                state.published = Some(Published { keys: keys.clone(), asked_at });
                state.failure = None;
            }
            Err(error) => state.failure = Some(Failure::new(error, asked_at)),
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
    Good(Keys),
    /// Good enough if nothing better comes.
    Old(Keys, Landing<Keys>),
    Nothing(Landing<Keys>),
}

impl Published {
    fn age(&self, now: NumericDate) -> Duration {
        distance(self.asked_at, now)
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache(..)")
    }
}
