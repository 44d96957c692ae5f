//! What this command keeps for its user between two runs: the contexts, the access tokens in the cache and the sign-ins.
//!
//! A sign-in has its refresh token in the keyring, else in a file, and its access token in a folder of the cache that no
//! other sign-in uses.

use std::{fs, io, path::PathBuf};

use etcetera::BaseStrategy;
use ims::{
    Contexts, ContextsError, RefreshTokens, Report,
    claims::{ClientId, Environment},
    exchange::BearerToken,
    keyring::{self, KeyringError},
    token::FileStore,
};

use crate::failure::Failure;

/// The contexts in the folder `ims` of the user's configuration; none if there is no such file.
pub(crate) fn contexts() -> Result<Contexts, Failure> {
    let file = ims::contexts_file();
    let file =
        file.ok_or_else(|| Failure::person("the home folder is unknown").hint("set HOME"))?;
    Ok(Contexts::load(file)?)
}

impl From<ContextsError> for Failure {
    fn from(error: ContextsError) -> Self {
        let failure = Self::from(Report::from(&error));
        match error {
            ContextsError::Name | ContextsError::Exists { .. } | ContextsError::Unknown { .. } => {
                failure.into_usage()
            }
            _ => failure,
        }
    }
}

/// Where commands store access tokens for each other: `IMS_CACHE_DIR`, else the folder `ims` in the user's cache, and on
/// Windows `ims/cache` in `%LOCALAPPDATA%`.
pub(crate) fn cache_folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = std::env::var_os("IMS_CACHE_DIR") {
        return Ok(folder.into());
    }
    let base = etcetera::choose_base_strategy();
    let base =
        base.map_err(|_| Failure::person("the home folder is unknown").hint("set IMS_CACHE_DIR"))?;
    let folder = base.cache_dir().join("ims");
    // On Windows this is also where sign-ins are kept.
    Ok(if cfg!(windows) { folder.join("cache") } else { folder })
}

/// Where the access tokens of people are kept, in one folder for each sign-in.
fn folder_of_sign_ins() -> Result<PathBuf, Failure> {
    Ok(cache_folder()?.join("sign-ins"))
}

/// All folders of the cache: that of integrations, and one for each sign-in.
pub(crate) fn cache_folders() -> Result<Vec<PathBuf>, Failure> {
    let mut folders = vec![cache_folder()?];
    match fs::read_dir(folder_of_sign_ins()?) {
        Ok(entries) => folders.extend(entries.flatten().map(|entry| entry.path())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::person("the cache cannot be read").because(error)),
    }
    Ok(folders)
}

/// Removes a token that IMS has revoked, wherever it is kept, and returns how often it was there.
pub(crate) async fn remove_from_cache(token: &BearerToken) -> Result<usize, Failure> {
    let folders = cache_folders().map_err(|failure| failure.about("the token is revoked"))?;
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

/// The places of the sign-in to one integration at one IMS.
#[derive(Debug, Clone)]
pub(crate) struct SignInPlace {
    name: String,
    files: PathBuf,
    cache: PathBuf,
}

impl SignInPlace {
    /// The places of the sign-in to `client_id`. Nothing is read.
    pub(crate) fn of(environment: &Environment, client_id: &ClientId) -> Result<Self, Failure> {
        let base_url = environment.base_url();
        let (_, host) = base_url.split_once("://").unwrap_or(("", base_url));
        let name = format!("{client_id}@{host}");
        let folder = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let base = etcetera::choose_base_strategy();
        let base =
            base.map_err(|_| Failure::person("the home folder is unknown").hint("set HOME"))?;
        // On Windows the folder for data is copied to other machines, and that for the cache is not (`%LOCALAPPDATA%`).
        let data = if cfg!(windows) { base.cache_dir() } else { base.data_dir() };
        Ok(Self {
            name,
            files: data.join("ims").join("sign-ins"),
            cache: folder_of_sign_ins()?.join(folder),
        })
    }

    /// Where a new sign-in is stored: in the keyring, if there is one. If the keyring does not work, also the reason.
    pub(crate) fn of_new(&self) -> (RefreshTokens, Option<KeyringError>) {
        match keyring::load(&self.name) {
            Ok(_) => (self.in_keyring(), None),
            Err(KeyringError::NoKeyring(_)) => (self.in_file(), None),
            Err(error) => (self.in_file(), Some(error)),
        }
    }

    /// Where the present sign-in is kept. If there is none, that is the file.
    pub(crate) fn of_current(&self) -> RefreshTokens {
        let file = self.in_file();
        if fs::symlink_metadata(file.place()).is_ok() {
            return file;
        }
        match keyring::load(&self.name) {
            Ok(None) | Err(KeyringError::NoKeyring(_)) => file,
            // A fault of the keyring is reported where the refresh token is read.
            Ok(Some(_)) | Err(_) => self.in_keyring(),
        }
    }

    /// A file that only its owner can read.
    pub(crate) fn in_file(&self) -> RefreshTokens {
        RefreshTokens::in_folder(&self.files, &self.name)
    }

    fn in_keyring(&self) -> RefreshTokens {
        RefreshTokens::in_keyring(&self.name)
    }

    /// Where its access tokens are cached.
    pub(crate) fn store(&self) -> FileStore {
        FileStore::new(&self.cache)
    }

    /// Removes the sign-in from every place where it can be. If one part cannot be removed, the others are removed anyway.
    pub(crate) async fn forget(&self) -> Result<(), Failure> {
        let cache = self.forget_access_tokens();
        self.forget_refresh_token().await?;
        cache
    }

    /// Forgets the refresh token, in the keyring and in its file.
    pub(crate) async fn forget_refresh_token(&self) -> Result<(), Failure> {
        let file = self.in_file().forget().await;
        match keyring::forget(&self.name) {
            Ok(()) | Err(KeyringError::NoKeyring(_)) => {}
            Err(error) => return Err(not_forgotten().because(error)),
        }
        file.map_err(|error| not_forgotten().because(error))
    }

    /// Forgets the access tokens: those of another sign-in, or of one that has ended.
    pub(crate) fn forget_access_tokens(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.cache) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let message = format!("{} cannot be removed", ims_files::shown(&self.cache));
                Err(Failure::person(message).because(error))
            }
            _ => Ok(()),
        }
    }
}

fn not_forgotten() -> Failure {
    Failure::person("the sign-in is not forgotten")
}
