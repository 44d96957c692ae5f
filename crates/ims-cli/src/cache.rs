//! The folder in which commands keep access tokens for one another.

use std::{fs, io, path::PathBuf};

use etcetera::BaseStrategy;
use ims::{exchange::BearerToken, token::FileStore};

use crate::failure::Failure;

/// `IMS_CACHE_DIR`, else the folder `ims` in the user's cache.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = std::env::var_os("IMS_CACHE_DIR") {
        return Ok(folder.into());
    }
    let base = etcetera::choose_base_strategy();
    let base =
        base.map_err(|_| Failure::person("the home folder is unknown").hint("set IMS_CACHE_DIR"))?;
    Ok(base.cache_dir().join("ims"))
}

/// Where the access tokens of people are kept, in one folder for each sign-in.
pub(crate) fn folder_of_sign_ins() -> Result<PathBuf, Failure> {
    Ok(folder()?.join("sign-ins"))
}

/// All folders of the cache: that of integrations, and one for each sign-in.
pub(crate) fn folders() -> Result<Vec<PathBuf>, Failure> {
    let mut folders = vec![folder()?];
    match fs::read_dir(folder_of_sign_ins()?) {
        Ok(entries) => folders.extend(entries.flatten().map(|entry| entry.path())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::person("the cache cannot be read").because(error)),
    }
    Ok(folders)
}

/// Removes a token that IMS has revoked, wherever it is kept, and returns how often it was there.
pub(crate) async fn remove(token: &BearerToken) -> Result<usize, Failure> {
    let folders = folders().map_err(|failure| failure.about("the token is revoked"))?;
    let mut removed = 0;
    for folder in folders {
        let store = FileStore::new(folder);
        let here = store.remove_token(token).await;
        removed += here.map_err(|error| not_removed().because(error))?;
    }
    Ok(removed)
}

fn not_removed() -> Failure {
    Failure::person("the token is revoked, but may still be in the cache")
        .hint("get a new one into the cache: ims token --fresh")
}
