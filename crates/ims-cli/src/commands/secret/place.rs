//! Where a client secret is written, and how another one replaces it there: only the text of the secret changes, no other
//! byte.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use ims::{
    Credential, Credentials, Discovered, Discovery, Source, exchange::ClientSecret, keyring,
};
use ims_files::{Draft, Existing, Readers};
use secrecy::SecretString;
use serde_json::Value;
use toml_edit::{DocumentMut, Item, TableLike};
use zeroize::Zeroizing;

use crate::{failure::Failure, files, integration::CredentialsFile};

/// Where the secret is.
pub(super) enum SecretPlace {
    /// In the file of the credentials.
    Credentials { path: PathBuf, reader: Reader },
    /// In a separate file.
    SecretFile(PathBuf),
    /// In an entry of the keyring.
    Keyring(String),
    /// Where this command cannot write, in words.
    Elsewhere(String),
}

/// How the file of the credentials is read.
pub(super) enum Reader {
    /// As credentials: the one with this name if there are several.
    File(Option<String>),
    /// As contexts, of which one holds the credentials.
    Contexts(String),
}

/// The file that credentials of this source are in: the file of the contexts, if a context holds them itself.
pub(super) fn file_of(source: &Source) -> Result<Option<PathBuf>, Failure> {
    if let Some(file) = CredentialsFile::of(source)? {
        return Ok(Some(file.path));
    }
    Ok(match source {
        Source::Context(context)
        | Source::ContextVariable(context)
        | Source::CurrentContext(context) => Some(context.file.clone()),
        _ => None,
    })
}

impl SecretPlace {
    /// Finds where `client_secret` is stored. It is the secret of `found` that IMS accepts. `selected` is the name of the
    /// credentials, where their file holds several.
    pub(super) fn find(
        found: &Discovered,
        selected: Option<&str>,
        client_secret: &ClientSecret,
    ) -> Result<Self, Failure> {
        let (path, reader) = match &found.source {
            Source::File(path) | Source::CredentialsVariable(Some(path)) => {
                (path.clone(), Reader::File(selected.map(str::to_owned)))
            }
            Source::Context(context)
            | Source::ContextVariable(context)
            | Source::CurrentContext(context) => match CredentialsFile::of(&found.source)? {
                Some(file) => (file.path, Reader::File(file.credential)),
                None => (context.file.clone(), Reader::Contexts(context.name.clone())),
            },
            other => return Ok(Self::Elsewhere(other.to_string())),
        };
        let text = files::read_text(&path)?;
        if is_in(&text, client_secret) {
            return Ok(Self::Credentials { path, reader });
        }
        let context = match &reader {
            Reader::Contexts(name) => Some(name.as_str()),
            Reader::File(_) => None,
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        for (kind, value) in references(&text, context) {
            match kind.as_str() {
                "file" => {
                    let path = folder.join(value);
                    let contents = files::read_text(&path);
                    if contents.is_ok_and(|text| *text == client_secret.expose_secret()) {
                        return Ok(Self::SecretFile(path));
                    }
                }
                "keyring" => return Ok(Self::Keyring(value)),
                "env" => {
                    return Ok(Self::Elsewhere(format!("the environment variable {value}")));
                }
                _ => return Ok(Self::Elsewhere("what a command prints".to_owned())),
            }
        }
        Ok(Self::Elsewhere(format!("{}, in another spelling", ims_files::shown(&path))))
    }

    /// Checks that another secret could replace this one. Nothing is changed.
    pub(super) fn check(&self, old: &ClientSecret, found: &Discovered) -> Result<(), Failure> {
        // A test secret of the same length and with the same characters as those of Adobe.
        let example = ClientSecret::new("p8e-0123456789_abcdefghijklmnopqr".to_owned());
        match self {
            Self::Credentials { path, reader } => {
                reader.check(path, &replaced(path, old, &example)?, &example, found)
            }
            Self::SecretFile(_) | Self::Keyring(_) => Ok(()),
            Self::Elsewhere(place) => Err(Failure::person(format!(
                "the secret is in {place}, where this command cannot write"
            ))
            .hint("give the new one to a command that stores it, on its standard input: --exec COMMAND")
            .hint("or have it printed: --print")),
        }
    }

    /// Puts `new` in place of `old`, at once: a program that reads meanwhile sees one or the other.
    pub(super) fn put(
        &self,
        old: &ClientSecret,
        new: &ClientSecret,
        found: &Discovered,
    ) -> Result<(), Failure> {
        match self {
            Self::Credentials { path, reader } => {
                let text = replaced(path, old, new)?;
                reader.check(path, &text, new, found)?;
                replace(path, &text)
            }
            Self::SecretFile(path) => replace(path, &replaced(path, old, new)?),
            Self::Keyring(entry) => {
                let secret = SecretString::from(new.expose_secret());
                let saved = keyring::save(entry, &secret);
                saved.map_err(|error| {
                    Failure::person("the keyring cannot be written").because(error)
                })
            }
            Self::Elsewhere(_) => Ok(()),
        }
    }

    /// The place, in words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Credentials { path, .. } | Self::SecretFile(path) => ims_files::shown(path),
            Self::Keyring(entry) => format!("the entry {entry} of the keyring"),
            Self::Elsewhere(place) => place.clone(),
        }
    }
}

impl Reader {
    /// Checks `text` before it is written to `path`: it must be the same credentials with `new` among their secrets. A
    /// short secret may be in other members by chance, and some languages have special characters.
    fn check(
        &self,
        path: &Path,
        text: &str,
        new: &ClientSecret,
        found: &Discovered,
    ) -> Result<(), Failure> {
        let unwritable = |error: std::io::Error| {
            Failure::person(format!("{} cannot be replaced", ims_files::shown(path))).because(error)
        };
        // Paths in it are relative to its folder, and some forms are recognised by the end of the name.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = path.file_name().unwrap_or_default();
        let mut trial = tempfile::Builder::new()
            .prefix(".ims-")
            .suffix(name)
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(unwritable)?;
        trial.write_all(text.as_bytes()).map_err(unwritable)?;
        let read = match self {
            Self::File(None) => Credentials::from_file(trial.path()).ok(),
            Self::File(Some(name)) => Credentials::from_file_selecting(trial.path(), name).ok(),
            Self::Contexts(name) => {
                let discovery = Discovery::new().with_contexts_file(trial.path());
                let found = discovery.with_context(name).find().ok().flatten();
                found.map(|found| found.credentials)
            }
        };
        let is_same = read.is_some_and(|read| {
            let read = read.with_environment(found.credentials.environment().clone());
            is_same_with(&read, &found.credentials, new)
        });
        if is_same {
            return Ok(());
        }
        Err(Failure::person(format!(
            "the secret in {} cannot be replaced without changing something else",
            ims_files::shown(path)
        ))
        .hint(
            "give the new one to a command that stores it, on its standard input: --exec COMMAND",
        ))
    }
}

/// Whether `read` are the credentials `before` with `new` in place of one secret.
fn is_same_with(read: &Credentials, before: &Credentials, new: &ClientSecret) -> bool {
    let (Credential::ServerToServer(read), Credential::ServerToServer(before)) =
        (read.credential(), before.credential())
    else {
        return false;
    };
    let mut differing = Vec::new();
    for (read, before) in read.client_secrets.iter().zip(before.client_secrets.iter()) {
        if read.expose_secret() != before.expose_secret() {
            differing.push(read.expose_secret());
        }
    }
    read.client_id == before.client_id
        && read.scopes == before.scopes
        && read.org_id == before.org_id
        && read.client_secrets.iter().count() == before.client_secrets.iter().count()
        && differing == [new.expose_secret()]
}

/// The text of the file at `path` with `new` wherever `old` is.
fn replaced(
    path: &Path,
    old: &ClientSecret,
    new: &ClientSecret,
) -> Result<Zeroizing<String>, Failure> {
    let contents = files::read(path)?;
    let text = std::str::from_utf8(&contents);
    let text =
        text.map_err(|_| Failure::person(format!("{} is not text", ims_files::shown(path))))?;
    if !is_in(text, old) {
        return Err(Failure::person(format!("{} has changed meanwhile", ims_files::shown(path)))
            .hint("run the same command again"));
    }
    Ok(Zeroizing::new(text.replace(old.expose_secret(), new.expose_secret())))
}

fn is_in(text: &str, client_secret: &ClientSecret) -> bool {
    !client_secret.expose_secret().is_empty() && text.contains(client_secret.expose_secret())
}

fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    // A link stays one, and what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let draft = Draft::write(&path, Readers::AsBefore, text.as_bytes())?;
    Ok(draft.put(Existing::Replace)?)
}

/// The members `client_secret_file` and similar ones of credentials in our own form, as the kind of place and its name.
fn references(text: &str, context: Option<&str>) -> Vec<(String, String)> {
    if text.starts_with('{') {
        let members: Option<Value> = serde_json::from_str(text).ok();
        return members.as_ref().and_then(Value::as_object).map(of_json).unwrap_or_default();
    }
    let Ok(document) = text.parse::<DocumentMut>() else { return Vec::new() };
    let table = match context {
        Some(name) => document
            .get("contexts")
            .and_then(Item::as_table_like)
            .and_then(|contexts| contexts.get(name))
            .and_then(Item::as_table_like),
        None => Some(document.as_table() as &dyn TableLike),
    };
    table.map(of_toml).unwrap_or_default()
}

fn of_json(members: &serde_json::Map<String, Value>) -> Vec<(String, String)> {
    let mut references = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (name, value) in members {
        if let Some(kind) = name.strip_prefix("client_secret_") {
            references.push((kind.to_owned(), text(value)));
        }
    }
    let list = members.get("client_secrets").and_then(Value::as_array);
    for element in list.into_iter().flatten().filter_map(Value::as_object) {
        references.extend(element.iter().map(|(kind, value)| (kind.clone(), text(value))));
    }
    references
}

fn of_toml(table: &dyn TableLike) -> Vec<(String, String)> {
    let mut references = Vec::new();
    for (name, item) in table.iter() {
        if let Some(kind) = name.strip_prefix("client_secret_") {
            references.push((kind.to_owned(), item.as_str().unwrap_or_default().to_owned()));
        }
    }
    let list = table.get("client_secrets").and_then(Item::as_array);
    for element in list.into_iter().flatten().filter_map(|it| it.as_inline_table()) {
        for (kind, value) in element {
            references.push((kind.to_owned(), value.as_str().unwrap_or_default().to_owned()));
        }
    }
    references
}
