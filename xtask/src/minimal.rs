//! `cargo xtask minimal`: the workspace compiles with the oldest versions of its dependencies that the manifests allow.
//!
//! cargo selects these versions with an unstable option. So this works in a copy of the tree, and only the selection runs with
//! unstable options on: with `RUSTC_BOOTSTRAP` set, some crates would compile code for a nightly compiler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::process::{cargo, output, run as run_command};

const COPY: &str = "target/minimal/tree";
const BUILD: &str = "target/minimal/build";

pub(crate) fn run() -> Result<()> {
    let copy = copy_tree()?;
    let select = ["-Z", "direct-minimal-versions", "generate-lockfile"];
    run_command(cargo(select).env("RUSTC_BOOTSTRAP", "1").current_dir(&copy))?;
    let check =
        ["check", "--locked", "--workspace", "--all-targets", "--all-features", "--keep-going"];
    let build = std::path::absolute(BUILD)?;
    run_command(cargo(check).env("CARGO_TARGET_DIR", build).current_dir(&copy))
}

/// Copies what git tracks, except the lock file.
fn copy_tree() -> Result<PathBuf> {
    let copy = std::path::absolute(COPY)?;
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    for file in output(Command::new("git").args(["ls-files"]))?.lines() {
        let source = Path::new(file);
        if file == "Cargo.lock" || !source.exists() {
            continue;
        }
        let target = copy.join(file);
        fs::create_dir_all(target.parent().context("a file is in a folder")?)?;
        fs::copy(source, target).with_context(|| file.to_owned())?;
    }
    Ok(copy)
}
