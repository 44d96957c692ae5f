//! The loop: one input after the other, with a limit for the time and the memory of each.

use std::{
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
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

/// If an input takes more processor time than this, the whole run ends: nothing else can stop an input.
const HANG: Duration = Duration::from_secs(30);

/// The same for an input that only waits. On a machine with other work, one that does not wait can take half a minute, too.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

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
    let watch = Watch::new(target, mutator);
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
    time_of(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn time_of(clock: ClockId) -> Duration {
    clock_gettime(clock).map(Duration::from).unwrap_or_default()
}

/// Writes the input of a failure into `target/fuzz-failures`, and returns its path.
///
/// # Errors
/// If the file cannot be written.
pub fn keep(target: Target, failure: &Failure) -> io::Result<PathBuf> {
    let folder = PathBuf::from("target/fuzz-failures").join(target.name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("failure-{}", failure.input.len()));
    fs::write(&path, &failure.input)?;
    Ok(path)
}

/// A thread that ends the process if an input does not end.
struct Watch {
    current: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    fn new(target: Target, mutator: &Mutator) -> Self {
        let current = Arc::new(AtomicU64::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let (watched, end, mutator) = (Arc::clone(&current), Arc::clone(&is_over), mutator.clone());
        thread::spawn(move || {
            let mut input = Input::now(0);
            while !end.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
                let number = watched.load(Ordering::Relaxed);
                if number != input.number {
                    input = Input::now(number);
                } else if input.hangs() && !end.load(Ordering::Relaxed) {
                    give_up(target, &mutator, number);
                }
            }
        });
        Self { current, is_over }
    }

    fn begin(&self, number: u64) {
        self.current.store(number, Ordering::Relaxed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The input that is tried, and since when.
struct Input {
    number: u64,
    since: Instant,
    processor_time: Duration,
}

impl Input {
    fn now(number: u64) -> Self {
        let processor_time = time_of(ClockId::CLOCK_PROCESS_CPUTIME_ID);
        Self { number, since: Instant::now(), processor_time }
    }

    fn hangs(&self) -> bool {
        let now = time_of(ClockId::CLOCK_PROCESS_CPUTIME_ID);
        is_hang(now.saturating_sub(self.processor_time), self.since.elapsed())
    }
}

fn is_hang(processor_time: Duration, elapsed: Duration) -> bool {
    processor_time > HANG || elapsed > LONGEST_WAIT
}

/// Keeps the input, and ends the process.
#[expect(clippy::print_stderr, reason = "nothing else can say it: the process ends here")]
fn give_up(target: Target, mutator: &Mutator, number: u64) -> ! {
    let failure = Failure { input: mutator.input(number), reason: "it does not end".to_owned() };
    match keep(target, &failure) {
        Ok(path) => eprintln!("{}: an input does not end: {}", target.name, path.display()),
        Err(error) => eprintln!("{}: input {number} does not end: {error}", target.name),
    }
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
    fn an_input_hangs_if_it_computes_for_long_and_not_if_the_machine_has_other_work() {
        let secs = Duration::from_secs;
        assert!(is_hang(secs(31), secs(31)));
        assert!(!is_hang(secs(1), secs(120)));
        assert!(is_hang(secs(0), secs(301)));
    }

    #[test]
    fn a_run_ends_with_the_first_failure_and_names_its_input() {
        let fails = target(|input| assert!(input.len() < 2, "on purpose"));
        let mutator = Mutator::new(vec![b"a".to_vec(), b"abc".to_vec(), b"b".to_vec()], 0);
        let outcome = run(fails, &mutator, 3, Duration::ZERO);
        assert_eq!((outcome.executions, outcome.failure.unwrap().input), (2, b"abc".to_vec()));
    }
}
