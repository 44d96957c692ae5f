//! Measurements that live elsewhere: one is an example of the crate it measures, the other builds what may not be built
//! into this workspace.

use std::{env, process::Command};

use anyhow::Result;

/// A warm token beside bare reads, from the examples of `ims-token`.
pub(crate) fn keeper() -> Result<bool> {
    cargo("run", &["-p", "ims-token", "--features", "testing", "--example", "warm_token"])
}

/// A warm token beside other clients. They bring other cryptography along, so the package stands outside the workspace.
pub(crate) fn peers() -> Result<bool> {
    cargo("run", &["--manifest-path", "crates/ims-bench/peers/Cargo.toml"])
}

/// Whether cargo, told to do something in a release build, succeeds.
pub(crate) fn cargo(task: &str, arguments: &[&str]) -> Result<bool> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args([task, "--quiet", "--release"]).args(arguments).status();
    Ok(status?.success())
}
