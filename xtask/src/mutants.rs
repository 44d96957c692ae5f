//! `cargo xtask mutants`: changes the code in small ways, by cargo-mutants, and says which changes no test notices.
//!
//! What is left out and why is in `.cargo/mutants.toml`.

use anyhow::{Result, bail};

use crate::process::{cargo, find_program, run as run_command};

/// What is mutated without a name: everything that is pure and whose tests take no more than some seconds.
const PACKAGES: &[&str] = &[
    "ims-claims",
    "ims-exchange",
    "ims-sign",
    "ims-verify",
    "ims-credentials",
    "ims-token",
    "ims-cert",
    "ims-middleware",
];

/// Changes the code in small ways, and lists the changes that no test notices. It takes hours; fails if there are any.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Which packages.
    #[arg(value_name = "PACKAGE", default_values = PACKAGES)]
    packages: Vec<String>,

    /// Only files whose path matches this pattern; may be repeated.
    #[arg(long, value_name = "GLOB")]
    file: Vec<String>,

    /// How many changes are tried at the same time.
    #[arg(long, default_value_t = 1)]
    jobs: u32,

    /// One part of several, such as 0/4, to share the work between machines.
    #[arg(long, value_name = "PART/COUNT")]
    shard: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if find_program("cargo-mutants").is_none() {
        bail!("cargo-mutants is missing: cargo install --locked cargo-mutants");
    }
    let mut command = cargo(["mutants", "--no-shuffle", "--output", "target"]);
    // It runs the test programs of a package side by side, and ends with the first test that fails. Without it, the examples in
    // the documentation are tests, too.
    if find_program("cargo-nextest").is_some() {
        command.args(["--test-tool", "nextest"]);
    }
    command.args(["--jobs", &options.jobs.to_string()]);
    for package in &options.packages {
        command.args(["--package", package]);
    }
    for file in &options.file {
        command.args(["--file", file]);
    }
    if let Some(shard) = &options.shard {
        command.args(["--shard", shard]);
    }
    // Every job copies the tree and builds it in its own folder. Each change rebuilds one package there:
    // incremental data saves time there, and debug information does not.
    run_command(command.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0"))
}
