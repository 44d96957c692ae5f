//! A store in a folder: one file for each token, which the owner alone can read.
//!
//! A token is written into a file beside, flushed, and renamed, so that it is whole whenever the process is killed. Nothing
//! follows a symbolic link, and nothing opens what is not a regular file.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ims_exchange::AccessToken;
use rustix::{
    fs::{AtFlags, Mode, OFlags, fchmod, fstat, openat, renameat, unlinkat},
    process::geteuid,
};
use zeroize::Zeroizing;

use super::{digest, gives_way, stored_token};
use crate::{CacheKey, Lease, StoreError, TokenStore};

/// Keeps tokens in files of mode 0600 in a folder of mode 0700, for the processes of one user.
///
/// A lease is a lock on a file beside the token's, so it ends with the process that holds it. The folder must be on a
/// local file system, or on one whose `flock` works between machines.
#[derive(Debug, Clone)]
pub struct FileStore {
    folder: Arc<Path>,
}

impl FileStore {
    /// Keeps tokens in `folder`, which is made when it is needed. Nothing is read or written yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into().into() }
    }

    /// Runs `work`, which may block, where it disturbs nobody.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = Arc::clone(&self.folder);
        let done = tokio::task::spawn_blocking(move || work(&folder)).await;
        done.map_err(StoreError::unavailable)?
    }
}

impl TokenStore for FileStore {
    async fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        let key = key.clone();
        self.run(move |folder| match Folder::open(folder)? {
            Some(folder) => folder.load(&key),
            None => Ok(None),
        })
        .await
    }

    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        let turn = loop {
            match self.run(|folder| Folder::make(folder)?.lock()).await? {
                Some(folder) => break folder,
                // To write takes another process a few milliseconds.
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let (key, token) = (key.clone(), token.clone());
        self.run(move |_| turn.save(&key, &token)).await
    }

    async fn lease(&self, key: &CacheKey, _lasting: Duration) -> Result<Option<Lease>, StoreError> {
        let name = format!("{}.lock", digest::name(key));
        self.run(move |folder| Folder::make(folder)?.lease(&name)).await
    }

    async fn release(&self, _key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        // To close the file is to unlock it.
        drop(lease);
        Ok(())
    }
}

/// The folder, opened and found safe.
struct Folder(File);

impl Folder {
    /// `None` if it does not exist.
    fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(folder) => File::from(folder),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
                return Err(StoreError::Unsafe {
                    problem: "its folder is no folder, or a link to one",
                });
            }
            Err(error) => return Err(io_error(error)),
        };
        is_private(&folder, "its folder belongs to another user or is open to others (chmod 700)")?;
        Ok(Some(Self(folder)))
    }

    fn make(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(StoreError::unavailable)?;
        }
        match DirBuilder::new().mode(0o700).create(path) {
            // What a strict umask has taken away is given back.
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(StoreError::unavailable)?;
        Self::open(path)?
            .ok_or_else(|| StoreError::unavailable(io::Error::from(io::ErrorKind::NotFound)))
    }

    /// Waits for nobody: `None` if another process is writing. Unlocked when it is closed.
    fn lock(self) -> Result<Option<Self>, StoreError> {
        Ok(is_locked(&self.0)?.then_some(self))
    }

    fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        let Some(mut file) = self.open_file(&file_name(key), OFlags::RDONLY)? else {
            return Ok(None);
        };
        let mut bytes = Zeroizing::new(vec![0; stored_token::MOST_BYTES]);
        let mut length = 0;
        while let count @ 1.. = file.read(&mut bytes[length..]).map_err(StoreError::unavailable)? {
            length += count;
        }
        stored_token::decode(key, &bytes[..length]).map(Some)
    }

    /// The caller holds the lock.
    fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        let saved = self.load(key).ok().flatten();
        if saved.is_some_and(|saved| !gives_way(&saved, token)) {
            return Ok(());
        }
        let bytes = stored_token::encode(key, token)?;
        let beside = format!("{}.new", digest::name(key));
        let written = self.write(&beside, &bytes).and_then(|()| {
            renameat(&self.0, &beside, &self.0, file_name(key))?;
            self.0.sync_all()
        });
        if written.is_err() {
            // If it was renamed already, there is nothing left to take away.
            let _ = unlinkat(&self.0, &beside, AtFlags::empty());
        }
        written.map_err(StoreError::unavailable)
    }

    /// Makes the file `name` anew: what a killed process left there is taken away first.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.0, name, flags, OWNER_ALONE)?);
        fchmod(&file, OWNER_ALONE)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn lease(&self, name: &str) -> Result<Option<Lease>, StoreError> {
        let Some(file) = self.open_file(name, OFlags::RDWR | OFlags::CREATE)? else {
            return Ok(None);
        };
        Ok(is_locked(&file)?.then(|| Lease::new(file)))
    }

    /// Opens the file `name`, if it is one that the owner alone can read; `None` if there is none.
    fn open_file(&self, name: &str, access: OFlags) -> Result<Option<File>, StoreError> {
        // Without NONBLOCK, a FIFO in its place would hold the process up.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.0, name, flags, OWNER_ALONE) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP) => {
                return Err(StoreError::Unsafe { problem: "a file in it is a symbolic link" });
            }
            Err(error) => return Err(io_error(error)),
        };
        let is_file = file.metadata().map_err(StoreError::unavailable)?.is_file();
        if !is_file {
            return Err(StoreError::Unsafe { problem: "a file in it is no regular file" });
        }
        if access.contains(OFlags::CREATE) {
            fchmod(&file, OWNER_ALONE).map_err(io_error)?;
        }
        is_private(&file, "a file in it belongs to another user or is open to others (chmod 600)")?;
        Ok(Some(file))
    }
}

fn file_name(key: &CacheKey) -> String {
    format!("{}.json", digest::name(key))
}

/// Whether `file` is now locked by this process and no other.
fn is_locked(file: &File) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(StoreError::unavailable(error)),
    }
}

fn is_private(file: &File, problem: &'static str) -> Result<(), StoreError> {
    let status = fstat(file).map_err(io_error)?;
    let is_open_to_others = Mode::from_raw_mode(status.st_mode).intersects(Mode::RWXG | Mode::RWXO);
    if is_open_to_others || status.st_uid != geteuid().as_raw() {
        return Err(StoreError::Unsafe { problem });
    }
    Ok(())
}

fn io_error(error: rustix::io::Errno) -> StoreError {
    StoreError::unavailable(io::Error::from(error))
}

const OWNER_ALONE: Mode = Mode::RUSR.union(Mode::WUSR);
