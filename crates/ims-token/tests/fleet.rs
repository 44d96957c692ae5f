//! Many processes, one store, a day: how many requests reach IMS, and who is affected by a bad store.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ims_claims::{Environment, NumericDate};
use ims_exchange::AccessToken;
use ims_token::{
    CacheKey, Clock, Event, FetchError, LEASE_TIME, Lease, MemoryStore, SharedClock, SharedStore,
    StoreError, TokenKeeper, TokenStore,
    testing::{FakeClock, ScriptedSource, check_lease_lapses, check_store},
};
use tokio::time::{Instant, sleep};

const DAY: Duration = Duration::from_hours(24);

fn key() -> CacheKey {
    CacheKey::new(&Environment::production(), &"client".parse().unwrap(), ims_token::GrantName::JWT)
}

fn clock() -> SharedClock {
    SharedClock::new(FakeClock::following_tokio(NumericDate::from_secs(1_700_000_000)))
}

/// A keeper that shares the token of `source` through `store`.
fn sharing_keeper(
    source: &ScriptedSource,
    clock: &SharedClock,
    store: &SharedStore,
) -> TokenKeeper {
    let builder = TokenKeeper::builder(source.source(), clock.clone());
    builder.with_store(store.clone(), key()).build()
}

/// Lets `processes` keepers, which share `store`, call every few minutes for a day. Returns how many requests they sent
/// together, and how often the store failed them.
async fn a_day_of_calls(processes: u32, clock: SharedClock, store: SharedStore) -> (u64, u64) {
    let source = ScriptedSource::new(clock.clone(), DAY).with_latency(Duration::from_millis(50));
    let failures = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..processes)
        .map(|_| {
            let failures = Arc::clone(&failures);
            let keeper = TokenKeeper::builder(source.source(), clock.clone())
                .with_store(store.clone(), key())
                .with_observer(move |event| {
                    let is_failure = matches!(event, Event::StoreFailed { .. });
                    failures.fetch_add(is_failure.into(), Ordering::SeqCst);
                })
                .build();
            tokio::spawn(call_for_a_day(keeper, clock.clone()))
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    (source.requests(), failures.load(Ordering::SeqCst))
}

async fn call_for_a_day(keeper: TokenKeeper, clock: SharedClock) {
    let end = clock.now().plus(DAY);
    while clock.now() < end {
        let token = keeper.token().await.expect("no call fails");
        assert!(clock.now() < token.expires_at());
        sleep(Duration::from_mins(5).mul_f64(0.5 + fastrand::f64())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_processes_make_two_exchanges_in_a_day() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    assert_eq!(a_day_of_calls(1_000, clock, store).await, (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_in_memory_passes_the_tests_for_every_store() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    check_store(&store, &store, clock.now()).await;
    let wait = async || sleep(Duration::from_millis(300)).await;
    check_lease_lapses(&store, &store, Duration::from_secs(1), 4, wait).await;
    assert_eq!(format!("{store:?}"), "MemoryStore(11 tokens)");
}

/// A store that does not do what it should.
#[derive(Debug, Clone, Copy)]
enum BadStore {
    Down,
    Hanging,
    Forgetful,
    Garbled,
    Panicking,
    /// Gives tokens that have expired.
    Stale,
    /// Gives a token that expires in a thousand years.
    Everlasting,
    /// Gives no process a lease.
    Stingy,
    /// Loads, but cannot save.
    Full,
}

impl BadStore {
    async fn answer<T>(self, well: T) -> Result<T, StoreError> {
        match self {
            Self::Down => Err(StoreError::unavailable(std::io::Error::other("down"))),
            Self::Hanging => std::future::pending().await,
            Self::Garbled => Err(StoreError::Garbled),
            Self::Panicking => panic!("a store's mistake"),
            Self::Forgetful | Self::Stale | Self::Everlasting | Self::Stingy | Self::Full => {
                Ok(well)
            }
        }
    }

    fn invented(self) -> Option<AccessToken> {
        let date = NumericDate::from_secs;
        match self {
            Self::Stale => AccessToken::new("stale".to_owned(), date(0), DAY).ok(),
            Self::Everlasting => AccessToken::new("ever".to_owned(), date(0), DAY * 365_000).ok(),
            _ => None,
        }
    }
}

impl TokenStore for BadStore {
    async fn load(&self, _: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        self.answer(self.invented()).await
    }

    async fn save(&self, _: &CacheKey, _: &AccessToken) -> Result<(), StoreError> {
        match self {
            Self::Full => Err(StoreError::unavailable(std::io::Error::other("no space left"))),
            _ => self.answer(()).await,
        }
    }

    async fn lease(&self, _: &CacheKey, _: Duration) -> Result<Option<Lease>, StoreError> {
        let lease = (!matches!(self, Self::Stingy)).then(|| Lease::of_owner(0));
        self.answer(lease).await
    }

    async fn load_not_before(&self, _: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        // A date years from now, which the keeper ignores, too.
        let invented = matches!(self, Self::Everlasting).then(|| NumericDate::from_secs(1 << 40));
        self.answer(invented).await
    }

    async fn save_not_before(&self, _: &CacheKey, _: NumericDate) -> Result<(), StoreError> {
        self.answer(()).await
    }

    async fn renew(&self, _: &CacheKey, _: &Lease, _: Duration) -> Result<(), StoreError> {
        self.answer(()).await
    }

    async fn release(&self, _: &CacheKey, _: Lease) -> Result<(), StoreError> {
        self.answer(()).await
    }
}

#[tokio::test(start_paused = true)]
async fn no_bad_store_makes_a_call_fail_and_its_failures_are_reported() {
    // As without a store: each process sends one request at once, and a second one before the first token expires. If
    // another process seems to hold the lease, the second request waits until the last minute of the token, and not every
    // process still runs then.
    #[rustfmt::skip]
    let table = [
        // store             requests tells of failures
        (BadStore::Down,        20..=20, true),
        (BadStore::Hanging,     20..=20, true),
        (BadStore::Garbled,     20..=20, true),
        (BadStore::Panicking,   20..=20, true),
        (BadStore::Full,        20..=20, true),
        (BadStore::Everlasting, 20..=20, true),
        (BadStore::Forgetful,   20..=20, false),
        (BadStore::Stale,       20..=20, false),
        (BadStore::Stingy,      10..=20, false),
    ];
    for (bad, requests, tells) in table {
        let (sent, failures) = a_day_of_calls(10, clock(), SharedStore::new(bad)).await;
        assert!(requests.contains(&sent), "{bad:?}: {sent}");
        assert_eq!(failures > 0, tells, "{bad:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_not_loaded_from_the_store_again_but_the_next_one_is() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    let source = ScriptedSource::new(clock.clone(), DAY);
    let keeper = || sharing_keeper(&source, &clock, &store);
    let (one, other) = (keeper(), keeper());
    let first = one.token().await.unwrap();
    assert_eq!(other.token().await.unwrap().expose_secret(), first.expose_secret());
    sleep(Duration::from_mins(1)).await;
    for keeper in [&one, &other] {
        keeper.report_rejected(&first);
        assert_eq!(keeper.token().await.unwrap().expose_secret(), "token-2");
    }
    assert_eq!(source.requests(), 2);
    // A caller that insists on a new token does not get the one in the store.
    assert_eq!(keeper().refresh().await.unwrap().expose_secret(), "token-3");
}

#[tokio::test(start_paused = true)]
async fn a_process_with_a_token_leaves_the_refresh_to_the_process_with_the_lease() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    let source = ScriptedSource::new(clock.clone(), DAY);
    let keeper = sharing_keeper(&source, &clock, &store);
    keeper.token().await.unwrap();
    sleep(Duration::from_mins(23 * 60 + 30)).await;
    let lease = store.lease(&key(), DAY).await.unwrap().unwrap();
    for _ in 0..60 {
        keeper.token().await.unwrap();
        sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(source.requests(), 1);
    store.release(&key(), lease).await.unwrap();
    keeper.token().await.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(keeper.token().await.unwrap().expose_secret(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_insists_on_a_new_token_waits_for_the_process_with_the_lease() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    let source = ScriptedSource::new(clock.clone(), DAY);
    let keeper = sharing_keeper(&source, &clock, &store);
    keeper.token().await.unwrap();
    let lease = store.lease(&key(), DAY).await.unwrap().unwrap();
    let asking = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.refresh().await.map(|token| token.expose_secret().to_owned()) }
    });
    sleep(Duration::from_secs(10)).await;
    assert!(!asking.is_finished());
    let theirs = AccessToken::new("theirs".to_owned(), clock.now(), DAY).unwrap();
    store.save(&key(), &theirs).await.unwrap();
    store.release(&key(), lease).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap(), "theirs");
    assert_eq!(source.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn forty_processes_send_one_request_after_ims_asked_one_of_them_to_wait() {
    for retries in [0, 2] {
        let clock = clock();
        let store = SharedStore::new(MemoryStore::new(clock.clone()));
        let source =
            ScriptedSource::new(clock.clone(), DAY).with_latency(Duration::from_millis(50));
        let minute = Duration::from_mins(1);
        source.begin_outage(FetchError::transient("429", Some(minute)));
        let process = || {
            let builder = TokenKeeper::builder(source.source(), clock.clone());
            builder.with_store(store.clone(), key()).with_retries(retries).build()
        };
        // Half of them start together, and the others one after the other.
        let together: Vec<_> =
            (0..20).map(|_| process()).map(|keeper| tokio::spawn(process_token(keeper))).collect();
        for caller in together {
            assert!(caller.await.unwrap() >= Duration::from_secs(58));
        }
        for _ in 0..20 {
            sleep(Duration::from_millis(10)).await;
            assert!(process_token(process()).await >= Duration::from_secs(58));
        }
        assert_eq!(source.requests(), 1, "with {retries} retries");

        source.end_outage();
        sleep(minute).await;
        process().token().await.unwrap();
        assert_eq!(source.requests(), 2);
    }
}

/// How long a process that has no token must wait.
async fn process_token(keeper: TokenKeeper) -> Duration {
    let error = keeper.token().await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    error.retry_after().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_command_waits_for_a_short_retry_after_that_another_process_met() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    store.save_not_before(&key(), clock.now().plus(Duration::from_secs(7))).await.unwrap();
    let source = ScriptedSource::new(clock.clone(), DAY);
    let builder = TokenKeeper::builder(source.source(), clock.clone());
    let keeper = builder.with_store(store, key()).with_retries(2).build();
    let start = Instant::now();
    assert_eq!(keeper.token().await.unwrap().expose_secret(), "token-1");
    assert!((6..9).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_process_with_the_lease_that_was_stopped_is_waited_for_less_than_five_seconds() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    // It has taken the lease, and is stopped.
    let _stopped = store.lease(&key(), LEASE_TIME).await.unwrap().unwrap();
    let source = ScriptedSource::new(clock.clone(), DAY).with_latency(Duration::from_millis(200));
    let start = Instant::now();
    let callers: Vec<_> = (0..40)
        .map(|_| sharing_keeper(&source, &clock, &store))
        .map(|keeper| tokio::spawn(async move { keeper.token().await.is_ok() }))
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap());
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(source.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_exchange_keeps_its_lease_and_is_waited_for() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    let source = ScriptedSource::new(clock.clone(), DAY).with_latency(Duration::from_secs(10));
    let callers: Vec<_> = (0..40)
        .map(|_| sharing_keeper(&source, &clock, &store))
        .map(|keeper| tokio::spawn(async move { keeper.token().await.is_ok() }))
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap());
    }
    assert_eq!(source.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_fails_looks_into_the_store_again() {
    let clock = clock();
    let store = SharedStore::new(MemoryStore::new(clock.clone()));
    // As if it had been stopped while it asked IMS: another process has obtained a token before it continues.
    let source = ScriptedSource::new(clock.clone(), DAY).with_latency(Duration::from_secs(20));
    source.begin_outage(FetchError::permanent("the connection is long gone"));
    let keeper = sharing_keeper(&source, &clock, &store);
    let caller = tokio::spawn(async move { keeper.token().await });
    sleep(Duration::from_secs(10)).await;
    let theirs = AccessToken::new("theirs".to_owned(), clock.now(), DAY).unwrap();
    store.save(&key(), &theirs).await.unwrap();
    assert_eq!(caller.await.unwrap().unwrap().expose_secret(), "theirs");
}
