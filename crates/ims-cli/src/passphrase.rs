//! The pass phrase of a private key, of the person at the terminal: without echo, and never as an option.

use std::io::{self, IsTerminal};

use ims::{
    Credential, Credentials, Error, SigningKey, SigningKeys, open_signing_key,
    sign::{KeyError, SharedSigner},
};
use secrecy::SecretString;

use crate::failure::Failure;

/// Asks for the pass phrase of `key`; `None` if there is no terminal.
pub(crate) fn ask(key: &str) -> Result<Option<SecretString>, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    let text = rpassword::prompt_password(format!("Pass phrase of {key}: "));
    let text = text.map_err(|error| {
        Failure::person("the pass phrase cannot be read from the terminal").because(error)
    })?;
    Ok(Some(text.into()))
}

/// Whether the error is a missing pass phrase.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::PrivateKey(KeyError::PassphraseMissing))
}

/// The same credentials with the pass phrases that are missing; `None` if there is no one to ask for them.
pub(crate) fn completed(credentials: &Credentials) -> Result<Option<Credentials>, Failure> {
    let Credential::ServiceAccount(credential) = credentials.credential() else { return Ok(None) };
    let mut credential = credential.clone();
    let mut pairs = Vec::new();
    for pair in credential.signing_keys.iter() {
        let mut pair = pair.clone();
        if open_signing_key(&pair.signing_key).is_err_and(|error| is_missing(&error)) {
            let Some(passphrase) = ask("the private key")? else { return Ok(None) };
            give(&mut pair.signing_key, passphrase);
        }
        pairs.push(pair);
    }
    let mut pairs = pairs.into_iter();
    let Some(first) = pairs.next() else { return Ok(None) };
    let keys = SigningKeys::new(first);
    credential.signing_keys = match pairs.next() {
        Some(second) => keys.with_second(second),
        None => keys,
    };
    Ok(Some(credentials.clone().with_credential(Credential::ServiceAccount(credential))))
}

/// Opens the key, and asks for its pass phrase if that is missing.
pub(crate) fn open(signing_key: &SigningKey) -> Result<SharedSigner, Failure> {
    match open_signing_key(signing_key) {
        Err(error) if is_missing(&error) => {
            let Some(passphrase) = ask("the private key")? else { return Err(error.into()) };
            let mut signing_key = signing_key.clone();
            give(&mut signing_key, passphrase);
            Ok(open_signing_key(&signing_key)?)
        }
        opened => Ok(opened?),
    }
}

fn give(signing_key: &mut SigningKey, given: SecretString) {
    if let SigningKey::File { passphrase, .. } = signing_key {
        *passphrase = Some(given);
    }
}
