//! `cargo xtask bench peers`: what a warm token costs, next to the clients of other clouds and next to lower bounds that no
//! client can beat. The other clients get their token over loopback, or over a transport that answers at once.

#![forbid(unsafe_code)]

mod clients;
#[path = "../../src/contest.rs"]
#[expect(dead_code, reason = "the measurements of the workspace use the rest")]
mod contest;
#[path = "../../src/record.rs"]
mod record;
#[path = "../../src/server.rs"]
mod server;
mod stall;

use std::{
    env,
    hint::black_box,
    process::ExitCode,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use arc_swap::ArcSwapOption;
use azure_core::credentials::TokenCredential;
use futures_util::FutureExt;
use gcp_auth::TokenProvider;
use ims_token::{Clock, SharedClock, SystemClock, TokenKeeper, testing::ScriptedSource};
use nix::sys::resource::UsageWho;
use tokio::runtime::Runtime;

use contest::{Contest, at_most};
use record::Ratio;

fn main() -> Result<ExitCode> {
    if env::args().nth(1).as_deref() == Some("--serve") {
        server::serve()?;
    }
    let clock = SharedClock::new(SystemClock);
    let source = ScriptedSource::new(clock.clone(), Duration::from_hours(24));
    let keeper = TokenKeeper::new(source.source(), clock.clone());
    let runtime = Runtime::new()?;
    runtime.block_on(keeper.token())?;
    let token = token(&runtime, &keeper)?;
    let peek = peek(&keeper, &clock)?;
    let stall = stall::stall(&runtime)?;
    if env::args().nth(1).as_deref() == Some("--record") {
        record::write()?;
    }
    Ok(if token && peek && stall { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `token().await` next to the same call of the other clients.
fn token(runtime: &Runtime, keeper: &TokenKeeper) -> Result<bool> {
    let server = server::Server::start()?;
    let google = runtime.block_on(clients::google_cloud_auth(&server.url))?;
    let gcp_auth = runtime.block_on(clients::gcp_auth(&server.url))?;
    let azure = runtime.block_on(clients::azure_identity())?;
    let yup = runtime.block_on(clients::yup_oauth2(&server.url))?;
    let _entered = runtime.enter();
    let results = Contest::new(40, 50_000, UsageWho::RUSAGE_SELF)
        .with(TOKEN, || warm(keeper.token()))
        .with(PEERS[0], || warm(google.access_token()))
        .with(PEERS[1], || warm(gcp_auth.token(clients::SCOPES)))
        .with(PEERS[2], || warm(azure.get_token(clients::SCOPES, None)))
        .with(PEERS[3], || warm(yup.token(clients::SCOPES)))
        .run("peers: a warm token, one thread")?;
    let ratios = PEERS.map(|peer| results.ratio(TOKEN, peer, |sample| sample.wall));
    let fastest = ratios.into_iter().max_by(|one, other| one.median.total_cmp(&other.median));
    let fastest = fastest.context("there are peers")?;
    Ok(at_most(0.25, "peers: time of token().await, of the fastest peer's, wall time", fastest))
}

/// `peek()` next to a bare guard and the clock, with one thread and with four.
fn peek(keeper: &TokenKeeper, clock: &SharedClock) -> Result<bool> {
    let slot = ArcSwapOption::from_pointee(7_u64);
    let peek = || drop(black_box(keeper.peek()));
    let results = Contest::new(40, 400_000, UsageWho::RUSAGE_SELF)
        .with_all(PEEK, |calls| threads(1, calls, &peek).map(drop))
        .with_all(FLOOR, |calls| {
            threads(1, calls, &|| {
                let guard = slot.load();
                black_box((clock.both(), &guard));
            })
            .map(drop)
        })
        .with_all(PEEK_OF_FOUR, |calls| threads(4, calls, &peek).map(drop))
        .with_all("ims: token().await, the same", |calls| {
            threads(4, calls, &|| drop(black_box(keeper.token().now_or_never()))).map(drop)
        })
        .run("peers: a token borrowed")?;
    let alone = results.ratio(PEEK, FLOOR, |sample| sample.wall);
    let alone = at_most(1.5, "peers: time of peek(), of a bare guard and the clock, wall time", alone);
    // A thread that waits for a cache line uses processor time; a thread that waits for a processor does not.
    let Ratio { median, low, high } = results.ratio(PEEK_OF_FOUR, PEEK, |sample| sample.cpu);
    let four = Ratio { median: median / 4.0, low: low / 4.0, high: high / 4.0 };
    let four = at_most(1.5, "peers: CPU time of peek() with four threads, of that with one", four);
    let wall = fastest(4, &peek)?.as_secs_f64() / fastest(1, &peek)?.as_secs_f64();
    let wall = at_most(1.5, "peers: the same, wall time, fastest rounds", Ratio::once(wall));
    Ok(alone && four && wall)
}

/// The wall time of the slowest thread in the fastest of many short rounds. On a busy machine this is a round in which each
/// thread had a processor for itself.
fn fastest(count: usize, call: &(dyn Fn() + Sync)) -> Result<Duration> {
    let rounds: Result<Vec<Duration>> = (0..400).map(|_| threads(count, 20_000, call)).collect();
    rounds?.into_iter().min().context("there are rounds")
}

/// Makes `calls` calls on each of `threads` threads, which begin together, and returns how long the slowest took.
fn threads(threads: usize, calls: u32, call: &(dyn Fn() + Sync)) -> Result<Duration> {
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..threads {
            workers.push(scope.spawn(|| {
                start.wait();
                let begin = Instant::now();
                (0..calls).for_each(|_| call());
                begin.elapsed()
            }));
        }
        let mut slowest = Duration::ZERO;
        for worker in workers {
            slowest = slowest.max(worker.join().ok().context("a thread panicked")?);
        }
        Ok(slowest)
    })
}

/// Polls once: a warm token is ready at the first poll.
fn warm<T, E>(future: impl Future<Output = Result<T, E>>) -> Result<()>
where
    anyhow::Error: From<E>,
{
    black_box(future.now_or_never().context("a warm token is there at once")??);
    Ok(())
}

const TOKEN: &str = "ims: token().await";
const PEERS: [&str; 4] =
    ["google-cloud-auth 1.18", "gcp_auth 0.12", "azure_identity 1.0", "yup-oauth2 12.1"];
const PEEK: &str = "ims: peek()";
const FLOOR: &str = "floor: arc-swap guard and the clock";
const PEEK_OF_FOUR: &str = "ims: peek(), once on each of four threads";
