//! What callers notice of a refresh: 32 callers call again and again while a refresh of 50 ms runs in the background.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::FutureExt;
use ims_claims::NumericDate;
use ims_token::{
    SharedClock, TokenKeeper,
    testing::{FakeClock, ScriptedSource},
};
use tokio::runtime::Runtime;

use crate::{contest::at_most, record::Ratio};

/// What the callers observed.
#[derive(Default)]
struct Calls {
    made: u64,
    /// Those that were not answered at once.
    waited: u64,
    longest: Duration,
}

/// Checks that no caller waits, and that the median over several refreshes of the longest call is short. It takes the
/// median because other programs on the machine can delay a single call.
pub(crate) fn stall(runtime: &Runtime) -> Result<bool> {
    let refreshes: Result<Vec<Calls>> =
        (0..REFRESHES).map(|_| runtime.block_on(refresh())).collect();
    let mut all = Calls::default();
    let mut longest_ms = Vec::new();
    for calls in refreshes? {
        longest_ms.push(calls.longest.as_secs_f64() * 1e3);
        all.add(&calls);
    }
    println!(
        "peers: {CALLERS} callers across a refresh of 50 ms; {} calls in {REFRESHES} refreshes",
        all.made
    );
    let worst = longest_ms.iter().copied().fold(0.0, f64::max);
    println!("  the longest call of all: {worst:.3} ms");
    let longest = at_most(
        1.0,
        "peers: ms of the longest call across a refresh, wall time",
        Ratio::of(longest_ms.into_iter()),
    );
    let waited = f64::from(u32::try_from(all.waited)?);
    Ok(at_most(0.0, "peers: calls that had to wait", Ratio::once(waited)) && longest)
}

async fn refresh() -> Result<Calls> {
    let clock = FakeClock::new(NumericDate::from_secs(1_700_000_000));
    let shared = SharedClock::new(clock.clone());
    let source = ScriptedSource::new(shared.clone(), Duration::from_hours(24))
        .with_latency(Duration::from_millis(50));
    let keeper = TokenKeeper::new(source.source(), shared);
    keeper.token().await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(call_until(keeper.clone(), Arc::clone(&is_over))))
        .collect();
    clock.advance(Duration::from_mins(23 * 60 + 30));
    while source.requests() < 2 || keeper.peek().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let mut all = Calls::default();
    for caller in callers {
        all.add(&caller.await.context("a caller panicked")??);
    }
    ensure!(source.requests() == 2, "{} requests for one refresh", source.requests());
    Ok(all)
}

async fn call_until(keeper: TokenKeeper, is_over: Arc<AtomicBool>) -> Result<Calls> {
    let mut calls = Calls::default();
    while !is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        let waited = match keeper.token().now_or_never() {
            Some(answer) => answer.map(|_| false)?,
            None => keeper.token().await.map(|_| true)?,
        };
        calls.add(&Calls { made: 1, waited: waited.into(), longest: start.elapsed() });
        // Without a pause the 32 callers would delay each other, because there are fewer processors.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(calls)
}

impl Calls {
    fn add(&mut self, other: &Self) {
        self.made += other.made;
        self.waited += other.waited;
        self.longest = self.longest.max(other.longest);
    }
}

const CALLERS: usize = 32;
const REFRESHES: usize = 21;
