//! Several programs or functions that do the same work, measured in turn.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

use crate::record::{self, Ratio, Target};

/// Contestants that take turns. In each round every contestant makes its calls once. Another contestant begins each round, so
/// that a warm cache or a slow minute does not always help or hurt the same one.
pub(crate) struct Contest<'a> {
    rounds: usize,
    calls: u32,
    /// Which processor time is measured: that of this process, or that of the processes that it started.
    who: UsageWho,
    contestants: Vec<Contestant<'a>>,
}

struct Contestant<'a> {
    name: &'static str,
    /// Makes as many calls as its argument says.
    call: Box<dyn FnMut(u32) -> Result<()> + 'a>,
    samples: Vec<Sample>,
}

/// The time of one call, as the mean of a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl<'a> Contest<'a> {
    pub(crate) fn new(rounds: usize, calls: u32, who: UsageWho) -> Self {
        Self { rounds, calls, who, contestants: Vec::new() }
    }

    /// Adds `call`, which does the work once.
    #[must_use]
    pub(crate) fn with(
        self,
        name: &'static str,
        mut call: impl FnMut() -> Result<()> + 'a,
    ) -> Self {
        self.with_all(name, move |calls| (0..calls).try_for_each(|_| call()))
    }

    /// Adds `calls`, which does the work as often as its argument says.
    #[must_use]
    pub(crate) fn with_all(
        mut self,
        name: &'static str,
        calls: impl FnMut(u32) -> Result<()> + 'a,
    ) -> Self {
        self.contestants.push(Contestant { name, call: Box::new(calls), samples: Vec::new() });
        self
    }

    /// Runs one round that does not count, then all others, and prints the time of a call.
    pub(crate) fn run(mut self, title: &str) -> Result<Results> {
        for round in 0..=self.rounds {
            for turn in 0..self.contestants.len() {
                let index = (round + turn) % self.contestants.len();
                let sample = self.sample(index)?;
                if round > 0 {
                    self.contestants[index].samples.push(sample);
                }
            }
        }
        let results =
            Results(self.contestants.into_iter().map(|it| (it.name, it.samples)).collect());
        println!("{title}; medians of {} rounds of {}", self.rounds, self.calls);
        results.print();
        Ok(results)
    }

    fn sample(&mut self, index: usize) -> Result<Sample> {
        let (cpu, wall) = (processor_time(self.who)?, Instant::now());
        (self.contestants[index].call)(self.calls).with_context(|| self.contestants[index].name)?;
        let (wall, cpu) = (wall.elapsed(), processor_time(self.who)?.saturating_sub(cpu));
        Ok(Sample { wall: wall / self.calls, cpu: cpu / self.calls })
    }
}

/// The samples of every contestant, in the order of the rounds.
pub(crate) struct Results(Vec<(&'static str, Vec<Sample>)>);

impl Results {
    fn print(&self) {
        println!("  {:<44} {:>12} {:>12}", "µs for each", "wall", "CPU");
        for (name, samples) in &self.0 {
            let micros = |part: fn(&Sample) -> Duration| {
                median(samples.iter().map(|sample| part(sample).as_secs_f64() * 1e6))
            };
            println!("  {name:<44} {:>12.3} {:>12.3}", micros(|s| s.wall), micros(|s| s.cpu));
        }
    }

    /// The time of `name` divided by the time of `base` in the same round.
    pub(crate) fn ratio(&self, name: &str, base: &str, part: fn(&Sample) -> Duration) -> Ratio {
        let pairs = self.samples(name).iter().zip(self.samples(base));
        Ratio::of(pairs.map(|(one, base)| part(one).as_secs_f64() / part(base).as_secs_f64()))
    }

    /// The median wall time of `name` divided by that of `base`, for work whose length is random.
    pub(crate) fn ratio_of_medians(&self, name: &str, base: &str) -> Ratio {
        let [ours, base] = [name, base]
            .map(|of| Ratio::of(self.samples(of).iter().map(|it| it.wall.as_secs_f64())));
        Ratio {
            median: ours.median / base.median,
            low: ours.low / base.high,
            high: ours.high / base.low,
        }
    }

    fn samples(&self, name: &str) -> &[Sample] {
        self.0
            .iter()
            .find(|(contestant, _)| *contestant == name)
            .map_or(&[], |(_, samples)| samples)
    }
}

/// Prints a ratio that should be at least `target`, and returns whether it is, and is not worse than the recorded one.
pub(crate) fn at_least(target: f64, what: &str, ratio: Ratio) -> bool {
    verdict(Target::AtLeast(target), what, ratio)
}

/// Prints a ratio that should be at most `target`, and returns whether it is, and is not worse than the recorded one.
pub(crate) fn at_most(target: f64, what: &str, ratio: Ratio) -> bool {
    verdict(Target::AtMost(target), what, ratio)
}

fn verdict(target: Target, what: &str, ratio: Ratio) -> bool {
    let is_met = target.is_met(ratio.median);
    let Ratio { median, low, high } = ratio;
    let word = if is_met { "holds" } else { "MISSED" };
    println!("  {what}: {median:.3} ({low:.3} to {high:.3}), target {}: {word}", target.text());
    let recorded = record::keep(what, ratio, target);
    if let Some(before) = recorded {
        println!("  {what}: WORSE than in docs/benchmarks.md, where it is {before}");
    }
    is_met && recorded.is_none()
}

/// The median of `values`.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    Ratio::of(values).median
}

fn processor_time(who: UsageWho) -> Result<Duration> {
    let usage = getrusage(who)?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
