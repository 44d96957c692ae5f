//! The source tree for the rules: its text files, read once, and its crates.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use cargo_metadata::Package;

use super::{
    finding::Finding,
    tokens::{self, Token},
};
use crate::workspace::metadata;

/// Folders without files of this project.
const SKIPPED: &[&str] = &[".git", "node_modules", "target"];

/// The text files and the crates of a workspace.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
    pub(super) crates: Vec<Crate>,
}

/// One text file.
pub(super) struct File {
    /// Relative to the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
    /// Its tokens if it is Rust; empty otherwise.
    pub(super) tokens: Vec<Token>,
    /// Why it could not be read as Rust.
    fault: Option<String>,
}

/// A member of the workspace and its manifest.
pub(super) struct Crate {
    pub(super) package: Package,
    pub(super) manifest: toml::Table,
    pub(super) manifest_text: String,
    /// Relative to the root, with slashes; empty for a crate in the root itself.
    pub(super) folder: String,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let root =
            root.canonicalize().with_context(|| format!("cannot read {}", root.display()))?;
        let mut files = Vec::new();
        read_files(&root, &root, &mut files)?;
        let packages = metadata(&root)?.packages;
        let crates = packages.into_iter().map(|package| Crate::read(&root, package));
        Ok(Self { files, crates: crates.collect::<Result<_>>()? })
    }

    /// The files in Rust.
    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Files with the ending of Rust that are not valid Rust.
    pub(super) fn unreadable(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for file in &self.files {
            if let Some(fault) = &file.fault {
                findings.push(Finding::new(&file.path, 1, fault.clone()));
            }
        }
        findings
    }
}

impl File {
    fn new(path: String, text: String) -> Self {
        let mut file = Self { path, text, tokens: Vec::new(), fault: None };
        if file.is_rust() {
            match tokens::read(&file.text, file.is_test()) {
                Ok(tokens) => file.tokens = tokens,
                Err(error) => file.fault = Some(format!("not valid Rust ({error}): correct it")),
            }
        }
        file
    }

    fn is_rust(&self) -> bool {
        self.ending() == "rs"
    }

    /// What follows the last dot of the file's name.
    pub(super) fn ending(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// The file's name without its folders.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether the whole file is a test.
    pub(super) fn is_test(&self) -> bool {
        self.name() == "tests.rs" || self.path.split('/').any(|folder| folder == "tests")
    }

    /// The crate that the file is a source of; none for tests, examples and other files outside `src`.
    pub(super) fn crate_name(&self) -> Option<&str> {
        let (name, path) = self.path.strip_prefix("crates/")?.split_once('/')?;
        path.starts_with("src/").then_some(name)
    }
}

impl Crate {
    fn read(root: &Path, package: Package) -> Result<Self> {
        let path = package.manifest_path.as_std_path();
        let manifest_text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let manifest = manifest_text.parse().with_context(|| path.display().to_string())?;
        let folder = relative(root, path.parent().unwrap_or(root));
        Ok(Self { package, manifest, manifest_text, folder })
    }

    pub(super) fn name(&self) -> &str {
        &self.package.name
    }

    /// `file` of this crate, relative to the root.
    pub(super) fn path(&self, file: &str) -> String {
        if self.folder.is_empty() { file.to_owned() } else { format!("{}/{file}", self.folder) }
    }

    /// A finding in the manifest, at the first line that begins with `start`, or else at its end.
    pub(super) fn finding(&self, start: &str, message: impl Into<String>) -> Finding {
        let mut lines = self.manifest_text.lines();
        let line = lines
            .position(|line| line.starts_with(start))
            .map_or_else(|| self.manifest_text.lines().count(), |before| before + 1);
        Finding::new(self.path("Cargo.toml"), line, message)
    }
}

/// Reads the text files below `folder`; files that are not UTF-8 are left out.
fn read_files(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = entry.path();
        if SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            read_files(root, &path, files)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push(File::new(relative(root, &path), text));
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
