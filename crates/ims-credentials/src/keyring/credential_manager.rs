//! Entries of the Credential Manager of Windows: long secrets, and those that Python saved.
//!
//! An entry holds [`MOST_BYTES`] bytes, and programs put a password there as UTF-16: 1,280 characters. A refresh token of IMS
//! may be longer. Such a secret is saved as UTF-8 behind [`MARK`]; every other one as UTF-16, as other programs read it.

use std::collections::HashMap;

use keyring_core::{Entry, Error, api::CredentialStoreApi};
use secrecy::{ExposeSecret, SecretString};
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

/// The size of an entry: `CRED_MAX_CREDENTIAL_BLOB_SIZE` of `wincred.h`.
const MOST_BYTES: usize = 5 * 512;

/// What a secret in UTF-8 begins with. As UTF-16 these bytes would be three Chinese characters.
const MARK: &[u8] = b"utf-8:";

pub(super) fn load(entry: &Entry) -> keyring_core::Result<SecretString> {
    let bytes = Zeroizing::new(entry.get_secret()?);
    match bytes.strip_prefix(MARK) {
        Some(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Error::BadEncoding(bytes.to_vec())),
        },
        None => entry.get_password().map(Into::into),
    }
}

pub(super) fn save(entry: &Entry, secret: &SecretString) -> keyring_core::Result<()> {
    let secret = secret.expose_secret();
    if 2 * secret.encode_utf16().count() <= MOST_BYTES {
        return entry.set_password(secret);
    }
    let bytes = Zeroizing::new([MARK, secret.as_bytes()].concat());
    entry.set_secret(&bytes)
}

/// An entry of Python's package `keyring`, which the User Sync Tool uses.
///
/// Its target is the service alone, or the name and the service if the first is another user's (`WinVaultKeyring`).
pub(super) fn load_by_python(
    store: &Store,
    service: &str,
    name: &str,
) -> keyring_core::Result<SecretString> {
    let entry = store.build(service, name, Some(&HashMap::from([("target", service)])))?;
    match entry.get_attributes() {
        Ok(attributes) if attributes.get("username").is_some_and(|user| user == name) => {
            return load(&entry);
        }
        Ok(_) | Err(Error::NoEntry) => {}
        Err(error) => return Err(error),
    }
    let target = format!("{name}@{service}");
    load(&store.build(service, name, Some(&HashMap::from([("target", target.as_str())])))?)
}
