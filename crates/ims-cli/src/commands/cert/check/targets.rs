//! Which files are read: those that are named, and those that folders and patterns lead to.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::pattern::{FilePattern, Matches, Unreadable, is_pattern};
use crate::failure::with_causes;

/// The files to read, each once, and the places where none could be looked for.
#[derive(Default)]
pub(super) struct Targets {
    pub(super) files: Vec<Target>,
    pub(super) unreadable: Vec<Unreadable>,
    seen: HashSet<PathBuf>,
}

/// A file that is to be read.
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

/// Who named a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The caller, who expects a certificate in it.
    Named,
    /// A folder or a pattern, which other files lie in or match too.
    Found,
}

impl Targets {
    /// Takes what the caller names. A file that is there is itself, even if its name could be a pattern.
    pub(super) fn named(paths: &[OsString]) -> Self {
        let mut targets = Self::default();
        for path in paths {
            match path.to_str().filter(|text| is_pattern(text)) {
                Some(pattern) if !Path::new(path).exists() => targets.match_pattern(pattern),
                _ => targets.add(Path::new(path), Origin::Named),
            }
        }
        targets
    }

    /// Adds the file, or what is in the folder, at any depth.
    fn add(&mut self, path: &Path, origin: Origin) {
        if let Err(error) = self.try_add(path, origin) {
            self.unreadable(path, error.to_string());
        }
    }

    fn try_add(&mut self, path: &Path, origin: Origin) -> io::Result<()> {
        if !fs::metadata(path)?.is_dir() {
            self.add_file(path.to_owned(), origin);
        } else if self.seen.insert(path.to_owned()) {
            self.add_folder(path)?;
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                self.add(&path, Origin::Found);
            // A link to a folder may lead in a circle.
            } else if has_known_ending(&path) && !(kind.is_symlink() && path.is_dir()) {
                self.add_file(path, Origin::Found);
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: PathBuf, origin: Origin) {
        if self.seen.insert(path.clone()) {
            self.files.push(Target { path, origin });
        }
    }

    fn match_pattern(&mut self, text: &str) {
        let Matches { paths, unreadable } = match FilePattern::parse(text) {
            Ok(pattern) => pattern.matches(),
            Err(error) => return self.unreadable(Path::new(text), with_causes(&error)),
        };
        // Who watches files and finds none should not be told that all of them are fine.
        if paths.is_empty() && unreadable.is_empty() {
            self.unreadable(Path::new(text), "no file matches the pattern".to_owned());
        }
        self.unreadable.extend(unreadable);
        for path in paths {
            // A link to a folder may lead in a circle.
            if !(path.is_symlink() && path.is_dir()) {
                self.add(&path, Origin::Found);
            }
        }
    }

    fn unreadable(&mut self, file: &Path, reason: String) {
        self.unreadable.push(Unreadable { file: file.to_owned(), reason });
    }
}

fn has_known_ending(path: &Path) -> bool {
    has_ending(path, &["pem", "crt", "cer", "der", "json", "toml"])
}

/// Whether the name says that the file is a certificate and nothing else.
pub(super) fn is_certificate_by_name(path: &Path) -> bool {
    has_ending(path, &["crt", "cer"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
}
