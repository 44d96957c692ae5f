//! Several ways to do one thing, measured in turn.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

/// Ways that take turns. In each round every way makes its calls once, and the one that begins changes from round to
/// round, so that neither a warm cache nor a slow minute falls to the same one always.
pub(crate) struct Contest<'a> {
    rounds: usize,
    calls: u32,
    /// Whose processor time counts: this process's, or that of the processes it started.
    who: UsageWho,
    ways: Vec<Way<'a>>,
}

struct Way<'a> {
    name: &'static str,
    /// Makes as many calls as it is told.
    call: Box<dyn FnMut(u32) -> Result<()> + 'a>,
    samples: Vec<Sample>,
}

/// What one call took, the mean of a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl<'a> Contest<'a> {
    pub(crate) fn new(rounds: usize, calls: u32, who: UsageWho) -> Self {
        Self { rounds, calls, who, ways: Vec::new() }
    }

    /// Enters `call`, which does the thing once.
    #[must_use]
    pub(crate) fn with(
        self,
        name: &'static str,
        mut call: impl FnMut() -> Result<()> + 'a,
    ) -> Self {
        self.with_all(name, move |calls| (0..calls).try_for_each(|_| call()))
    }

    /// Enters `calls`, which does the thing as often as it is told.
    #[must_use]
    pub(crate) fn with_all(
        mut self,
        name: &'static str,
        calls: impl FnMut(u32) -> Result<()> + 'a,
    ) -> Self {
        self.ways.push(Way { name, call: Box::new(calls), samples: Vec::new() });
        self
    }

    /// Runs every round, after one that does not count, and prints what a call took.
    pub(crate) fn run(mut self, title: &str) -> Result<Results> {
        for round in 0..=self.rounds {
            for turn in 0..self.ways.len() {
                let index = (round + turn) % self.ways.len();
                let sample = self.sample(index)?;
                if round > 0 {
                    self.ways[index].samples.push(sample);
                }
            }
        }
        let results = Results(self.ways.into_iter().map(|way| (way.name, way.samples)).collect());
        println!("{title}; medians of {} rounds of {}", self.rounds, self.calls);
        results.print();
        Ok(results)
    }

    fn sample(&mut self, index: usize) -> Result<Sample> {
        let (cpu, wall) = (processor_time(self.who)?, Instant::now());
        (self.ways[index].call)(self.calls).with_context(|| self.ways[index].name)?;
        let (wall, cpu) = (wall.elapsed(), processor_time(self.who)?.saturating_sub(cpu));
        Ok(Sample { wall: wall / self.calls, cpu: cpu / self.calls })
    }
}

/// The samples of every way, in the order of the rounds.
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

    /// How much of `base`'s time `way` takes: the median over the rounds, each compared within itself.
    pub(crate) fn ratio(&self, way: &str, base: &str, part: fn(&Sample) -> Duration) -> f64 {
        let pairs = self.samples(way).iter().zip(self.samples(base));
        median(pairs.map(|(way, base)| part(way).as_secs_f64() / part(base).as_secs_f64()))
    }

    /// The median of `way`'s wall times in the median of `base`'s, for work whose length is chance.
    pub(crate) fn ratio_of_medians(&self, way: &str, base: &str) -> f64 {
        let wall = |name| median(self.samples(name).iter().map(|it| it.wall.as_secs_f64()));
        wall(way) / wall(base)
    }

    fn samples(&self, name: &str) -> &[Sample] {
        self.0.iter().find(|(way, _)| *way == name).map_or(&[], |(_, samples)| samples)
    }
}

/// Prints a ratio that should be at least `target`, and says whether it is.
pub(crate) fn at_least(target: f64, what: &str, ratio: f64) -> bool {
    verdict(ratio >= target, what, ratio, &format!("at least {target}"))
}

/// Prints a ratio that should be at most `target`, and says whether it is.
pub(crate) fn at_most(target: f64, what: &str, ratio: f64) -> bool {
    verdict(ratio <= target, what, ratio, &format!("at most {target}"))
}

fn verdict(holds: bool, what: &str, ratio: f64, target: &str) -> bool {
    let word = if holds { "holds" } else { "MISSED" };
    println!("  {what}: {ratio:.3}, target {target}: {word}");
    holds
}

/// The middle one of `values`.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn processor_time(who: UsageWho) -> Result<Duration> {
    let usage = getrusage(who)?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
