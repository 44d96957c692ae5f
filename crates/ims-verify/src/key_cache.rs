//! The keys that IMS publishes, fetched when they are needed, with a limited rate.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    time::Duration,
};

use ims_claims::{Algorithm, CompactJwt, JwtError, NumericDate};
use ims_exchange::InFlight;
use ims_sign::{HeaderKeys, VerificationKeys, VerifyError};

use crate::{
    error::{Fault, NotVerified},
    ims::{Failure, Ims, distance},
    single_flight::{Answer, MAX_ATTEMPTS, answer, no_answer, start},
    sync::lock,
};

/// How long fetched keys are used without asking.
///
/// The same as in panva/jose, `createRemoteJWKSet`, `cacheMaxAge`.
pub const KEYS_FRESH: Duration = Duration::from_mins(10);

/// How long fetched keys are used while newer ones are fetched. After that, callers wait for the newer ones.
pub const KEYS_REFRESHED: Duration = Duration::from_hours(1);

/// How long fetched keys are used if newer ones cannot be fetched: as long as a token lives.
pub const KEYS_STALE: Duration = Duration::from_hours(24);

/// The shortest time between two fetches because of tokens with an unknown key, however many such tokens arrive. A key
/// that IMS has just begun to use can be unknown for this long.
///
/// The same as in panva/jose, `createRemoteJWKSet`, `cooldownDuration`.
pub const LEAST_REFETCH_INTERVAL: Duration = Duration::from_secs(30);

/// How long to wait after a fetch that failed, while there are no keys at all. While there are older ones, it is
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
    /// The failure of the last fetch, if it failed.
    failure: Option<Failure>,
    fetch: Option<InFlight<Answer<Keys>>>,
}

struct Published {
    keys: Keys,
    asked_at: NumericDate,
}

type Keys = Arc<FetchedKeys>;

/// The keys of one answer of IMS.
pub(crate) struct FetchedKeys {
    keys: VerificationKeys,
    /// Those for the header of the first valid token, which nearly all others have, too. An invalid token cannot set it.
    usual: OnceLock<HeaderKeys>,
}

impl FetchedKeys {
    /// Parses a token. This is faster if it begins like the first valid one.
    pub(crate) fn parse<'a>(&self, token: &'a str) -> Result<CompactJwt<'a>, JwtError> {
        match self.usual.get() {
            Some(usual) => CompactJwt::parse_after(usual.header(), token),
            None => CompactJwt::parse(token),
        }
    }

    /// Whether `jwt` was signed by the key that it names; `false` if that key is not one of these.
    pub(crate) fn have_signed(&self, jwt: &CompactJwt<'_>) -> Result<bool, Fault> {
        let usual = self.usual.get();
        let verdict = match usual.and_then(|usual| usual.verify(jwt)) {
            Some(verdict) => verdict,
            None => self.keys.verify(Algorithm::Rs256, jwt),
        };
        match verdict {
            Ok(()) => {
                if usual.is_none()
                    && let Ok(keys) = self.keys.for_header_of(Algorithm::Rs256, jwt)
                {
                    self.usual.get_or_init(|| keys);
                }
                Ok(true)
            }
            Err(VerifyError::UnknownKey) => Ok(false),
            Err(error) => Err(Fault::Signature(error)),
        }
    }
}

/// How to get keys that are newer than known ones.
enum Lookup {
    Found(Keys),
    /// The last fetch failed a moment ago.
    Failed(NotVerified),
    Wait(InFlight<Answer<Keys>>),
}

impl KeyCache {
    pub(crate) fn new(ims: Arc<Ims>) -> Self {
        Self(Arc::new(Inner { ims, state: Mutex::default() }))
    }

    /// The keys to verify with at `now`, if they were fetched so recently that there is nothing to do.
    pub(crate) fn fresh(&self, now: NumericDate) -> Option<Keys> {
        let state = self.state();
        let published = state.published.as_ref().filter(|keys| keys.age(now) < KEYS_FRESH)?;
        Some(published.keys.clone())
    }

    /// The keys to verify with at `now`.
    pub(crate) async fn current(&self, now: NumericDate) -> Result<Keys, NotVerified> {
        let known = {
            let mut state = self.state();
            let published = state.published.as_ref();
            let known = published.map(|published| (published.keys.clone(), published.age(now)));
            if let Some((keys, age)) = &known
                && *age < KEYS_REFRESHED
            {
                if *age >= KEYS_FRESH {
                    // In the background: until then, callers are served with the old keys.
                    drop(self.fetch_unless_failed(LEAST_REFETCH_INTERVAL, &mut state, now));
                }
                return Ok(keys.clone());
            }
            known
        };
        let usable = known.as_ref().filter(|(_, age)| *age < KEYS_STALE);
        let pause = if usable.is_some() { LEAST_REFETCH_INTERVAL } else { FAILURE_PAUSE };
        let known_keys = known.as_ref().map(|(keys, _)| keys);
        match (self.newer_than(known_keys, pause, now).await, usable) {
            (Err(_), Some((keys, _))) => Ok(keys.clone()),
            (newer, _) => newer,
        }
    }

    /// The keys that came after `known`, for a token whose key is not among those; `None` if those were fetched only a
    /// moment ago.
    pub(crate) async fn after(
        &self,
        known: &Keys,
        now: NumericDate,
    ) -> Result<Option<Keys>, NotVerified> {
        {
            let state = self.state();
            if let Some(published) = &state.published
                && Arc::ptr_eq(&published.keys, known)
                && published.age(now) < LEAST_REFETCH_INTERVAL
            {
                return Ok(None);
            }
        }
        self.newer_than(Some(known), LEAST_REFETCH_INTERVAL, now).await.map(Some)
    }

    /// Keys that are newer than `known`: those that are stored already, else those of the fetch that is running, else those
    /// of a new fetch, unless the last one failed less than `pause` ago.
    async fn newer_than(
        &self,
        known: Option<&Keys>,
        pause: Duration,
        now: NumericDate,
    ) -> Result<Keys, NotVerified> {
        for _ in 0..MAX_ATTEMPTS {
            let in_flight = match self.look_up(known, pause, now) {
                Lookup::Found(keys) => return Ok(keys),
                Lookup::Failed(error) => return Err(error),
                Lookup::Wait(in_flight) => in_flight,
            };
            if let Some(answer) = answer(in_flight.clone()).await {
                return answer;
            }
            self.discard(&in_flight);
        }
        Err(no_answer())
    }

    fn look_up(&self, known: Option<&Keys>, pause: Duration, now: NumericDate) -> Lookup {
        let mut state = self.state();
        if let Some(published) = &state.published
            && known.is_none_or(|known| !Arc::ptr_eq(&published.keys, known))
        {
            return Lookup::Found(published.keys.clone());
        }
        match self.fetch_unless_failed(pause, &mut state, now) {
            Ok(in_flight) => Lookup::Wait(in_flight),
            Err(error) => Lookup::Failed(error),
        }
    }

    /// The fetch that is running, else a new one, unless the last one failed less than `pause` ago.
    fn fetch_unless_failed(
        &self,
        pause: Duration,
        state: &mut State,
        now: NumericDate,
    ) -> Result<InFlight<Answer<Keys>>, NotVerified> {
        if let Some(in_flight) = state.fetch.as_ref().filter(|in_flight| in_flight.is_running()) {
            return Ok(in_flight.clone());
        }
        if let Some(error) = state.failure.as_ref().and_then(|last| last.within(pause, now)) {
            return Err(error);
        }
        let cache = self.clone();
        let in_flight = start(async move { cache.fetch(now).await });
        state.fetch = Some(in_flight.clone());
        Ok(in_flight)
    }

    /// Asks IMS and keeps the result. `asked_at` is when the keys were asked for. Their age counts from then.
    async fn fetch(&self, asked_at: NumericDate) -> Result<Keys, NotVerified> {
        let keys = self.0.ims.published_keys(asked_at).await;
        let outcome = keys.map(|keys| Arc::new(FetchedKeys { keys, usual: OnceLock::new() }));
        let mut state = self.state();
        match &outcome {
            Ok(keys) => {
                state.published = Some(Published { keys: keys.clone(), asked_at });
                state.failure = None;
            }
            Err(error) => state.failure = Some(Failure::new(error, asked_at)),
        }
        outcome
    }

    /// Forgets `in_flight`, so that the next caller starts a fetch.
    fn discard(&self, in_flight: &InFlight<Answer<Keys>>) {
        self.state().fetch.take_if(|fetch| fetch.is_same(in_flight));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
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
