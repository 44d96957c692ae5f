//! Writing new files: all of them or none, and none over a file that has to stay.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ims_files::{Draft, Existing, FileError, Readers};

use crate::failure::Failure;

/// Fails if there is something at `path` that must stay.
pub(super) fn expect_free(path: &Path, existing: Existing) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Failure::person(format!("{} is a folder", path.display())))
        }
        Ok(_) if existing == Existing::Keep => Err(taken(path)),
        _ => Ok(()),
    }
}

/// Writes the draft of a file next to its place.
pub(super) fn draft(path: &Path, readers: Readers, contents: &str) -> Result<Draft, Failure> {
    Ok(Draft::write(path, readers, contents.as_bytes())?)
}

/// Puts all of `drafts` at their places, or none of them.
pub(super) fn put(drafts: Vec<Draft>, existing: Existing) -> Result<(), Failure> {
    let mut placed: Vec<PathBuf> = Vec::new();
    for draft in drafts {
        let path = draft.path().to_owned();
        if let Err(error) = draft.put(existing) {
            if existing == Existing::Keep {
                // What was placed a moment ago is ours alone; if it cannot be removed, it is a whole file.
                for path in &placed {
                    let _ = fs::remove_file(path);
                }
            }
            return Err(match error {
                FileError::Exists { path } => taken(&path),
                error => error.into(),
            });
        }
        placed.push(path);
    }
    Ok(())
}

fn taken(path: &Path) -> Failure {
    Failure::person(format!("{} exists already", path.display()))
        .hint("choose another place, or replace it with --force: a key that is replaced is lost")
}
