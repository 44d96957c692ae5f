//! The keyring of this user, by the stores of the crate `keyring`: the Secret Service on Linux and the BSDs (GNOME Keyring,
//! `KWallet`, `KeePassXC`), the Keychain on macOS, the Credential Manager on Windows.
//!
//! If there is none, as on a server or in a container, every call fails quickly with an error that says so.

use std::{
    error::Error,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

#[cfg(not(windows))]
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi;
#[cfg(not(windows))]
use secrecy::ExposeSecret;
use secrecy::SecretString;
use zeroize::Zeroizing;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;
#[cfg(all(unix, not(target_os = "macos")))]
use zbus_secret_service_keyring_store::Store;

#[cfg(windows)]
mod credential_manager;

#[cfg(windows)]
use credential_manager::{load as load_entry, load_by_python, save as save_entry};

/// The service name of all our entries.
pub const SERVICE: &str = "ims";

/// How long one call may take once a keyring is found: a person may have to unlock it first.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// How long we look for a keyring.
pub const SEARCH_TIMEOUT: Duration = Duration::from_secs(3);

/// A call to the keyring that failed.
///
/// ```no_run
/// use ims_credentials::keyring::{self, KeyringError};
///
/// match keyring::load("my-client") {
///     Ok(secret) => println!("there is {}", if secret.is_some() { "an entry" } else { "none" }),
///     Err(KeyringError::Locked) => println!("unlock the keyring"),
///     Err(error) => println!("{error}"),
/// }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Keep the secret in another place: there is no keyring here.
    #[error("there is no keyring here")]
    NoKeyring(#[source] Arc<dyn Error + Send + Sync>),
    /// Unlock the keyring, then call again: the prompt for that was dismissed, or not answered in time.
    #[error("the keyring is locked")]
    Locked,
    /// Look at the entry: its secret is not text.
    #[error("the entry {name} of the keyring holds no text")]
    NotText {
        /// The entry.
        name: String,
    },
    /// Keep the secret in another place: the Credential Manager of Windows takes 2,560 bytes.
    #[error("the secret is longer than the {most} bytes that the keyring takes")]
    TooLong {
        /// The size of an entry, in bytes.
        most: u32,
    },
    /// Look at the keyring.
    #[error("the keyring failed: {0}")]
    Failed(Arc<dyn Error + Send + Sync>),
}

/// The secret with the name `name`, `None` if there is none.
///
/// ```no_run
/// let secret = ims_credentials::keyring::load("my-client")?;
/// # Ok::<(), ims_credentials::keyring::KeyringError>(())
/// ```
///
/// # Errors
/// [`KeyringError`]
pub fn load(name: &str) -> Result<Option<SecretString>, KeyringError> {
    load_of(SERVICE, name)
}

/// The secret that another program has saved under a service and a name: with the crate `keyring`, or that of Python.
pub(crate) fn load_of(service: &str, name: &str) -> Result<Option<SecretString>, KeyringError> {
    let (service, entry_name) = (service.to_owned(), name.to_owned());
    ask(name, move |store| {
        let secret = match load_entry(&store.build(&service, &entry_name, None)?) {
            Err(keyring_core::Error::NoEntry) => load_by_python(store, &service, &entry_name),
            loaded => loaded,
        };
        match secret {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        }
    })
}

/// Saves `secret` with the name `name`, and replaces one that is there.
///
/// ```no_run
/// use ims_credentials::keyring;
///
/// keyring::save("my-client", &"p8e-secret".into())?; // and in the file: "client_secret_keyring": "my-client"
/// # Ok::<(), keyring::KeyringError>(())
/// ```
///
/// # Errors
/// [`KeyringError`]
pub fn save(name: &str, secret: &SecretString) -> Result<(), KeyringError> {
    let (entry_name, secret) = (name.to_owned(), secret.clone());
    ask(name, move |store| save_entry(&store.build(SERVICE, &entry_name, None)?, &secret))
}

/// Removes the secret with the name `name`, if there is one.
///
/// ```no_run
/// ims_credentials::keyring::forget("my-client")?;
/// # Ok::<(), ims_credentials::keyring::KeyringError>(())
/// ```
///
/// # Errors
/// [`KeyringError`]
pub fn forget(name: &str) -> Result<(), KeyringError> {
    let entry_name = name.to_owned();
    ask(name, move |store| match store.build(SERVICE, &entry_name, None)?.delete_credential() {
        Err(keyring_core::Error::NoEntry) => Ok(()),
        deleted => deleted,
    })
}

#[cfg(not(windows))]
fn load_by_python(_: &Store, _: &str, _: &str) -> keyring_core::Result<SecretString> {
    // On these systems both take the same attributes.
    Err(keyring_core::Error::NoEntry)
}

#[cfg(not(windows))]
fn load_entry(entry: &Entry) -> keyring_core::Result<SecretString> {
    entry.get_password().map(Into::into)
}

#[cfg(not(windows))]
fn save_entry(entry: &Entry, secret: &SecretString) -> keyring_core::Result<()> {
    entry.set_password(secret.expose_secret())
}

/// Asks the keyring on a new thread, so that the caller may be in a runtime or not, and so that a keyring that never
/// answers blocks no caller: only that thread keeps waiting.
fn ask<T: Send + 'static>(
    name: &str,
    question: impl FnOnce(&Store) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, KeyringError> {
    let (found, is_found) = mpsc::channel();
    let (answered, answer) = mpsc::channel();
    let thread = thread::Builder::new().name("ims-keyring".to_owned()).spawn(move || {
        let store = match Store::new() {
            Ok(store) => store,
            Err(error) => return drop(found.send(Err(error))),
        };
        // If no caller waits any longer, the question is not asked.
        if found.send(Ok(())).is_err() {
            return;
        }
        drop(answered.send(question(&store)));
    });
    thread.map_err(|error| KeyringError::Failed(Arc::new(error)))?;
    match is_found.recv_timeout(SEARCH_TIMEOUT) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(KeyringError::NoKeyring(Arc::new(error))),
        Err(error) => return Err(KeyringError::NoKeyring(Arc::new(error))),
    }
    match answer.recv_timeout(CALL_TIMEOUT) {
        Ok(answer) => answer.map_err(|error| refusal(error, name)),
        Err(RecvTimeoutError::Timeout) => Err(KeyringError::Locked),
        Err(error) => Err(KeyringError::Failed(Arc::new(error))),
    }
}

fn refusal(error: keyring_core::Error, name: &str) -> KeyringError {
    match error {
        // Both contain the secret, so they must not become the source of an error.
        keyring_core::Error::BadEncoding(secret)
        | keyring_core::Error::BadDataFormat(secret, _) => {
            drop(Zeroizing::new(secret));
            KeyringError::NotText { name: name.to_owned() }
        }
        keyring_core::Error::NoStorageAccess(_) => KeyringError::Locked,
        keyring_core::Error::TooLong(what, most) if what == "secret" => {
            KeyringError::TooLong { most }
        }
        error => KeyringError::Failed(Arc::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring_core::Error as E;

    #[test]
    fn a_refusal_of_the_keyring_says_what_it_is_and_never_the_secret() {
        let bytes = || b"canary\xff".to_vec();
        #[rustfmt::skip]
        let table = [
            (E::BadEncoding(bytes()),                             "the entry mine of the keyring holds no text"),
            (E::BadDataFormat(bytes(), "x".into()),               "the entry mine of the keyring holds no text"),
            (E::NoStorageAccess("x".into()),                      "the keyring is locked"),
            (E::TooLong("secret".to_owned(), 2_560),              "the secret is longer than the 2560 bytes that the keyring takes"),
            (E::TooLong("user".to_owned(), 513),                  "the keyring failed: Value of 'user' is longer than the platform limit of 513 chars"),
        ];
        for (error, said) in table {
            let refusal = refusal(error, "mine");
            assert_eq!(refusal.to_string(), said);
            assert!(!format!("{refusal:?}").contains("canary"), "{refusal:?}");
        }
    }
}
