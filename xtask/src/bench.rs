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

    /// The command to measure, such as that of `cargo xtask dist`, instead of one that is built.
    #[arg(long, value_name = "FILE")]
    command: Option<PathBuf>,

    /// Build the command as `cargo xtask dist` does, and measure that one, since it is what users install.
    #[arg(long, conflicts_with = "command")]
    shipped: bool,
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
    let shipped = if options.shipped { Some(dist::command_of_this_machine()?) } else { None };
    if let Some(path) = options.command.as_ref().or(shipped.as_ref()) {
        command.arg("--command").arg(path);
    }
    run_command(command.args(&options.names))
}
