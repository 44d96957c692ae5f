//! The credentials of one integration, read from any of the forms that they come in.

use std::{
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

use ims_claims::{ClientId, Environment, Metascope, OrgId, ServiceAccount};
use ims_files::{Access, FileContents, FileError};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::CredentialsError,
    form::{Form, own_format},
    language::Language,
    reading::{
        fields::{Document, Fields},
        other_kind,
        read_context::{CredentialKind, FilesRead, ReadContext},
        secret_file, secret_reference,
    },
    recognition::recognized,
};

mod untrusted;

/// The credentials of one integration, and the IMS that they are for.
///
/// ```
/// use ims_credentials::{Credential, Credentials};
///
/// let text = r#"{ "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secret": "p8e-…", "scopes": ["openid"] }"#;
/// let credentials: Credentials = text.parse()?;
/// assert_eq!(credentials.client_id().as_str(), "a64f5f10849a410a97ffdac8ae1");
/// assert!(matches!(credentials.credential(), Credential::ServerToServer(_)));
/// # Ok::<(), ims_credentials::CredentialsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Credentials {
    environment: Environment,
    credential: Credential,
    form: Form,
    redirect_uri: Option<String>,
    warnings: Vec<String>,
    secret_variables: Vec<String>,
    files: Vec<PathBuf>,
}

impl Credentials {
    /// Reads the file at `path`, whichever form it has. Relative paths in it are relative to it.
    ///
    /// ```no_run
    /// use ims_credentials::Credentials;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = Credentials::from_file("credentials.json")?;
    /// println!("{} at {}", credentials.client_id(), credentials.environment());
    /// for warning in credentials.warnings() {
    ///     eprintln!("{warning}"); // such as: others can read the secret in the file
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CredentialsError`], which names the file and the member and repeats no value; [`CredentialsError::NotPath`] for a
    /// text that is a document and no path.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, CredentialsError> {
        Self::read(path.as_ref(), None)
    }

    /// Reads the credentials called `name` of the file at `path`, which may hold several: a project of Adobe's Developer
    /// Console, the contexts of `aio`.
    ///
    /// ```
    /// use ims_credentials::{Credentials, CredentialsError};
    ///
    /// # fn main() {
    /// fn stage() -> Result<Credentials, CredentialsError> {
    ///     // The download of a project, which has several credentials.
    ///     Credentials::from_file_selecting("console.json", "OAuth Server-to-Server")
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file), and [`CredentialsError::NoneSelected`] with the names that are there.
    pub fn from_file_selecting(
        path: impl AsRef<Path>,
        name: &str,
    ) -> Result<Self, CredentialsError> {
        Self::read(path.as_ref(), Some(name))
    }

    /// Reads a document of JSON: our own form, a project of the Developer Console, service credentials of AEM and so on.
    /// Relative paths in it begin at the current folder.
    ///
    /// ```
    /// let credentials = ims_credentials::Credentials::from_json(r#"{ "api_key": "a64f5f10849a410a97ffdac8ae1" }"#)?;
    /// assert_eq!(credentials.client_id().as_str(), "a64f5f10849a410a97ffdac8ae1");
    /// # Ok::<(), ims_credentials::CredentialsError>(())
    /// ```
    ///
    /// # Errors
    /// [`CredentialsError`], which names the member and repeats no value.
    pub fn from_json(json: &str) -> Result<Self, CredentialsError> {
        let document = Language::Json.parse(json.trim_start_matches('\u{feff}'))?;
        let fields = document.fields()?;
        let form = Form::of(&fields, Language::Json)?;
        Self::of(form, &fields, &ReadContext::of_text(None, &FilesRead::default()))
    }

    /// Reads a document of any form from `reader`, for example standard input: at most 1 MiB. Relative paths in it begin at
    /// the current folder.
    ///
    /// ```
    /// use ims_credentials::{Credentials, Form};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let input = &br#"{ "client_id": "a", "client_secret": "p8e-x", "scopes": ["openid"] }"#[..];
    /// let credentials = Credentials::from_reader(input)?; // or std::io::stdin()
    /// assert_eq!(credentials.form(), Form::Own);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CredentialsError`], which names the member and repeats no value; [`CredentialsError::File`] with the name `(input)`
    /// if `reader` fails.
    pub fn from_reader(reader: impl Read) -> Result<Self, CredentialsError> {
        let mut contents = Zeroizing::new(Vec::with_capacity(16 * 1024));
        let read = reader.take(secret_file::MAX_BYTES).read_to_end(&mut contents);
        read.map_err(|error| FileError::io(Path::new("(input)"), "read", error))?;
        let text = std::str::from_utf8(&contents).map_err(|_| CredentialsError::NotText)?;
        text.parse()
    }

    /// Reads the environment variables `IMS_CLIENT_ID`, `IMS_CLIENT_SECRET`, `IMS_ORG_ID`, `IMS_TECHNICAL_ACCOUNT_ID`,
    /// `IMS_METASCOPES` or `IMS_SCOPES` (separated by commas or spaces), `IMS_PRIVATE_KEY` (the key itself) or
    /// `IMS_PRIVATE_KEY_FILE`, `IMS_PRIVATE_KEY_PASSPHRASE`, `IMS_CERTIFICATE_FILE` and `IMS_URL`.
    ///
    /// If they are not set, the first of these groups that is set is read: `IMS_OAUTH_S2S_…`, `AIO_ims_contexts_…`,
    /// `REACTOR_IO_INTEGRATION_…`, `aio_api_key` and similar variables (aio-lib-java), `IMS_CLIENTID` and similar variables
    /// (imscli), `SERVICE_API_KEY`, and `AIO_CONFIG_FILE`, which names a file or holds the document itself.
    ///
    /// ```
    /// use ims_credentials::{Credentials, CredentialsError};
    ///
    /// fn credentials() -> Result<Credentials, CredentialsError> {
    ///     // IMS_CLIENT_ID, IMS_CLIENT_SECRET and IMS_SCOPES, for example in a container.
    ///     Credentials::from_environment_variables()
    /// }
    /// ```
    ///
    /// # Errors
    /// [`CredentialsError`], which names the variable and repeats no value; [`CredentialsError::NoVariables`] if none is set.
    pub fn from_environment_variables() -> Result<Self, CredentialsError> {
        Self::of_variables(std::env::vars_os(), None)
    }

    /// Reads the credentials called `name` of the environment variables, which may hold several contexts of `aio`.
    ///
    /// ```
    /// use ims_credentials::{Credentials, CredentialsError};
    ///
    /// fn credentials() -> Result<Credentials, CredentialsError> {
    ///     // AIO_ims_contexts_stage_client__id and its other variables.
    ///     Credentials::from_environment_variables_selecting("stage")
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`from_environment_variables`](Self::from_environment_variables), and [`CredentialsError::NoneSelected`].
    pub fn from_environment_variables_selecting(name: &str) -> Result<Self, CredentialsError> {
        Self::of_variables(std::env::vars_os(), Some(name))
    }

    /// The same credentials at another IMS: an emulator, a proxy, the stage.
    ///
    /// ```
    /// use ims_credentials::Credentials;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials: Credentials = r#"{ "api_key": "my-api-key" }"#.parse()?;
    /// let credentials = credentials.with_environment("http://127.0.0.1:8080".parse()?);
    /// assert!(credentials.environment().base_url().starts_with("http://127.0.0.1"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// The IMS that the credentials are for.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// What the integration is.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The integration's client id.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        self.credential.client_id()
    }

    /// The organization, where it is known.
    #[must_use]
    pub fn org_id(&self) -> Option<&OrgId> {
        self.credential.org_id()
    }

    /// The redirect URI of a sign-in, if the credentials have one.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&str> {
        self.redirect_uri.as_deref()
    }

    /// The form of the credentials.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// What a person should know about the credentials, although they can be used.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The environment variables that the credentials name as the place of a secret, with members such as
    /// `client_secret_env`. Another program that is started need not see them.
    #[must_use]
    pub fn secret_variables(&self) -> &[String] {
        &self.secret_variables
    }

    /// The files that the credentials were read from: their own, that of the contexts, and those of secrets, keys and
    /// certificates that they name. When one of them changes, it is time to read the credentials again.
    ///
    /// A file that a PKCS#11 URI names is not among them, since it is read only when the key is used.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Makes credentials in code, without a file.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_credentials::{Credential, Credentials, ServerToServerCredential};
    /// use ims_exchange::ClientSecret;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let secret = ClientSecret::new("p8e-…".to_owned());
    /// let credential = ServerToServerCredential::new("my-client".parse()?, secret, ["openid".parse()?])?;
    /// let credential = Credential::ServerToServer(credential);
    /// let credentials = Credentials::new(Environment::production(), credential);
    /// assert_eq!(credentials.client_id().as_str(), "my-client");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(environment: Environment, credential: Credential) -> Self {
        Self {
            environment,
            credential,
            form: Form::Own,
            redirect_uri: None,
            warnings: Vec::new(),
            secret_variables: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The same with another credential, such as one whose key now has its pass phrase.
    ///
    /// ```
    /// use ims_credentials::{ApiKeyCredential, Credential, Credentials};
    ///
    /// let credentials: Credentials = r#"{ "api_key": "first" }"#.parse()?;
    /// let other = Credential::ApiKey(ApiKeyCredential::new("second".parse()?));
    /// assert_eq!(credentials.with_credential(other).client_id().as_str(), "second");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_credential(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    /// The credential, without the environment.
    #[must_use]
    pub fn into_credential(self) -> Credential {
        self.credential
    }

    /// Reads a document of any form. If it has several credentials, those called `selected` are used.
    pub(crate) fn of_text(text: &str, selected: Option<&str>) -> Result<Self, CredentialsError> {
        let (form, document) = recognized(text, Path::new(""))?;
        let files = FilesRead::default();
        Self::of(form, &document.fields()?, &ReadContext::of_text(selected, &files))
    }

    pub(crate) fn read(path: &Path, selected: Option<&str>) -> Result<Self, CredentialsError> {
        Self::read_with(path, selected, &[])
    }

    /// The same, with metascopes for a service account whose file has none, or others.
    pub(crate) fn read_with(
        path: &Path,
        selected: Option<&str>,
        metascopes: &[Metascope],
    ) -> Result<Self, CredentialsError> {
        let mut credentials = Self::in_file(path, |form, fields, access| {
            let files = FilesRead::with(path);
            let at = ReadContext::of_file(path, access, selected, &files);
            Self::of(form, fields, &ReadContext { metascopes, ..at })
        })?;
        if let Credential::ServiceAccount(credential) = &mut credentials.credential
            && !metascopes.is_empty()
        {
            let account = &credential.account;
            let account = ServiceAccount::new(
                account.client_id().clone(),
                account.org_id().clone(),
                account.technical_account_id().clone(),
                metascopes.iter().cloned(),
            );
            credential.account = account.map_err(|problem| CredentialsError::Format {
                name: "metascopes".to_owned(),
                problem,
            })?;
        }
        Ok(credentials)
    }

    /// Reads the file at `path` with metascopes for a service account: the download of Adobe's Developer Console leaves them
    /// out. Those in the file, if there are any, are not used.
    ///
    /// ```no_run
    /// use ims_credentials::Credentials;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = Credentials::from_file_with_metascopes("jwt.json", &["ent_user_sdk".parse()?])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_file_with_metascopes(
        path: impl AsRef<Path>,
        metascopes: &[Metascope],
    ) -> Result<Self, CredentialsError> {
        Self::read_with(path.as_ref(), None, metascopes)
    }

    /// Reads the old and the new credentials during a migration. They are the same if there is only one.
    pub(crate) fn sides(path: &Path, selected: Option<&str>) -> Result<Sides, CredentialsError> {
        Self::in_file(path, |form, fields, access| {
            let files = FilesRead::with(path);
            let at = ReadContext::of_file(path, access, selected, &files);
            let staying = ReadContext { needs_key: false, ..at };
            let going = ReadContext { side: CredentialKind::ServiceAccount, ..staying };
            let service_account = Self::of(form, fields, &going)?;
            let server_to_server = match form {
                Form::ConsoleProject => Self::of(form, fields, &staying)?,
                _ => service_account.clone(),
            };
            let secret_references = match form {
                Form::Own => own_format::secret_references(fields, &going),
                _ => None,
            };
            Ok(Sides { service_account, server_to_server, secret_references })
        })
    }

    /// Opens the file at `path` and gives its members to `read`.
    fn in_file<T>(
        path: &Path,
        read: impl FnOnce(Form, &Fields<'_>, &Access) -> Result<T, CredentialsError>,
    ) -> Result<T, CredentialsError> {
        let FileContents { bytes: contents, access } = secret_file::read(path)?;
        let text = std::str::from_utf8(&contents).map_err(|_| other_kind::of_bytes(&contents));
        let read = text.and_then(|text| {
            let (form, document) = recognized(text, path)?;
            read(form, &document.fields()?, &access)
        });
        read.map_err(|error| error.in_file(path))
    }

    /// Members in our format as a JSON file.
    pub(crate) fn text_of(members: Map<String, Value>) -> Zeroizing<String> {
        Document::new(members.into()).to_json()
    }

    /// Reads TOML. The errors have line and column, and no values.
    #[cfg(feature = "contexts")]
    pub(crate) fn toml(text: &str) -> Result<Value, CredentialsError> {
        Language::toml(text)
    }

    /// Reads the context `name` of the file of contexts at `path`: the file of credentials that its members name, or the
    /// members as credentials in our format.
    #[cfg(feature = "contexts")]
    pub(crate) fn of_context(
        members: Map<String, Value>,
        name: &str,
        path: &Path,
    ) -> Result<Self, CredentialsError> {
        let document = Document::new(members.into());
        let fields = document.fields()?.within(&format!("contexts.{name}"));
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(file) = fields.path("credentials_file", folder)? {
            fields.only(&["credentials_file", "credential", "ims_url", "api_url", "metascopes"])?;
            let selected = fields.optional_text("credential")?;
            let metascopes =
                if fields.has("metascopes") { fields.list("metascopes")? } else { Vec::new() };
            let credentials = Self::read_with(&file, selected, &metascopes)?;
            let mut files = vec![path.to_owned()];
            files.extend(credentials.files);
            let credentials = Self { files, ..credentials };
            return Ok(match fields.optional("ims_url")? {
                Some(environment) => credentials.with_environment(environment),
                None => credentials,
            });
        }
        let access = Access::look_at(path)?;
        let files = FilesRead::with(path);
        let at = ReadContext::of_file(path, &access, None, &files);
        Self::of(Form::Own, &fields, &at)
    }

    fn of(form: Form, fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<Self, CredentialsError> {
        let (environment, credential) = form.read(fields, at)?;
        // Adobe's newer client secrets begin with this, and no client id does; and a token or an assignment is not a client id
        // either, which no message should repeat as the client's name.
        let client_id = credential.client_id().as_str();
        if client_id.starts_with("p8e-") || ims_files::shown(client_id) != client_id {
            return Err(CredentialsError::Swapped { id: "client_id" });
        }
        let redirect_uri = match &credential {
            Credential::User(_) => form.redirect_uri(fields, at)?,
            _ => None,
        };
        let mut warnings = Vec::new();
        if let Some(access) = at.access
            && form.holds_secret(fields)
            && let Err(error) = access.check_private()
        {
            warnings.push(error.to_string());
        }
        let secret_variables = secret_reference::variables(fields);
        let files = at.files.paths();
        Ok(Self { environment, credential, form, redirect_uri, warnings, secret_variables, files })
    }

    /// Reads environment variables.
    pub(crate) fn of_variables(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        selected: Option<&str>,
    ) -> Result<Self, CredentialsError> {
        let document = variables_document(variables);
        let fields = document.fields()?;
        let variable = |name: &str| fields.optional_text(name).ok().flatten().map(str::to_owned);
        let files = FilesRead::default();
        let at = ReadContext { variable: &variable, ..ReadContext::of_text(selected, &files) };
        if let Some(form) = Form::of_system_variables(&fields) {
            return Self::of(form, &fields, &at);
        }
        let Some(given) = variable("AIO_CONFIG_FILE") else {
            return Err(CredentialsError::NoVariables);
        };
        let given = Zeroizing::new(given);
        match secret_file::path_of(given.as_str().as_ref()) {
            Some(path) => Self::read(&path, selected),
            None => Self::of_text(&given, selected)
                .map_err(|problem| problem.in_document(&"the document in AIO_CONFIG_FILE")),
        }
    }
}

impl FromStr for Credentials {
    type Err = CredentialsError;

    /// Reads a document of any form. Relative paths in it begin at the current folder.
    fn from_str(text: &str) -> Result<Self, CredentialsError> {
        Self::of_text(text, None)
    }
}

/// Environment variables as members. Empty variables count as not set. Those that are not text are not for this program.
pub(crate) fn variables_document(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Document {
    let mut members = Vec::new();
    for (name, value) in variables {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string())
            && !value.is_empty()
        {
            members.push((name, value.into()));
        }
    }
    members.into_iter().collect()
}

/// The old and the new credentials during a migration.
pub(crate) struct Sides {
    /// The old credentials, if there are any.
    pub(crate) service_account: Credentials,
    /// The new credentials, if there are any.
    pub(crate) server_to_server: Credentials,
    /// The members of our format that say where the client secrets are, if none is in the file.
    pub(crate) secret_references: Option<Map<String, Value>>,
}

#[cfg(test)]
mod tests;
