//! Measurements outside this crate: one is an example of the crate it measures, the other builds crates that the workspace
//! must not contain.

use std::{env, process::Command};

use anyhow::Result;

/// The time of a call for a token in memory next to that of plain memory reads, from the examples of `ims-token`.
pub(crate) fn keeper() -> Result<bool> {
    cargo("run", &["-p", "ims-token", "--features", "testing", "--example", "warm_token"])
}

/// The time of a call for a token in memory, next to other clients. They use other cryptographic libraries, so their package
/// is not in the workspace, and it records its figures itself.
pub(crate) fn peers(recording: Recording) -> Result<bool> {
    let mut arguments = vec!["--manifest-path", "crates/ims-bench/peers/Cargo.toml"];
    if recording == Recording::On {
        arguments.extend(["--", "--record"]);
    }
    cargo("run", &arguments)
}

/// Whether figures are written into the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    On,
    Off,
}

/// Runs a cargo command in a release build, and returns whether it succeeds.
pub(crate) fn cargo(task: &str, arguments: &[&str]) -> Result<bool> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args([task, "--quiet", "--release"]).args(arguments).status();
    Ok(status?.success())
}
