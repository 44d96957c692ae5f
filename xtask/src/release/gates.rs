//! The checks before a release that take long: tests, the oldest Rust, the oldest dependencies, advisories, and the API.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{
    minimal,
    process::{cargo, find_program, output, run as run_command},
    test,
};

/// A check that was done, or why it could not be done here.
type Outcome = Result<Option<String>>;

/// Runs all of them. Returns what could not be checked on this machine, one line each; a release needs every check.
///
/// # Errors
/// The first check that fails.
pub(super) fn run(rust_version: &str) -> Result<Vec<String>> {
    test::run(&test::Options::default()).context("the tests")?;
    let mut unchecked = Vec::new();
    unchecked.extend(oldest_rust(rust_version).context("the oldest supported Rust")?);
    minimal::run().context("the oldest dependencies")?;
    unchecked.extend(advisories().context("the advisories")?);
    unchecked.extend(public_api().context("the public API")?);
    Ok(unchecked)
}

/// The workspace compiles with the Rust that the manifests promise.
fn oldest_rust(version: &str) -> Outcome {
    let mut rustup = Command::new("rustup");
    if output(rustup.args(["run", version, "rustc", "--version"])).is_err() {
        return Ok(Some(format!(
            "not checked: Rust {version} is not installed (`rustup toolchain install {version} --profile minimal`)"
        )));
    }
    let mut check = Command::new("rustup");
    check.args(["run", version, "cargo", "check", "--workspace", "--all-features", "--locked"]);
    check.env("CARGO_TARGET_DIR", "target/oldest-rust");
    run_command(&mut check)?;
    Ok(None)
}

/// No dependency has a known vulnerability.
fn advisories() -> Outcome {
    if find_program("cargo-deny").is_none() {
        return Ok(Some(
            "not checked: advisories need cargo-deny (`cargo install --locked cargo-deny`)".into(),
        ));
    }
    match output(&mut cargo(["deny", "check", "advisories"])) {
        Ok(_) => Ok(None),
        Err(error) if is_out_of_reach(&error.to_string()) => Ok(Some(
            "not checked: the database of advisories cannot be reached from here".to_owned(),
        )),
        Err(error) => Err(error),
    }
}

/// Whether cargo-deny could not get its database, rather than found something in it.
fn is_out_of_reach(error: &str) -> bool {
    error.contains("failed to fetch advisory database") || error.contains("failed to load advisory")
}

/// From the second release on: the new version says what changed for users.
fn public_api() -> Outcome {
    if output(Command::new("git").args(["tag", "--list", "v*"]))?.trim().is_empty() {
        println!("there is no release yet whose API could be compared");
        return Ok(None);
    }
    if find_program("cargo-semver-checks").is_none() {
        return Ok(Some(
            "not checked: the API needs cargo-semver-checks (`cargo install --locked cargo-semver-checks`)"
                .into(),
        ));
    }
    run_command(&mut cargo(["semver-checks", "--workspace"]))?;
    Ok(None)
}

/// Fails if anything was left unchecked.
pub(super) fn expect_all_checked(unchecked: &[String]) -> Result<()> {
    if unchecked.is_empty() {
        return Ok(());
    }
    bail!("a release needs every check:\n{}", unchecked.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_cannot_be_reached_is_not_reported_as_a_vulnerability() {
        #[rustfmt::skip]
        let table = [
            ("error: failed to fetch advisory database https://github.com/…: an IO error occurred", true),
            ("error[vulnerability]: Marvin Attack: potential key recovery",                         false),
            ("advisories FAILED",                                                                   false),
        ];
        for (error, expected) in table {
            assert_eq!(is_out_of_reach(error), expected, "{error}");
        }
    }

    #[test]
    fn what_was_not_checked_stops_a_release() {
        assert!(expect_all_checked(&[]).is_ok());
        let error = expect_all_checked(&["not checked: x".to_owned()]).unwrap_err();
        assert!(error.to_string().ends_with("not checked: x"), "{error}");
    }
}
