//! `cargo xtask fuzz`: the fuzz targets of the unpublished package `ims-fuzz`, on stable Rust.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{cargo, run as run_command};

const PACKAGE: &str = "ims-fuzz";

/// Tries random changes of the committed inputs on each fuzz target, and fails at the first that panics, takes more than a
/// second or more than 50 MB.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The targets to run; without a name, all of them.
    #[arg(value_name = "TARGET")]
    names: Vec<String>,

    /// Print the names of the targets.
    #[arg(long)]
    list: bool,

    /// How long for each target, such as 20s, 10m or 2h.
    #[arg(long = "for", value_name = "DURATION", default_value = "20s", value_parser = duration)]
    time: Duration,

    /// What makes the inputs: the same seed makes the same ones.
    #[arg(long)]
    seed: Option<u64>,

    /// A folder with more inputs to begin with.
    #[arg(long, value_name = "DIR")]
    corpus: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut command = cargo(["run", "--quiet", "--profile", "fuzz", "-p", PACKAGE, "--"]);
    command.args(["--seconds", &options.time.as_secs().to_string()]);
    if options.list {
        command.arg("--list");
    }
    if let Some(seed) = options.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if let Some(corpus) = &options.corpus {
        command.args(["--corpus", corpus]);
    }
    run_command(command.args(&options.names))
}

/// All targets for 20 s each, in the build of the tests.
pub(crate) fn run_in_test_build() -> Result<()> {
    run_command(&mut cargo(["run", "--quiet", "-p", PACKAGE, "--all-features", "--"]))
}

/// Reads a number with its unit: s, m or h.
fn duration(text: &str) -> Result<Duration> {
    let seconds_of_unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => anyhow::bail!("write a number and its unit, such as 20s, 10m or 2h"),
    };
    let number: u64 = text[..text.len() - 1].parse().context("the number is missing")?;
    let seconds = number.checked_mul(seconds_of_unit).context("that is too long")?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        #[rustfmt::skip]
        let table = [
            ("20s", Some(20)),
            ("10m", Some(600)),
            ("2h",  Some(7200)),
            ("20",  None),
            ("s",   None),
            ("",    None),
            ("1d",  None),
            ("18446744073709551615h", None),
        ];
        for (text, seconds) in table {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
