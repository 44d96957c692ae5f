//! Writing new files: whole or not at all, with the right mode whatever the umask, and over nothing that is there.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Whether a file that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Keep,
    Replace,
}

/// A file that is written, and not yet at its place.
pub(super) struct NewFile {
    path: PathBuf,
    draft: NamedTempFile,
}

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

/// Puts all of `files` at their places, or none of them.
pub(super) fn put(files: Vec<NewFile>, existing: Existing) -> Result<(), Failure> {
    let mut placed: Vec<PathBuf> = Vec::new();
    for NewFile { path, draft } in files {
        let result = match existing {
            Existing::Keep => draft.persist_noclobber(&path),
            Existing::Replace => draft.persist(&path),
        };
        if let Err(error) = result {
            if existing == Existing::Keep {
                // What was placed a moment ago is ours alone; if it cannot be taken away, it is a whole file.
                for path in &placed {
                    let _ = fs::remove_file(path);
                }
            }
            return Err(unwritable(&path, &error.error));
        }
        placed.push(path);
    }
    Ok(())
}

impl NewFile {
    /// Writes the draft of a file beside its place.
    pub(super) fn draft(path: &Path, mode: u32, contents: &str) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let write = || {
            // Until its mode is set, nobody else can open the file.
            let mut draft = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            draft.write_all(contents.as_bytes())?;
            draft.as_file().set_permissions(Permissions::from_mode(mode))?;
            draft.as_file().sync_all()?;
            Ok(draft)
        };
        let draft = write().map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), draft })
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return taken(path);
    }
    Failure::person(format!("{} cannot be written", path.display())).because(error)
}

fn taken(path: &Path) -> Failure {
    Failure::person(format!("{} is there already", path.display()))
        .hint("choose another place, or replace it with --force: a key that is replaced is lost")
}
