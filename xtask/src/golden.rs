//! `cargo xtask golden`: compares the golden files with the present output of the code, or rewrites them.
//!
//! A package with golden files has a test target named `golden` (`tests/golden.rs`). It compares its output with
//! `crates/ims-testkit/data/golden/`, and writes the files instead if `IMS_BLESS` is set.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};
use cargo_metadata::Package;

use crate::{
    process::{cargo, run as run_command},
    workspace::metadata,
};

const FOLDER: &str = "crates/ims-testkit/data/golden";
const TEST: &str = "golden";

/// Compares the golden files with the present output of the code.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rewrite them instead, and show which ones have changed, so that a reviewer can read them.
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut packages = metadata(Path::new("."))?.packages;
    packages.retain(has_goldens);
    if packages.is_empty() {
        bail!(
            "no package has a test named `{TEST}` (tests/{TEST}.rs), so there are no golden files to \
             compare"
        );
    }
    let mut tests = cargo(["test", "--all-features", "--test", TEST]);
    tests.args(packages.iter().flat_map(|package| ["-p", package.name.as_str()]));
    if options.bless {
        tests.env("IMS_BLESS", "1");
    }
    run_command(&mut tests)?;
    if options.bless {
        run_command(Command::new("git").args(["status", "--short", "--", FOLDER]))?;
        run_command(Command::new("git").args(["--no-pager", "diff", "--stat", "--", FOLDER]))?;
    }
    Ok(())
}

fn has_goldens(package: &Package) -> bool {
    package.targets.iter().any(|target| target.is_test() && target.name == TEST)
}
