//! The private key that a command signs with: from credentials, from a file or in a hardware security module, and the pass
//! phrase or PIN that opens it. A person at the terminal is asked for these without echo. They are never options, since other
//! users of the machine see a command line.

use std::{
    env,
    io::{self, IsTerminal},
    path::Path,
};

use ims::{
    Credential, Credentials, Error, SigningKey, SigningKeys, open_signing_key,
    sign::{
        KeyError, Passphrase, PemSigner, SharedSigner,
        pkcs11::{Pin, PinSource, Pkcs11Config, Pkcs11Signer, Pkcs11Uri},
    },
};
use secrecy::{ExposeSecret, SecretString};

use crate::{failure::Failure, files};

/// Asks for the pass phrase of `key`; `None` if there is no terminal.
fn ask(key: &str) -> Result<Option<SecretString>, Failure> {
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
pub(crate) fn lacks_passphrase(error: &Error) -> bool {
    matches!(error, Error::PrivateKey(KeyError::PassphraseMissing))
}

/// The same credentials with the pass phrases that are missing; `None` if there is no one to ask for them.
pub(crate) fn with_passphrases(credentials: &Credentials) -> Result<Option<Credentials>, Failure> {
    let Credential::ServiceAccount(credential) = credentials.credential() else { return Ok(None) };
    let mut credential = credential.clone();
    let mut pairs = Vec::new();
    for pair in credential.signing_keys.iter() {
        let mut pair = pair.clone();
        if open_signing_key(&pair.signing_key).is_err_and(|error| lacks_passphrase(&error)) {
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
pub(crate) fn of_credentials(signing_key: &SigningKey) -> Result<SharedSigner, Failure> {
    match open_signing_key(signing_key) {
        Err(error) if lacks_passphrase(&error) => {
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

/// Reads a pass phrase from a file, without the line break at its end.
pub(crate) fn passphrase_in(path: Option<&Path>) -> Result<Option<Passphrase>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let contents = files::read_secret(path)?;
    let text = std::str::from_utf8(&contents);
    let text =
        text.map_err(|_| Failure::person(format!("{} is not text", ims_files::shown(path))))?;
    Ok(Some(Passphrase::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

/// Reads a new pass phrase from a file, or asks for it twice.
pub(crate) fn new_passphrase(path: Option<&Path>) -> Result<Passphrase, Failure> {
    if let Some(passphrase) = passphrase_in(path)? {
        return Ok(passphrase);
    }
    let missing = || {
        Failure::usage("there is no pass phrase to encrypt the key with")
            .hint("name a file that holds it: --passphrase-file FILE")
    };
    let first = ask("the new key")?.ok_or_else(missing)?;
    if first.expose_secret().is_empty() {
        return Err(missing());
    }
    let second = ask("the new key, again")?.ok_or_else(missing)?;
    if first.expose_secret() != second.expose_secret() {
        return Err(Failure::usage("the two pass phrases differ"));
    }
    Ok(Passphrase::new(first.expose_secret().to_owned()))
}

/// Asks for the pass phrase of the file at `path`; `None` if there is no terminal.
pub(crate) fn ask_for(path: &Path) -> Result<Option<Passphrase>, Failure> {
    let text = ask(&ims_files::shown(path))?;
    Ok(text.map(|text| Passphrase::new(text.expose_secret().to_owned())))
}

/// Reads the private key in `contents` of the file at `path`. Its pass phrase is asked for if it is missing.
pub(crate) fn read(
    path: &Path,
    contents: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<Result<PemSigner, KeyError>, Failure> {
    let first = PemSigner::from_bytes(contents, passphrase);
    if !matches!(first, Err(KeyError::PassphraseMissing)) {
        return Ok(first);
    }
    match ask_for(path)? {
        Some(passphrase) => Ok(PemSigner::from_bytes(contents, Some(&passphrase))),
        None => Ok(first),
    }
}

/// The private key in a file that no other user can read. Its pass phrase is asked for if it is missing.
///
/// If the file is not a private key, the error says what it is, before the permissions are checked: a certificate may be
/// public.
pub(crate) fn from_file(
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<PemSigner, Failure> {
    let contents = files::read_file(path)?;
    let signer = read(path, &contents.bytes, passphrase)?;
    let signer =
        signer.map_err(|error| Failure::of_key_file(&error).about(&ims_files::shown(path)))?;
    contents.access.check_private()?;
    Ok(signer)
}

/// Opens the key that `uri` names.
pub(crate) fn in_module(uri: &Pkcs11Uri, pin_file: Option<&Path>) -> Result<Pkcs11Signer, Failure> {
    let mut uri = uri.clone();
    uri.pin = read_pin(uri.pin.as_ref(), pin_file)?.map(PinSource::Pin);
    let config = Pkcs11Config::try_from(uri).map_err(|error| Failure::from(&error))?;
    Pkcs11Signer::open(config).map_err(|error| Failure::from(&error))
}

/// The PIN: of the URI's `pin-source`, of `--pin-file` (`-` is standard input), of `IMS_PKCS11_PIN`, or, on a terminal, of
/// the person there.
/// `None` is for a token that requires no login.
pub(crate) fn read_pin(
    source: Option<&PinSource>,
    file: Option<&Path>,
) -> Result<Option<Pin>, Failure> {
    let file = match file {
        Some(path) if path == Path::new("-") => {
            return pin(files::read_text(path)?.to_string()).map(Some);
        }
        file => file.map(|path| PinSource::File(path.to_owned())),
    };
    if let Some(source) = source.or(file.as_ref()) {
        return source.read().map(Some).map_err(|error| Failure::from(&error));
    }
    if let Ok(text) = env::var("IMS_PKCS11_PIN") {
        return pin(text).map(Some);
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    let text =
        rpassword::prompt_password("PIN of the token (empty for none): ").map_err(|error| {
            Failure::person("the PIN cannot be read from the terminal").because(error)
        })?;
    Ok(Pin::new(text).ok())
}

fn pin(text: String) -> Result<Pin, Failure> {
    Pin::new(text).map_err(|error| Failure::from(&error))
}
