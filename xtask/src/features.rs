//! `cargo xtask features`: each feature of each library builds without the others, and the claims need no operating system.
//!
//! A feature that needs code of another feature builds in the workspace, where all features are on, and fails for a user who
//! turns on this feature only. In the same way, each program that is not published builds without the other packages.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::{
    process::{cargo, output, run as run_command},
    workspace::{is_library, is_published, metadata},
};

const CLAIMS: &str = "ims-claims";
const SIGN: &str = "ims-sign";

/// A program with the other backend of jsonwebtoken, which no library here may disturb.
const OTHER_BACKEND: &str = "crates/ims-sign/tests/other-backend/Cargo.toml";

/// Targets without an operating system. The first one that is installed is used.
const BARE_TARGETS: &[&str] = &["thumbv7em-none-eabi", "wasm32v1-none", "x86_64-unknown-none"];

/// Builds each feature of each library without the others, and the claims for a target without an operating system.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the features of this package; may be repeated.
    #[arg(short, long = "package", value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let metadata = metadata(Path::new("."))?;
    for package in selected(&metadata.packages, &options.packages)? {
        if is_library(package) && is_published(package) {
            check_each_feature(package)?;
        }
        if !is_published(package) {
            check_alone(package)?;
        }
        for budget in BUDGETS.iter().filter(|budget| package.name == budget.package) {
            check_budget(budget)?;
        }
        if package.name == CLAIMS {
            check_without_operating_system()?;
        }
        if package.name == SIGN {
            check_without_backend()?;
            run_command(&mut cargo([
                "run",
                "--manifest-path",
                OTHER_BACKEND,
                "--target-dir",
                "target",
            ]))?;
        }
    }
    Ok(())
}

/// The packages that are called `names`, or all if there are no names.
fn selected<'a>(packages: &'a [Package], names: &[String]) -> Result<Vec<&'a Package>> {
    if names.is_empty() {
        return Ok(packages.iter().collect());
    }
    let mut selected = Vec::new();
    for name in names {
        let package = packages.iter().find(|package| package.name == *name);
        selected.push(package.with_context(|| format!("no package is called {name}"))?);
    }
    Ok(selected)
}

fn check_each_feature(package: &Package) -> Result<()> {
    let check = ["check", "--lib", "-p", &package.name, "--no-default-features"];
    run_command(&mut cargo(check))?;
    for feature in package.features.keys().filter(|feature| *feature != "default") {
        run_command(cargo(check).args(["--features", feature]))?;
    }
    Ok(())
}

/// `cargo run -p` builds a program without the features that other packages of the workspace turn on.
fn check_alone(package: &Package) -> Result<()> {
    run_command(&mut cargo(["check", "-p", &package.name]))
}

/// How many crates a program builds that uses one of our crates with these features, ours included.
struct Budget {
    package: &'static str,
    /// The features; `None` for the defaults.
    features: Option<&'static [&'static str]>,
    most_crates: usize,
    /// Crates that must not be among them.
    without: &'static [&'static str],
}

/// `reqwest` alone adds 106 crates.
const BUDGETS: &[Budget] = &[
    Budget { package: CLAIMS, features: None, most_crates: 12, without: &[] },
    Budget {
        package: "ims-credentials",
        features: Some(&["contexts", "formats"]),
        most_crates: 50,
        without: &["ims-sign", "ims-cert", "tokio", "aws-lc-rs"],
    },
    Budget {
        package: "ims",
        features: Some(&["reqwest"]),
        most_crates: 118,
        without: &["ims-sign", "ims-cert", "ims-verify", "x509-parser"],
    },
    Budget { package: "ims", features: None, most_crates: 165, without: &["ims-verify"] },
];

fn check_budget(budget: &Budget) -> Result<()> {
    let arguments = ["tree", "-p", budget.package, "-e", "normal", "--prefix", "none"];
    let mut command = cargo(arguments);
    if let Some(features) = budget.features {
        command.args(["--no-default-features", "--features", &features.join(",")]);
    }
    let tree = output(&mut command)?;
    let crates: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let features = budget.features.map_or("its defaults".to_owned(), |names| names.join(", "));
    println!("{} with {features} has {} crates in its tree", budget.package, crates.len());
    if crates.len() > budget.most_crates {
        let (package, most) = (budget.package, budget.most_crates);
        bail!("{package} with {features} may have at most {most} crates in its tree:\n{tree}");
    }
    for name in budget.without {
        if crates.iter().any(|line| line.split(' ').next() == Some(name)) {
            bail!("{} with {features} must not add {name}:\n{tree}", budget.package);
        }
    }
    Ok(())
}

/// A backend of jsonwebtoken that a library enables makes a program panic that has chosen the other one.
fn check_without_backend() -> Result<()> {
    let options =
        ["tree", "-p", SIGN, "-e", "normal,features", "--all-features", "--prefix", "none"];
    let tree = output(&mut cargo(options))?;
    for backend in ["aws_lc_rs", "rust_crypto"] {
        if tree.contains(&format!("jsonwebtoken feature \"{backend}\"")) {
            bail!("{SIGN} enables the backend {backend} of jsonwebtoken");
        }
    }
    Ok(())
}

fn check_without_operating_system() -> Result<()> {
    let Some(target) = BARE_TARGETS.iter().find(|target| is_installed(target)) else {
        println!(
            "skipped: no target without an operating system (`rustup target add {}`)",
            BARE_TARGETS[0]
        );
        return Ok(());
    };
    run_command(&mut cargo(["check", "--lib", "-p", CLAIMS, "--target", target]))
}

/// Asks the compiler, which exists where rustup may not.
pub(crate) fn is_installed(target: &str) -> bool {
    let mut rustc = std::process::Command::new("rustc");
    output(rustc.args(["--print", "target-libdir", "--target", target]))
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_this_machine_is_installed_and_an_unknown_one_is_not() {
        let version = output(std::process::Command::new("rustc").arg("-vV")).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        assert!(is_installed(host), "{host}");
        assert!(!is_installed("no-such-target"));
    }
}
