//! A fleet with many failures, and with callers that give up at any moment: the laws that hold for it whatever the seed is.
//!
//! Time is virtual and every decision comes from one seeded generator, so that a seed repeats its run: a failure prints it,
//! and with `IMS_SEED` only that one runs. The tests run a few thousand refreshes, and `cargo xtask model` a million
//! (`IMS_FLEET_REFRESHES`).
//!
//! The laws by their numbers are those of `docs/keeper.md`.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    io::Write,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use ims_claims::{Environment, NumericDate};
use ims_exchange::AccessToken;
use ims_token::{
    CacheKey, Clock, DEADLINE, EXPIRY_MARGIN, FetchError, GrantName, MemoryStore, REFRESH_TIMEOUT,
    SharedClock, SharedStore, StoreError, TokenError, TokenKeeper, TokenSource,
    testing::{FakeClock, UnreliableStore},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Tokens live so short that a run has many refreshes.
const LIFETIME: Duration = Duration::from_mins(2);

/// How many services have the store, and how many have none.
const WITH_STORE: usize = 3;
const ALONE: usize = 3;

/// How long after all trouble each service has a token again: a backoff may last a minute.
const RECOVERY: Duration = Duration::from_mins(5);

/// A call waits for three refreshes at most: one that was lost, one of another process, and its own. Each ends with its
/// deadline, and the store has a second for each answer after that.
const LONGEST_CALL: Duration = Duration::from_secs(3 * (DEADLINE.as_secs() + 2));

/// How many seconds the wall clock is set forth or back at once.
const LARGEST_STEP: i64 = 10;

/// What fails at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Fails,
    Hangs,
    Panics,
}

/// IMS, the store and the clocks of all services.
#[derive(Debug, Clone)]
struct World {
    clock: FakeClock,
    random: Arc<Mutex<Rng>>,
    ims: Arc<Mutex<Trouble>>,
    store: Arc<Mutex<Trouble>>,
    issued: Arc<Mutex<Vec<Issued>>>,
    /// By how many seconds the wall clock was set in all, forward and back.
    stepped: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
    /// How often a service had two requests at a time.
    overlaps: Arc<AtomicU64>,
    suspended_at: Arc<Mutex<Option<Instant>>>,
}

/// What is known about a token when it is issued.
#[derive(Debug, Clone, Copy)]
struct Issued {
    /// When it truly ends, by a clock that no test sets.
    ends: Duration,
    stepped: u64,
}

/// A service, and how many requests it has open.
struct Service {
    keeper: TokenKeeper,
    open: Arc<AtomicU64>,
    /// The token that it last gave, by both clocks.
    held: Arc<Mutex<Option<Held>>>,
    has_store: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            clock: FakeClock::following_tokio(NumericDate::from_secs(1_700_000_000)),
            random: Arc::new(Mutex::new(Rng::with_seed(seed))),
            ims: Arc::new(Mutex::new(Trouble::None)),
            store: Arc::new(Mutex::new(Trouble::None)),
            issued: Arc::default(),
            stepped: Arc::default(),
            requests: Arc::default(),
            overlaps: Arc::default(),
            suspended_at: Arc::default(),
        }
    }

    fn random(&self) -> MutexGuard<'_, Rng> {
        self.random.lock().unwrap()
    }

    fn trouble(&self) -> Trouble {
        match self.random().u32(0..8) {
            0..4 => Trouble::None,
            4..6 => Trouble::Fails,
            6 => Trouble::Hangs,
            _ => Trouble::Panics,
        }
    }

    fn source(&self, open: &Arc<AtomicU64>) -> TokenSource {
        let (world, open) = (self.clone(), Arc::clone(open));
        TokenSource::new(move || {
            let open = Open::new(&world, &open);
            let world = world.clone();
            async move {
                let token = world.answer().await;
                drop(open);
                token
            }
        })
    }

    async fn answer(&self) -> Result<AccessToken, FetchError> {
        let sent_at = self.clock.now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let latency = Duration::from_millis(self.random().u64(0..1_500));
        sleep(latency).await;
        let trouble = *self.ims.lock().unwrap();
        match trouble {
            Trouble::None => {}
            Trouble::Fails => return Err(self.failure()),
            Trouble::Hangs => std::future::pending().await,
            Trouble::Panics => panic!("{ON_PURPOSE}"),
        }
        let mut issued = self.issued.lock().unwrap();
        let stepped = self.stepped.load(Ordering::Relaxed);
        issued.push(Issued { ends: self.clock.monotonic() + LIFETIME, stepped });
        let text = (issued.len() - 1).to_string();
        Ok(AccessToken::new(text, sent_at, LIFETIME).unwrap())
    }

    fn failure(&self) -> FetchError {
        let mut random = self.random();
        match random.u32(0..4) {
            0 => FetchError::unsent("no connection"),
            1 => FetchError::transient("busy", Some(Duration::from_secs(random.u64(0..20)))),
            2 => FetchError::sign_again("invalid_jti"),
            _ => FetchError::permanent("invalid_client"),
        }
    }

    /// Some seconds, and what may happen in them.
    async fn pass(&self) {
        let (pause, event) = {
            let mut random = self.random();
            (random.u64(100..12_000), random.u32(0..200))
        };
        sleep(Duration::from_millis(pause)).await;
        match event {
            0..8 => *self.ims.lock().unwrap() = self.trouble(),
            8..16 => *self.store.lock().unwrap() = self.trouble(),
            16..40 => self.end_trouble(),
            40 => {
                *self.suspended_at.lock().unwrap() = Some(Instant::now());
                self.clock.advance(Duration::from_secs(90));
            }
            41 => {
                let seconds = self.random().i64(-LARGEST_STEP..LARGEST_STEP);
                self.stepped.fetch_add(seconds.unsigned_abs(), Ordering::Relaxed);
                self.clock.step_wall(seconds);
            }
            _ => {}
        }
    }

    fn end_trouble(&self) {
        *self.ims.lock().unwrap() = Trouble::None;
        *self.store.lock().unwrap() = Trouble::None;
    }
}

/// A request that is open until this is dropped, also when it is cancelled or panics.
struct Open(Arc<AtomicU64>);

impl Open {
    fn new(world: &World, count: &Arc<AtomicU64>) -> Self {
        let others = count.fetch_add(1, Ordering::SeqCst);
        // A request from before the machine was suspended is given up, and may still be open.
        let is_suspended =
            world.suspended_at.lock().unwrap().is_some_and(|at| at.elapsed() < DEADLINE * 2);
        if others > 0 && !is_suspended {
            // A panic here would count as a panic of the source.
            world.overlaps.fetch_add(1, Ordering::Relaxed);
        }
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A store that fails, hangs and panics when its world says so.
fn bad_store(world: &World) -> SharedStore {
    let memory = MemoryStore::new(SharedClock::new(world.clock.clone()));
    let world = world.clone();
    SharedStore::new(UnreliableStore::new(memory, move || {
        let trouble = *world.store.lock().unwrap();
        async move {
            match trouble {
                Trouble::None => Ok(()),
                Trouble::Fails => Err(StoreError::Garbled),
                Trouble::Hangs => std::future::pending().await,
                Trouble::Panics => panic!("{ON_PURPOSE}"),
            }
        }
    }))
}

impl Service {
    fn new(world: &World, store: Option<&SharedStore>) -> Self {
        let open = Arc::default();
        let clock = SharedClock::new(world.clock.clone());
        let mut builder = TokenKeeper::builder(world.source(&open), clock);
        if let Some(store) = store {
            let client_id = "client".parse().unwrap();
            let key = CacheKey::new(&Environment::production(), &client_id, GrantName::JWT);
            builder = builder.with_store(store.clone(), key);
        }
        Self { keeper: builder.build(), open, held: Arc::default(), has_store: store.is_some() }
    }

    /// One call. A caller with little time gives up, wherever it waits.
    fn call(&self, world: &World, calls: &mut JoinSet<()>) {
        let (keeper, held, world) = (self.keeper.clone(), Arc::clone(&self.held), world.clone());
        let has_store = self.has_store;
        calls.spawn(async move {
            let gives_up = {
                let mut random = world.random();
                random.bool().then(|| Duration::from_millis(random.u64(0..3_000)))
            };
            let call = Call {
                asked: (world.clock.now(), world.clock.monotonic()),
                held_before: *held.lock().unwrap(),
                has_store,
                start: Instant::now(),
            };
            if let Some(time) = gives_up {
                if let Ok(answer) = timeout(time, keeper.token()).await {
                    call.judge(&world, &held, &answer);
                }
            } else {
                let answer = keeper.token().await;
                let took = call.start.elapsed();
                assert!(took <= LONGEST_CALL, "law 3: a call took {took:?}");
                call.judge(&world, &held, &answer);
            }
        });
    }
}

/// The token that a service last gave.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// By the wall clock.
    expires_at: NumericDate,
    issued: Issued,
}

struct Call {
    /// By the wall clock and by the monotonic one.
    asked: (NumericDate, Duration),
    start: Instant,
    held_before: Option<Held>,
    has_store: bool,
}

impl Call {
    /// No token is given past its end, and no call fails while the service has a token.
    fn judge(
        &self,
        world: &World,
        held: &Mutex<Option<Held>>,
        answer: &Result<AccessToken, TokenError>,
    ) {
        match answer {
            Ok(token) => {
                let number: usize = token.expose_secret().parse().unwrap();
                let issued = world.issued.lock().unwrap()[number];
                // The age of one from the store is known by the wall clock alone.
                let doubt = if self.has_store { set_since(world, issued) } else { Duration::ZERO };
                let is_good = world.clock.monotonic() < issued.ends + doubt;
                assert!(is_good, "law 4: a token was given after its end");
                *held.lock().unwrap() = Some(Held { expires_at: token.expires_at(), issued });
            }
            Err(error) => {
                assert!(
                    !self.could_serve(world),
                    "law 5: a call failed although a token was held: {error}"
                );
            }
        }
    }

    /// Whether the service had a token when it was asked that it could give now.
    fn could_serve(&self, world: &World) -> bool {
        let Some(Held { expires_at, issued }) = self.held_before else { return false };
        let (wall, monotonic) = self.asked;
        let passed = world.clock.monotonic().saturating_sub(monotonic);
        let suspended = passed > self.start.elapsed() + Duration::from_secs(1);
        // It counts from when it was asked for, up to 1.5 s before, and in its last seconds it can end while the call waits
        // for a better one.
        let least =
            EXPIRY_MARGIN + Duration::from_secs(3) + REFRESH_TIMEOUT + set_since(world, issued);
        !suspended && wall.plus(least) < expires_at && monotonic + least < issued.ends
    }
}

/// By how much the wall clock was set since a token was issued.
fn set_since(world: &World, issued: Issued) -> Duration {
    Duration::from_secs(world.stepped.load(Ordering::Relaxed) - issued.stepped)
}

/// Runs a fleet until its services have made at least this number of requests, and returns how many.
async fn live_through(seed: u64, least_requests: u64) -> u64 {
    let world = World::new(seed);
    let store = bad_store(&world);
    let mut fleet = Vec::new();
    for number in 0..WITH_STORE + ALONE {
        fleet.push(Service::new(&world, (number < WITH_STORE).then_some(&store)));
    }
    let mut calls = JoinSet::new();
    while world.requests.load(Ordering::Relaxed) < least_requests {
        world.pass().await;
        for service in &fleet {
            for _ in 0..world.random().u32(0..3) {
                service.call(&world, &mut calls);
            }
        }
        while let Some(call) = calls.try_join_next() {
            call.unwrap();
        }
    }
    // No state is final.
    world.end_trouble();
    sleep(RECOVERY).await;
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    for service in &fleet {
        let answer = service.keeper.token().await;
        assert!(answer.is_ok(), "law 7: {answer:?}");
        assert_eq!(service.open.load(Ordering::SeqCst), 0, "law 2: a request was left open");
    }
    assert_eq!(world.overlaps.load(Ordering::Relaxed), 0, "law 1: a keeper had two requests open");
    world.requests.load(Ordering::Relaxed)
}

/// Runs one seed after the other, each for this many requests.
#[track_caller]
fn run_seeds(seeds: std::ops::Range<u64>, requests: u64) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_ours = panic.payload_as_str().is_some_and(|text| text == ON_PURPOSE);
        if !is_ours {
            usual(panic);
            let _ = writeln!(
                std::io::stderr(),
                "the fleet failed with IMS_SEED={}",
                SEED.load(Ordering::Relaxed)
            );
        }
    }));
    for seed in seeds {
        SEED.store(seed, Ordering::Relaxed);
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        // The random numbers of the keeper.
        fastrand::seed(seed);
        assert!(runtime.block_on(live_through(seed, requests)) >= requests);
    }
}

/// The seed that runs, for the report of a failure.
static SEED: AtomicU64 = AtomicU64::new(0);

const ON_PURPOSE: &str = "on purpose";

#[test]
fn the_laws_of_a_fleet_hold_for_every_seed() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    if let Some(seed) = number("IMS_SEED") {
        run_seeds(seed..seed + 1, PER_SEED);
        return;
    }
    let refreshes = number("IMS_FLEET_REFRESHES").unwrap_or(4_000);
    run_seeds(0..refreshes.div_ceil(PER_SEED), PER_SEED.min(refreshes));
}

/// How many refreshes each seed has.
const PER_SEED: u64 = 1_000;
