//! The loop over the targets, on the command line.

#![expect(clippy::print_stdout, reason = "a command prints")]

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;
use ims_fuzz::{
    mutator::Mutator,
    run::{keep, run, try_input},
    target::{TARGETS, Target, files_of},
};

/// Tries changed inputs on the fuzz targets, and fails at the first that panics, hangs or takes too much memory.
#[derive(Debug, Parser)]
struct Options {
    /// The targets to run; without a name, all of them.
    #[arg(value_name = "TARGET")]
    names: Vec<String>,

    /// Print the names of the targets.
    #[arg(long)]
    list: bool,

    /// How many seconds for each target.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    seconds: u64,

    /// The seed of the random inputs: the same seed makes the same inputs. By default each run has another one.
    #[arg(long)]
    seed: Option<u64>,

    /// A folder with more inputs to begin with.
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,

    /// Try this file alone.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if options.list {
        for Target { name, reads, .. } in TARGETS {
            println!("{name:<20} {reads}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut is_good = true;
    for target in selected(&options.names)? {
        is_good &= match &options.input {
            Some(path) => try_file(target, path)?,
            None => fuzz(target, &options)?,
        };
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn selected(names: &[String]) -> Result<Vec<Target>> {
    if names.is_empty() {
        return Ok(TARGETS.to_vec());
    }
    let mut targets = Vec::new();
    for name in names {
        targets.push(Target::named(name).with_context(|| format!("no target is called {name}"))?);
    }
    Ok(targets)
}

fn try_file(target: Target, path: &PathBuf) -> Result<bool> {
    let input = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    match try_input(target, &input) {
        Ok(()) => {
            println!("{:<20} ok", target.name);
            Ok(true)
        }
        Err(reason) => {
            println!("{:<20} FAILED: {reason}", target.name);
            Ok(false)
        }
    }
}

fn fuzz(target: Target, options: &Options) -> Result<bool> {
    let mut corpus = target.corpus().with_context(|| format!("no corpus of {}", target.name))?;
    if let Some(folder) = &options.corpus {
        corpus.extend(files_of(folder).with_context(|| format!("no {}", folder.display()))?);
    }
    if corpus.is_empty() {
        bail!("the corpus of {} is empty", target.name);
    }
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let length = corpus.len() as u64;
    let mutator = Mutator::new(corpus, seed);
    let outcome = run(target, &mutator, length, Duration::from_secs(options.seconds));
    let (executions, rate) = (outcome.executions, outcome.rate());
    println!("{:<20} {executions:>10} executions, {rate:>8}/s, seed {seed}", target.name);
    let Some(failure) = outcome.failure else { return Ok(true) };
    let path = keep(target, &failure)?;
    println!("{:<20} FAILED: {}; the input is {}", target.name, failure.reason, path.display());
    Ok(false)
}
