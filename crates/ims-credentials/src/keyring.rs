//! The keyring of the desktop, through the Secret Service of freedesktop.org: GNOME Keyring, `KWallet`,
//! `KeePassXC`.
//!
//! Where there is none, as on a server or in a container, every call says so at once.

use std::{
    collections::HashMap, error::Error, string::FromUtf8Error, sync::Arc, thread, time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use secret_service::{EncryptionType, Item, SecretService};
use tokio::{
    runtime,
    time::{error::Elapsed, timeout},
};
use zeroize::Zeroizing;

/// Under what service name all entries are kept.
pub const SERVICE: &str = "ims";

/// How long one call may take once a keyring is found: a person may have to unlock it first.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// How long a keyring is looked for.
pub const SEARCH_TIMEOUT: Duration = Duration::from_secs(3);

/// A keyring that did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Keep the secret elsewhere: there is no keyring here.
    #[error("there is no keyring here")]
    NoKeyring(#[source] Arc<dyn Error + Send + Sync>),
    /// Unlock the keyring, then call again: the prompt for that was dismissed, or nobody answered it in time.
    #[error("the keyring is locked")]
    Locked,
    /// Look at the entry: its secret is no text.
    #[error("the entry {name} of the keyring holds no text")]
    NotText {
        /// The entry.
        name: String,
    },
    /// Look at the source, and at the keyring.
    #[error("the keyring did not do what was asked")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
}

/// The secret that is kept under `name`, `None` if there is none.
///
/// # Errors
/// [`KeyringError`]
pub fn load(name: &str) -> Result<Option<SecretString>, KeyringError> {
    load_of(SERVICE, name)
}

/// The secret that another program keeps under a service and a name.
pub(crate) fn load_of(service: &str, name: &str) -> Result<Option<SecretString>, KeyringError> {
    let secret = with_keyring(async |keyring| match find(keyring, service, name).await? {
        Some(item) => item.get_secret().await.map(Some),
        None => Ok(None),
    })?;
    let text = |secret| String::from_utf8(secret).map(SecretString::from);
    let not_text = |error: FromUtf8Error| {
        drop(Zeroizing::new(error.into_bytes()));
        KeyringError::NotText { name: name.to_owned() }
    };
    secret.map(text).transpose().map_err(not_text)
}

/// Keeps `secret` under `name`, in the place of one that is there.
///
/// # Errors
/// [`KeyringError`]
pub fn save(name: &str, secret: &SecretString) -> Result<(), KeyringError> {
    let (label, secret) = (format!("{SERVICE}: {name}"), secret.expose_secret().as_bytes());
    with_keyring(async |keyring| {
        let collection = keyring.get_any_collection().await?;
        if collection.is_locked().await? {
            collection.unlock().await?;
        }
        collection
            .create_item(&label, attributes(SERVICE, name), secret, true, "text/plain")
            .await?;
        Ok(())
    })
}

/// Forgets the secret that is kept under `name`, if there is one.
///
/// # Errors
/// [`KeyringError`]
pub fn forget(name: &str) -> Result<(), KeyringError> {
    with_keyring(async |keyring| match find(keyring, SERVICE, name).await? {
        Some(item) => item.delete().await,
        None => Ok(()),
    })
}

/// The entry `name`, unlocked.
async fn find<'a>(
    keyring: &'a SecretService<'static>,
    service: &str,
    name: &str,
) -> Result<Option<Item<'a>>, secret_service::Error> {
    let mut found = keyring.search_items(attributes(service, name)).await?;
    if let Some(item) = found.unlocked.pop() {
        return Ok(Some(item));
    }
    let Some(item) = found.locked.pop() else { return Ok(None) };
    item.unlock().await?;
    Ok(Some(item))
}

/// By what an entry is found again.
fn attributes<'a>(service: &'a str, name: &'a str) -> HashMap<&'a str, &'a str> {
    HashMap::from([("service", service), ("username", name)])
}

/// Asks the keyring on a thread of its own, so that the caller may be within a runtime or without one.
fn with_keyring<T: Send>(
    ask: impl AsyncFnOnce(&SecretService<'static>) -> Result<T, secret_service::Error> + Send,
) -> Result<T, KeyringError> {
    let run = || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| KeyringError::Failed(Arc::new(error)))?.block_on(async {
            let keyring = connect().await?;
            let asked = timeout(CALL_TIMEOUT, ask(&keyring)).await;
            asked.map_err(|_: Elapsed| KeyringError::Locked)?.map_err(refusal)
        })
    };
    thread::scope(|scope| match scope.spawn(run).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// What goes over the bus is encrypted for whoever else can read it, as the Secret Service proposes.
async fn connect() -> Result<SecretService<'static>, KeyringError> {
    let connected = timeout(SEARCH_TIMEOUT, SecretService::connect(EncryptionType::Dh)).await;
    let connected = connected.map_err(|error| KeyringError::NoKeyring(Arc::new(error)))?;
    connected.map_err(|error| KeyringError::NoKeyring(Arc::new(error)))
}

fn refusal(error: secret_service::Error) -> KeyringError {
    use secret_service::Error::{Locked, NoResult, Prompt, PromptDisconnected};
    match error {
        Locked | Prompt | PromptDisconnected => KeyringError::Locked,
        // Nobody has made a keyring yet.
        NoResult => KeyringError::NoKeyring(Arc::new(error)),
        error => KeyringError::Failed(Arc::new(error)),
    }
}
