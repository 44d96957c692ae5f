//! `cargo xtask test --only macos`: the workspace is checked for macOS, without its C compiler and its system libraries.
//!
//! The compiler sees every line of our code and of all dependencies as it is on macOS. Nothing is linked or run: the workflow
//! does that on macOS itself.

use anyhow::{Context, Result, bail};

use crate::{
    features::is_installed,
    process::{cargo, find_program, run as run_command},
    tools,
};

const TARGET: &str = "aarch64-apple-darwin";

/// It measures the processor time of a process by clocks of Linux, and is not published.
const NOT_FOR_MACOS: &str = "ims-bench";

/// In place of the C compiler; AWS-LC asks for one.
const NO_COMPILER: &str = "xtask/macos/no-compiler.sh";

/// Checks the libraries and the command for macOS.
///
/// # Errors
/// If something does not compile, or the standard library for macOS is missing.
pub(crate) fn run(install: bool) -> Result<()> {
    if install {
        tools::add_target(TARGET);
    }
    if !is_installed(TARGET) {
        bail!("no standard library for macOS: `rustup target add {TARGET}`");
    }
    let mut check = cargo(["check", "--workspace", "--lib", "--bins", "--all-features"]);
    check.args(["--exclude", NOT_FOR_MACOS, "--target", TARGET]);
    if !cfg!(target_os = "macos") {
        check.env("CC_aarch64_apple_darwin", std::path::absolute(NO_COMPILER)?);
        check.env("AR_aarch64_apple_darwin", find_program("ar").context("there is no `ar`")?);
    }
    run_command(&mut check)
}
