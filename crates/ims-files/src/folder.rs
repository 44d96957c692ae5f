//! A folder of private files: only files that no one but their owner can read are read, and no link is followed.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use crate::{
    access::Access,
    error::FileError,
    kind::{FileKind, Opening},
    platform::{self, Directory},
    read::{FileBytes, read_bytes},
};

/// How often a lock is tried again. Another process needs a few milliseconds to write a file.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A folder that its owner alone can enter, and the files in it.
///
/// It is opened once and stays the same folder, even if its path leads elsewhere later. A name is one part of a path.
///
/// ```
/// use std::time::Duration;
///
/// use ims_files::PrivateFolder;
///
/// # let folder = tempfile::tempdir()?;
/// let cache = PrivateFolder::create(&folder.path().join("cache"))?;
/// cache.lock(Duration::from_secs(2))?.replace("token", b"eyJhbGciOi")?;
/// let token = cache.read("token", 64 * 1024)?.ok_or("no token")?;
/// assert_eq!(&*token, b"eyJhbGciOi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    directory: Directory,
}

impl PrivateFolder {
    /// Opens the folder, if it is there.
    ///
    /// # Errors
    /// [`FileError::NotAFolder`] for a file and for a link to a folder, [`FileError::Exposed`],
    /// [`FileError::ForeignOwner`] and [`FileError::Io`].
    pub fn open(path: &Path) -> Result<Option<Self>, FileError> {
        let directory = match Directory::open(path) {
            Ok(directory) => directory,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(FileError::NotAFolder { path: path.to_owned() });
            }
            Err(error) => return Err(FileError::io(path, "open", error)),
        };
        let access = Access::of(directory.as_file(), path);
        access.map_err(|error| FileError::io(path, "look at", error))?.check_own()?;
        Ok(Some(Self { path: path.to_owned(), directory }))
    }

    /// Opens the folder, and creates it with the folders above it if it is not there.
    ///
    /// # Errors
    /// Those of [`PrivateFolder::open`].
    pub fn create(path: &Path) -> Result<Self, FileError> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        create_all(path)?;
        let created = Self::open(path)?;
        created.ok_or_else(|| FileError::io(path, "open", io::ErrorKind::NotFound.into()))
    }

    /// Where the folder was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file `name` of at most `limit` bytes, if it is there.
    ///
    /// # Errors
    /// [`FileError::NotAFile`] for a link and for everything else that is not a regular file, [`FileError::Exposed`],
    /// [`FileError::ForeignOwner`], [`FileError::TooLong`] and [`FileError::Io`].
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<FileBytes>, FileError> {
        let Some(mut file) = self.open_file(name, Opening::Read)? else { return Ok(None) };
        let path = self.path.join(name);
        let bytes = read_bytes(&mut file, limit);
        match bytes.map_err(|error| FileError::io(&path, "read", error))? {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(FileError::TooLong { path, limit }),
        }
    }

    /// When the file `name` was changed last, if it is there.
    ///
    /// # Errors
    /// Those of [`PrivateFolder::read`], except for its limit.
    pub fn modified(&self, name: &str) -> Result<Option<SystemTime>, FileError> {
        let Some(file) = self.open_file(name, Opening::Read)? else { return Ok(None) };
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        let modified =
            modified.map_err(|error| FileError::io(&self.path.join(name), "look at", error));
        modified.map(Some)
    }

    /// The names of all entries of the folder, in any order. This crate makes no name that is not Unicode, so such a name is
    /// left out.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn names(&self) -> Result<Vec<String>, FileError> {
        let names = self.directory.names();
        names.map_err(|error| FileError::io(&self.path, "list", error))
    }

    /// Locks the file `name`, which is created for that, without waiting; `None` if another process has locked it.
    ///
    /// # Errors
    /// Those of [`PrivateFolder::read`].
    pub fn try_lock_file(&self, name: &str) -> Result<Option<FileLock>, FileError> {
        let path = self.path.join(name);
        let Some(file) = self.open_file(name, Opening::Lock)? else {
            return Err(FileError::io(&path, "lock", io::ErrorKind::NotFound.into()));
        };
        try_lock(file, &path)
    }

    /// Locks the folder for writing, without waiting; `None` if another process is writing.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn try_lock(&self) -> Result<Option<FolderLock<'_>>, FileError> {
        let file = self.directory.open_for_lock();
        let file = file.map_err(|error| FileError::io(&self.path, "lock", error))?;
        let lock = try_lock(file, &self.path)?;
        Ok(lock.map(|lock| FolderLock { folder: self, _lock: lock }))
    }

    /// Locks the folder for writing, and waits up to `timeout` for other processes. It blocks the thread.
    ///
    /// # Errors
    /// [`FileError::Locked`] after `timeout`, and [`FileError::Io`].
    pub fn lock(&self, timeout: Duration) -> Result<FolderLock<'_>, FileError> {
        wait_for_lock(&self.path, timeout, || self.try_lock())
    }

    fn open_file(&self, name: &str, opening: Opening) -> Result<Option<File>, FileError> {
        let path = self.path.join(name);
        let file = match self.directory.open_file(name, opening) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(not_opened(path, error)),
        };
        let access = Access::of(&file, &path);
        let access = access.map_err(|error| FileError::io(&path, "look at", error))?;
        if access.kind() != FileKind::Regular {
            return Err(FileError::NotAFile { path, kind: access.kind() });
        }
        access.check_own()?;
        Ok(Some(file))
    }
}

/// The folder while no other process writes into it. It is unlocked when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct FolderLock<'a> {
    folder: &'a PrivateFolder,
    _lock: FileLock,
}

impl FolderLock<'_> {
    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &PrivateFolder {
        self.folder
    }

    /// Puts `contents` in place of the file `name`: every reader sees the old or the new contents as a whole.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn replace(&self, name: &str, contents: &[u8]) -> Result<(), FileError> {
        self.put(name, contents, Waits::ForTheDisk)
    }

    /// The same without waiting for the disk, which takes milliseconds. If the power fails in the next seconds, the file may
    /// have the old contents, none, or zeros in between: for a cache whose reader recognizes that.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn replace_cached(&self, name: &str, contents: &[u8]) -> Result<(), FileError> {
        self.put(name, contents, Waits::ForNothing)
    }

    fn put(&self, name: &str, contents: &[u8], waits: Waits) -> Result<(), FileError> {
        let directory = &self.folder.directory;
        let draft = format!("{name}.new");
        let written = directory.write_new(&draft, contents).and_then(|file| {
            if waits == Waits::ForTheDisk {
                file.sync_all()?;
            }
            // Windows renames no file that is open.
            drop(file);
            directory.rename(&draft, name)?;
            if waits == Waits::ForTheDisk { directory.sync() } else { Ok(()) }
        });
        written.map_err(|error| {
            // If it was renamed already, there is nothing left to remove.
            let _ = directory.remove(&draft);
            FileError::io(&self.folder.path.join(name), "write", error)
        })
    }

    /// Removes the file `name`, if it is there.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn remove(&self, name: &str) -> Result<(), FileError> {
        match self.folder.directory.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::io(&self.folder.path.join(name), "remove", error))
            }
            _ => Ok(()),
        }
    }
}

/// What a replacement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    ForTheDisk,
    ForNothing,
}

/// A file that this process has locked. It is unlocked when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Sets the time of the file's last change to now, so that others see that the process with the lock is still running;
    /// see
    /// [`PrivateFolder::modified`].
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn touch(&self) -> Result<(), FileError> {
        let touched = (&self.file).rewind().and_then(|()| (&self.file).write_all(b"\n"));
        touched.map_err(|error| FileError::io(&self.path, "write", error))
    }
}

/// Locks the file at `path`, if there is one, and waits up to `timeout` for other processes. It blocks the thread.
///
/// If another program replaces the file while it is locked, the lock stays on the old file. So check after the file has
/// been locked whether it is still the one that was read before. On Windows a locked file cannot be read, so a file next to
/// it is locked: `.NAME.lock`, which stays.
///
/// ```
/// use std::time::Duration;
///
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("contexts.toml");
/// # ims_files::create_new(&file, b"")?;
/// let lock = ims_files::lock_if_there(&file, Duration::from_secs(2))?;
/// // Read, change and replace the file here.
/// drop(lock);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FileError::Locked`] after `timeout`, and [`FileError::Io`].
pub fn lock_if_there(path: &Path, timeout: Duration) -> Result<Option<FileLock>, FileError> {
    let file = match platform::open_for_lock(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::io(path, "lock", error)),
    };
    let lock = wait_for_lock(path, timeout, || {
        let file = file.try_clone().map_err(|error| FileError::io(path, "lock", error))?;
        try_lock(file, path)
    })?;
    Ok(Some(lock))
}

fn wait_for_lock<T>(
    path: &Path,
    timeout: Duration,
    try_lock: impl Fn() -> Result<Option<T>, FileError>,
) -> Result<T, FileError> {
    // Counts the time that it has slept instead of asking a clock: a suspended machine does not use up the timeout.
    let mut waited = Duration::ZERO;
    loop {
        if let Some(lock) = try_lock()? {
            return Ok(lock);
        }
        if waited >= timeout {
            return Err(FileError::Locked { path: path.to_owned(), waited });
        }
        thread::sleep(LOCK_POLL_INTERVAL);
        waited += LOCK_POLL_INTERVAL;
    }
}

pub(crate) fn try_lock(file: File, path: &Path) -> Result<Option<FileLock>, FileError> {
    match file.try_lock() {
        Ok(()) => Ok(Some(FileLock { file, path: path.to_owned() })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(FileError::io(path, "lock", error)),
    }
}

/// Creates `folder` and the folders above it that are missing, for the owner alone. Those that are there stay as they are.
pub(crate) fn create_all(folder: &Path) -> Result<(), FileError> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_all(parent)?;
    }
    match platform::create_private_folder(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(FileError::io(folder, "create", error))
        }
        _ => Ok(()),
    }
}

/// Says what a file is that cannot be opened because it is not a regular file.
fn not_opened(path: PathBuf, error: io::Error) -> FileError {
    match fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => {
            FileError::NotAFile { path, kind: FileKind::of(metadata.file_type()) }
        }
        _ => FileError::io(&path, "open", error),
    }
}
