//! A thousand processes, each with its own connection to one real Redis, for days of virtual time.
#![cfg(all(feature = "redis", feature = "testing", unix))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ims_claims::{Environment, NumericDate};
use ims_exchange::AccessToken;
use ims_token::{
    CacheKey, Clock, DEADLINE, Event, Lease, RedisStore, SharedClock, SharedStore, StoreError,
    SystemClock, TokenKeeper, TokenStore,
    testing::{FakeClock, ScriptedSource},
};
use rustix::process::{Resource, Signal, getrlimit, setrlimit};
use tokio::time::{Instant, sleep};

#[path = "support/answers_due.rs"]
mod answers_due;
#[path = "support/redis_server.rs"]
mod redis_server;

use answers_due::AnswersDue;
use redis_server::Redis;

const PROCESSES: u64 = 1_000;
const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(DEADLINE.as_secs() + 5);

/// What is wrong with Redis.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    None,
    /// It is killed.
    Down,
    /// It is stopped, and takes connections but answers nothing.
    Hanging,
    /// Each answer takes so long.
    Slow(Duration),
    /// Once a minute everything in it is lost.
    Wiped,
    /// Once a minute someone else writes where the token is.
    Garbage,
    /// Once a minute someone else writes where the lease is, and forever.
    GarbageLease,
}

/// The server of this test, its answers that are not given yet, and what goes wrong next.
struct World {
    redis: Mutex<Redis>,
    answers_due: AnswersDue,
    trouble: Mutex<Trouble>,
    /// How many leases were given, so that only the last one lapses.
    leases: AtomicU64,
}

impl World {
    fn new() -> Arc<Self> {
        fastrand::seed(7);
        allow_many_connections();
        Arc::new(Self {
            redis: Mutex::new(Redis::start()),
            answers_due: AnswersDue::default(),
            trouble: Mutex::new(Trouble::None),
            leases: AtomicU64::new(0),
        })
    }

    fn trouble(&self) -> Trouble {
        *self.trouble.lock().unwrap()
    }

    /// Repairs Redis, and then causes `trouble`.
    fn suffer(self: &Arc<Self>, trouble: Trouble) {
        let before = std::mem::replace(&mut *self.trouble.lock().unwrap(), trouble);
        let mut redis = self.redis.lock().unwrap();
        match before {
            Trouble::Down => redis.restart(),
            Trouble::Hanging => redis.signal(Signal::CONT),
            _ => {}
        }
        match trouble {
            Trouble::Down => redis.kill(),
            Trouble::Hanging => redis.signal(Signal::STOP),
            _ => {}
        }
        drop(redis);
        self.answers_due.will_come(trouble != Trouble::Hanging);
        // Commands that hung are done now, for example a lease that no process knows of.
        self.let_lapse(self.leases.load(Ordering::SeqCst), LEASE);
    }

    /// Causes the failures that happen once a minute.
    fn cause_trouble_of_the_minute(&self) {
        let redis = self.redis.lock().unwrap();
        let name = || redis.token_name();
        let done = match self.trouble() {
            Trouble::Wiped => Some("FLUSHALL".to_owned()),
            Trouble::Garbage => name().map(|name| format!("SET {name} garbage")),
            Trouble::GarbageLease => name().map(|name| format!("SET {name}:lease garbage")),
            _ => None,
        };
        if let Some(command) = done {
            assert!(redis.command(&command).starts_with("+OK"));
        }
    }

    /// Redis counts the time of a lease by its own clock, for which all this takes seconds. So the test removes the lease.
    fn let_lapse(self: &Arc<Self>, number: u64, lasting: Duration) {
        let world = Arc::clone(self);
        tokio::spawn(async move {
            sleep(lasting).await;
            let can_lapse = !matches!(
                world.trouble(),
                Trouble::Down | Trouble::Hanging | Trouble::GarbageLease
            );
            if can_lapse && world.leases.load(Ordering::SeqCst) == number {
                world.redis.lock().unwrap().command(LAPSE);
            }
        });
    }
}

/// The store of one process. Virtual time does not move until Redis has answered.
struct ReachedStore {
    store: RedisStore,
    world: Arc<World>,
}

impl std::fmt::Debug for ReachedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.store.fmt(f)
    }
}

impl ReachedStore {
    async fn reach<T>(&self, asked: impl Future<Output = T>) -> T {
        let due = self.world.answers_due.begin();
        let answer = asked.await;
        drop(due);
        if let Trouble::Slow(delay) = self.world.trouble() {
            sleep(delay).await;
        }
        answer
    }
}

impl TokenStore for ReachedStore {
    async fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        self.reach(self.store.load(key)).await
    }

    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        self.reach(self.store.save(key, token)).await
    }

    async fn lease(&self, key: &CacheKey, lasting: Duration) -> Result<Option<Lease>, StoreError> {
        let asked = async {
            let lease = self.store.lease(key, lasting).await;
            if let Ok(Some(_)) = lease {
                let number = 1 + self.world.leases.fetch_add(1, Ordering::SeqCst);
                self.world.let_lapse(number, lasting);
            }
            lease
        };
        self.reach(asked).await
    }

    async fn load_not_before(&self, key: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        self.reach(self.store.load_not_before(key)).await
    }

    async fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> Result<(), StoreError> {
        self.reach(self.store.save_not_before(key, not_before)).await
    }

    async fn renew(
        &self,
        key: &CacheKey,
        lease: &Lease,
        lasting: Duration,
    ) -> Result<(), StoreError> {
        self.reach(self.store.renew(key, lease, lasting)).await
    }

    async fn release(&self, key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        self.reach(self.store.release(key, lease)).await
    }
}

/// The result of a fleet.
#[derive(Debug)]
struct Met {
    exchanges: u64,
    store_failures: u64,
    longest_call: Duration,
}

/// Lets the fleet call for `duration`, each process every few minutes, while `happen` happens. No call may fail.
async fn fleet(duration: Duration, world: &Arc<World>, happen: impl AsyncFnOnce()) -> Met {
    let clock = SharedClock::new(FakeClock::following_tokio(SystemClock.now()));
    let source = ScriptedSource::new(clock.clone(), DAY).with_latency(Duration::from_millis(50));
    let store_failures = Arc::new(AtomicU64::new(0));
    let keeper = || {
        let store = world.redis.lock().unwrap().store();
        let store = ReachedStore { store, world: Arc::clone(world) };
        let failures = Arc::clone(&store_failures);
        let key = CacheKey::new(
            &Environment::production(),
            &"client".parse().unwrap(),
            ims_token::GrantName::JWT,
        );
        TokenKeeper::builder(source.source(), clock.clone())
            .with_store(SharedStore::new(store), key)
            .with_observer(move |event| {
                let is_failure = matches!(event, Event::StoreFailed { .. });
                failures.fetch_add(is_failure.into(), Ordering::SeqCst);
            })
            .build()
    };
    let processes: Vec<_> =
        (0..PROCESSES).map(|_| tokio::spawn(process(keeper(), clock.clone(), duration))).collect();
    happen().await;
    let mut longest_call = Duration::ZERO;
    for process in processes {
        longest_call = longest_call.max(process.await.unwrap());
    }
    let store_failures = store_failures.load(Ordering::SeqCst);
    Met { exchanges: source.requests(), store_failures, longest_call }
}

/// Calls for `duration`, and says how long the longest call took.
async fn process(keeper: TokenKeeper, clock: SharedClock, duration: Duration) -> Duration {
    let end = clock.now().plus(duration);
    // Together, but with less than a thousand new connections in one instant: a socket's queue is shorter.
    sleep(Duration::from_millis(200).mul_f64(fastrand::f64())).await;
    let mut longest = Duration::ZERO;
    while clock.now() < end {
        let start = Instant::now();
        let token = keeper.token().await.expect("no call fails");
        longest = longest.max(start.elapsed());
        assert!(clock.now() < token.expires_at());
        sleep(Duration::from_mins(10).mul_f64(0.5 + fastrand::f64())).await;
    }
    longest
}

#[tokio::test(start_paused = true)]
async fn a_thousand_processes_on_one_redis_make_two_exchanges_in_a_day() {
    let met = fleet(DAY, &World::new(), async || {}).await;
    assert_eq!((met.exchanges, met.store_failures), (2, 0));
    assert!(met.longest_call < Duration::from_secs(1), "{met:?}");
}

#[tokio::test(start_paused = true)]
async fn no_call_fails_on_a_day_of_failures_of_redis() {
    #[rustfmt::skip]
    let table = [
        // trouble                                  exchanges, and whether the store's failures are reported
        (Trouble::Down,                             2 * PROCESSES, true),
        (Trouble::Hanging,                          2 * PROCESSES, true),
        (Trouble::Slow(Duration::from_secs(3)),     2 * PROCESSES, true),
        (Trouble::Slow(Duration::from_millis(300)), 2, false),
        // At most one for each of the minutes in which the fleet refreshes: 15 by design, up to 15 more till the next call.
        (Trouble::Wiped,                            2 + 30, false),
        (Trouble::Garbage,                          2 + 30, true),
        (Trouble::GarbageLease,                     2, false),
    ];
    for (trouble, most, tells) in table {
        let world = World::new();
        world.suffer(trouble);
        let met = fleet(DAY, &world, async || {
            for _ in 0..24 * 60 {
                sleep(MINUTE).await;
                world.cause_trouble_of_the_minute();
            }
        })
        .await;
        assert!(met.exchanges <= most, "{trouble:?}: {met:?}");
        assert_eq!(met.store_failures > 0, tells, "{trouble:?}: {met:?}");
        assert!(met.longest_call < Duration::from_secs(2), "{trouble:?}: {met:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_fails_in_a_week_of_changing_failures() {
    const TROUBLES: [Trouble; 7] = [
        Trouble::Down,
        Trouble::Hanging,
        Trouble::Slow(Duration::from_secs(3)),
        Trouble::Slow(Duration::from_millis(300)),
        Trouble::Wiped,
        Trouble::Garbage,
        Trouble::GarbageLease,
    ];
    let world = World::new();
    let met = fleet(7 * DAY, &world, async || {
        let end = Instant::now() + 7 * DAY;
        while Instant::now() < end {
            world.suffer(TROUBLES[fastrand::usize(..TROUBLES.len())]);
            for _ in 0..fastrand::u32(1..180) {
                sleep(MINUTE).await;
                world.cause_trouble_of_the_minute();
            }
            world.suffer(Trouble::None);
            sleep(MINUTE * fastrand::u32(1..180)).await;
        }
    })
    .await;
    assert!(met.store_failures > 0 && met.longest_call < Duration::from_secs(2), "{met:?}");
}

/// Removes every lease; there is only one.
const LAPSE: &str = r#"EVAL "for _, name in ipairs(redis.call('KEYS', '*:lease')) do redis.call('DEL', name) end" 0"#;

/// One for each process, and the few that the test itself needs; the server inherits the same limit.
fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
