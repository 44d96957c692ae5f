//! `cargo xtask coverage`: which lines the tests run, by cargo-llvm-cov.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, find_program, output, run as run_command};

/// Packages that are not our libraries: the command, and the crates for this workspace only.
const NO_LIBRARY: &[&str] = &["ims-cli", "ims-bench", "ims-fuzz", "ims-testkit", "xtask"];

/// The part of all lines of libraries that tests must run, in percent.
const LEAST_LINES: &str = "90";

/// Runs the tests of the libraries and fails if they run fewer than 90 % of the lines.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these packages.
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,

    /// Write a page for a browser into target/llvm-cov/html.
    #[arg(long)]
    html: bool,

    /// List the lines that no test runs.
    #[arg(long, conflicts_with = "html")]
    missing: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if find_program("cargo-llvm-cov").is_none() {
        bail!("cargo-llvm-cov is missing: cargo install --locked cargo-llvm-cov");
    }
    let mut command = cargo(["llvm-cov", "--all-features", "--fail-under-lines", LEAST_LINES]);
    if options.packages.is_empty() {
        command.arg("--workspace");
        for package in NO_LIBRARY {
            command.args(["--exclude", package]);
        }
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    if options.html {
        command.arg("--html");
    }
    if options.missing {
        command.arg("--show-missing-lines");
    }
    use_system_tools(&mut command)?;
    run_command(&mut command)
}

/// Without rustup's component `llvm-tools`, the tools of the same version of LLVM can come from the operating system, such as
/// Debian's package `llvm-22`.
fn use_system_tools(command: &mut Command) -> Result<()> {
    let rustc = output(Command::new("rustc").arg("-vV"))?;
    let version = llvm_version(&rustc).context("rustc does not say which LLVM it has")?;
    for (variable, tool) in [("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")] {
        if let Some(path) = find_program(&format!("{tool}-{version}")) {
            command.env(variable, path);
        }
    }
    Ok(())
}

/// The first number of the version in the output of `rustc -vV`.
fn llvm_version(rustc: &str) -> Option<&str> {
    let version = rustc.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_llvm_is_found_in_what_rustc_says() {
        assert_eq!(llvm_version("release: 1.95.0\nLLVM version: 22.1.2\n"), Some("22"));
        assert_eq!(llvm_version("release: 1.95.0\n"), None);
    }
}
