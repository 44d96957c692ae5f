//! Where the refresh token of a person is kept between two refreshes, for asynchronous callers.

use std::{fmt, sync::Arc, thread};

use futures_channel::oneshot;
use ims_credentials::{RefreshTokenStore, RefreshTokensError};
use ims_exchange::RefreshToken;

/// The place where one refresh token is kept. Cheap to clone; clones are the same place.
///
/// IMS may give a new refresh token at each refresh, after which the old one may be invalid. So a client loads the
/// refresh token before each use, and saves the new one before anything else.
///
/// ```
/// use ims::RefreshTokens;
///
/// # async fn keep() -> Result<(), ims::RefreshTokensError> {
/// let refresh_tokens = RefreshTokens::in_folder("/var/lib/my-app/sign-ins", "me@example.com");
/// if refresh_tokens.load().await?.is_none() {
///     println!("no one is signed in: {}", refresh_tokens.place());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RefreshTokens {
    store: Arc<RefreshTokenStore>,
    identity: Arc<str>,
}

impl RefreshTokens {
    /// In the memory of this process: the sign-in ends with it.
    ///
    /// ```
    /// use ims::RefreshTokens;
    ///
    /// // The sign-in ends with the process.
    /// let refresh_tokens = RefreshTokens::in_memory("a-refresh-token".parse()?);
    /// println!("{}", refresh_tokens.place());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn in_memory(refresh_token: RefreshToken) -> Self {
        Self::new(RefreshTokenStore::in_memory(Some(refresh_token)))
    }

    /// In the memory of this process, without a refresh token yet: no one has signed in.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(RefreshTokenStore::in_memory(None))
    }

    /// In a file of mode 0600, named after `name`, in the folder `path` of mode 0700, which is made when it is needed.
    #[cfg(feature = "file")]
    #[must_use]
    pub fn in_folder(path: impl Into<std::path::PathBuf>, name: &str) -> Self {
        Self::new(RefreshTokenStore::in_folder(path, name))
    }

    /// In the [`keyring`](crate::keyring), under `name`.
    ///
    /// ```
    /// use ims::RefreshTokens;
    ///
    /// let refresh_tokens = RefreshTokens::in_keyring("ada@example.com");
    /// assert_eq!(refresh_tokens.place(), "the keyring, as \"ada@example.com\"");
    /// ```
    #[cfg(feature = "keyring")]
    #[must_use]
    pub fn in_keyring(name: impl Into<String>) -> Self {
        Self::new(RefreshTokenStore::in_keyring(name))
    }

    fn new(store: RefreshTokenStore) -> Self {
        let mut identity = store.to_string();
        if !store.blocks() {
            // All memory has one name, and several people may have signed in to one process.
            identity = format!("{identity} {:032x}", fastrand::u128(..));
        }
        Self { store: Arc::new(store), identity: identity.into() }
    }

    /// The refresh token, `None` if there is none.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be read, or holds something else.
    pub async fn load(&self) -> Result<Option<RefreshToken>, RefreshTokensError> {
        self.ask(RefreshTokenStore::load).await
    }

    /// Puts `refresh_token` in place of the one that is there.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be written; what was there before is then still there.
    pub async fn save(&self, refresh_token: &RefreshToken) -> Result<(), RefreshTokensError> {
        let refresh_token = refresh_token.clone();
        self.ask(move |store| store.save(&refresh_token)).await
    }

    /// See [`RefreshTokenStore::replace`].
    pub(super) async fn replace(
        &self,
        old: &RefreshToken,
        new: &RefreshToken,
    ) -> Result<(), RefreshTokensError> {
        let (old, new) = (old.clone(), new.clone());
        self.ask(move |store| store.replace(&old, &new)).await
    }

    /// Removes the refresh token, if there is one.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be written.
    pub async fn forget(&self) -> Result<(), RefreshTokensError> {
        self.ask(RefreshTokenStore::forget).await
    }

    /// Which place it is, for messages: `the keyring, as "NAME"`.
    #[must_use]
    pub fn place(&self) -> String {
        self.store.to_string()
    }

    /// The name under which a store keeps the tokens of the person who signed in here.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Asks on a new thread if the answer may take long: it is rare, and the caller need not be within a runtime.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&RefreshTokenStore) -> Result<T, RefreshTokensError> + Send + 'static,
    ) -> Result<T, RefreshTokensError> {
        // Memory answers at once, and to start a thread would take longer.
        if !self.store.blocks() {
            return question(&self.store);
        }
        let (done, answer) = oneshot::channel();
        let store = Arc::clone(&self.store);
        let thread = thread::Builder::new().name("ims".to_owned());
        // The caller may have given up before the answer comes.
        let started = thread.spawn(move || drop(done.send(question(&store))));
        started.map_err(|error| RefreshTokensError::not_reached(&self.store, error))?;
        answer.await.map_err(|error| RefreshTokensError::not_reached(&self.store, error))?
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshTokens({})", self.store)
    }
}

// Otherwise the deadline of a refresh would come first, and no error would say that the keyring is locked.
#[cfg(feature = "keyring")]
const _: () = assert!(
    ims_credentials::keyring::SEARCH_TIMEOUT.as_secs()
        + ims_credentials::keyring::CALL_TIMEOUT.as_secs()
        < ims_token::DEADLINE.as_secs()
);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_in_memory_is_shared_by_clones_and_has_its_own_name() {
        let place = RefreshTokens::in_memory("canary".parse().unwrap());
        let clone = place.clone();
        assert_eq!(clone.load().await.unwrap().unwrap().expose_secret(), "canary");
        assert_eq!(clone.identity(), place.identity());
        assert_ne!(RefreshTokens::empty().identity(), place.identity());
        assert_eq!(format!("{place:?}"), "RefreshTokens(the memory of this process)");
        clone.forget().await.unwrap();
        assert!(place.load().await.unwrap().is_none());
    }
}
