//! What a call for a fresh token costs, in nanoseconds, and the least that it could cost:
//! `cargo run --release -p ims-token --features testing --example warm_token`.

#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::{
    future::Future,
    hint::black_box,
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwapOption;
use ims_token::{Clock, SharedClock, SystemClock, TokenKeeper, testing::ScriptedSource};

const ROUNDS: usize = 15;
const CALLS: u32 = 200_000;

fn main() {
    let clock = SharedClock::new(SystemClock);
    let source = ScriptedSource::new(clock.clone(), Duration::from_hours(24));
    let keeper = TokenKeeper::new(source.source(), clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("the system gives a timer");
    runtime.block_on(keeper.token()).expect("the source gives a token");
    let slot = Arc::new(ArcSwapOption::from_pointee(7_u64));

    println!("nanoseconds for each call, the fastest of {ROUNDS} rounds of {CALLS} calls");
    println!("{:<34} {:>9} {:>9}", "", "1 thread", "4 threads");
    measure("token().await", &|| drop(black_box(ready(keeper.token()))));
    measure("peek()", &|| drop(black_box(keeper.peek())));
    measure("floor: arc-swap guard", &|| drop(black_box(slot.load())));
    measure("floor: arc-swap load_full", &|| drop(black_box(slot.load_full())));
    measure("floor: the two times of the clock", &|| {
        black_box(clock.both());
    });
    measure("floor: SystemTime::now", &|| {
        black_box(SystemTime::now());
    });
    measure("floor: Instant::now", &|| {
        black_box(Instant::now());
    });

    let warm = allocation_counter::measure(|| drop(black_box(ready(keeper.token()))));
    let peek = allocation_counter::measure(|| drop(black_box(keeper.peek())));
    println!("allocations: token().await {}, peek() {}", warm.count_total, peek.count_total);
    assert_eq!(source.requests(), 1, "the token was warm all the time");
}

fn measure(name: &str, call: &(dyn Fn() + Sync)) {
    println!("{name:<34} {:>9.1} {:>9.1}", nanoseconds(1, call), nanoseconds(4, call));
}

/// The time of one call while `threads` threads make calls, in the fastest round.
fn nanoseconds(threads: usize, call: &(dyn Fn() + Sync)) -> f64 {
    let fastest = (0..ROUNDS).map(|_| round(threads, call)).min().unwrap_or_default();
    fastest.as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// Makes `CALLS` calls on each thread, and returns how long the slowest took.
fn round(threads: usize, call: &(dyn Fn() + Sync)) -> Duration {
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..threads {
            workers.push(scope.spawn(|| {
                start.wait();
                let begin = Instant::now();
                (0..CALLS).for_each(|_| call());
                begin.elapsed()
            }));
        }
        workers.into_iter().filter_map(|worker| worker.join().ok()).max().unwrap_or_default()
    })
}

/// Polls once; what is warm is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a warm token is there at once"),
    }
}
