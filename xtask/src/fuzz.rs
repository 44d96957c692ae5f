//! `cargo xtask fuzz`: the fuzz targets of the unpublished package `ims-fuzz`, on stable Rust or under libFuzzer.

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use crate::process::{cargo, find_program, output, run as run_command};

const PACKAGE: &str = "ims-fuzz";

/// The package for cargo-fuzz, a workspace by itself.
const FUZZ_DIR: &str = "crates/ims-fuzz/cargo-fuzz";

/// The committed inputs, a folder for each target.
const CORPUS: &str = "crates/ims-fuzz/corpus";

/// Where libFuzzer saves the inputs that reach new lines. The next run begins with them.
const FOUND: &str = "target/fuzz-corpus";

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

    /// Use libFuzzer, which sees which lines an input reaches, with a check of each access to memory. It needs cargo-fuzz and
    /// a nightly toolchain.
    #[arg(long, conflicts_with = "list")]
    libfuzzer: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.libfuzzer {
        return run_in_libfuzzer(options);
    }
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

/// Each target in its own process, by cargo-fuzz. The limits are those of the loop, but ten times the time: the checks are
/// slow. What it builds is in its own folder.
fn run_in_libfuzzer(options: &Options) -> Result<()> {
    if find_program("cargo-fuzz").is_none() {
        bail!("cargo-fuzz is missing: cargo install --locked cargo-fuzz");
    }
    // The same versions of the dependencies as everywhere else; cargo adds those of libFuzzer.
    fs::copy("Cargo.lock", Path::new(FUZZ_DIR).join("Cargo.lock"))?;
    let mut names = options.names.clone();
    if names.is_empty() {
        let list = output(&mut cargo_fuzz("list"))?;
        names.extend(list.lines().map(str::to_owned));
    }
    for name in &names {
        let found = format!("{FOUND}/{name}");
        fs::create_dir_all(&found)?;
        let mut command = cargo_fuzz("run");
        // With one unit for each crate, which is the default of cargo-fuzz, the build takes much longer.
        command.args(["--codegen-units", "16", "--target-dir", "target/libfuzzer"]);
        command.args([name, &found, &format!("{CORPUS}/{name}")]).args(&options.corpus);
        command.args(["--", "-timeout=10", "-malloc_limit_mb=50", "-print_final_stats=1"]);
        command.arg(format!("-max_total_time={}", options.time.as_secs()));
        if let Some(seed) = options.seed {
            command.arg(format!("-seed={seed}"));
        }
        run_command(&mut command)?;
    }
    Ok(())
}

/// A command of cargo-fuzz in a nightly toolchain: the compiler only has the sanitizers there.
fn cargo_fuzz(command: &str) -> Command {
    // Not the cargo that runs us, which is that of one toolchain, but the one that chooses a toolchain.
    let mut cargo = Command::new("cargo");
    cargo.args(["+nightly", "fuzz", command, "--fuzz-dir", FUZZ_DIR]);
    cargo
}

/// Reads a number with its unit: s, m or h.
fn duration(text: &str) -> Result<Duration> {
    let seconds_of_unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => bail!("write a number and its unit, such as 20s, 10m or 2h"),
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
