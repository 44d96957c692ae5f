//! The loop: one input after the other, with a limit for the time and the memory of each.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use allocation_counter::measure;
use anyhow::{Result, bail};
use nix::time::{ClockId, clock_gettime};

use crate::{mutator::Mutator, target::Target};

/// The most processor time that an input may take.
pub const MAX_TIME: Duration = Duration::from_secs(1);

/// The most memory that an input may take at a time, in bytes.
pub const MAX_BYTES: u64 = 50 * 1000 * 1000;

/// If an input takes longer than this, the whole run ends: nothing else can stop an input.
const HANG: Duration = Duration::from_secs(30);

/// What an input did wrong.
#[derive(Debug)]
pub struct Failure {
    /// The input.
    pub input: Vec<u8>,
    /// What was wrong.
    pub reason: String,
}

/// What a run found out.
#[derive(Debug)]
pub struct Outcome {
    /// How many inputs were tried.
    pub executions: u64,
    /// How long that took.
    pub took: Duration,
    /// The first input that failed, if one did. The run ended with it.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// Inputs in a second.
    #[must_use]
    pub fn rate(&self) -> u64 {
        let millis = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        self.executions.saturating_mul(1000) / millis
    }
}

/// Tries the inputs of `mutator` on `target` for `duration`, but each file of the corpus at least.
#[must_use]
pub fn run(target: Target, mutator: &Mutator, corpus_length: u64, duration: Duration) -> Outcome {
    let start = Instant::now();
    let watch = Watch::new(target.name);
    let mut executions = 0;
    let mut failure = None;
    while failure.is_none() && (executions < corpus_length || start.elapsed() < duration) {
        let input = mutator.input(executions);
        watch.begin(executions);
        executions += 1;
        failure = try_input(target, &input).err().map(|reason| Failure { input, reason });
    }
    Outcome { executions, took: start.elapsed(), failure }
}

/// Tries one input, and says what it did wrong.
///
/// # Errors
/// The reason: a panic, too much time, or too much memory.
pub fn try_input(target: Target, input: &[u8]) -> Result<(), String> {
    let before = processor_time();
    let mut outcome = Ok(());
    let memory = measure(|| {
        outcome = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    });
    let took = processor_time().saturating_sub(before);
    if outcome.is_err() {
        return Err("it panicked".to_owned());
    }
    if took > MAX_TIME {
        return Err(format!("it took {took:.1?} of processor time"));
    }
    if memory.bytes_max > MAX_BYTES {
        return Err(format!("it took {} bytes of memory", memory.bytes_max));
    }
    Ok(())
}

/// Fails with the reason, if the outcome has one.
///
/// # Errors
/// If an input failed.
pub fn expect_no_failure(target: Target, outcome: &Outcome) -> Result<()> {
    match &outcome.failure {
        None => Ok(()),
        Some(Failure { reason, input }) => {
            bail!("{}: an input of {} bytes: {reason}", target.name, input.len())
        }
    }
}

/// The processor time of this thread, so that other work on the machine does not count.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// A thread that ends the process if an input does not end.
struct Watch {
    current: Arc<Mutex<(u64, Instant)>>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    fn new(name: &'static str) -> Self {
        let current = Arc::new(Mutex::new((0, Instant::now())));
        let is_over = Arc::new(AtomicBool::new(false));
        let (watched, end) = (Arc::clone(&current), Arc::clone(&is_over));
        thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
                let (number, since) = *watched.lock().unwrap_or_else(PoisonError::into_inner);
                if since.elapsed() > HANG && !end.load(Ordering::Relaxed) {
                    give_up(name, number);
                }
            }
        });
        Self { current, is_over }
    }

    fn begin(&self, number: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = (number, Instant::now());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Prints the number and the seed, from which the input can be made again.
#[expect(clippy::print_stderr, reason = "nothing else can say it: the process ends here")]
fn give_up(name: &str, number: u64) -> ! {
    eprintln!("{name}: input {number} does not end within {HANG:?}");
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(run: fn(&[u8])) -> Target {
        Target { name: "test", reads: "", run }
    }

    #[test]
    fn a_panic_and_too_much_memory_are_failures_and_good_input_is_none() {
        assert_eq!(try_input(target(|_| {}), b"x"), Ok(()));
        let panics = target(|input| assert!(input.is_empty(), "on purpose"));
        assert_eq!(try_input(panics, b"x"), Err("it panicked".to_owned()));
        let is_large = target(|_| drop(std::hint::black_box(vec![0_u8; 60_000_000])));
        assert_eq!(try_input(is_large, b""), Err("it took 60000000 bytes of memory".to_owned()));
    }

    #[test]
    fn a_run_ends_with_the_first_failure_and_names_its_input() {
        let fails = target(|input| assert!(input.len() < 2, "on purpose"));
        let mutator = Mutator::new(vec![b"a".to_vec(), b"abc".to_vec(), b"b".to_vec()], 0);
        let outcome = run(fails, &mutator, 3, Duration::ZERO);
        assert_eq!((outcome.executions, outcome.failure.unwrap().input), (2, b"abc".to_vec()));
    }
}
