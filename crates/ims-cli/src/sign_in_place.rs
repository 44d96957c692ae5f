//! Where a person's sign-in is kept between two commands: its refresh token in the keyring, else in a file, and its access
//! token in a folder of the cache that no other sign-in uses.

use std::{fs, io, path::PathBuf};

use etcetera::BaseStrategy;
use ims::{
    RefreshTokens,
    claims::{ClientId, Environment},
    keyring::{self, KeyringError},
    token::FileStore,
};

use crate::{cache, failure::Failure};

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
        Ok(Self {
            name,
            files: base.data_dir().join("ims/sign-ins"),
            cache: cache::folder_of_sign_ins()?.join(folder),
        })
    }

    /// Where a new sign-in goes: into the keyring, if there is one; and if there is one that does not do its work, why not.
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

    /// Forgets the sign-in wherever it may be. What cannot be forgotten hinders nothing else from being forgotten.
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
                let message = format!("{} cannot be removed", self.cache.display());
                Err(Failure::person(message).because(error))
            }
            _ => Ok(()),
        }
    }
}

fn not_forgotten() -> Failure {
    Failure::person("the sign-in is not forgotten")
}
