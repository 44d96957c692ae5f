//! Where the token is kept that takes the place of the one that was sent: IMS says it once, and the old one is good no more.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A place for one token, in a file that only you can read.
#[derive(Debug)]
pub(super) struct Place {
    what: &'static str,
    path: PathBuf,
    /// A file beside it, so that what is at `path` is replaced at once and whole.
    beside: NamedTempFile,
    is_new: bool,
}

impl Place {
    /// The place of a token of the kind `what` at `path`, where an old one makes way.
    pub(super) fn of(what: &'static str, path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let beside = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| unkept(what, path, error))?;
        Ok(Self { what, path: path.to_owned(), beside, is_new: false })
    }

    /// The same at `path`, where nothing may be yet.
    pub(super) fn new(what: &'static str, path: &Path) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            let failure = unkept(what, path, io::Error::from(io::ErrorKind::AlreadyExists));
            return Err(failure.hint("name a file that is not there yet"));
        }
        Ok(Self { is_new: true, ..Self::of(what, path)? })
    }

    /// Keeps `token`. If another file has come to the path of a new one meanwhile, the token stays in a file beside it.
    pub(super) fn keep(mut self, token: &str) -> Result<(), Failure> {
        let written = writeln!(self.beside, "{token}");
        written
            .and_then(|()| self.beside.as_file().sync_all())
            .map_err(|error| unkept(self.what, &self.path, error))?;
        let kept = if self.is_new {
            self.beside.persist_noclobber(&self.path)
        } else {
            self.beside.persist(&self.path)
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
