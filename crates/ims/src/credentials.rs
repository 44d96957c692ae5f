//! The credentials of one integration, read from any of the forms that they come in.

use std::{fmt, path::Path};

use ims_claims::{ClientId, Environment, OrgId};

use crate::{Credential, ServerToServerCredential, ServiceAccountCredential};

mod aem_service;
mod aio_context;
mod console_project;
mod environment_variables;
mod error;
mod fields;
mod own_format;
mod secret_file;

pub use error::CredentialsError;

use fields::{Document, Fields};
use secret_file::Exposure;

/// Who asks IMS for tokens, and by what it proves so.
#[derive(Debug, Clone)]
pub struct Credentials {
    environment: Environment,
    credential: Credential,
    form: Form,
    warnings: Vec<String>,
}

/// The forms of credentials that are recognised by their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Our own, JSON or TOML.
    Own,
    /// AEM as a Cloud Service: the service credentials of its Developer Console.
    AemService,
    /// The project or workspace file of Adobe's Developer Console.
    ConsoleProject,
    /// A context of Adobe's `aio` command, alone or in its configuration.
    AioContext,
    /// Environment variables.
    EnvironmentVariables,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "credentials of the form of ims",
            Self::AemService => "AEM service credentials",
            Self::ConsoleProject => "a project of Adobe's Developer Console",
            Self::AioContext => "an aio context",
            Self::EnvironmentVariables => "environment variables",
        })
    }
}

impl Credentials {
    /// Reads the file at `path`, whichever form it has. Relative paths in it are relative to it.
    ///
    /// # Errors
    /// [`CredentialsError`], which names the file and the member and repeats no value.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, CredentialsError> {
        let path = path.as_ref();
        let (contents, exposure) = secret_file::read(path)?;
        let text =
            std::str::from_utf8(&contents).map_err(|_| CredentialsError::NotText.in_file(path))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let (mut credentials, secrecy) =
            Self::from_text(text, folder).map_err(|error| error.in_file(path))?;
        if let (Exposure::ReadByOthers, Secrecy::HoldsSecret) = (exposure, secrecy) {
            credentials.warnings.push(format!(
                "{path} holds secrets and others can read it: chmod 600 {path}",
                path = path.display()
            ));
        }
        Ok(credentials)
    }

    /// Reads the environment variables `IMS_CLIENT_ID`, `IMS_CLIENT_SECRET`, `IMS_ORG_ID`, `IMS_TECHNICAL_ACCOUNT_ID`,
    /// `IMS_METASCOPES` or `IMS_SCOPES` (separated by commas or spaces), `IMS_PRIVATE_KEY` (the key itself) or
    /// `IMS_PRIVATE_KEY_FILE`, `IMS_PRIVATE_KEY_PASSPHRASE`, `IMS_CERTIFICATE_FILE` and `IMS_URL`.
    ///
    /// # Errors
    /// [`CredentialsError`], which names the variable and repeats no value.
    pub fn from_environment_variables() -> Result<Self, CredentialsError> {
        environment_variables::credentials(|name| std::env::var(name).ok())
    }

    /// The same credentials at another IMS: an emulator, a proxy, the stage.
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

    /// What form the credentials came in.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// What a person should know about the credentials, although they can be used.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Puts credentials together in code, without a file.
    #[must_use]
    pub fn new(environment: Environment, credential: Credential) -> Self {
        Self { environment, credential, form: Form::Own, warnings: Vec::new() }
    }

    pub(crate) fn into_credential(self) -> Credential {
        self.credential
    }

    fn from_text(text: &str, folder: &Path) -> Result<(Self, Secrecy), CredentialsError> {
        let document = Document::parse(text)?;
        let fields = &document.fields()?;
        let (form, (environment, credential)) = if fields.has("integration") {
            (Form::AemService, aem_service::credential(fields)?)
        } else if fields.has("project") || fields.has("workspace") {
            (Form::ConsoleProject, console_project::credential(fields, folder)?)
        } else if fields.has("ims") || fields.has("ims_org_id") {
            (Form::AioContext, aio_context::credential(fields, folder)?)
        } else if fields.has("client_id") {
            (Form::Own, own_format::credential(fields, folder)?)
        } else {
            return Err(CredentialsError::Unrecognized { members: fields.names() });
        };
        let holds_secret = form != Form::Own || own_format::holds_secret(fields)?;
        let secrecy = if holds_secret { Secrecy::HoldsSecret } else { Secrecy::NamesFiles };
        Ok((Self { environment, credential, form, warnings: Vec::new() }, secrecy))
    }
}

/// What a credentials file holds.
enum Secrecy {
    HoldsSecret,
    NamesFiles,
}

#[cfg(test)]
mod tests;
