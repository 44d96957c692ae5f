//! Where credentials are read from, and which of several are used.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use ims_claims::Metascope;
use ims_files::{Access, FileContents};
use zeroize::Zeroizing;

use crate::{error::CredentialsError, reading::secret_file};

/// The files that were read, those that could not be opened included.
#[derive(Debug, Default)]
pub(crate) struct FilesRead(RefCell<Vec<PathBuf>>);

impl FilesRead {
    /// With one that was read before.
    pub(crate) fn with(path: &Path) -> Self {
        Self(RefCell::new(vec![path.to_owned()]))
    }

    /// All of them, in the order of reading.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.0.borrow().clone()
    }
}

/// What the reader of a form needs besides its members.
#[derive(Clone, Copy)]
pub(crate) struct ReadContext<'a> {
    /// Where relative paths begin.
    pub(crate) folder: &'a Path,
    /// The name of the credential to use, if there are several.
    pub(crate) selected: Option<&'a str>,
    /// Whether to read the old or the new credentials, if the file has both.
    pub(crate) side: CredentialKind,
    /// Whether a service account needs its private key. A migration does not.
    pub(crate) needs_key: bool,
    /// The metascopes of a context, for a file without metascopes. Empty if the file has its own.
    pub(crate) metascopes: &'a [Metascope],
    /// Reads an environment variable.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    /// Who can read and write the file; `None` for environment variables.
    pub(crate) access: Option<&'a Access>,
    /// Collects each file that is read.
    pub(crate) files: &'a FilesRead,
    /// What the credentials may refer to.
    pub(crate) references: References,
}

/// What credentials may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum References {
    /// Files, environment variables, commands, the keyring, and modules of PKCS#11: they are trusted like a program.
    Any,
    /// Nothing on this machine: someone else has written them.
    None,
}

/// The old and the new credentials during a migration: both work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    /// The one that stays.
    ServerToServer,
    /// The one that goes.
    ServiceAccount,
}

impl<'a> ReadContext<'a> {
    /// A file of credentials, which its relative paths begin at.
    pub(crate) fn of_file(
        path: &'a Path,
        access: &'a Access,
        selected: Option<&'a str>,
        files: &'a FilesRead,
    ) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        let variable = &|name: &str| std::env::var(name).ok();
        let side = CredentialKind::ServerToServer;
        Self {
            folder,
            selected,
            side,
            needs_key: true,
            metascopes: &[],
            variable,
            access: Some(access),
            files,
            references: References::Any,
        }
    }

    /// Checks that no other user can have written a file that will be run, loaded or opened.
    pub(crate) fn check_trusted(&self) -> Result<(), CredentialsError> {
        match self.access {
            Some(access) => Ok(access.check_trusted()?),
            // Anyone who sets a process's environment variables can start any program as its user.
            None => Ok(()),
        }
    }

    /// The context of a text without a file: relative paths begin at the current folder.
    pub(crate) fn of_text(selected: Option<&'a str>, files: &'a FilesRead) -> Self {
        let variable = &|name: &str| std::env::var(name).ok();
        let (folder, side) = (Path::new(""), CredentialKind::ServerToServer);
        Self {
            folder,
            selected,
            side,
            needs_key: true,
            metascopes: &[],
            variable,
            access: None,
            files,
            references: References::Any,
        }
    }

    /// Checks that the credentials may refer to this machine with `member`.
    pub(crate) fn check_reference(&self, member: &str) -> Result<(), CredentialsError> {
        match self.references {
            References::Any => Ok(()),
            References::None => Err(CredentialsError::Reference { name: member.to_owned() }),
        }
    }

    /// Reads a file that `member` names and that others may be able to read: see [`secret_file::read`].
    pub(crate) fn read(&self, member: &str, path: &Path) -> Result<FileContents, CredentialsError> {
        self.check_reference(member)?;
        // Collected before it is opened, so that a program can also watch a file that is not there yet.
        self.files.0.borrow_mut().push(path.to_owned());
        secret_file::read(path)
    }

    /// Reads a file that `member` names and that contains only a secret: see [`secret_file::read_private`].
    pub(crate) fn read_private(
        &self,
        member: &str,
        path: &Path,
    ) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
        self.check_reference(member)?;
        self.files.0.borrow_mut().push(path.to_owned());
        secret_file::read_private(path)
    }

    /// The path that a member names.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// The path that a member names, from whatever folder it is read.
    pub(crate) fn absolute(&self, path: &str) -> String {
        let path = self.path(path);
        std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// The one with the selected name, or the only one.
    pub(crate) fn select<T>(
        &self,
        mut candidates: Vec<(String, T)>,
    ) -> Result<T, CredentialsError> {
        let count = candidates.len();
        let names: Vec<_> = candidates.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        if let Some(selected) = self.selected {
            candidates.retain(|(name, _)| name == selected);
        }
        if candidates.len() == 1 {
            return Ok(candidates.remove(0).1);
        }
        // If two have the same name, the name selects none of them.
        if candidates.is_empty() && self.selected.is_some() {
            return Err(CredentialsError::NoneSelected { names });
        }
        Err(CredentialsError::Several { count, names })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_one_or_the_one_with_the_selected_name_is_used() {
        type Names = &'static [&'static str];
        #[rustfmt::skip]
        let table: [(Names, Option<&str>, Result<usize, &str>); 8] = [
            (&["a"],            None,       Ok(0)),
            (&["a"],            Some("a"),  Ok(0)),
            (&["a", "b"],       Some("b"),  Ok(1)),
            (&["a", "b"],       None,       Err("2 usable credentials in one file: a, b")),
            (&["a", "a", "b"],  Some("a"),  Err("3 usable credentials in one file: a, a, b")),
            (&["a", "b"],       Some("c"),  Err("no credential of the name that was selected; there is a, b")),
            (&[],               Some("c"),  Err("no credential of the name that was selected; there is none that has one")),
            (&[],               None,       Err("0 usable credentials in one file: ")),
        ];
        for (names, selected, expected) in table {
            let files = FilesRead::default();
            let at = ReadContext::of_text(selected, &files);
            let mut candidates = Vec::new();
            for (index, name) in names.iter().enumerate() {
                candidates.push(((*name).to_owned(), index));
            }
            let found = at.select(candidates).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{names:?} {selected:?}");
        }
    }
}
