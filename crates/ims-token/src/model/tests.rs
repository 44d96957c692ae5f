//! The tests of the model.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use shuttle::{Config, MaxSteps, Runner};

use crate::{
    keeper::{
        builder::DEADLINE,
        obtain::{MAX_REFRESHES, REFRESH_TIMEOUT},
    },
    model::{
        runtime::{self, Pace, RandomOrder},
        world::{LIFETIME, Process, Trouble, World, bad_store},
    },
    refresh::store_access::STORE_TIMEOUT,
};

/// How many seeds each test tries, unless `IMS_MODEL_ORDERS` says another number.
const ORDERS: u64 = 300;

/// A call waits at most for this number of refreshes, each of which may need its whole deadline and some operations of the
/// store.
const LONGEST_CALL: Duration =
    Duration::from_secs(MAX_REFRESHES as u64 * (DEADLINE.as_secs() + 8 * STORE_TIMEOUT.as_secs()));

/// How long after all trouble a keeper has a token again: a pause after failures lasts a minute.
const RECOVERY: Duration = Duration::from_mins(2);

/// Runs `model` with one seed after the other, or with the one that `IMS_SEED` names.
#[track_caller]
fn try_orders(model: impl Fn(u64) + Send + Sync + 'static) {
    let model = Arc::new(model);
    let seeds = match variable("IMS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("IMS_MODEL_ORDERS").unwrap_or(ORDERS),
    };
    for seed in seeds {
        run_once(seed, Arc::clone(&model));
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn run_once(seed: u64, model: Arc<impl Fn(u64) + Send + Sync + 'static>) {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    config.max_steps = MaxSteps::FailAfter(200_000);
    config.failure_persistence = shuttle::FailurePersistence::None;
    config.silence_warnings = true;
    let told = SeedOfFailure(seed);
    runtime::reset(seed);
    Runner::new(RandomOrder::new(seed), config).run(move || model(seed));
    std::mem::forget(told);
}

/// Prints the seed if it is dropped, which happens only where a panic passes.
struct SeedOfFailure(u64);

impl Drop for SeedOfFailure {
    fn drop(&mut self) {
        eprintln!("the model failed with IMS_SEED={}", self.0);
    }
}

/// Runs the tasks of a model to their end.
fn block_on(pace: Pace, future: impl Future<Output = ()> + Send + 'static) {
    runtime::start_clock(pace);
    shuttle::future::block_on(async move {
        future.await;
        runtime::stop_clock();
    });
}

/// Runs calls at the same time, and waits for all.
async fn all(calls: Vec<impl Future<Output = ()> + Send + 'static>) {
    let tasks: Vec<_> = calls.into_iter().map(shuttle::future::spawn).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// The calls of one caller.
async fn live(process: Process, pace: Pace) {
    for _ in 0..fastrand::u32(1..4) {
        match fastrand::u32(..8) {
            0 => process.insist().await,
            1 => process.reject(),
            2..4 => drop(process.call(Some(fastrand::u32(..6))).await),
            _ => {
                let took = process.call(None).await;
                if pace == Pace::Idle {
                    assert!(took <= Some(LONGEST_CALL), "law 3: a call took {took:?}");
                }
            }
        }
        if fastrand::bool() {
            runtime::sleep(Duration::from_secs(fastrand::u64(..70))).await;
        }
    }
}

/// Causes failures, and lets clocks jump.
async fn trouble(world: World) {
    for _ in 0..fastrand::u32(..8) {
        runtime::sleep(Duration::from_millis(fastrand::u64(..30_000))).await;
        match fastrand::u32(..6) {
            0 | 1 => world.set_ims(Trouble::random()),
            2 => world.set_store(Trouble::random()),
            3 => runtime::suspend(Duration::from_secs(fastrand::u64(..200))),
            4 => world.step_wall(fastrand::i64(-100..30)),
            _ => runtime::shut_down_at(fastrand::u32(..12)),
        }
    }
}

/// Two processes with a store and one without, callers in each, and all kinds of failures at random.
fn bad_world(seed: u64) -> World {
    let world = World::default();
    let its_world = world.clone();
    let pace = if seed.is_multiple_of(2) { Pace::Idle } else { Pace::Any };
    block_on(pace, async move {
        let store = bad_store(&its_world);
        let processes =
            [Some(&store), Some(&store), None].map(|store| Process::new(&its_world, store));
        its_world.set_ims(Trouble::random());
        let mut tasks = vec![shuttle::future::spawn(trouble(its_world.clone()))];
        for process in &processes {
            for _ in 0..fastrand::u32(1..4) {
                tasks.push(shuttle::future::spawn(live(process.clone(), pace)));
            }
        }
        for task in tasks {
            task.await.unwrap();
        }
        // No state is final.
        its_world.set_ims(Trouble::None);
        its_world.set_store(Trouble::None);
        runtime::shut_nothing_down();
        runtime::set_idle_pace();
        runtime::sleep(RECOVERY).await;
        for process in processes {
            let answer = process.keeper.token().await;
            assert!(answer.is_ok(), "law 7: {answer:?}");
            assert_eq!(process.open_requests(), 0, "law 2: a request was left open");
        }
    });
    world
}

#[test]
fn the_laws_of_the_keeper_hold_in_every_order_and_with_every_failure() {
    try_orders(|seed| drop(bad_world(seed)));
}

#[test]
fn a_seed_repeats_its_run() {
    for seed in 0..4 {
        let histories = [(); 2].map(|()| {
            let history = Arc::new(Mutex::new(Vec::new()));
            let kept = Arc::clone(&history);
            run_once(seed, Arc::new(move |seed| *kept.lock().unwrap() = bad_world(seed).history()));
            history.lock().unwrap().clone()
        });
        assert!(!histories[0].is_empty());
        assert_eq!(histories[0], histories[1]);
    }
}

/// No clock runs: a task that misses a wake-up waits forever, and shuttle reports a deadlock.
#[test]
fn every_waiting_caller_is_woken_without_a_timer() {
    try_orders(|_| {
        shuttle::future::block_on(async {
            let world = World::default();
            world.be_quick();
            let process = Process::new(&world, None);
            let calls = (0..3).map(|_| process.clone()).map(|process| async move {
                assert!(process.call(None).await.is_some());
            });
            all(calls.collect()).await;
            assert_eq!(process.requests(), 1, "law 1: one request is enough for all");
        });
    });
}

#[test]
fn a_caller_that_gives_up_at_any_await_cancels_nothing() {
    // A call without a store has several `await`s. Each run of the loop cancels the call at another one.
    for polls in 0..8 {
        run_once(
            polls.into(),
            Arc::new(move |_| {
                block_on(Pace::Idle, async move {
                    let process = Process::new(&World::default(), None);
                    process.call(Some(polls)).await;
                    process.call(None).await;
                    // A call that is never polled asks for nothing.
                    assert_eq!(process.requests(), 1, "law 2: given up at await {polls}");
                });
            }),
        );
    }
}

#[test]
fn a_refresh_that_is_lost_at_any_await_is_started_again() {
    for (with_store, least_awaits) in [(false, 2), (true, 8)] {
        let mut most_awaits = 0;
        for seed in 0..10 {
            let mut await_number = 0;
            while is_lost_at(await_number, with_store, seed) {
                await_number += 1;
            }
            most_awaits = most_awaits.max(await_number);
        }
        assert!(most_awaits >= least_awaits, "only {most_awaits} awaits were found");
    }
}

/// Two callers, whose first refresh loses its runtime at this await. Returns whether it has as many awaits.
fn is_lost_at(await_number: u32, with_store: bool, seed: u64) -> bool {
    let is_lost = Arc::new(AtomicBool::new(false));
    let kept = Arc::clone(&is_lost);
    let model = move |_| {
        let kept = Arc::clone(&kept);
        block_on(Pace::Idle, async move {
            let world = World::default();
            let store = with_store.then(|| bad_store(&world));
            let process = Process::new(&world, store.as_ref());
            runtime::shut_down_at(await_number);
            let calls = (0..2).map(|_| process.clone()).map(move |process| async move {
                let took = process.call(None).await.unwrap();
                assert!(took < LONGEST_CALL, "law 3: lost at await {await_number}: {took:?}");
                assert!(process.keeper.peek().is_some(), "law 3: lost at await {await_number}");
            });
            all(calls.collect()).await;
            assert_eq!(process.open_requests(), 0, "law 2");
            kept.store(runtime::refreshes_lost() > 0, Ordering::SeqCst);
        });
    };
    run_once(seed, Arc::new(model));
    is_lost.load(Ordering::SeqCst)
}

#[test]
fn no_token_is_used_longer_because_a_clock_jumps() {
    for seconds in [-3_600, -60, 0, 60, 3_600] {
        for suspended in [0, 60, 200] {
            let model = move |_| {
                block_on(Pace::Idle, async move {
                    let world = World::default();
                    world.be_quick();
                    let process = Process::new(&world, None);
                    process.call(None).await;
                    world.step_wall(seconds);
                    runtime::suspend(Duration::from_secs(suspended));
                    process.call(None).await;
                    // The check of the call compares its token with the time that has really passed.
                    runtime::sleep(LIFETIME).await;
                    process.call(None).await;
                    assert!(process.requests() >= 2, "law 4: {seconds} s, {suspended} s");
                });
            };
            run_once(0, Arc::new(model));
        }
    }
}

#[test]
fn a_store_that_fails_hangs_or_panics_in_any_operation_takes_a_second_and_prevents_no_token() {
    for trouble in Trouble::ALL {
        // The operations: load the token and the time to wait, twice; take the lease; save the token; release the lease.
        for operation in 1..=7 {
            let model = move |_| {
                block_on(Pace::Idle, async move {
                    let world = World::default();
                    let store = bad_store(&world);
                    world.set_operation(operation, trouble);
                    let process = Process::new(&world, Some(&store));
                    let took = process.call(None).await.unwrap();
                    // The delays that are no failures are shorter than 5 s together.
                    let longest = STORE_TIMEOUT + Duration::from_secs(5);
                    assert!(took < longest, "law 8: {trouble:?} in {operation}: {took:?}");
                    let answer = process.keeper.token().await;
                    assert!(answer.is_ok(), "law 8: {trouble:?} in {operation}: {answer:?}");
                    assert!(world.operations() >= operation, "{operation} was never reached");
                });
            };
            run_once(operation.into(), Arc::new(model));
        }
    }
}

#[test]
fn a_signer_or_a_transport_that_panics_or_hangs_fails_its_callers_and_later_calls_work() {
    for trouble in [Trouble::PanicsAtOnce, Trouble::PanicsLater, Trouble::Hangs, Trouble::Fails] {
        for seed in 0..20 {
            run_once(
                seed,
                Arc::new(move |_| {
                    block_on(Pace::Idle, async move {
                        let world = World::default();
                        world.be_quick();
                        let process = Process::new(&world, None);
                        process.call(None).await;
                        world.set_ims(trouble);
                        // In the last twentieth of its life callers wait for a while, and get the old token.
                        runtime::sleep(LIFETIME.saturating_sub(Duration::from_millis(6_500))).await;
                        let took = process.call(None).await.unwrap();
                        assert!(took <= REFRESH_TIMEOUT, "law 5: {took:?}");
                        // Past its end they fail, within the deadline.
                        runtime::sleep(LIFETIME).await;
                        let start = runtime::now();
                        assert!(process.keeper.token().await.is_err(), "{trouble:?}");
                        let took = runtime::now().saturating_sub(start);
                        assert!(took <= DEADLINE + Duration::from_secs(1), "law 3: {took:?}");
                        world.set_ims(Trouble::None);
                        runtime::sleep(RECOVERY).await;
                        assert!(process.keeper.token().await.is_ok(), "law 7");
                    });
                }),
            );
        }
    }
}
