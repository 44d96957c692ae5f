//! What callers of a keeper see, in virtual time.
#![cfg(feature = "testing")]

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ims_claims::NumericDate;
use ims_exchange::{AccessToken, ExchangeError, TransportError};
use ims_token::{
    CacheKey, Clock, DEADLINE, Event, Evidence, FetchError, Health, KeepFresh, KeeperPool, Lease,
    MemoryStore, RefreshReason, Remedy, SharedClock, SharedStore, StoreError, SystemClock,
    TokenError, TokenKeeper, TokenKeeperBuilder, TokenSource,
    testing::{FakeClock, ScriptedSource},
};
use tokio::time::{Instant, sleep, timeout};

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

/// A day without its last `seconds`.
fn day_less(seconds: u64) -> Duration {
    Duration::from_secs(86_400 - seconds)
}

/// A keeper of tokens that are valid for a day, with its clock and its source.
struct Rig {
    clock: FakeClock,
    source: ScriptedSource,
    keeper: TokenKeeper,
}

impl Rig {
    fn new() -> Self {
        Self::with_latency(Duration::ZERO)
    }

    fn with_latency(latency: Duration) -> Self {
        let clock = FakeClock::following_tokio(NumericDate::from_secs(1_700_000_000));
        let shared = SharedClock::new(clock.clone());
        let source = ScriptedSource::new(shared.clone(), DAY).with_latency(latency);
        let keeper = TokenKeeper::new(source.source(), shared);
        Self { clock, source, keeper }
    }

    /// A keeper that begins empty, with options.
    fn rebuilt(mut self, change: impl FnOnce(TokenKeeperBuilder) -> TokenKeeperBuilder) -> Self {
        let clock = SharedClock::new(self.clock.clone());
        self.keeper = change(TokenKeeper::builder(self.source.source(), clock)).build();
        self
    }

    async fn holding_a_token() -> Self {
        let rig = Self::new();
        rig.token().await;
        rig
    }

    #[track_caller]
    fn token(&self) -> impl Future<Output = String> + use<> {
        let (keeper, caller) = (self.keeper.clone(), std::panic::Location::caller());
        async move {
            let token = keeper.token().await;
            token.unwrap_or_else(|error| panic!("{error} ({caller})")).expose_secret().to_owned()
        }
    }

    /// Lets time pass until tasks that are due have run.
    async fn pass(&self, duration: Duration) {
        sleep(duration).await;
    }

    async fn refusal(&self) -> TokenError {
        self.keeper.token().await.expect_err("no token is available")
    }
}

fn busy() -> FetchError {
    FetchError::transient("busy", None)
}

fn torn() -> FetchError {
    let source = Arc::new(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    FetchError::from(ExchangeError::from(TransportError::Broken { source }))
}

fn every_kind_of_failure() -> [FetchError; 6] {
    [
        busy(),
        torn(),
        FetchError::transient("busy", Some(Duration::from_secs(2))),
        FetchError::transient("busy", Some(DEADLINE)),
        FetchError::permanent("no"),
        FetchError::sign_again("stale"),
    ]
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_on_an_empty_keeper_send_one_request() {
    let rig = Rig::with_latency(Duration::from_millis(50));
    let callers: Vec<_> = (0..10_000).map(|_| tokio::spawn(rig.token())).collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-1");
    }
    assert_eq!(rig.source.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn if_the_first_connection_breaks_a_thousand_callers_still_get_the_token() {
    let rig = Rig::with_latency(Duration::from_millis(50));
    rig.source.fail_next([torn()]);
    let callers: Vec<_> = (0..1_000).map(|_| tokio::spawn(rig.token())).collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-2");
    }
    assert_eq!(rig.source.requests(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_on_four_threads_send_one_request() {
    for _ in 0..200 {
        let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(0)));
        let (answer, gate) = tokio::sync::watch::channel(false);
        let (source, requests) = source_whose_first_request(clock.clone(), move || {
            let mut gate = gate.clone();
            async move { drop(gate.wait_for(|is_open| *is_open).await) }
        });
        let keeper = TokenKeeper::new(source, clock);
        let call = |keeper: TokenKeeper| async move { keeper.token().await.is_ok() };
        let callers: Vec<_> = (0..50).map(|_| tokio::spawn(call(keeper.clone()))).collect();
        answer.send(true).unwrap();
        for caller in callers {
            assert!(caller.await.unwrap());
        }
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_on_an_empty_keeper_send_one_request_whatever_its_result_is() {
    let fifty_ms = Duration::from_millis(50);
    let kinds = every_kind_of_failure().map(|failure| (failure, fifty_ms)).into_iter();
    // The last one answers when no caller waits any longer.
    for (failure, latency) in kinds.chain([(busy(), 2 * DEADLINE)]) {
        let rig = Rig::with_latency(latency);
        rig.source.begin_outage(failure.clone());
        let call = |keeper: TokenKeeper| async move { keeper.token().await };
        let callers: Vec<_> = (0..10_000).map(|_| tokio::spawn(call(rig.keeper.clone()))).collect();
        let mut causes = Vec::new();
        for caller in callers {
            let error = caller.await.unwrap().unwrap_err();
            assert_eq!(error.is_transient(), failure.is_transient(), "{failure:?}");
            causes.push(error.to_string());
        }
        causes.dedup();
        // A broken connection is tried again, since nothing is known about IMS.
        let requests = if failure.remedy() == Remedy::Resend { 2 } else { 1 };
        assert_eq!((causes.len(), rig.source.requests()), (1, requests), "{causes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_reached_ims_is_tried_again_while_callers_wait() {
    let connect = || {
        let source = Arc::new(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        FetchError::from(ExchangeError::from(TransportError::Connect { source }))
    };
    let rig = Rig::new();
    rig.source.fail_next([connect(), FetchError::unsent("the HSM was away")]);
    assert_eq!(rig.token().await, "token-3");

    let away = Rig::new();
    away.source.begin_outage(connect());
    assert!(away.refusal().await.is_transient());
    assert_eq!(away.source.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_do_not_keep_the_refresh_from_ending() {
    let rig = Rig::with_latency(Duration::from_millis(300));
    let start = Instant::now();
    let last_refused_after = |keeper: TokenKeeper| async move {
        let mut last = Duration::ZERO;
        while start.elapsed() < Duration::from_secs(4) {
            match timeout(Duration::from_millis(20), keeper.token()).await {
                Ok(answer) => drop(answer.unwrap()),
                Err(_) => last = start.elapsed(),
            }
            sleep(Duration::from_millis(1)).await;
        }
        last
    };
    let callers: Vec<_> =
        (0..50).map(|_| tokio::spawn(last_refused_after(rig.keeper.clone()))).collect();
    for caller in callers {
        assert!(caller.await.unwrap() < Duration::from_millis(300));
    }
    assert_eq!(rig.source.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_caller_waits_while_a_valid_token_is_refreshed() {
    let rig = Rig::with_latency(Duration::from_millis(50));
    rig.token().await;
    rig.pass(day_less(3_650)).await;
    let longest_call = |keeper: TokenKeeper| async move {
        let mut longest = Duration::ZERO;
        for _ in 0..30_000 {
            let start = Instant::now();
            keeper.token().await.unwrap();
            longest = longest.max(start.elapsed());
            sleep(Duration::from_millis(50)).await;
        }
        longest
    };
    let callers: Vec<_> = (0..32).map(|_| tokio::spawn(longest_call(rig.keeper.clone()))).collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Duration::ZERO);
    }
    assert_eq!(rig.source.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_between_60_and_45_minutes_before_it_expires() {
    let rig = Rig::holding_a_token().await;
    rig.pass(day_less(61 * 60)).await;
    assert!(rig.keeper.peek().is_some());
    rig.token().await;
    assert_eq!(rig.source.requests(), 1);
    rig.pass(16 * MINUTE).await;
    assert!(rig.keeper.peek().is_none());
    assert_eq!(rig.token().await, "token-1");
    rig.pass(Duration::from_millis(1)).await;
    assert_eq!(rig.token().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn in_the_last_minute_callers_wait_but_not_for_long_and_get_a_token() {
    let rig = Rig::with_latency(Duration::from_secs(2));
    rig.token().await;
    rig.pass(day_less(40)).await;
    assert_eq!(rig.token().await, "token-2");

    let slow = Rig::with_latency(Duration::from_secs(20));
    slow.token().await;
    slow.pass(day_less(60)).await;
    let start = Instant::now();
    assert_eq!(slow.token().await, "token-1");
    assert_eq!(start.elapsed(), ims_token::REFRESH_TIMEOUT);

    let failing = Rig::holding_a_token().await;
    failing.pass(day_less(40)).await;
    failing.source.begin_outage(FetchError::permanent("no"));
    assert_eq!(failing.token().await, "token-1");
    failing.pass(Duration::from_secs(39)).await;
    assert!(matches!(failing.refusal().await, TokenError::Refused { .. }));
}

#[tokio::test(start_paused = true)]
async fn google_cloud_rust_5809_a_refresh_that_fails_never_displaces_a_valid_token() {
    for failure in every_kind_of_failure() {
        let rig = Rig::holding_a_token().await;
        rig.source.begin_outage(failure);
        rig.pass(Duration::from_hours(23)).await;
        for _ in 0..3_590 {
            assert_eq!(rig.token().await, "token-1");
            rig.pass(Duration::from_secs(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn google_cloud_rust_4541_no_failure_is_forever() {
    for failure in every_kind_of_failure() {
        let rig = Rig::holding_a_token().await;
        rig.source.begin_outage(failure);
        rig.pass(DAY).await;
        for _ in 0..600 {
            rig.refusal().await;
            rig.pass(Duration::from_secs(1)).await;
        }
        rig.source.end_outage();
        rig.pass(MINUTE).await;
        rig.token().await;
    }
}

#[tokio::test(start_paused = true)]
async fn google_cloud_rust_5864_a_connection_that_breaks_in_the_answer_ends_nothing_for_good() {
    // Callers without a token wait for one more request, and no longer.
    let empty = Rig::new();
    empty.source.fail_next([torn()]);
    assert_eq!(empty.token().await, "token-2");

    let twice = Rig::new();
    twice.source.fail_next([torn(), torn()]);
    let pause = twice.refusal().await.retry_after().unwrap();
    assert!(pause <= Duration::from_secs(1));
    assert_eq!(twice.source.requests(), 2);
    twice.pass(pause).await;
    assert_eq!(twice.token().await, "token-3");

    // While a token is held, no caller notices anything.
    let rig = Rig::holding_a_token().await;
    rig.pass(day_less(30 * 60)).await;
    rig.source.fail_next([torn()]);
    assert_eq!(rig.token().await, "token-1");
    rig.pass(Duration::from_secs(1)).await;
    assert_eq!(rig.token().await, "token-3");
}

#[tokio::test(start_paused = true)]
async fn retries_are_few_and_end_at_the_deadline() {
    let rig = Rig::holding_a_token().await;
    rig.source.begin_outage(busy());
    rig.keeper.refresh().await.unwrap_err();
    assert_eq!(rig.source.requests(), 1 + 3);

    // The error of an attempt says more than that the time is over, which is the cause only if no attempt has ended.
    for (latency, requests, cause) in [(20, 2, "busy"), (60, 1, "no token came within 30 s")] {
        let slow = Rig::with_latency(Duration::from_secs(latency));
        let slow = slow.rebuilt(|builder| builder.with_retries(5));
        slow.source.begin_outage(busy());
        let start = Instant::now();
        let error = slow.refusal().await;
        assert_eq!((start.elapsed(), slow.source.requests()), (DEADLINE, requests));
        assert_eq!(error.to_string(), cause);
    }
}

#[tokio::test(start_paused = true)]
async fn with_retries_requests_are_repeated_while_callers_wait_too() {
    #[rustfmt::skip]
    let table = [
        // retries  failure                              requests
        (0,         busy(),                              1),
        (0,         FetchError::sign_again("stale"),      1),
        (0,         FetchError::unsent("away"),          1),
        (3,         busy(),                              4),
        (3,         FetchError::sign_again("stale"),      2),
        (3,         FetchError::permanent("no"),         1),
        // What IMS asks for is never more than an hour, so no sum overflows.
        (5,         FetchError::transient("busy", Some(Duration::MAX)), 1),
    ];
    for (retries, failure, requests) in table {
        let rig = Rig::new().rebuilt(|builder| builder.with_retries(retries));
        rig.source.begin_outage(failure.clone());
        rig.refusal().await;
        assert_eq!(rig.source.requests(), requests, "{retries} {failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_assertion_that_is_refused_is_signed_again_a_second_later_so_that_it_differs() {
    let rig = Rig::holding_a_token().await;
    rig.source.fail_next([FetchError::sign_again("stale")]);
    let start = Instant::now();
    assert_eq!(rig.keeper.refresh().await.unwrap().expose_secret(), "token-3");
    assert!((1.1..1.2).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());

    rig.source.begin_outage(FetchError::sign_again("stale"));
    assert!(matches!(rig.keeper.refresh().await, Err(TokenError::Refused { .. })));
    assert_eq!(rig.source.requests(), 3 + 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_waits_for_a_short_retry_after_and_a_long_one_holds_for_all_callers() {
    let rig = Rig::holding_a_token().await;
    rig.source.fail_next([FetchError::transient("busy", Some(Duration::from_secs(7)))]);
    let start = Instant::now();
    rig.keeper.refresh().await.unwrap();
    assert!((7.0..7.3).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());

    let long = Rig::new();
    long.source.fail_next([FetchError::transient("busy", Some(90 * MINUTE))]);
    assert_eq!(long.refusal().await.retry_after(), Some(Duration::from_hours(1)));
    long.pass(Duration::from_secs(3_599)).await;
    assert_eq!(long.refusal().await.retry_after(), Some(Duration::from_secs(1)));
    assert!(long.keeper.refresh().await.is_err(), "refresh() has to wait, too");
    assert_eq!(long.source.requests(), 1);
    long.pass(Duration::from_secs(1)).await;
    assert_eq!(long.token().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_and_refresh_ignores_that() {
    let rig = Rig::new();
    rig.source.begin_outage(FetchError::permanent("no"));
    for _ in 0..36_000 {
        rig.refusal().await;
        rig.pass(Duration::from_millis(100)).await;
    }
    assert!((59..=70).contains(&rig.source.requests()), "{} in an hour", rig.source.requests());
    rig.source.end_outage();
    assert!(rig.keeper.refresh().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_of_an_hour_ims_is_asked_some_seventy_times_and_again_within_a_minute_of_its_end()
 {
    let rig = Rig::holding_a_token().await;
    rig.pass(Duration::from_hours(24)).await;
    rig.source.begin_outage(busy());
    for _ in 0..36_000 {
        rig.refusal().await;
        rig.pass(Duration::from_millis(100)).await;
    }
    let asked = rig.source.requests() - 1;
    assert!((60..=75).contains(&asked), "{asked}");
    rig.source.end_outage();
    let end = Instant::now();
    while rig.keeper.token().await.is_err() {
        rig.pass(Duration::from_millis(100)).await;
    }
    assert!(end.elapsed() <= MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_rejected_is_replaced_unless_it_already_was() {
    let rig = Rig::holding_a_token().await;
    let first = rig.keeper.token().await.unwrap();
    rig.pass(MINUTE).await;
    rig.keeper.report_rejected(&first);
    assert_eq!(rig.token().await, "token-2");
    rig.keeper.report_rejected(&first);
    assert_eq!(rig.token().await, "token-2");
    assert_eq!(rig.source.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_api_that_rejects_every_token_causes_few_requests_to_ims() {
    let rig = Rig::new();
    for _ in 0..36_000 {
        let token = rig.keeper.token().await.unwrap();
        rig.keeper.report_rejected(&token);
        rig.pass(Duration::from_millis(100)).await;
    }
    assert!((59..=70).contains(&rig.source.requests()), "{} in an hour", rig.source.requests());
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_given_if_ims_gives_no_other() {
    let rig = Rig::holding_a_token().await;
    rig.source.begin_outage(busy());
    let token = rig.keeper.token().await.unwrap();
    rig.keeper.report_rejected(&token);
    assert_eq!(rig.token().await, "token-1");
}

#[tokio::test(start_paused = true)]
async fn a_token_for_a_long_request_is_valid_long_enough_or_the_call_fails() {
    let rig = Rig::holding_a_token().await;
    rig.pass(Duration::from_hours(10)).await;
    let valid_for = async |hours| rig.keeper.token_valid_for(Duration::from_hours(hours)).await;
    assert_eq!(valid_for(13).await.unwrap().expose_secret(), "token-1");
    assert_eq!(valid_for(15).await.unwrap().expose_secret(), "token-2");
    for _ in 0..100 {
        let error = valid_for(25).await.unwrap_err();
        assert!(matches!(error, TokenError::LivesTooShort { .. }), "{error}");
    }
    assert_eq!(rig.source.requests(), 2);
    rig.pass(Duration::from_hours(2)).await;
    rig.source.begin_outage(busy());
    assert!(valid_for(23).await.unwrap_err().is_transient());
    assert_eq!(rig.token().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn time_in_suspend_counts_and_no_token_is_used_longer_because_the_wall_clock_is_set_back() {
    let rig = Rig::holding_a_token().await;
    rig.clock.advance(DAY);
    assert_eq!(rig.token().await, "token-2");

    rig.clock.step_wall(-3_600);
    rig.pass(day_less(2)).await;
    assert_eq!(rig.token().await, "token-3");

    rig.clock.step_wall(86_400);
    assert_eq!(rig.token().await, "token-4");
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_obtains_and_refreshes_until_its_guard_is_dropped() {
    let rig = Rig::new();
    let guard = rig.keeper.keep_fresh();
    rig.pass(Duration::from_hours(10 * 24)).await;
    assert!(rig.keeper.peek().is_some());
    assert_eq!(rig.source.requests(), 11);
    drop(guard);
    rig.pass(2 * DAY).await;
    assert_eq!(rig.source.requests(), 11);
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_ends_with_the_last_keeper() {
    let rig = Rig::new();
    let guard = rig.keeper.keep_fresh();
    rig.pass(MINUTE).await;
    drop(rig.keeper);
    sleep(2 * DAY).await;
    assert_eq!(rig.source.requests(), 1);
    drop(guard);
}

#[tokio::test(start_paused = true)]
async fn headers_are_those_of_adobes_apis_and_the_token_is_marked_as_sensitive() {
    let (client_id, org_id) = ("client".parse().unwrap(), "A@AdobeOrg".parse().unwrap());
    let rig = Rig::new().rebuilt(|builder| builder.with_client_id(&client_id).with_org_id(&org_id));
    let keeper = rig.keeper;
    let headers = keeper.headers().await.unwrap();
    assert_eq!(headers["authorization"], "Bearer token-1");
    assert!(headers["authorization"].is_sensitive());
    assert_eq!((&headers["x-api-key"], headers.len()), (&"client".parse().unwrap(), 3));
    assert_eq!(headers["x-gw-ims-org-id"], "A@AdobeOrg");
    assert_eq!(keeper.peek().unwrap().headers(), &headers);
}

#[tokio::test(start_paused = true)]
async fn an_observer_gets_events_that_callers_do_not_see_and_its_panic_harms_no_caller() {
    let rig = Rig::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let observe = move |event: &Event| {
        assert!(!format!("{event:?}").contains("token-"), "no event shows a token");
        let text = match event {
            Event::RefreshStarted { reason } => format!("started {reason:?}"),
            Event::AttemptFailed { .. } => "attempt failed".to_owned(),
            Event::Refreshed { origin, .. } => format!("refreshed {origin:?}"),
            Event::RefreshFailed { .. } => "failed".to_owned(),
            other => format!("{other:?}"),
        };
        log.lock().unwrap().push(text);
        panic!("an observer's mistake");
    };
    let rig = rig.rebuilt(|builder| builder.with_observer(observe));
    let keeper = &rig.keeper;
    rig.source.fail_next([FetchError::unsent("away")]);
    keeper.token().await.unwrap();
    rig.source.begin_outage(FetchError::permanent("no"));
    keeper.refresh().await.unwrap_err();
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    assert_eq!(
        seen,
        ["started Empty", "attempt failed", "refreshed Source", "started Asked", "failed"]
    );
}

#[tokio::test(start_paused = true)]
async fn health_says_how_the_keeper_is_doing() {
    let rig = Rig::new();
    assert!(!rig.keeper.health().is_serving());
    rig.source.begin_outage(FetchError::permanent("no"));
    rig.refusal().await;
    let health = rig.keeper.health();
    assert_eq!((health.failures, health.is_refreshing), (1, false));
    assert!(health.last_failure.is_some() && !health.retry_after.is_zero());
    rig.source.end_outage();
    rig.keeper.refresh().await.unwrap();
    let health = rig.keeper.health();
    assert_eq!((health.failures, health.retry_after), (0, Duration::ZERO));
    assert_eq!(health.remaining, Some(day_less(1)));
    assert!(format!("{:?}", rig.keeper).contains("remaining"));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_credential_is_in_health_and_reported_once_a_day_within_the_margin() {
    let rig = Rig::new();
    let days = |days: u64| Duration::from_hours(24 * days);
    let (start, warnings) = (rig.clock.now(), Arc::new(Mutex::new(Vec::new())));
    let log = Arc::clone(&warnings);
    assert_eq!(rig.keeper.health().credential_ends_at, None);
    let observe = move |event: &Event| {
        if let Event::CredentialEndsSoon { ends_at, remaining } = event {
            assert_eq!(*ends_at, start.plus(days(10)));
            log.lock().unwrap().push(remaining.as_secs() / 3_600);
        }
    };
    let rig = rig.rebuilt(|builder| {
        builder.with_credential_end(start.plus(days(10)), days(3)).with_observer(observe)
    });
    let keeper = &rig.keeper;
    assert_eq!(keeper.health().credential_ends_at, Some(start.plus(days(10))));
    for hour in 0..12 * 24 {
        // Asked for again and again, and failing for the last two days.
        if hour == 10 * 24 {
            rig.source.begin_outage(FetchError::permanent("no"));
        }
        keeper.refresh().await.ok();
        sleep(Duration::from_hours(1)).await;
    }
    assert_eq!(*warnings.lock().unwrap(), [72, 50, 28, 6, 0, 0]);
}

/// A source whose first request does `first`, and whose other requests give a token.
fn source_whose_first_request<First>(
    clock: SharedClock,
    first: impl Fn() -> First + Send + Sync + Clone + 'static,
) -> (TokenSource, Arc<AtomicUsize>)
where
    First: Future<Output = ()> + Send,
{
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let source = TokenSource::new(move || {
        let is_first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        let (first, now) = (first.clone(), clock.now());
        async move {
            if is_first {
                first().await;
            }
            Ok(AccessToken::new("token".to_owned(), now, DAY).expect("visible ASCII"))
        }
    });
    (source, requests)
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_source_counts_as_one_failure() {
    let clock = SharedClock::new(FakeClock::following_tokio(NumericDate::from_secs(0)));
    let (source, _) = source_whose_first_request(clock.clone(), || async { panic!("a mistake") });
    let keeper = TokenKeeper::new(source, clock);
    assert!(matches!(keeper.token().await, Err(TokenError::Refused { .. })));
    sleep(Duration::from_secs(5)).await;
    keeper.token().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_when_it_arrives_is_a_failure_and_is_not_requested_forever() {
    let clock = SharedClock::new(FakeClock::following_tokio(NumericDate::from_secs(0)));
    let source = ScriptedSource::new(clock.clone(), Duration::ZERO);
    let keeper = TokenKeeper::new(source.source(), clock);
    assert!(keeper.token().await.unwrap_err().is_transient());
    assert_eq!(source.requests(), 1);
}

#[test]
fn a_keeper_and_its_futures_can_be_used_on_any_thread() {
    fn goes_to_any_thread<T: Send + Sync + 'static>() {}
    fn is_sent(_: impl Send) {}
    goes_to_any_thread::<TokenKeeper>();
    goes_to_any_thread::<TokenSource>();
    goes_to_any_thread::<TokenError>();
    goes_to_any_thread::<Event>();
    goes_to_any_thread::<(TokenKeeperBuilder, Health, KeepFresh, FetchError, Evidence)>();
    goes_to_any_thread::<(CacheKey, KeeperPool, SharedClock, SystemClock)>();
    goes_to_any_thread::<(Lease, MemoryStore, SharedStore, StoreError)>();
    let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(0)));
    let keeper = TokenKeeper::new(ScriptedSource::new(clock.clone(), DAY).source(), clock);
    is_sent((keeper.token(), keeper.refresh(), keeper.token_valid_for(DAY), keeper.headers()));
}

#[test]
fn building_a_keeper_needs_no_runtime_but_a_refresh_does() {
    let clock = FakeClock::new(NumericDate::from_secs(1_700_000_000));
    let shared = SharedClock::new(clock.clone());
    let source = ScriptedSource::new(shared.clone(), DAY);
    let keeper = TokenKeeper::new(source.source(), shared);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut poll = || Box::pin(keeper.token()).as_mut().poll(&mut context);
    assert!(matches!(poll(), std::task::Poll::Ready(Err(TokenError::NoRuntime))));

    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime().block_on(keeper.token()).unwrap();
    assert!(matches!(poll(), std::task::Poll::Ready(Ok(_))));
    // A token that is due but still good is given without a runtime, too.
    clock.advance(day_less(30));
    assert!(matches!(poll(), std::task::Poll::Ready(Ok(_))));
}

#[test]
fn a_refresh_that_ends_with_its_runtime_is_started_again_by_a_waiting_caller() {
    let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(0)));
    let (source, requests) = source_whose_first_request(clock.clone(), std::future::pending);
    let keeper = TokenKeeper::new(source, clock);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    first.block_on(async { timeout(Duration::from_millis(1), keeper.token()).await }).unwrap_err();
    let waiting = std::thread::spawn(move || runtime().block_on(keeper.token()));
    // Whether the other thread waits already or not, it must not wait forever.
    drop(first);
    assert!(waiting.join().unwrap().is_ok());
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_whose_runtime_stops_is_given_up() {
    let rig = Rig::new();
    let idle = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    {
        // The refresh starts in a runtime that is no longer driven.
        let _guard = idle.enter();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(Box::pin(rig.keeper.token()).as_mut().poll(&mut context).is_pending());
    }
    assert!(rig.keeper.health().is_refreshing);
    let start = Instant::now();
    rig.token().await;
    assert!(start.elapsed() <= DEADLINE + Duration::from_secs(2), "{:?}", start.elapsed());
    idle.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn an_observer_gets_the_reason_of_a_refresh() {
    use RefreshReason::{Advisory, Asked, Empty, Expired, Mandatory, Rejected};
    let rig = Rig::new();
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reasons);
    let observe = move |event: &Event| {
        if let Event::RefreshStarted { reason } = event {
            log.lock().unwrap().push(*reason);
        }
    };
    let keeper = rig.rebuilt(|builder| builder.with_observer(observe)).keeper;
    keeper.token().await.unwrap();
    sleep(day_less(30 * 60)).await;
    keeper.token().await.unwrap();
    sleep(day_less(30)).await;
    keeper.token().await.unwrap();
    sleep(DAY).await;
    keeper.report_rejected(&keeper.token().await.unwrap());
    keeper.token().await.unwrap();
    keeper.refresh().await.unwrap();
    assert_eq!(*reasons.lock().unwrap(), [Empty, Advisory, Mandatory, Expired, Rejected, Asked]);
}
