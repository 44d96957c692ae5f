//! Who besides its owner can use a file.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::FileError,
    kind::{Concern, FileKind},
    platform::{self, Permissions},
};

/// Checks that the file at `path` may be started or loaded, or may name files that are: [`Access::check_trusted`] has the
/// rule.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("credentials.json");
/// # ims_files::create_new(&file, b"{}")?;
/// // Before a command that the file names is run.
/// ims_files::check_trusted(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FileError::Changeable`], [`FileError::ForeignOwner`] and [`FileError::Io`].
pub fn check_trusted(path: &Path) -> Result<(), FileError> {
    Access::look_at(path)?.check_trusted()
}

/// Who can use a file that has been opened. It describes the open file, so no one can exchange it in between.
///
/// ```
/// use ims_files::{Access, FileKind};
///
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("private.key");
/// # ims_files::create_new(&file, b"-----BEGIN PRIVATE KEY-----")?;
/// let access = Access::look_at(&file)?;
/// assert_eq!(access.kind(), FileKind::Regular);
/// access.check_private()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Access {
    path: PathBuf,
    kind: FileKind,
    permissions: Permissions,
}

impl Access {
    /// Describes the file at `path`, without reading it. A symbolic link is followed.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn look_at(path: &Path) -> Result<Self, FileError> {
        let access = platform::look_at(path).map(|(kind, permissions)| Self {
            path: path.to_owned(),
            kind,
            permissions,
        });
        access.map_err(|error| FileError::io(path, "look at", error))
    }

    /// Describes the open `file`, which was found at `path`.
    pub(crate) fn of(file: &File, path: &Path) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let kind = FileKind::of(metadata.file_type());
        let permissions = Permissions::of(file, &metadata)?;
        Ok(Self { path: path.to_owned(), kind, permissions })
    }

    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Checks that the file may hold a secret.
    ///
    /// On Unix the owner is this user or root, and the mode gives nothing to group and others. If root owns the file, its
    /// group may read it, as in PostgreSQL's rule for key files: that is how Kubernetes mounts a secret with `fsGroup`. On
    /// Windows the access list gives nothing to anyone but this user, the system and the administrators.
    ///
    /// Only this process reads a pipe or a device, so there is nothing to check.
    ///
    /// # Errors
    /// [`FileError::Exposed`] and [`FileError::ForeignOwner`].
    pub fn check_private(&self) -> Result<(), FileError> {
        self.check_exposure(platform::exposure(&self.permissions))
    }

    /// Like [`Access::check_private`], without the exception for files of root. This is the rule for files and folders that
    /// this crate has made.
    pub(crate) fn check_own(&self) -> Result<(), FileError> {
        self.check_exposure(platform::exposure_of_own(&self.permissions))
    }

    fn check_exposure(&self, concern: Option<Concern>) -> Result<(), FileError> {
        if !matches!(self.kind, FileKind::Regular | FileKind::Folder) {
            return Ok(());
        }
        let path = self.path.clone();
        let is_folder = self.kind == FileKind::Folder;
        match concern {
            None => Ok(()),
            Some(Concern::ForeignOwner(owner)) => Err(FileError::ForeignOwner { path, owner }),
            Some(Concern::Open(access)) => Err(FileError::Exposed { path, access, is_folder }),
        }
    }

    /// Checks that the file may name a program, a library or another thing that is then started, loaded or opened.
    ///
    /// Its owner is this user or root, and no one else can write to it. The same holds for every folder above it, since
    /// anyone who can write to a folder can put another file in place of this one. Two things are harmless: a folder with
    /// the sticky bit, such as `/tmp`, does not allow that; and further up, root may have given a folder to a group, as
    /// Debian gives `/usr/local` to `staff`.
    ///
    /// A pipe and a device are accepted: this process was started with them.
    ///
    /// # Errors
    /// [`FileError::Changeable`], [`FileError::ForeignOwner`], and [`FileError::Io`] if a folder cannot be checked.
    pub fn check_trusted(&self) -> Result<(), FileError> {
        if !matches!(self.kind, FileKind::Regular | FileKind::Folder) {
            return Ok(());
        }
        let is_folder = self.kind == FileKind::Folder;
        judge_writers(&self.path, is_folder, platform::writers(&self.permissions))?;
        // The folders of the name that was given, and those of the target of a symbolic link.
        let given = std::path::absolute(&self.path);
        judge_folders(&given.map_err(|error| FileError::io(&self.path, "find", error))?)?;
        let real = std::fs::canonicalize(&self.path);
        judge_folders(&real.map_err(|error| FileError::io(&self.path, "find", error))?)
    }
}

fn judge_folders(path: &Path) -> Result<(), FileError> {
    for (height, folder) in path.ancestors().skip(1).enumerate() {
        let looked = platform::look_at(folder);
        let (_, permissions) = looked.map_err(|error| FileError::io(folder, "look at", error))?;
        let concern = if height == 0 {
            platform::folder_writers(&permissions)
        } else {
            platform::upper_folder_writers(&permissions)
        };
        judge_writers(folder, true, concern)?;
    }
    Ok(())
}

fn judge_writers(path: &Path, is_folder: bool, concern: Option<Concern>) -> Result<(), FileError> {
    let path = path.to_owned();
    match concern {
        None => Ok(()),
        Some(Concern::ForeignOwner(owner)) => Err(FileError::ForeignOwner { path, owner }),
        Some(Concern::Open(access)) => Err(FileError::Changeable { path, access, is_folder }),
    }
}
