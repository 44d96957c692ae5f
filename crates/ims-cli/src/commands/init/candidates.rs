//! The possible credentials: the files of this folder, the configuration of aio, and the environment variables.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
};

use ims::{Credential, Credentials, CredentialsError, Discovery, Source, claims::Metascope};
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, with_causes},
    files,
    integration::{self, innermost},
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) candidates: Vec<Candidate>,
    /// A file of a known form that cannot be used, and the reason.
    pub(super) unusable: Vec<(Location, String)>,
}

/// Credentials that can be used.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) place: Location,
    /// Whether a person has to name the metascopes: the download of the Developer Console leaves them out.
    pub(super) lacks_metascopes: bool,
    credentials: Credentials,
}

/// Where credentials are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// In a file with several credentials, under this name.
    File { path: PathBuf, credential: Option<String> },
    /// In environment variables.
    Variables(Source),
}

impl Found {
    /// Looks in all of these places. Folders in this folder are not searched.
    pub(super) fn look() -> Result<Self, Failure> {
        let mut found = Self::default();
        let entries = fs::read_dir(".")
            .map_err(|error| Failure::person("this folder cannot be read").because(error))?;
        let mut paths = Vec::new();
        for entry in entries.flatten() {
            let path = PathBuf::from(entry.file_name());
            if can_hold_credentials(&path) {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            found.look_at_file(&path);
        }
        if let Some(aio) = aio_configuration() {
            found.look_at_file(&aio);
        }
        found.look_at_variables();
        Ok(found)
    }

    fn look_at_file(&mut self, path: &Path) {
        let place = Location::File { path: path.to_owned(), credential: None };
        match Credentials::from_file(path) {
            Ok(credentials) => self.candidates.push(Candidate::new(place, credentials)),
            Err(error) => match names_of_several(&error) {
                Some(names) => self.look_at_each(path, &names),
                None if is_of_no_form(&error) && !is_for_credentials(path) => {}
                None => match without_metascopes(path, &error) {
                    Some(credentials) => {
                        let candidate = Candidate::new(place, credentials);
                        self.candidates.push(Candidate { lacks_metascopes: true, ..candidate });
                    }
                    None => self.unusable.push((place, reason(&error))),
                },
            },
        }
    }

    fn look_at_each(&mut self, path: &Path, names: &str) {
        // A name with a comma is in none of the parts: add such a context with ims context add.
        for name in names.split(", ") {
            let credential = Some(name.to_owned());
            let place = Location::File { path: path.to_owned(), credential };
            match Credentials::from_file_selecting(path, name) {
                Ok(credentials) => self.candidates.push(Candidate::new(place, credentials)),
                Err(error) => self.unusable.push((place, reason(&error))),
            }
        }
    }

    fn look_at_variables(&mut self) {
        // A context that cannot be read is skipped.
        let Ok(Some(found)) = Discovery::new().find() else { return };
        if matches!(found.source, Source::Variables(_) | Source::CredentialsVariable(_)) {
            let place = Location::Variables(found.source);
            self.candidates.push(Candidate::new(place, found.credentials));
        }
    }
}

/// The credentials of a file in which only the metascopes are missing, with a placeholder for them.
fn without_metascopes(path: &Path, error: &CredentialsError) -> Option<Credentials> {
    let CredentialsError::Missing { name } = innermost(error) else { return None };
    if !name.to_ascii_lowercase().ends_with("scopes") {
        return None;
    }
    Credentials::from_file_with_metascopes(path, &[Metascope::ENT_USER_SDK]).ok()
}

impl Candidate {
    fn new(place: Location, credentials: Credentials) -> Self {
        Self { place, lacks_metascopes: false, credentials }
    }

    /// The first useful command for credentials of this kind.
    pub(super) fn first_command(&self) -> &'static str {
        match self.credentials.credential() {
            Credential::User(_) => "ims login",
            Credential::ApiKey(_) => "ims call URL",
            _ => "ims token",
        }
    }

    /// The command that does the same without questions.
    pub(super) fn command_line(&self) -> String {
        let Location::File { path, credential } = &self.place else {
            return "ims token".to_owned();
        };
        let selected = credential.as_ref().map(|name| format!(" --credential {}", quoted(name)));
        let path = quoted(&ims_files::shown(path));
        let metascopes = if self.lacks_metascopes { " --metascopes CODE" } else { "" };
        format!("ims context add NAME -c {path}{}{metascopes}", selected.unwrap_or_default())
    }
}

/// Whether a file is for credentials, by its name or because it has a client secret, so that a fault in it is reported.
fn is_for_credentials(path: &Path) -> bool {
    let text = fs::read(path).map(Zeroizing::new).unwrap_or_default();
    let text = Zeroizing::new(String::from_utf8_lossy(&text).to_ascii_lowercase());
    let words = ["client_secret", "client-secret", "clientsecret"];
    path == Path::new(".aio") || words.iter().any(|word| text.contains(word))
}

/// Whether a file can be of one of the forms by its name and kind: keys and programs are not opened.
fn can_hold_credentials(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    // A sample has placeholders in place of values.
    let is_sample = ["example", "sample", "template", "dist"].contains(&ending);
    let is_known = !is_sample && files::can_be_credentials(&name);
    let length = fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len());
    is_known && length.is_some_and(|length| length <= LONGEST_FILE)
}

/// A project of the Developer Console with all its services is ten times smaller.
const LONGEST_FILE: u64 = 256 * 1024;

/// The configuration of `aio` for all folders. Source: adobe/aio-lib-core-config, `README.md`.
fn aio_configuration() -> Option<PathBuf> {
    let named = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named.or_else(|| env::home_dir().map(|home| home.join(".config")))?;
    Some(folder.join("aio")).filter(|path| path.is_file())
}

fn names_of_several(error: &CredentialsError) -> Option<String> {
    match innermost(error) {
        CredentialsError::Several { names, .. } => Some(names.clone()),
        _ => None,
    }
}

/// Whether the file is something else than credentials: most files of a folder are.
fn is_of_no_form(error: &CredentialsError) -> bool {
    matches!(
        innermost(error),
        CredentialsError::Unrecognized { .. }
            | CredentialsError::NotCredentials { .. }
            | CredentialsError::Syntax { .. }
            | CredentialsError::NotText
            | CredentialsError::Repeated { .. }
            | CredentialsError::AioSignInOnly { .. }
    )
}

/// What is wrong. The file's name is shown before it.
fn reason(error: &CredentialsError) -> String {
    let reason = with_causes(innermost(error));
    match error.hint() {
        Some(hint) => format!("{reason} ({hint})"),
        None => reason,
    }
}

/// For a shell.
fn quoted(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if is_plain && !text.is_empty() {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, credential: None } => write!(f, "{}", ims_files::shown(path)),
            Self::File { path, credential: Some(name) } => {
                write!(f, "{}, {name}", ims_files::shown(path))
            }
            Self::Variables(source) => source.fmt(f),
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = &self.credentials;
        let kind = integration::kind(credentials.credential());
        let (form, client) = (credentials.form(), credentials.client_id());
        write!(f, "{}: {form}, {kind}, client {client}", self.place)?;
        if self.lacks_metascopes {
            f.write_str(", which does not say its metascopes")?;
        }
        Ok(())
    }
}
