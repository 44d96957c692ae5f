//! Credentials by name, in one file of the user, and which of them is the current one.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use ims_claims::{Environment, Metascope};
use ims_files::FileError;
use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::{
    credentials::Credentials,
    error::{self, CredentialsError},
};

/// The contexts of a user, out of a TOML file that people may write by hand, too: their comments stay.
///
/// Each context is a table `[contexts.NAME]`. It either names a file of credentials with `credentials_file`, and may then
/// say which of its credentials to use (`credential`), at which IMS (`ims_url`), the base URL of the API that is called
/// with it (`api_url`), and the metascopes that the file leaves out (`metascopes`); or it holds credentials of the form of
/// ims itself. Their secrets should be in another place. Relative paths begin at the folder of the file.
///
/// ```
/// use ims_credentials::{ContextFile, Contexts};
///
/// # let folder = tempfile::tempdir()?;
/// let mut contexts = Contexts::load(folder.path().join("config.toml"))?;
/// contexts.add("stage", &ContextFile::new("/etc/ims/stage.json"))?;
/// contexts.save()?;
/// assert_eq!(contexts.names(), ["stage"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Contexts {
    path: PathBuf,
    /// The contents of the file when it was read.
    text: String,
    document: DocumentMut,
}

/// A context that is a file of credentials. The file stays where it is, and so do the secrets in it.
///
/// ```
/// use ims_claims::Environment;
/// use ims_credentials::{ContextFile, Contexts};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = std::env::temp_dir().join("ims-doc-contexts");
/// let mut contexts = Contexts::load(folder.join("contexts.toml"))?;
/// let file = ContextFile::new("/etc/ims/stage.json").with_environment(Environment::stage());
/// contexts.add("stage", &file)?;
/// contexts.switch_to("stage")?;
/// assert_eq!(contexts.current(), Some("stage")); // Contexts::save writes it
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextFile {
    credentials_file: PathBuf,
    credential: Option<String>,
    environment: Option<Environment>,
    api_url: Option<String>,
    metascopes: Vec<Metascope>,
}

impl ContextFile {
    /// The file at `path`, whichever form it has.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            credentials_file: path.into(),
            credential: None,
            environment: None,
            api_url: None,
            metascopes: Vec::new(),
        }
    }

    /// The name of the credential to use, if the file has several.
    ///
    /// ```
    /// use ims_credentials::ContextFile;
    ///
    /// let context = ContextFile::new("project.json").with_credential("OAuth Server-to-Server");
    /// ```
    #[must_use]
    pub fn with_credential(self, name: impl Into<String>) -> Self {
        Self { credential: Some(name.into()), ..self }
    }

    /// Another IMS than the one in the file.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_credentials::ContextFile;
    ///
    /// let context = ContextFile::new("project.json").with_environment(Environment::stage());
    /// ```
    #[must_use]
    pub fn with_environment(self, environment: Environment) -> Self {
        Self { environment: Some(environment), ..self }
    }

    /// The base URL of the API that is called with these credentials. It is kept for the program that calls it, and is not
    /// used here.
    ///
    /// ```
    /// use ims_credentials::ContextFile;
    ///
    /// let context = ContextFile::new("project.json").with_api_url("https://platform.adobe.io");
    /// ```
    #[must_use]
    pub fn with_api_url(self, url: impl Into<String>) -> Self {
        Self { api_url: Some(url.into()), ..self }
    }

    /// The metascopes of a service account whose file leaves them out, as the download of Adobe's Developer Console does.
    ///
    /// ```
    /// use ims_claims::Metascope;
    /// use ims_credentials::ContextFile;
    ///
    /// // The download of a service account does not say its metascopes.
    /// let context = ContextFile::new("console.json").with_metascopes([Metascope::ENT_USER_SDK]);
    /// ```
    #[must_use]
    pub fn with_metascopes(self, metascopes: impl IntoIterator<Item = Metascope>) -> Self {
        Self { metascopes: metascopes.into_iter().collect(), ..self }
    }
}

/// Contexts that cannot be read, found or written.
///
/// Its `Display` is the cause in one line, its `Debug` adds what to do.
///
/// ```
/// use ims_credentials::{ContextFile, Contexts, ContextsError};
///
/// # let folder = tempfile::tempdir()?;
/// let mut contexts = Contexts::load(folder.path().join("config.toml"))?;
/// let error = contexts.add("two words", &ContextFile::new("creds.json")).unwrap_err();
/// assert!(matches!(error, ContextsError::Name));
/// println!("{error:?}"); // with what to do
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ContextsError {
    /// Do what the hint says: the file cannot be read or written.
    #[error("{}", .0.problem())]
    File(FileError),
    /// Correct the file at the place that is named.
    #[error("the contexts in {} are wrong: {problem}", ims_files::shown(.path))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: CredentialsError,
    },
    /// Load the contexts again and repeat the change: another program has written the file since it was read.
    #[error("{} has changed meanwhile", ims_files::shown(.path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Choose another name: letters, digits, `-` and `_`.
    #[error("a context cannot have this name")]
    Name,
    /// Choose another name, or remove the context first.
    #[error("there is a context {name} already")]
    Exists {
        /// The name.
        name: String,
    },
    /// Choose one of the contexts that are there.
    #[error("there is no such context; there is {}", if .names.is_empty() { "none" } else { .names })]
    Unknown {
        /// The names that are there, separated by commas.
        names: String,
    },
    /// Correct the credentials of the context, or their file.
    #[error("the context {name} cannot be used: {problem}")]
    Unusable {
        /// The name.
        name: String,
        /// What is wrong.
        problem: CredentialsError,
    },
}

impl Contexts {
    /// Reads the file at `path`; one that is not there has no contexts.
    ///
    /// # Errors
    /// [`ContextsError::File`] and [`ContextsError::Wrong`].
    pub fn load(path: impl Into<PathBuf>) -> Result<Self, ContextsError> {
        let path = path.into();
        let text = read(&path)?;
        let wrong = |problem| ContextsError::Wrong { path: path.clone(), problem };
        // Our own TOML reader reports the position of an error and not the text there.
        Credentials::toml(&text).map_err(wrong)?;
        let document = text.parse();
        let document = document.map_err(|_| wrong(CredentialsError::NotText))?;
        let contexts = Self { path: path.clone(), text, document };
        if contexts.document.get("contexts").is_none_or(Item::is_table_like) {
            Ok(contexts)
        } else {
            Err(wrong(CredentialsError::WrongType {
                name: "contexts".to_owned(),
                expected: "a table",
            }))
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all contexts, in the order of the file.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let contexts = self.document.get("contexts").and_then(Item::as_table_like);
        contexts.map(|table| table.iter().map(|(name, _)| name).collect()).unwrap_or_default()
    }

    /// The current context, which is used if no other is named.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        self.document.get("current")?.as_str()
    }

    /// Adds a context. The file is named by its absolute path and not copied. The first context becomes the current one.
    ///
    /// # Errors
    /// [`ContextsError::Name`], [`ContextsError::Exists`], and [`ContextsError::File`] if the current folder is unknown.
    pub fn add(&mut self, name: &str, file: &ContextFile) -> Result<(), ContextsError> {
        if !is_name(name) {
            return Err(ContextsError::Name);
        }
        if self.names().contains(&name) {
            return Err(ContextsError::Exists { name: name.to_owned() });
        }
        let path = std::path::absolute(&file.credentials_file)
            .map_err(|error| FileError::io(&file.credentials_file, "find", error))?;
        let mut context = Table::new();
        context.insert("credentials_file", value(path.to_string_lossy().into_owned()));
        if let Some(credential) = &file.credential {
            context.insert("credential", value(credential));
        }
        if let Some(environment) = &file.environment {
            context.insert("ims_url", value(environment.to_string()));
        }
        if let Some(api_url) = &file.api_url {
            context.insert("api_url", value(api_url));
        }
        if !file.metascopes.is_empty() {
            let metascopes: Array = file.metascopes.iter().map(Metascope::as_str).collect();
            context.insert("metascopes", value(metascopes));
        }
        let is_first = self.names().is_empty();
        self.table().insert(name, Item::Table(context));
        if is_first { self.switch_to(name) } else { Ok(()) }
    }

    /// Makes a context the current one.
    ///
    /// # Errors
    /// [`ContextsError::Unknown`]
    pub fn switch_to(&mut self, name: &str) -> Result<(), ContextsError> {
        self.expect(name)?;
        let current = &mut self.document["current"];
        let decor = current.as_value().map(|old| old.decor().clone());
        *current = value(name);
        // A comment after the old name stays.
        if let (Some(new), Some(decor)) = (current.as_value_mut(), decor) {
            *new.decor_mut() = decor;
        }
        Ok(())
    }

    /// Gives a context another name; the current one stays the current one.
    ///
    /// # Errors
    /// [`ContextsError::Unknown`], [`ContextsError::Name`] and [`ContextsError::Exists`].
    pub fn rename(&mut self, name: &str, new_name: &str) -> Result<(), ContextsError> {
        self.expect(name)?;
        if !is_name(new_name) {
            return Err(ContextsError::Name);
        }
        if self.names().contains(&new_name) {
            return Err(ContextsError::Exists { name: new_name.to_owned() });
        }
        let is_current = self.current() == Some(name);
        if let Some(context) = self.table().remove(name) {
            self.table().insert(new_name, context);
        }
        if is_current { self.switch_to(new_name) } else { Ok(()) }
    }

    /// Removes a context. Its file of credentials stays where it is.
    ///
    /// # Errors
    /// [`ContextsError::Unknown`]
    pub fn remove(&mut self, name: &str) -> Result<(), ContextsError> {
        self.expect(name)?;
        self.table().remove(name);
        if self.current() == Some(name) {
            self.document.remove("current");
        }
        Ok(())
    }

    /// The members of a context as they may be shown: a possible secret is not shown.
    ///
    /// # Errors
    /// [`ContextsError::Unknown`], and [`ContextsError::Wrong`] if it is not a table.
    pub fn show(&self, name: &str) -> Result<Vec<(String, String)>, ContextsError> {
        let mut members = Vec::new();
        for (member, value) in self.members(name)? {
            let shown = shown(&member, &value);
            members.push((member, shown));
        }
        Ok(members)
    }

    /// Reads the credentials of a context.
    ///
    /// # Errors
    /// [`ContextsError::Unknown`] and [`ContextsError::Unusable`].
    pub fn credentials(&self, name: &str) -> Result<Credentials, ContextsError> {
        let members = self.members(name)?;
        Credentials::of_context(members, name, &self.path)
            .map_err(|problem| ContextsError::Unusable { name: name.to_owned(), problem })
    }

    /// Writes the file, which its owner alone can read then.
    ///
    /// # Errors
    /// [`ContextsError::File`] and [`ContextsError::Changed`]; what was there before is then still there.
    pub fn save(&mut self) -> Result<(), ContextsError> {
        // Other programs that use this crate do not write until it is dropped.
        let _lock = ims_files::lock_if_there(&self.path, LOCK_TIMEOUT)?;
        if read(&self.path)? != self.text {
            return Err(ContextsError::Changed { path: self.path.clone() });
        }
        let text = self.document.to_string();
        ims_files::replace(&self.path, text.as_bytes())?;
        self.text = text;
        Ok(())
    }

    fn members(&self, name: &str) -> Result<Map<String, Value>, ContextsError> {
        self.expect(name)?;
        let wrong = |problem| ContextsError::Wrong { path: self.path.clone(), problem };
        let mut whole = Credentials::toml(&self.document.to_string()).map_err(wrong)?;
        match whole["contexts"][name].take() {
            Value::Object(members) => Ok(members),
            _ => Err(wrong(CredentialsError::WrongType {
                name: format!("contexts.{name}"),
                expected: "a table",
            })),
        }
    }

    fn expect(&self, name: &str) -> Result<(), ContextsError> {
        let names = self.names();
        if names.contains(&name) {
            return Ok(());
        }
        Err(ContextsError::Unknown { names: names.join(", ") })
    }

    /// The table of all contexts, which is made if it is not there.
    fn table(&mut self) -> &mut dyn toml_edit::TableLike {
        let contexts = self.document.entry("contexts").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        contexts.as_table_like_mut().expect("a file with another `contexts` was refused")
    }
}

/// The document may hold secrets, so it is not shown.
impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Contexts");
        shown.field("path", &self.path).field("names", &self.names()).finish_non_exhaustive()
    }
}

impl ContextsError {
    /// What a person can type or look at next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.remedy(),
            Self::Wrong { problem, .. } | Self::Unusable { problem, .. } => problem.hint(),
            Self::Changed { .. } => Some("do it again".to_owned()),
            _ => None,
        }
    }

    /// A name of the cause for programs, such as `context_unknown`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::Wrong { problem, .. } | Self::Unusable { problem, .. } => problem.reason_name(),
            Self::File(_) => "file_not_used",
            Self::Changed { .. } => "contexts_changed",
            Self::Unknown { .. } => "context_unknown",
            Self::Exists { .. } => "context_exists",
            Self::Name => "context_name",
        }
    }

    /// Whether the same call can succeed when it is made again: another process has changed the file meanwhile.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Changed { .. })
    }
}

impl fmt::Debug for ContextsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::report(f, self, self.hint())
    }
}

/// A file that is not there has no contexts.
fn read(path: &Path) -> Result<String, ContextsError> {
    let contents = match ims_files::read(path, MAX_BYTES) {
        Ok(contents) => contents,
        Err(error) if error.is_not_found() => return Ok(String::new()),
        Err(error) => return Err(error.into()),
    };
    let text = std::str::from_utf8(&contents.bytes);
    let text = text.map_err(|_| ContextsError::Wrong {
        path: path.to_owned(),
        problem: CredentialsError::NotText,
    })?;
    Ok(text.to_owned())
}

impl From<FileError> for ContextsError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// How long another program may write the file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// No file of contexts is longer.
const MAX_BYTES: u64 = 1024 * 1024;

/// Names that need no quotation marks, in TOML or in a shell.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// Shows only values that are known to be no secret.
fn shown(member: &str, value: &Value) -> String {
    let is_open = |suffix: &str| member.ends_with(suffix);
    let is_open = ["_file", "_env", "_keyring", "_id", "_url"].iter().any(|suffix| is_open(suffix))
        || ["credential", "scopes", "metascopes", "jti", "user", "redirect_uri"].contains(&member);
    match value {
        Value::String(text) if is_open => text.clone(),
        value if is_open => value.to_string(),
        _ => "(not shown)".to_owned(),
    }
}

#[cfg(test)]
mod tests;
