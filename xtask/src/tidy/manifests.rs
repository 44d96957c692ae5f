//! What the manifest of each crate must say.

use toml::{Table, Value};

use super::{
    Finding,
    tree::{Crate, Tree},
};
use crate::workspace::is_published;

/// Crates that serve this workspace and nobody else.
pub(super) const UNPUBLISHED: &[&str] = &["ims-bench", "ims-testkit", "xtask"];

const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// How a crate includes its README as its documentation.
const INCLUDED: &str = r#"#![doc = include_str!("../README.md")]"#;

/// Crates without `[lints] workspace = true`.
pub(super) fn lints(tree: &Tree) -> Vec<Finding> {
    const MESSAGE: &str =
        "the lints of the workspace do not hold here: write `[lints]`, `workspace = true`";
    let lacking = tree.crates.iter().filter(|member| !inherits(member.manifest.get("lints")));
    lacking.map(|member| member.finding("[lints]", MESSAGE)).collect()
}

/// Dependencies with a version, a path or a repository of their own.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    tree.crates.iter().flat_map(own_dependencies).collect()
}

fn own_dependencies(member: &Crate) -> Vec<Finding> {
    let targets = member.manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let tables = [&member.manifest].into_iter().chain(targets);
    let sections = tables.flat_map(|table| {
        DEPENDENCIES.iter().filter_map(|section| table.get(*section)?.as_table())
    });
    let own = sections.flatten().filter(|(_, dependency)| !inherits(Some(dependency)));
    let message = |name| {
        format!(
            "{name} is not inherited: move it to [workspace.dependencies] and write \
             `{name}.workspace = true`"
        )
    };
    own.map(|(name, _)| member.finding(name, message(name))).collect()
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// Crates below `crates/` without a README, or whose documentation is something else.
pub(super) fn readme(tree: &Tree) -> Vec<Finding> {
    let ours = tree.crates.iter().filter(|member| member.folder.starts_with("crates/"));
    ours.filter_map(|member| readme_finding(tree, member)).collect()
}

fn readme_finding(tree: &Tree, member: &Crate) -> Option<Finding> {
    let path = member.path("README.md");
    if tree.text(&path).is_none() {
        return Some(Finding::new(path, 1, format!("{} has no README: write one", member.name())));
    }
    let mut roots = ["src/lib.rs", "src/main.rs"].into_iter().map(|root| member.path(root));
    let root = roots.find(|root| tree.text(root).is_some())?;
    let is_included = tree.text(&root)?.lines().any(|line| line == INCLUDED);
    (!is_included).then(|| {
        Finding::new(
            root,
            1,
            format!("the README is not the documentation: begin with `{INCLUDED}`"),
        )
    })
}

/// Crates for this workspace alone that could be published by accident, and crates for everybody that could not.
pub(super) fn publishing(tree: &Tree) -> Vec<Finding> {
    tree.crates.iter().filter_map(publishing_finding).collect()
}

fn publishing_finding(member: &Crate) -> Option<Finding> {
    const ALONE: &str = "serves this workspace alone: write `publish = false`";
    const EVERYBODY: &str =
        "is for everybody: take `publish = false` away, or list it in xtask/src/tidy/manifests.rs";
    match (is_published(&member.package), UNPUBLISHED.contains(&member.name())) {
        (true, true) => Some(member.finding("publish", ALONE)),
        (false, false) => Some(member.finding("publish", EVERYBODY)),
        _ => None,
    }
}
