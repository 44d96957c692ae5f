//! Patterns of file names, which a shell leaves alone when they are quoted.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern, PatternError};

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
            matches.unreadable.push(Unreadable { file, reason: error.to_string() });
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

    /// A link to a folder may lead in a circle, so it is only followed where the pattern ends somewhere.
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
