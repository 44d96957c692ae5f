//! Where the refresh token of a person is kept: in memory, in a file that its owner alone can read, or in the keyring.

use std::{
    error::Error,
    fmt::{self, Write},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ims_claims::ErrorLine;
use ims_exchange::RefreshToken;
use ims_files::{FileError, PrivateFolder};
#[cfg(feature = "keyring")]
use secrecy::ExposeSecret;

#[cfg(feature = "keyring")]
use crate::keyring;

/// Keeps one refresh token. All calls block, except for the memory of this process.
///
/// Its `Display` names the place for a person: `the keyring, as "NAME"`.
///
/// ```
/// use ims_credentials::RefreshTokenStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RefreshTokenStore::in_memory(None);
/// assert!(store.load()?.is_none(), "no one is signed in");
/// store.save(&"a-refresh-token".parse()?)?;
/// assert!(store.load()?.is_some());
/// assert_eq!(store.to_string(), "the memory of this process");
/// # Ok(())
/// # }
/// ```
pub struct RefreshTokenStore(Backend);

enum Backend {
    Memory(Mutex<Option<RefreshToken>>),
    File {
        folder: PathBuf,
        name: String,
    },
    #[cfg(feature = "keyring")]
    Keyring {
        name: String,
    },
}

impl RefreshTokenStore {
    /// In the memory of this process: the sign-in ends with it. `None` if no one is signed in yet.
    #[must_use]
    pub fn in_memory(refresh_token: Option<RefreshToken>) -> Self {
        Self(Backend::Memory(Mutex::new(refresh_token)))
    }

    /// In a file of mode 0600, named after `name`, in the folder `path` of mode 0700, which is made when it is needed.
    ///
    /// ```
    /// use ims_credentials::RefreshTokenStore;
    ///
    /// let store = RefreshTokenStore::in_folder("/var/lib/my-app/sign-ins", "ada@example.com");
    /// println!("{store}"); // nothing is read or made before the first call
    /// ```
    #[must_use]
    pub fn in_folder(path: impl Into<PathBuf>, name: &str) -> Self {
        let name = format!("{}.refresh_token", escaped(name));
        Self(Backend::File { folder: path.into(), name })
    }

    /// In the [`keyring`], under `name`.
    ///
    /// ```
    /// use ims_credentials::RefreshTokenStore;
    ///
    /// let store = RefreshTokenStore::in_keyring("ada@example.com");
    /// assert_eq!(store.to_string(), "the keyring, as \"ada@example.com\"");
    /// ```
    #[cfg(feature = "keyring")]
    #[must_use]
    pub fn in_keyring(name: impl Into<String>) -> Self {
        Self(Backend::Keyring { name: name.into() })
    }

    /// Whether a call may take long, so that it must not block an asynchronous runtime.
    #[must_use]
    pub fn blocks(&self) -> bool {
        !matches!(self.0, Backend::Memory(_))
    }

    /// The refresh token, `None` if there is none.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be read, or holds something else.
    pub fn load(&self) -> Result<Option<RefreshToken>, RefreshTokensError> {
        self.read().map_err(|problem| self.error("read from", problem))
    }

    fn read(&self) -> Result<Option<RefreshToken>, String> {
        match &self.0 {
            Backend::Memory(held) => Ok(lock(held).clone()),
            Backend::File { folder, name } => {
                let Some(folder) = PrivateFolder::open(folder).map_err(line)? else {
                    return Ok(None);
                };
                match folder.read(name, LONGEST_FILE) {
                    Ok(Some(bytes)) => parsed(std::str::from_utf8(&bytes).unwrap_or_default()),
                    Ok(None) => Ok(None),
                    // A file that is too long is something else: the error says so, and not that the disk has a problem.
                    Err(FileError::TooLong { .. }) => Err(MALFORMED.to_owned()),
                    Err(error) => Err(line(error)),
                }
            }
            #[cfg(feature = "keyring")]
            Backend::Keyring { name } => match keyring::load(name).map_err(line)? {
                Some(text) => parsed(text.expose_secret()),
                None => Ok(None),
            },
        }
    }

    /// Puts `refresh_token` in place of the one that is there.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be written; what was there before is then still there.
    pub fn save(&self, refresh_token: &RefreshToken) -> Result<(), RefreshTokensError> {
        self.write(refresh_token).map_err(|problem| self.error("saved in", problem))
    }

    fn write(&self, refresh_token: &RefreshToken) -> Result<(), String> {
        match &self.0 {
            Backend::Memory(held) => *lock(held) = Some(refresh_token.clone()),
            Backend::File { folder, name } => {
                let folder = PrivateFolder::create(folder).map_err(line)?;
                // Two processes of one person may refresh at the same time, and each may save.
                let lock = folder.lock(LOCK_TIMEOUT).map_err(line)?;
                lock.replace(name, refresh_token.expose_secret().as_bytes()).map_err(line)?;
            }
            #[cfg(feature = "keyring")]
            Backend::Keyring { name } => {
                keyring::save(name, &refresh_token.expose_secret().into()).map_err(line)?;
            }
        }
        Ok(())
    }

    /// Puts `new` in place of `old`. If there is another token, or none, someone has signed in or out meanwhile, and
    /// nothing is changed.
    ///
    /// ```
    /// use ims_credentials::RefreshTokenStore;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = RefreshTokenStore::in_memory(Some("old".parse()?));
    /// store.replace(&"old".parse()?, &"new".parse()?)?;
    /// store.replace(&"old".parse()?, &"late".parse()?)?;
    /// assert!(store.load()?.is_some_and(|token| token.matches(&"new".parse().unwrap())));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn replace(
        &self,
        old: &RefreshToken,
        new: &RefreshToken,
    ) -> Result<(), RefreshTokensError> {
        match self.load() {
            Ok(Some(there)) if !there.matches(old) => Ok(()),
            Ok(None) => Ok(()),
            // A token that cannot be read is no reason not to write the new one.
            Ok(Some(_)) | Err(_) => self.save(new),
        }
    }

    /// Removes the refresh token, if there is one.
    ///
    /// # Errors
    /// [`RefreshTokensError`] if the place cannot be written.
    pub fn forget(&self) -> Result<(), RefreshTokensError> {
        self.remove().map_err(|problem| self.error("removed from", problem))
    }

    fn remove(&self) -> Result<(), String> {
        match &self.0 {
            Backend::Memory(held) => *lock(held) = None,
            Backend::File { folder, name } => {
                if let Some(folder) = PrivateFolder::open(folder).map_err(line)? {
                    let lock = folder.lock(LOCK_TIMEOUT).map_err(line)?;
                    lock.remove(name).map_err(line)?;
                }
            }
            #[cfg(feature = "keyring")]
            Backend::Keyring { name } => keyring::forget(name).map_err(line)?,
        }
        Ok(())
    }

    fn error(&self, what: &'static str, problem: String) -> RefreshTokensError {
        RefreshTokensError { what, place: self.to_string(), problem }
    }
}

impl fmt::Display for RefreshTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::Memory(_) => f.write_str("the memory of this process"),
            Backend::File { folder, name } => write!(f, "{}", ims_files::shown(folder.join(name))),
            #[cfg(feature = "keyring")]
            Backend::Keyring { name } => write!(f, "the keyring, as \"{name}\""),
        }
    }
}

impl fmt::Debug for RefreshTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshTokenStore({self})")
    }
}

/// Look at where the refresh token is kept: it could not be read or written there.
///
/// ```
/// use std::io;
///
/// use ims_credentials::{RefreshTokenStore, RefreshTokensError};
///
/// fn explain(store: &RefreshTokenStore) -> RefreshTokensError {
///     let error = RefreshTokensError::not_reached(store, io::Error::other("the thread is gone"));
///     assert_eq!(error.reason_name(), "refresh_token_not_kept");
///     error
/// }
/// ```
#[derive(Clone, thiserror::Error)]
#[error("the refresh token cannot be {what} {place}: {problem}")]
pub struct RefreshTokensError {
    what: &'static str,
    place: String,
    /// What went wrong there, in one line.
    problem: String,
}

impl RefreshTokensError {
    /// The `store` was not reached because of `error`.
    pub fn not_reached(store: &RefreshTokenStore, error: impl Error + 'static) -> Self {
        store.error("read from or written to", line(error))
    }

    /// A name of the cause for programs. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        "refresh_token_not_kept"
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("correct the named place, then try again".to_owned())
    }

    /// Whether trying again, without any change, can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        false
    }
}

impl fmt::Debug for RefreshTokensError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The value is complete at every moment, so a thread that panicked has broken nothing.
fn lock(held: &Mutex<Option<RefreshToken>>) -> MutexGuard<'_, Option<RefreshToken>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line(error: impl Error + 'static) -> String {
    ErrorLine(&error).to_string()
}

/// Reads the text of a store. A text that is something else is not repeated.
fn parsed(text: &str) -> Result<Option<RefreshToken>, String> {
    match text.parse() {
        Ok(refresh_token) => Ok(Some(refresh_token)),
        Err(_) => Err(MALFORMED.to_owned()),
    }
}

/// A file name for `name`, whatever characters it has.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a String never fails");
        }
    }
    escaped
}

const MALFORMED: &str = "what is there is not a refresh token";

/// How long to wait for another process that writes into the same folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// No refresh token is longer.
const LONGEST_FILE: u64 = 64 * 1024;

#[cfg(test)]
mod tests;
