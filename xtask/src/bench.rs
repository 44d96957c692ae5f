//! `cargo xtask bench`: runs the measurements of the unpublished package `ims-bench`, in a release build.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{
    dist,
    process::{cargo, run as run_command},
    workspace::metadata,
};

const PACKAGE: &str = "ims-bench";

/// Runs the measurements and prints their ratios.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The measurements to run; without a name, all of them.
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Write the figures into docs/benchmarks.md.
    #[arg(long)]
    record: bool,

    /// The command of which `start` and `certificates` measure whole processes, instead of one that is built as `cargo xtask dist`
    /// builds it for this machine.
    #[arg(long, value_name = "FILE")]
    command: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if !metadata(Path::new("."))?.packages.iter().any(|package| package.name == PACKAGE) {
        bail!(
            "this workspace has no package `{PACKAGE}`, which holds the measurements (crates/{PACKAGE})"
        );
    }
    let mut command = cargo(["run", "--release", "-p", PACKAGE, "--"]);
    if options.record {
        command.arg("--record");
    }
    if options.names.is_empty() || options.names.iter().any(|name| is_of_processes(name)) {
        let built = options.command.is_none().then(dist::command_of_this_machine).transpose()?;
        command.arg("--command").args(options.command.as_ref().or(built.as_ref()));
    }
    run_command(command.args(&options.names))
}

/// Whether whole processes are measured, whose start depends on how the command is linked.
fn is_of_processes(name: &str) -> bool {
    ["certificates", "start"].contains(&name)
}
