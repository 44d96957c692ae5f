//! Which files are read: those that are named, and those that folders and patterns lead to. A shell leaves patterns alone when
//! they are quoted.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern, PatternError};

use crate::failure::with_causes;

/// The files to read, each once, and the places that could not be searched.
#[derive(Default)]
pub(super) struct Targets {
    pub(super) files: Vec<Target>,
    pub(super) unreadable: Vec<Unreadable>,
    seen: HashSet<PathBuf>,
    /// Whether a file can be found twice. In one folder it cannot.
    may_repeat: bool,
}

/// A file to read.
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

/// Who named a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The caller, who expects a certificate in it.
    Named,
    /// A folder or a pattern, which also contains or matches other files.
    Found,
}

impl Targets {
    /// Takes what the caller names. An existing file is read as a file, even if its name could be a pattern.
    pub(super) fn named(paths: &[OsString]) -> Self {
        let mut targets = Self::default();
        for path in paths {
            targets.may_repeat = paths.len() > 1 || path.to_str().is_some_and(is_pattern);
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
            self.unreadable(path, ims_files::without_number(&error.to_string()));
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
        if !self.may_repeat || self.seen.insert(path.clone()) {
            self.files.push(Target { path, origin });
        }
    }

    fn match_pattern(&mut self, text: &str) {
        let Matches { paths, unreadable } = match FilePattern::parse(text) {
            Ok(pattern) => pattern.matches(),
            Err(error) => return self.unreadable(Path::new(text), with_causes(&error)),
        };
        // A script that checks files and finds none should not report that all of them are fine.
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

/// A pattern, and where in the tree to look for what it matches.
pub(super) struct FilePattern {
    pattern: Pattern,
    /// The folder before the first wildcard.
    base: PathBuf,
    /// How many levels below the folder may match, all of them for `**`.
    depth: Option<usize>,
}

/// A file or folder that could not be read, and why.
pub(super) struct Unreadable {
    pub(super) file: PathBuf,
    pub(super) reason: String,
}

/// What was found, and the folders that could not be read.
#[derive(Default)]
pub(super) struct Matches {
    pub(super) paths: Vec<PathBuf>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// Whether the text has a wildcard in it.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn is_plain(component: &Component<'_>) -> bool {
    !component.as_os_str().to_str().is_some_and(is_pattern)
}

impl FilePattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        // Paths are compared as text, so that one folder must be written in one way.
        let path: PathBuf = Path::new(text).components().collect();
        let base: PathBuf = path.components().take_while(is_plain).collect();
        let levels = path.components().count() - base.components().count();
        let depth = (!text.contains("**")).then_some(levels);
        Ok(Self { pattern: Pattern::new(&path.to_string_lossy())?, base, depth })
    }

    pub(super) fn matches(&self) -> Matches {
        let mut matches = Matches::default();
        self.walk(&self.base, 1, &mut matches);
        matches
    }

    fn walk(&self, folder: &Path, level: usize, matches: &mut Matches) {
        let here = if folder == Path::new("") { Path::new(".") } else { folder };
        let entries = fs::read_dir(here).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.unwrap_or_else(|error| {
            let file = here.to_owned();
            let reason = ims_files::without_number(&error.to_string());
            matches.unreadable.push(Unreadable { file, reason });
            Vec::new()
        });
        for entry in entries {
            let path = folder.join(entry.file_name());
            if self.is_entered(&path, level) {
                self.walk(&path, level + 1, matches);
            }
            if self.pattern.matches_path_with(&path, OPTIONS) {
                matches.paths.push(path);
            }
        }
    }

    /// A link to a folder may lead in a circle, so it is followed only for a pattern of limited depth.
    fn is_entered(&self, path: &Path, level: usize) -> bool {
        let is_in_reach = match self.depth {
            Some(depth) => level < depth,
            None => !path.is_symlink(),
        };
        is_in_reach && path.is_dir()
    }
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};
