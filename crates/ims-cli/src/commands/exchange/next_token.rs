//! The file for the token that replaces the one that was sent: IMS sends it once, and the old one is no longer valid.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A place for one token, in a file that only you can read.
#[derive(Debug)]
pub(super) struct TokenFile {
    what: &'static str,
    path: PathBuf,
    /// A file next to it, so that the file at `path` is replaced in one step.
    temporary: NamedTempFile,
    is_new: bool,
}

impl TokenFile {
    /// The file at `path` for a token of the kind `what`; it replaces an old one.
    pub(super) fn of(what: &'static str, path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let temporary = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| unkept(what, path, error))?;
        Ok(Self { what, path: path.to_owned(), temporary, is_new: false })
    }

    /// The same at `path`, where nothing may be yet.
    pub(super) fn new(what: &'static str, path: &Path) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            let failure = unkept(what, path, io::Error::from(io::ErrorKind::AlreadyExists));
            return Err(failure.hint("name a file that is not there yet"));
        }
        Ok(Self { is_new: true, ..Self::of(what, path)? })
    }

    /// Keeps `token`. If another program has created a file at the path of a new one, the token stays in a file next to it.
    pub(super) fn keep(mut self, token: &str) -> Result<(), Failure> {
        let written = writeln!(self.temporary, "{token}");
        written
            .and_then(|()| self.temporary.as_file().sync_all())
            .map_err(|error| unkept(self.what, &self.path, error))?;
        let kept = if self.is_new {
            self.temporary.persist_noclobber(&self.path)
        } else {
            self.temporary.persist(&self.path)
        };
        kept.map(drop).map_err(|error| {
            let failure = unkept(self.what, &self.path, error.error);
            match error.file.keep() {
                Ok((_, path)) => failure.hint(format!("it is in {}", path.display())),
                Err(_) => failure,
            }
        })
    }
}

fn unkept(what: &str, path: &Path, error: io::Error) -> Failure {
    Failure::person(format!("the new {what} cannot be kept in {}", path.display())).because(error)
}
