//! The name, the beginning and the length of a file, and texts that it must not contain.

use super::{
    finding::Finding,
    tree::{File, Tree},
};
use crate::links::broken;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

const MOST_LINES: usize = 600;

/// Folders at the root of one machine. In a URL or a relative path the same words are allowed.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "work"];

/// The mark of a comment that leaves work for later. In two parts, so that this file does not contain it.
const NOTE: &str = concat!("FIX", "ME");

/// Rust files that do not begin with their documentation.
pub(super) fn headers(tree: &Tree) -> Vec<Finding> {
    const MESSAGE: &str = "the file has no documentation: begin with `//!`";
    let mut findings = Vec::new();
    for file in tree.rust() {
        if !file.text.starts_with("//!") && !file.text.starts_with("#![doc") {
            findings.push(Finding::new(&file.path, 1, MESSAGE));
        }
    }
    findings
}

/// Files called mod.rs.
pub(super) fn no_mod_rs(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        if let Some(folder) = file.path.strip_suffix("/mod.rs") {
            let message =
                format!("the file does not have the name of its module: move it to {folder}.rs");
            findings.push(Finding::new(&file.path, 1, message));
        }
    }
    findings
}

/// Files that are too long.
pub(super) fn sizes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let is_listed = LONG_FILES.iter().any(|(listed, _)| *listed == file.path);
        if !is_listed && code_lines(file) > MOST_LINES {
            findings.push(too_long_finding(file));
        }
    }
    findings
}

fn too_long_finding(file: &File) -> Finding {
    let lines = code_lines(file);
    Finding::new(
        &file.path,
        MOST_LINES,
        format!(
            "{lines} lines without tests, at most {MOST_LINES} are allowed: split it by concept, or list it with a \
             reason in xtask/src/tidy/layout.rs"
        ),
    )
}

/// The lines of `file` without those of its tests.
fn code_lines(file: &File) -> usize {
    if file.is_test() {
        return 0;
    }
    let runs = file.tokens.chunk_by(|one, next| one.in_test == next.in_test);
    let tests = runs.filter(|run| run[0].in_test);
    let test_lines = tests.map(|run| run[run.len() - 1].line - run[0].line + 1).sum::<usize>();
    file.text.lines().count().saturating_sub(test_lines)
}

/// Comments that leave work for later.
pub(super) fn no_notes(tree: &Tree) -> Vec<Finding> {
    lines(
        tree.rust(),
        |line| line.contains(NOTE).then(|| NOTE.to_owned()),
        "leaves work for later: do it now or remove the comment",
    )
}

/// Absolute paths that exist on one machine only.
pub(super) fn no_machine_paths(tree: &Tree) -> Vec<Finding> {
    lines(
        tree.files.iter(),
        machine_path,
        "exists on one machine only: write a relative path or remove it",
    )
}

fn machine_path(line: &str) -> Option<String> {
    let folders = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/"));
    folders
        .into_iter()
        .find(|folder| line.match_indices(folder).any(|(at, _)| is_absolute(&line[..at])))
}

/// Whether a path that follows `before` starts there.
fn is_absolute(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric() || "._-~}".contains(last))
}

/// Links in documents to files and headings that do not exist.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut pages = Vec::new();
    for file in tree.files.iter().filter(|file| file.ending() == "md") {
        pages.push((file.path.as_str(), file.text.as_str()));
    }
    let mut findings = Vec::new();
    for link in broken(&pages, |path| is_there(tree, path)) {
        findings.push(Finding::new(link.path, link.line, link.message));
    }
    findings
}

/// Whether the tree has a file or a folder at `path`.
fn is_there(tree: &Tree, path: &str) -> bool {
    let below = format!("{path}/");
    let is_text = tree.files.iter().any(|file| file.path == path || file.path.starts_with(&below));
    // A picture is not among the texts of the tree.
    is_text || std::path::Path::new(path).is_file()
}

/// A finding for each line in which `wrong` finds something.
fn lines<'a>(
    files: impl Iterator<Item = &'a File>,
    wrong: impl Fn(&str) -> Option<String>,
    remedy: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(found) = wrong(line) {
                let message = format!("`{found}` {remedy}");
                findings.push(Finding::new(&file.path, index + 1, message));
            }
        }
    }
    findings
}
