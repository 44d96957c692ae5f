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

use keyring_core::{Entry, api::CredentialStoreApi};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;
#[cfg(all(unix, not(target_os = "macos")))]
use zbus_secret_service_keyring_store::Store;

/// The service name of all our entries.
pub const SERVICE: &str = "ims";

/// How long one call may take once a keyring is found: a person may have to unlock it first.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// How long we look for a keyring.
pub const SEARCH_TIMEOUT: Duration = Duration::from_secs(3);

/// A keyring that did not do what was asked.
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

/// The secret that another program keeps under a service and a name.
pub(crate) fn load_of(service: &str, name: &str) -> Result<Option<SecretString>, KeyringError> {
    ask(service, name, |entry| match entry.get_password() {
        Ok(secret) => Ok(Some(secret.into())),
        Err(keyring_core::Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
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
    let secret = secret.clone();
    ask(SERVICE, name, move |entry| entry.set_password(secret.expose_secret()))
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
    ask(SERVICE, name, |entry| match entry.delete_credential() {
        Err(keyring_core::Error::NoEntry) => Ok(()),
        deleted => deleted,
    })
}

/// Asks the keyring on a new thread, so that the caller may be in a runtime or not, and so that a keyring that never
/// answers blocks no caller: only that thread keeps waiting.
fn ask<T: Send + 'static>(
    service: &str,
    name: &str,
    question: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, KeyringError> {
    let (found, is_found) = mpsc::channel();
    let (answered, answer) = mpsc::channel();
    let (service, entry_name) = (service.to_owned(), name.to_owned());
    let thread = thread::Builder::new().name("ims-keyring".to_owned()).spawn(move || {
        let store = match Store::new() {
            Ok(store) => store,
            Err(error) => return drop(found.send(Err(error))),
        };
        // If no caller waits any longer, the question is not asked.
        if found.send(Ok(())).is_err() {
            return;
        }
        let entry = store.build(&service, &entry_name, None);
        drop(answered.send(entry.and_then(|entry| question(&entry))));
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
        error => KeyringError::Failed(Arc::new(error)),
    }
}
