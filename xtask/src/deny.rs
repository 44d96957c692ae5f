//! `cargo xtask deny`: which third-party crates, licences and registries the published crates may use.
//!
//! `deny.toml` has the rules and `cargo deny` checks them. Where that tool is not installed, this file checks the one rule
//! that a new feature of a dependency can break unnoticed: aws-lc-rs is the only cryptographic library.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Result, bail};

use crate::{
    process::{cargo, find_program, output, run as run_command},
    workspace::{is_published, metadata},
};

/// Crates that no published crate may contain; `deny.toml` gives the reasons.
const BANNED: &[&str] = &["native-tls", "openssl-sys", "ring", "rsa"];

pub(crate) fn run() -> Result<()> {
    if find_program("cargo-deny").is_some() {
        return run_command(&mut cargo(["deny", "check", "bans", "licenses", "sources"]));
    }
    println!(
        "cargo-deny is not installed (`cargo install --locked cargo-deny`): only the bans are checked"
    );
    let used = dependencies(&published()?)?;
    let found: Vec<_> = BANNED.iter().filter(|name| used.contains(**name)).copied().collect();
    if found.is_empty() {
        println!("none of {} among {} crates", BANNED.join(", "), used.len());
        return Ok(());
    }
    bail!(
        "banned but used: {0}; `cargo tree --all-features -e normal,build -i {0}` shows which crate needs it",
        found.join(", ")
    )
}

fn published() -> Result<Vec<String>> {
    let packages = metadata(Path::new("."))?.packages;
    Ok(packages.into_iter().filter(is_published).map(|package| package.name.to_string()).collect())
}

/// The names of all crates in the trees of `packages`, on all platforms and with all features.
fn dependencies(packages: &[String]) -> Result<BTreeSet<String>> {
    let edges = ["-e", "normal,build", "--target", "all", "--all-features"];
    let form = ["--prefix", "none", "--format", "{p}"];
    let mut tree = cargo(["tree"].into_iter().chain(edges).chain(form));
    tree.args(packages.iter().flat_map(|name| ["-p", name]));
    Ok(crate_names(&output(&mut tree)?))
}

/// The first word of each line that `cargo tree --format {p}` prints.
fn crate_names(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_of_a_tree_is_named_once() {
        let tree = "ims v0.1.0 (/x)\nring v0.17.0\n\nring v0.17.0 (*)\nserde v1.0.0 (proc-macro)\n";
        assert_eq!(crate_names(tree).into_iter().collect::<Vec<_>>(), ["ims", "ring", "serde"]);
    }
}
