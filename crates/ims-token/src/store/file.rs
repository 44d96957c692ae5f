//! A store in a folder: one file for each token, which its owner alone can read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use ims_claims::NumericDate;
use ims_exchange::{AccessToken, BearerToken};
use ims_files::{FileError, PrivateFolder};

use crate::{
    cache_key::CacheKey,
    clock::{Clock, SystemClock},
    store::{
        Lease, StoreError, TokenStore, is_older_than,
        stored_entry::{self, StoredEntry},
        stored_token,
    },
};

/// How often a save is tried again. Another process needs a few milliseconds to write a token.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Keeps tokens in files of mode 0600 in a folder of mode 0700, for the processes of one user.
///
/// A lease is a lock on a file next to the token's, so it ends with the process that has it. Renewing it changes the file's
/// time: the lease of a process that is stopped lapses, too. The folder must be on a local file system, or on one whose
/// `flock` works between machines.
///
/// ```
/// use ims_token::{FetchError, FileStore, SharedStore, SharedClock, SystemClock, TokenKeeper, TokenSource};
/// use ims_token::{CacheKey, GrantName};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let source = TokenSource::new(|| async { Err(FetchError::permanent("an example")) });
/// # let environment = ims_claims::Environment::production();
/// let store = SharedStore::new(FileStore::new("/var/cache/my-app/tokens"));
/// let key = CacheKey::new(&environment, &"my-client".parse()?, GrantName::CLIENT_CREDENTIALS);
/// let keeper = TokenKeeper::builder(source, SharedClock::new(SystemClock))
///     .with_store(store, key)
///     .build();
/// # let _ = keeper;
/// # Ok(())
/// # }
/// ```
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

    /// Removes every entry that holds `token`, and returns how many there were: IMS has revoked the token, so that no
    /// caller may get it from the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_token(&self, token: &BearerToken) -> Result<usize, StoreError> {
        let token = token.clone();
        loop {
            let token = token.clone();
            if let Some(removed) = self.run(move |folder| remove(folder, &token)).await? {
                return Ok(removed);
            }
            tokio::time::sleep(LOCK_POLL_INTERVAL).await;
        }
    }

    /// What is in the folder: whose tokens and until when, in the order of their keys; and how many files cannot be read.
    /// The list has no secrets. It is empty if there is no such folder.
    ///
    /// ```no_run
    /// # async fn list() -> Result<(), ims_token::StoreError> {
    /// let (entries, _) = ims_token::FileStore::new("/var/cache/app").entries().await?;
    /// for entry in entries {
    ///     println!("{} {:?}", entry.key.client_id(), entry.token.map(|dates| dates.expires_at));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self) -> Result<(Vec<StoredEntry>, usize), StoreError> {
        self.run(stored_entry::entries).await
    }

    /// Removes everything from the folder, also what cannot be read, and returns how many tokens there were. The times before
    /// which IMS must not be asked are forgotten, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clear(&self) -> Result<usize, StoreError> {
        loop {
            if let Some(removed) = self.run(|folder| stored_entry::clear(folder, None)).await? {
                return Ok(removed);
            }
            tokio::time::sleep(LOCK_POLL_INTERVAL).await;
        }
    }

    /// Removes the entries for which `is_meant` returns true, and returns how many tokens there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_entries(
        &self,
        is_meant: impl Fn(&StoredEntry) -> bool + Send + Sync + 'static,
    ) -> Result<usize, StoreError> {
        let is_meant = Arc::new(is_meant);
        loop {
            let is_meant = Arc::clone(&is_meant);
            let removed = self.run(move |folder| stored_entry::clear(folder, Some(&*is_meant)));
            if let Some(removed) = removed.await? {
                return Ok(removed);
            }
            tokio::time::sleep(LOCK_POLL_INTERVAL).await;
        }
    }

    /// Runs `work`, which may block, where that does not hold up the runtime.
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
        self.run(move |folder| match PrivateFolder::open(folder)? {
            Some(folder) => load(&folder, &key),
            None => Ok(None),
        })
        .await
    }

    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        loop {
            let (key, token) = (key.clone(), token.clone());
            let is_saved = self.run(move |folder| save(folder, &key, &token)).await?;
            if is_saved {
                return Ok(());
            }
            tokio::time::sleep(LOCK_POLL_INTERVAL).await;
        }
    }

    async fn load_not_before(&self, key: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        let key = key.clone();
        self.run(move |folder| match PrivateFolder::open(folder)? {
            Some(folder) => load_not_before(&folder, &key),
            None => Ok(None),
        })
        .await
    }

    async fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> Result<(), StoreError> {
        loop {
            let key = key.clone();
            let is_saved =
                self.run(move |folder| save_not_before(folder, &key, not_before)).await?;
            if is_saved {
                return Ok(());
            }
            tokio::time::sleep(LOCK_POLL_INTERVAL).await;
        }
    }

    async fn lease(&self, key: &CacheKey, lasting: Duration) -> Result<Option<Lease>, StoreError> {
        let name = format!("{}.lock", stored_token::entry_name(key));
        self.run(move |folder| lease(folder, &name, lasting)).await
    }

    async fn renew(
        &self,
        _key: &CacheKey,
        lease: &Lease,
        _lasting: Duration,
    ) -> Result<(), StoreError> {
        let Some(renew) = lease.renewal() else { return Ok(()) };
        self.run(move |_| renew()).await
    }

    async fn release(&self, _key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        // Closing the file unlocks it.
        drop(lease);
        Ok(())
    }
}

fn load(folder: &PrivateFolder, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
    match folder.read(&file_name(key), stored_token::MAX_BYTES as u64) {
        Ok(Some(bytes)) => stored_token::decode(key, &bytes).map(Some),
        Ok(None) => Ok(None),
        // No store writes files of this length.
        Err(FileError::TooLong { .. }) => Err(StoreError::Garbled),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether the folder could be locked, and so whether the token, or one that expires later, is there now.
fn save(folder: &Path, key: &CacheKey, token: &AccessToken) -> Result<bool, StoreError> {
    let folder = PrivateFolder::create(folder)?;
    let Some(lock) = folder.try_lock()? else { return Ok(false) };
    // A file that cannot be read is replaced.
    let saved = load(&folder, key).ok().flatten();
    if saved.is_none_or(|saved| is_older_than(&saved, token)) {
        let bytes = stored_token::encode(key, token)?;
        // If the power fails now, the next process asks IMS again. Waiting for the disk would take longer than that.
        lock.replace_cached(&file_name(key), &bytes)?;
    }
    Ok(true)
}

fn load_not_before(
    folder: &PrivateFolder,
    key: &CacheKey,
) -> Result<Option<NumericDate>, StoreError> {
    match folder.read(&not_before_name(key), stored_token::MAX_BYTES as u64) {
        Ok(Some(bytes)) => stored_token::decode_not_before(key, &bytes).map(Some),
        Ok(None) => Ok(None),
        // No store writes files of this length.
        Err(FileError::TooLong { .. }) => Err(StoreError::Garbled),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether the folder could be locked, and so whether the time is there now.
fn save_not_before(
    folder: &Path,
    key: &CacheKey,
    not_before: NumericDate,
) -> Result<bool, StoreError> {
    let folder = PrivateFolder::create(folder)?;
    let Some(lock) = folder.try_lock()? else { return Ok(false) };
    let bytes = stored_token::encode_not_before(key, not_before)?;
    lock.replace_cached(&not_before_name(key), &bytes)?;
    Ok(true)
}

fn lease(folder: &Path, name: &str, lasting: Duration) -> Result<Option<Lease>, StoreError> {
    let folder = PrivateFolder::create(folder)?;
    if let Some(lock) = folder.try_lock_file(name)? {
        lock.touch()?;
        return Ok(Some(Lease::of_lock(move || Ok(lock.touch()?))));
    }
    // The process that has it may be stopped. It keeps its lock, but a new file gets the name, and all others try to lock
    // that one. The lock of the folder keeps two of them from removing each other's file.
    if is_abandoned(&folder, name, lasting)?
        && let Some(folder_lock) = folder.try_lock()?
        && is_abandoned(&folder, name, lasting)?
    {
        folder_lock.remove(name)?;
    }
    Ok(None)
}

/// Whether the file `name` is so old that the process which has locked it does not renew its lease.
fn is_abandoned(folder: &PrivateFolder, name: &str, lasting: Duration) -> Result<bool, StoreError> {
    let Some(renewed_at) = folder.modified(name)? else { return Ok(false) };
    let since_1970 = renewed_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let renewed_at = NumericDate::from_secs(0).plus(since_1970);
    // In whole seconds, so the lease can end up to a second early. Three renewals have been missed by then.
    Ok(SystemClock.now().since(renewed_at) >= lasting)
}

fn not_before_name(key: &CacheKey) -> String {
    format!("{}.not_before", stored_token::entry_name(key))
}

/// `None` if the folder could not be locked.
fn remove(folder: &Path, token: &BearerToken) -> Result<Option<usize>, StoreError> {
    let Some(folder) = PrivateFolder::open(folder)? else { return Ok(Some(0)) };
    let Some(lock) = folder.try_lock()? else { return Ok(None) };
    let mut removed = 0;
    for name in folder.names()?.iter().filter(|name| name.strip_suffix(".json").is_some()) {
        // A file that cannot be read holds no token, and one that was removed meanwhile needs nothing.
        let Ok(Some(bytes)) = folder.read(name, stored_token::MAX_BYTES as u64) else { continue };
        if stored_token::holds(&bytes, token) {
            lock.remove(name)?;
            removed += 1;
        }
    }
    Ok(Some(removed))
}

fn file_name(key: &CacheKey) -> String {
    format!("{}.json", stored_token::entry_name(key))
}

impl From<FileError> for StoreError {
    fn from(error: FileError) -> Self {
        if error.is_unsafe() {
            Self::Unsafe { problem: error.to_string() }
        } else {
            Self::unavailable(error)
        }
    }
}
