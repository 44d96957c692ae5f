//! The licences of the crates that are compiled into the command. The MIT licence, for example, requires its text in every copy.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Result, ensure};
use cargo_metadata::{MetadataCommand, Package};

use crate::process::{cargo, output};

/// The name of the file.
pub(super) const FILE: &str = "THIRD-PARTY-LICENSES";

/// How the names of files with a licence or its notices begin, in capital letters.
const BEGINNINGS: &[&str] = &["COPYING", "COPYRIGHT", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE"];

/// The text of [`FILE`]: each licence once, after the names of the crates that have it.
pub(super) fn text() -> Result<String> {
    let used = used_crates()?;
    let packages = MetadataCommand::new().exec()?.packages;
    let mut crates_of = BTreeMap::<String, BTreeSet<String>>::new();
    let mut without = Vec::new();
    let mut count = 0;
    for package in &packages {
        let name = format!("{} v{}", package.name, package.version);
        // A crate without a source is one of this workspace, whose licences are in other files.
        if package.source.is_none() || !used.contains(&name) {
            continue;
        }
        count += 1;
        let texts = licences(package)?;
        if texts.is_empty() {
            without.push(line_without_file(package));
        }
        for text in texts {
            crates_of.entry(text).or_default().insert(name.clone());
        }
    }
    ensure!(count > 0, "cargo names no crate that is in the command");
    Ok(whole(&crates_of, &without))
}

/// The names and versions of everything in the command, on any platform.
fn used_crates() -> Result<BTreeSet<String>> {
    let options = ["tree", "-p", "ims-cli", "-e", "normal", "--target", "all", "--locked"];
    let form = ["--prefix", "none", "--format", "{p}"];
    let tree = output(&mut cargo(options.into_iter().chain(form)))?;
    let mut used = BTreeSet::new();
    for line in tree.lines() {
        // "name v1.2.3 (proc-macro) (*)"
        let words: Vec<_> = line.split(' ').take(2).collect();
        used.insert(words.join(" "));
    }
    Ok(used)
}

/// The texts in the folder of `package`. Of several licences to choose from, that of MIT is chosen.
fn licences(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
            files.push((name, path));
        }
    }
    files.sort();
    let is_choice =
        package.license.as_ref().is_some_and(|it| it.contains(" OR ") || it.contains('/'));
    if is_choice && files.iter().any(|(name, _)| is_mit(name)) {
        files.retain(|(name, _)| is_mit(name) || !name.starts_with("LICEN"));
    }
    let mut texts = Vec::new();
    for (_, path) in files {
        texts.push(read(&path)?);
    }
    Ok(texts)
}

fn is_mit(name: &str) -> bool {
    name.contains("MIT")
}

/// The text without what differs between equal licences: blanks at the ends of lines, and the ends of lines themselves.
fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    Ok(lines.join("\n").trim_matches('\n').to_owned())
}

fn line_without_file(package: &Package) -> String {
    let licence = package.license.as_deref().unwrap_or("no licence");
    let authors = package.authors.join(", ");
    format!("{} v{}: {licence}, {authors}", package.name, package.version)
}

fn whole(crates_of: &BTreeMap<String, BTreeSet<String>>, without: &[String]) -> String {
    let mut parts = vec![
        "The command ims contains the crates below, and the standard library of Rust (Apache-2.0 OR MIT). On some platforms\n\
         it contains less than all of them."
            .to_owned(),
    ];
    if !without.is_empty() {
        parts
            .push(format!("These come without a text of their licence:\n\n{}", without.join("\n")));
    }
    for (text, names) in crates_of {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        parts.push(format!("{}\n\n{text}", names.join(", ")));
    }
    parts.join(&format!("\n\n{}\n\n", "-".repeat(80))) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_command_is_named_with_its_licence() {
        let text = text().unwrap();
        for expected in ["aws-lc-sys v", "serde_json v", "Permission is hereby granted", "OpenSSL"]
        {
            assert!(text.contains(expected), "{expected}");
        }
        assert!(!text.contains("proptest v"), "it is used by tests alone");
    }

    #[test]
    fn equal_licences_are_there_once() {
        let names = BTreeSet::from(["a v1.0.0".to_owned(), "b v2.0.0".to_owned()]);
        let text =
            whole(&BTreeMap::from([("Free.".to_owned(), names)]), &["c v3.0.0: MIT, D".into()]);
        assert!(text.contains("\na v1.0.0, b v2.0.0\n\nFree.\n"), "{text}");
        assert!(text.contains("\nc v3.0.0: MIT, D\n"), "{text}");
    }
}
