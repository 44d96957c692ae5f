//! Finds the credentials of a program that does not name any, in the same order in all our programs.

use std::{ffi::OsString, fmt, path::PathBuf};

#[cfg(feature = "contexts")]
use crate::contexts::{Contexts, ContextsError};
use crate::{
    credentials::{Credentials, variables_document},
    error::{self, CredentialsError},
    form::Form,
    reading::secret_file::path_of,
};

/// Looks for credentials in this order, and uses the first that exist:
///
/// 1. what the caller gives: a file or document, or the name of a context,
/// 2. `IMS_CREDENTIALS`: the path of a file, or the document itself,
/// 3. `IMS_CONTEXT`: the name of a context,
/// 4. environment variables of any form, `IMS_CLIENT_ID` and similar variables first,
/// 5. the current context of the user.
///
/// Contexts need the feature `contexts`; without it they are ignored.
///
/// ```no_run
/// use ims_credentials::Discovery;
///
/// let found = Discovery::new().find()?.ok_or("no credentials")?;
/// println!("the credentials are from {}", found.source);
/// for source in &found.shadowed {
///     println!("not used: {source}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Discovery {
    given: Option<OsString>,
    context: Option<String>,
    credential: Option<String>,
    contexts_file: Option<PathBuf>,
}

/// Credentials, and where they were found.
///
/// ```
/// use ims_credentials::Discovery;
///
/// let found = Discovery::new().with_given(r#"{ "api_key": "key" }"#).find()?.ok_or("none")?;
/// assert_eq!(found.credentials.client_id().as_str(), "key");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Discovered {
    /// The credentials.
    pub credentials: Credentials,
    /// Where they were found.
    pub source: Source,
    /// The other sources that are there. They were not used, since they come later in the order.
    pub shadowed: Vec<Source>,
}

/// Where credentials are. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A file that the caller gave.
    File(PathBuf),
    /// A document that the caller gave.
    Document,
    /// A context that the caller named.
    Context(ContextName),
    /// The file that `IMS_CREDENTIALS` names, or the document that it holds (`None`).
    CredentialsVariable(Option<PathBuf>),
    /// The context that `IMS_CONTEXT` names.
    ContextVariable(ContextName),
    /// Environment variables of a form, `None` for what `AIO_CONFIG_FILE` names or holds.
    Variables(Option<Form>),
    /// The current context of the user.
    CurrentContext(ContextName),
}

/// A context and the file that it is in.
///
/// ```
/// use ims_credentials::Source;
///
/// fn context(source: &Source) -> Option<&str> {
///     match source {
///         Source::Context(it) | Source::ContextVariable(it) | Source::CurrentContext(it) => Some(&it.name),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContextName {
    /// The name.
    pub name: String,
    /// The file of contexts.
    pub file: PathBuf,
}

/// Credentials that cannot be found or read.
///
/// Its `Display` is the cause in one line, its `Debug` adds what to do.
///
/// ```
/// use ims_credentials::{Discovery, DiscoveryError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn found() -> Result<(), DiscoveryError> {
/// let Some(found) = Discovery::new().with_context("stage").find()? else {
///     return Err(DiscoveryError::NotFound);
/// };
/// println!("{:?} from {:?}", found.credentials.form(), found.source);
/// # Ok(())
/// # }
/// # let _ = found;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// Give credentials in one of the ways of [`Discovery`]: there are none.
    #[error("no credentials are given")]
    NotFound,
    /// Correct the credentials that are meant.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Correct the contexts, or name one that is there.
    #[cfg(feature = "contexts")]
    #[error(transparent)]
    Contexts(#[from] ContextsError),
    /// Set `HOME` or `XDG_CONFIG_HOME`: a context is named, and the folder of the contexts is unknown.
    #[error("the folder of the user's configuration is unknown")]
    NoFolder,
}

impl Credentials {
    /// Finds the credentials of the environment and of the user's contexts: see [`Discovery`] for the order.
    ///
    /// # Errors
    /// [`DiscoveryError`]; [`DiscoveryError::NotFound`] if there are none.
    pub fn discover() -> Result<Discovered, DiscoveryError> {
        Discovery::new().find()?.ok_or(DiscoveryError::NotFound)
    }
}

impl Discovery {
    /// Without options: the environment and the current context decide.
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses this first: the path of a file, or the document itself, which no error repeats.
    ///
    /// ```
    /// use ims_credentials::{Discovery, Source};
    ///
    /// let found = Discovery::new().with_given(r#"{ "api_key": "key" }"#).find()?.ok_or("none")?;
    /// assert_eq!(found.source, Source::Document);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_given(self, path_or_document: impl Into<OsString>) -> Self {
        Self { given: Some(path_or_document.into()), ..self }
    }

    /// Uses the context of this name, if no file or document is given.
    ///
    /// ```
    /// use ims_credentials::Discovery;
    ///
    /// let discovery = Discovery::new().with_context("stage");
    /// ```
    pub fn with_context(self, name: impl Into<String>) -> Self {
        Self { context: Some(name.into()), ..self }
    }

    /// Uses the credential of this name, if a file or the variables hold several.
    ///
    /// ```
    /// use ims_credentials::Discovery;
    ///
    /// let discovery = Discovery::new().with_given("project.json").with_credential("OAuth Server-to-Server");
    /// ```
    pub fn with_credential(self, name: impl Into<String>) -> Self {
        Self { credential: Some(name.into()), ..self }
    }

    /// Reads the contexts from this file instead of the user's.
    ///
    /// ```
    /// use ims_credentials::Discovery;
    ///
    /// let discovery = Discovery::new().with_contexts_file("/etc/my-service/contexts.toml");
    /// ```
    pub fn with_contexts_file(self, path: impl Into<PathBuf>) -> Self {
        Self { contexts_file: Some(path.into()), ..self }
    }

    /// What was given: a file, or the document itself; `None` if neither was. Nothing is read, and nothing else is checked.
    ///
    /// ```
    /// use ims_credentials::{Discovery, Source};
    ///
    /// let given = Discovery::new().with_given("credentials.json").given();
    /// assert_eq!(given, Some(Source::File("credentials.json".into())));
    /// ```
    pub fn given(&self) -> Option<Source> {
        let given = self.given.as_ref()?;
        Some(path_of(given).map_or(Source::Document, Source::File))
    }

    /// Looks for credentials; `None` if there are none.
    ///
    /// # Errors
    /// [`DiscoveryError`] for the first source that is there and cannot be read. No later one is used in its place.
    pub fn find(&self) -> Result<Option<Discovered>, DiscoveryError> {
        self.find_in(std::env::vars_os().collect())
    }

    /// The same credentials as [`find`](Self::find), but faster: the sources after them are not looked for.
    ///
    /// ```
    /// use ims_credentials::Discovery;
    ///
    /// let discovery = Discovery::new().with_given(r#"{ "api_key": "key" }"#);
    /// let credentials = discovery.find_credentials()?.ok_or("none")?;
    /// assert_eq!(credentials.client_id().as_str(), "key");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`find`](Self::find).
    pub fn find_credentials(&self) -> Result<Option<Credentials>, DiscoveryError> {
        let variables: Vec<_> = std::env::vars_os().collect();
        match self.sources_in(&variables, 1)?.first() {
            Some(source) => self.read(source, variables).map(Some),
            None => Ok(None),
        }
    }

    /// All sources that are there, in their order: the first is the one that [`find`](Self::find) reads. Only the name of
    /// the current context is read.
    ///
    /// # Errors
    /// [`DiscoveryError`] if nothing else is there and the contexts cannot be read, or the folder of a named context is
    /// unknown.
    pub fn sources(&self) -> Result<Vec<Source>, DiscoveryError> {
        let variables: Vec<_> = std::env::vars_os().collect();
        self.sources_in(&variables, usize::MAX)
    }

    fn find_in(
        &self,
        variables: Vec<(OsString, OsString)>,
    ) -> Result<Option<Discovered>, DiscoveryError> {
        let mut sources = self.sources_in(&variables, usize::MAX)?.into_iter();
        let Some(source) = sources.next() else { return Ok(None) };
        let credentials = self.read(&source, variables)?;
        Ok(Some(Discovered { credentials, source, shadowed: sources.collect() }))
    }

    /// The first sources that exist, in their order: at most this number.
    fn sources_in(
        &self,
        variables: &Variables,
        most: usize,
    ) -> Result<Vec<Source>, DiscoveryError> {
        let mut sources: Vec<Source> = self.given().into_iter().collect();
        let others: [Look; 5] = [
            Self::named_context,
            Self::credentials_variable,
            Self::context_variable,
            Self::other_variables,
            Self::current_source,
        ];
        for look in others {
            if sources.len() >= most {
                break;
            }
            sources.extend(look(self, variables, &sources)?);
        }
        Ok(sources)
    }

    fn named_context(&self, _: &Variables, _: &[Source]) -> Found {
        let Some(name) = &self.context else { return Ok(None) };
        Ok(Some(Source::Context(self.context_called(name.clone())?)))
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as the other sources")]
    fn credentials_variable(&self, variables: &Variables, _: &[Source]) -> Found {
        let given = value(variables, "IMS_CREDENTIALS");
        Ok(given.map(|given| Source::CredentialsVariable(path_of(given))))
    }

    fn context_variable(&self, variables: &Variables, _: &[Source]) -> Found {
        let name = value(variables, "IMS_CONTEXT").and_then(|value| value.to_str());
        let Some(name) = name.filter(|_| cfg!(feature = "contexts")) else { return Ok(None) };
        Ok(Some(Source::ContextVariable(self.context_called(name.to_owned())?)))
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as the other sources")]
    fn other_variables(&self, variables: &Variables, _: &[Source]) -> Found {
        let document = variables_document(variables.iter().cloned());
        let form = document.fields().ok().and_then(|fields| Form::of_system_variables(&fields));
        let is_there = form.is_some() || value(variables, "AIO_CONFIG_FILE").is_some();
        Ok(is_there.then_some(Source::Variables(form)))
    }

    /// A file of contexts that cannot be read matters only if nothing comes before it.
    fn current_source(&self, _: &Variables, before: &[Source]) -> Found {
        match self.current_context() {
            Ok(Some(context)) if !is_named(before, &context) => {
                Ok(Some(Source::CurrentContext(context)))
            }
            Err(error) if before.is_empty() => Err(error),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    fn read(
        &self,
        source: &Source,
        variables: Vec<(OsString, OsString)>,
    ) -> Result<Credentials, DiscoveryError> {
        let selected = self.credential.as_deref();
        let document = match source {
            Source::File(path) | Source::CredentialsVariable(Some(path)) => {
                return Ok(Credentials::read(path, selected)?);
            }
            Source::Variables(_) => return Ok(Credentials::of_variables(variables, selected)?),
            Source::Context(context)
            | Source::ContextVariable(context)
            | Source::CurrentContext(context) => return read_context(context),
            Source::Document => self.given.clone(),
            Source::CredentialsVariable(None) => {
                let mut variables = variables.into_iter();
                variables.find(|(name, _)| name == "IMS_CREDENTIALS").map(|(_, value)| value)
            }
        };
        let document = document.and_then(|document| document.into_string().ok());
        let document = zeroize::Zeroizing::new(document.ok_or(CredentialsError::NotText)?);
        let read = Credentials::of_text(&document, selected);
        Ok(read.map_err(|problem| problem.in_document(source))?)
    }

    fn context_called(&self, name: String) -> Result<ContextName, DiscoveryError> {
        let file = self.contexts_file.clone().or_else(contexts_file);
        Ok(ContextName { name, file: file.ok_or(DiscoveryError::NoFolder)? })
    }

    fn current_context(&self) -> Result<Option<ContextName>, DiscoveryError> {
        #[cfg(not(feature = "contexts"))]
        {
            let _ = self;
            Ok(None)
        }
        #[cfg(feature = "contexts")]
        {
            let file = self.contexts_file.clone().or_else(contexts_file);
            let Some(file) = file else { return Ok(None) };
            let contexts = Contexts::load(file.clone())?;
            Ok(contexts.current().map(|name| ContextName { name: name.to_owned(), file }))
        }
    }
}

/// The variables of the system.
type Variables = [(OsString, OsString)];
type Found = Result<Option<Source>, DiscoveryError>;
/// Looks for one kind of source. Its argument is the sources that were found before.
type Look = fn(&Discovery, &Variables, &[Source]) -> Found;

/// A variable that is empty counts as not set.
fn value<'v>(variables: &'v Variables, wanted: &str) -> Option<&'v OsString> {
    let found = variables.iter().find(|(name, _)| name.as_os_str() == wanted);
    found.map(|(_, value)| value).filter(|value| !value.is_empty())
}

fn read_context(context: &ContextName) -> Result<Credentials, DiscoveryError> {
    #[cfg(not(feature = "contexts"))]
    {
        let _ = context;
        let (feature, what) = ("contexts", "a context");
        Err(CredentialsError::MissingFeature { feature, what }.into())
    }
    #[cfg(feature = "contexts")]
    {
        Ok(Contexts::load(context.file.clone())?.credentials(&context.name)?)
    }
}

/// The file of this user's contexts: `ims/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`, and in `%LOCALAPPDATA%` on
/// Windows, since it may hold secrets, and `%APPDATA%` is copied to other machines. `None` if neither these variables nor
/// the home folder are known.
///
/// Source: XDG Base Directory Specification 0.8, which says that a relative `XDG_CONFIG_HOME` must be ignored.
#[must_use]
pub fn contexts_file() -> Option<PathBuf> {
    let folder = if cfg!(windows) {
        PathBuf::from(std::env::var_os("LOCALAPPDATA")?)
    } else {
        let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let home = || std::env::home_dir().map(|home| home.join(".config"));
        named.filter(|folder| folder.is_absolute()).or_else(home)?
    };
    Some(folder.join("ims").join("config.toml"))
}

/// The argument may be a document with secrets.
impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Discovery");
        shown.field("context", &self.context).field("credential", &self.credential);
        shown.field("contexts_file", &self.contexts_file).finish_non_exhaustive()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", ims_files::shown(path)),
            Self::Document => f.write_str("the document that was given"),
            Self::Context(context) => write!(f, "the context {context}"),
            Self::CredentialsVariable(Some(path)) => {
                write!(f, "the file {} (IMS_CREDENTIALS)", ims_files::shown(path))
            }
            Self::CredentialsVariable(None) => f.write_str("the document in IMS_CREDENTIALS"),
            Self::ContextVariable(context) => write!(f, "the context {context} (IMS_CONTEXT)"),
            Self::Variables(Some(form)) => write!(f, "{form} (from the environment)"),
            Self::Variables(None) => f.write_str("the variable AIO_CONFIG_FILE"),
            Self::CurrentContext(context) => write!(f, "the current context {context}"),
        }
    }
}

impl fmt::Display for ContextName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A document may be given where a name belongs.
        let is_name = ims_files::shown(&self.name) == self.name;
        let name = if is_name { &self.name } else { "(a text that is not a name)" };
        write!(f, "{name} of {}", ims_files::shown(&self.file))
    }
}

impl DiscoveryError {
    /// What a person can type or look at next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(error) => error.hint(),
            #[cfg(feature = "contexts")]
            Self::Contexts(error) => error.hint(),
            Self::NoFolder => Some("set HOME".to_owned()),
            Self::NotFound => Some(
                "set IMS_CREDENTIALS to a file, or IMS_CLIENT_ID and similar variables".to_owned(),
            ),
        }
    }

    /// A name of the cause for programs, such as `no_credentials`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::Credentials(error) => error.reason_name(),
            #[cfg(feature = "contexts")]
            Self::Contexts(error) => error.reason_name(),
            Self::NoFolder | Self::NotFound => "no_credentials",
        }
    }

    /// Whether the same call can succeed when it is made again, without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            #[cfg(feature = "contexts")]
            Self::Contexts(error) => error.is_transient(),
            _ => false,
        }
    }
}

impl fmt::Debug for DiscoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::report(f, self, self.hint())
    }
}

/// Whether the context is one of the sources already: then nothing shadows it.
fn is_named(sources: &[Source], context: &ContextName) -> bool {
    sources.iter().any(|source| match source {
        Source::Context(named) | Source::ContextVariable(named) => named == context,
        _ => false,
    })
}

#[cfg(test)]
#[cfg(feature = "contexts")]
mod tests;
