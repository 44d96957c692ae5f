//! Where the refresh token of a person is kept between two refreshes: in memory, in a file, or in the keyring.

use std::{error::Error, fmt, iter::successors, sync::Arc, thread};

use futures_channel::oneshot;
use ims_exchange::RefreshToken;

mod backend;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "keyring")]
mod keyring_entry;
mod memory;

pub(super) use backend::is_same;

use backend::{Backend, Cause, cause};
use memory::Memory;

/// The place of one refresh token. Cheap to clone; clones are the same place.
///
/// IMS may give a new refresh token at each refresh, after which the old one may be invalid. So a client loads the
/// refresh token before each use, and saves the new one before anything else.
#[derive(Clone)]
pub struct RefreshTokens(Arc<dyn Backend>);

impl RefreshTokens {
    /// In the memory of this process: the sign-in ends with it.
    #[must_use]
    pub fn in_memory(refresh_token: RefreshToken) -> Self {
        Self(Arc::new(Memory::new(Some(refresh_token))))
    }

    /// In the memory of this process, where there is none yet: no one has signed in.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::new(Memory::new(None)))
    }

    /// In a file of mode 0600, named after `name`, in the folder `path` of mode 0700, which is made when it is needed.
    #[cfg(feature = "file")]
    #[must_use]
    pub fn in_folder(path: impl Into<std::path::PathBuf>, name: &str) -> Self {
        Self(Arc::new(file::TokenFile::new(path.into(), name)))
    }

    /// In the [`keyring`](crate::keyring), under `name`.
    #[cfg(feature = "keyring")]
    #[must_use]
    pub fn in_keyring(name: impl Into<String>) -> Self {
        Self(Arc::new(keyring_entry::KeyringEntry::new(name.into())))
    }

    /// The refresh token, `None` if there is none.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be read, or holds something else.
    pub async fn load(&self) -> Result<Option<RefreshToken>, RefreshTokensError> {
        self.ask("read from", |place| place.load()).await
    }

    /// Puts `refresh_token` in the place of the one that is there.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be written; what was there before is then still there.
    pub async fn save(&self, refresh_token: &RefreshToken) -> Result<(), RefreshTokensError> {
        let refresh_token = refresh_token.clone();
        self.ask("saved in", move |place| place.save(&refresh_token)).await
    }

    /// Puts `new` in the place of `old`. If something else is there, or nothing, somebody has signed in or out meanwhile, and
    /// that holds.
    pub(crate) async fn replace(
        &self,
        old: &RefreshToken,
        new: &RefreshToken,
    ) -> Result<(), RefreshTokensError> {
        let (old, new) = (old.clone(), new.clone());
        self.ask("saved in", move |place: &dyn Backend| match place.load() {
            Ok(Some(there)) if is_same(&there, &old) => place.save(&new),
            Ok(_) => Ok(()),
            // A token that cannot be read is no reason not to write the new one.
            Err(_) => place.save(&new),
        })
        .await
    }

    /// Takes the refresh token away, if there is one.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be written.
    pub async fn forget(&self) -> Result<(), RefreshTokensError> {
        self.ask("removed from", |place| place.forget()).await
    }

    /// Which place it is, for telling a person: `the keyring, as "NAME"`.
    #[must_use]
    pub fn place(&self) -> String {
        self.0.to_string()
    }

    /// The name under which a store keeps the tokens of the person who signed in here.
    pub(crate) fn identity(&self) -> String {
        self.0.identity()
    }

    async fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        question: impl FnOnce(&dyn Backend) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, RefreshTokensError> {
        let answer = if self.0.blocks() {
            let place = Arc::clone(&self.0);
            on_thread(move || question(&*place)).await.and_then(|answer| answer)
        } else {
            question(&*self.0)
        };
        answer.map_err(|source| RefreshTokensError {
            what,
            place: self.place(),
            cause: one_line(&*source),
        })
    }
}

/// Runs `work` on a new thread: it is rare, and the caller need not be within a runtime.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Cause> {
    let (done, result) = oneshot::channel();
    // The caller may have gone by the time the work is done.
    let thread = thread::Builder::new().name("ims".to_owned());
    thread.spawn(move || drop(done.send(work()))).map_err(cause)?;
    result.await.map_err(cause)
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshTokens({})", self.0)
    }
}

/// Look at where the refresh token is kept: it could not be read or written there.
#[derive(Clone, thiserror::Error)]
#[error("the refresh token cannot be {what} {place}: {cause}")]
pub struct RefreshTokensError {
    what: &'static str,
    place: String,
    /// What was met there, in one line.
    cause: String,
}

impl fmt::Debug for RefreshTokensError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An error and what is behind it, in one line, each part once.
pub(crate) fn one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in successors(error.source(), |&cause| cause.source()) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
