//! A store in a folder: one file for each token, which its owner alone can read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ims_exchange::AccessToken;
use ims_files::{FileError, PrivateFolder};

use super::{digest, gives_way, stored_token};
use crate::{CacheKey, Lease, StoreError, TokenStore};

/// How often a save is tried again. Another process needs a few milliseconds to write a token.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(5);

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
        let load = move |folder: &Path| match PrivateFolder::open(folder)? {
            Some(folder) => load(&folder, &key),
            None => Ok(None),
        };
        self.run(load).await
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

    async fn lease(&self, key: &CacheKey, _lasting: Duration) -> Result<Option<Lease>, StoreError> {
        let name = format!("{}.lock", digest::name(key));
        let lease = move |folder: &Path| {
            let lock = PrivateFolder::create(folder)?.try_lock_file(&name)?;
            Ok(lock.map(Lease::new))
        };
        self.run(lease).await
    }

    async fn release(&self, _key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        // To close the file is to unlock it.
        drop(lease);
        Ok(())
    }
}

fn load(folder: &PrivateFolder, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
    match folder.read(&file_name(key), stored_token::MAX_BYTES as u64) {
        Ok(Some(bytes)) => stored_token::decode(key, &bytes).map(Some),
        Ok(None) => Ok(None),
        // No store wrote so much.
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
    if saved.is_none_or(|saved| gives_way(&saved, token)) {
        let bytes = stored_token::encode(key, token)?;
        lock.replace(&file_name(key), &bytes)?;
    }
    Ok(true)
}

fn file_name(key: &CacheKey) -> String {
    format!("{}.json", digest::name(key))
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
