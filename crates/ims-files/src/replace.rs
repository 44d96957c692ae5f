//! Writing files that are complete at every moment: they are written under another name, flushed, and then renamed.

use std::{
    fs::{self, File},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{error::FileError, folder, platform};

/// Who can read a new file, whatever the process's umask says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Readers {
    /// Its owner: mode 0600, or an access list with this user and the system.
    Owner,
    /// Everyone: mode 0644, or what the folder's access list says. For certificates and other public things.
    Everyone,
    /// Those who can read the file that is replaced. Without one, the owner.
    AsBefore,
}

/// What happens to an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Existing {
    /// It stays, and the new file is refused.
    Keep,
    /// It is replaced.
    Replace,
}

/// Writes a new file that its owner alone can read. It is there as a whole or not at all.
///
/// ```
/// use ims_files::{FileError, create_new};
///
/// # let folder = tempfile::tempdir()?;
/// let file = folder.path().join("private.key");
/// create_new(&file, b"-----BEGIN PRIVATE KEY-----")?;
/// assert!(matches!(create_new(&file, b"another"), Err(FileError::Exists { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FileError::Exists`] and [`FileError::Io`].
pub fn create_new(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    Draft::write(path, Readers::Owner, contents)?.put(Existing::Keep)
}

/// Puts a file that its owner alone can read in place of what is at `path`: every reader sees the old or the new contents
/// as a whole. A symbolic link stays a link, and its target is replaced. Missing folders are made, for the owner alone.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let file = folder.path().join("new folder/token");
/// ims_files::replace(&file, b"first")?;
/// ims_files::replace(&file, b"second")?;
/// assert_eq!(std::fs::read(&file)?, b"second");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FileError::Io`].
pub fn replace(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    if let Some(folder) = path.parent() {
        folder::create_all(folder)?;
    }
    Draft::write(path, Readers::Owner, contents)?.put(Existing::Replace)
}

/// A file that is written and flushed under another name in the same folder. It is removed unless it is moved to its path.
///
/// ```
/// use ims_files::{Draft, Existing, Readers};
///
/// # let folder = tempfile::tempdir()?;
/// let file = folder.path().join("certificate_pub.crt");
/// let draft = Draft::write(&file, Readers::Everyone, b"-----BEGIN CERTIFICATE-----")?;
/// assert!(!file.exists(), "until all files of a pair are written");
/// draft.put(Existing::Keep)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Draft {
    /// Where the file belongs.
    path: PathBuf,
    /// Where it is; `None` once it is at its place.
    draft: Option<PathBuf>,
}

impl Draft {
    /// Writes the file next to `path`. If `path` is a symbolic link, this is about its target.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn write(path: &Path, readers: Readers, contents: &[u8]) -> Result<Self, FileError> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (draft, file) = create_next_to(&path).map_err(|e| FileError::io(&path, "write", e))?;
        // From here on, dropping it removes the file.
        let this = Self { path, draft: Some(draft) };
        let written = this.fill(file, readers, contents);
        written.map_err(|error| FileError::io(&this.path, "write", error))?;
        Ok(this)
    }

    fn fill(&self, mut file: File, readers: Readers, contents: &[u8]) -> io::Result<()> {
        file.write_all(contents)?;
        match readers {
            Readers::Owner => {}
            Readers::Everyone => platform::open_to_everyone(&mut file, &self.path)?,
            Readers::AsBefore => platform::copy_access(&mut file, &self.path)?,
        }
        file.sync_all()
    }

    /// The path where the file belongs.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file to its place.
    ///
    /// # Errors
    /// [`FileError::Exists`] if another file is there and has to stay, and [`FileError::Io`].
    pub fn put(mut self, existing: Existing) -> Result<(), FileError> {
        let Some(draft) = self.draft.as_deref() else { return Ok(()) };
        let moved = match existing {
            Existing::Keep => platform::rename_to_free(draft, &self.path),
            Existing::Replace => platform::rename(draft, &self.path),
        };
        match moved {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FileError::Exists { path: self.path.clone() });
            }
            Err(error) => return Err(FileError::io(&self.path, "write", error)),
        }
        self.draft = None;
        // Without this, a power failure could undo the rename.
        let synced = platform::sync_folder(folder_of(&self.path));
        synced.map_err(|error| FileError::io(&self.path, "write", error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            // It was created here, and no one else knows its name.
            let _ = fs::remove_file(draft);
        }
    }
}

/// Creates an empty file that only its owner can open, in the folder of `path` and under a name that is not used yet.
fn create_next_to(path: &Path) -> io::Result<(PathBuf, File)> {
    const ATTEMPTS: usize = 16;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    // Cut, so that the name with the rest is not too long.
    let start: String = name.chars().take(40).collect();
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        // Each hasher of the standard library starts from other random keys.
        let random = RandomState::new().build_hasher().finish();
        let next_to = folder_of(path).join(format!(".{start}.{random:016x}.new"));
        match platform::create_private(&next_to) {
            Ok(file) => return Ok((next_to, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// The folder that a path is in; the current one for a bare name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
