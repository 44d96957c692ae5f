//! What the manifest of each crate must say.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{
    finding::Finding,
    tree::{Crate, Tree},
};
use crate::workspace::is_published;

/// Crates for this workspace only.
pub(super) const UNPUBLISHED: &[&str] = &["ims-bench", "ims-fuzz", "xtask"];

/// Packages whose library has another name.
const LIBRARY_NAMES: &[(&str, &str)] = &[("md-5", "md5")];

/// Dependencies that no code names, by crate: they are there for their features.
const USED_BY_FEATURE: &[(&str, &str)] = &[];

const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// How a crate includes its README as its documentation.
const INCLUDED: &str = r#"#![doc = include_str!("../README.md")]"#;

/// Crates without `[lints] workspace = true`.
pub(super) fn lints(tree: &Tree) -> Vec<Finding> {
    const MESSAGE: &str =
        "the lints of the workspace do not apply: write `[lints]`, `workspace = true`";
    let lacking = tree.crates.iter().filter(|member| !inherits(member.manifest.get("lints")));
    lacking.map(|member| member.finding("[lints]", MESSAGE)).collect()
}

/// Dependencies that do not inherit from the workspace.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    tree.crates.iter().flat_map(own_dependencies).collect()
}

fn own_dependencies(member: &Crate) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, dependency) in dependencies_of(member) {
        if !inherits(Some(dependency)) {
            let message = format!(
                "{name} is not inherited: move it to [workspace.dependencies] and write \
                 `{name}.workspace = true`"
            );
            findings.push(member.finding(name, message));
        }
    }
    findings
}

/// All dependencies that the manifest of `member` names, those of single platforms too.
fn dependencies_of(member: &Crate) -> Vec<(&String, &Value)> {
    let mut tables = vec![&member.manifest];
    if let Some(targets) = member.manifest.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    let mut dependencies = Vec::new();
    for table in tables {
        for section in DEPENDENCIES {
            dependencies
                .extend(table.get(*section).and_then(Value::as_table).into_iter().flatten());
        }
    }
    dependencies
}

/// Dependencies of the workspace that no crate inherits, and dependencies of a crate that its code does not name.
pub(super) fn unused(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut inherited = BTreeSet::new();
    for member in &tree.crates {
        for (name, _) in dependencies_of(member) {
            inherited.insert(name.as_str());
            if !is_named(tree, member, name) && !USED_BY_FEATURE.contains(&(member.name(), name)) {
                let message = format!(
                    "{name} is not used: remove it, or list it with its reason in xtask/src/tidy/manifests.rs"
                );
                findings.push(member.finding(name, message));
            }
        }
    }
    let root: Table =
        tree.text("Cargo.toml").and_then(|text| text.parse().ok()).unwrap_or_default();
    let workspace = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    for name in workspace.and_then(Value::as_table).into_iter().flat_map(Table::keys) {
        // A new crate of ours may be added before another crate uses it.
        let is_ours = tree.crates.iter().any(|member| member.name() == name);
        if !is_ours && !inherited.contains(name.as_str()) {
            let message = format!("no crate uses {name}: remove it");
            findings.push(Finding::new("Cargo.toml", line_of(tree, name), message));
        }
    }
    findings
}

/// Whether a file of `member` names the crate `dependency`, in its code or in an example in its documentation.
fn is_named(tree: &Tree, member: &Crate, dependency: &str) -> bool {
    // A crate's tests may import the crate itself, to turn on its features.
    if dependency == member.name() {
        return true;
    }
    let listed = LIBRARY_NAMES.iter().find(|(package, _)| *package == dependency);
    let name =
        listed.map_or_else(|| dependency.replace('-', "_"), |(_, library)| (*library).to_owned());
    let folder = member.path("");
    tree.files.iter().filter(|file| file.path.starts_with(&folder)).any(|file| {
        file.tokens
            .iter()
            .any(|token| token.text == name || token.text.contains(&format!("{name}::")))
            || file.ending() == "md" && file.text.contains(&format!("{name}::"))
    })
}

fn line_of(tree: &Tree, dependency: &str) -> usize {
    let mut lines = tree.text("Cargo.toml").unwrap_or_default().lines();
    lines
        .position(|line| line.starts_with(&format!("{dependency} =")))
        .map_or(1, |before| before + 1)
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// Crates below `crates/` without a README, or with another text as their documentation.
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

/// Crates for this workspace only that could be published by accident, and crates for everyone that cannot be published.
pub(super) fn publishing(tree: &Tree) -> Vec<Finding> {
    tree.crates.iter().filter_map(publishing_finding).collect()
}

fn publishing_finding(member: &Crate) -> Option<Finding> {
    const PRIVATE: &str = "is for this workspace only: write `publish = false`";
    const PUBLIC: &str =
        "is for everyone: remove `publish = false`, or list it in xtask/src/tidy/manifests.rs";
    match (is_published(&member.package), UNPUBLISHED.contains(&member.name())) {
        (true, true) => Some(member.finding("publish", PRIVATE)),
        (false, false) => Some(member.finding("publish", PUBLIC)),
        _ => None,
    }
}
