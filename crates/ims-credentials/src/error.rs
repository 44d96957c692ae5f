//! Why credentials cannot be used. Names of members and files are told, values never: they may be secrets.

use std::path::{Path, PathBuf};

use ims_claims::FormatError;
use ims_files::FileError;

/// Credentials that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Do what the hint says: a file cannot be read, others can read the secret in it, or others can change what it starts.
    #[error("{}", .0.problem())]
    File(FileError),
    /// Give a text file: this one is something else.
    #[error("not UTF-8 text")]
    NotText,
    /// Correct the file at the place that is named.
    #[error("not {language} (line {line}, column {column})")]
    Syntax {
        /// What the file seems to be.
        language: &'static str,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// Give a file of credentials in one of the forms that are known.
    #[error("no known form of credentials (members: {})", if .members.is_empty() { "none" } else { .members })]
    Unrecognized {
        /// The names of the members, separated by commas.
        members: String,
    },
    /// Add the member, or the environment variable.
    #[error("{name} is missing")]
    Missing {
        /// The member's path, or the variable's name.
        name: String,
    },
    /// Correct the member.
    #[error("{name} is not {expected}")]
    WrongType {
        /// The member's path, or the variable's name.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
    /// Correct the value.
    #[error("{name} is wrong")]
    Format {
        /// The member's path, or the variable's name.
        name: String,
        /// What form it must have.
        source: FormatError,
    },
    /// Take the member away, or correct its name.
    #[error("{name} is not a member that is known here; known are {known}")]
    UnknownMember {
        /// The member's name.
        name: String,
        /// The names that are known, separated by commas.
        known: String,
    },
    /// Give one of the members and not the others.
    #[error("{first} and {second} exclude each other")]
    Conflict {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// Select one of the credentials by its name: this file holds several.
    #[error("{count} usable credentials in one file: {names}")]
    Several {
        /// How many.
        count: usize,
        /// Their names, separated by commas.
        names: String,
    },
    /// Select one of the credentials that are there.
    #[error("no credential of the name that was selected; there is {}", if .names.is_empty() { "none that has one" } else { .names })]
    NoneSelected {
        /// The names that are there, separated by commas.
        names: String,
    },
    /// Use it as it is, as long as it lasts, or give credentials: nothing here could get another.
    #[error("an access token, and no credentials that could get one")]
    AccessToken,
    /// Build with the feature that is named.
    #[error("{what} needs the feature \"{feature}\", which this program was built without")]
    MissingFeature {
        /// The feature of the crate `ims`.
        feature: &'static str,
        /// What is read with it.
        what: &'static str,
    },
    /// Look at the command, which is run to have the secret.
    #[error("the command of {name} gave no secret: {reason}")]
    Command {
        /// The member that names the command.
        name: String,
        /// What became of it.
        reason: &'static str,
    },
    /// Put the secret into the keyring under the name that the member says.
    #[error("the keyring has no entry of the name in {name}")]
    NotInKeyring {
        /// The member that names the entry.
        name: String,
    },
    /// Look at the keyring: its own reason is the source.
    #[cfg(feature = "keyring")]
    #[error("{name} cannot be read")]
    Keyring {
        /// The member that names the entry.
        name: String,
        /// What the keyring said.
        source: crate::keyring::KeyringError,
    },
    /// Set the environment variables of one of the forms: none of them are.
    #[error("no credentials in the environment variables")]
    NoVariables,
    /// Look into the file: what is wrong is said by the source.
    #[error("the credentials in {} cannot be used", .path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<CredentialsError>,
    },
}

impl CredentialsError {
    /// What a person can type or look at next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.remedy(),
            Self::Unrecognized { .. } => Some(UNRECOGNIZED.to_owned()),
            Self::Several { .. } | Self::NoneSelected { .. } => {
                Some("select one by its name: --credential NAME".to_owned())
            }
            Self::AccessToken => Some(ACCESS_TOKEN.to_owned()),
            Self::Format { source: FormatError::OrgId { .. } | FormatError::TechnicalAccountId { .. }, .. } => {
                Some(IDENTIFIERS.to_owned())
            }
            #[cfg(not(feature = "formats"))]
            Self::Syntax { .. } => Some(
                "this program was built without the feature \"formats\", so it reads JSON and TOML only".to_owned(),
            ),
            Self::InFile { source, .. } => source.hint(),
            _ => None,
        }
    }

    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            // These name their own file.
            Self::File(_) | Self::InFile { .. } => self,
            _ => Self::InFile { path: path.to_owned(), source: Box::new(self) },
        }
    }
}

impl From<FileError> for CredentialsError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

const IDENTIFIERS: &str = "an organization's id ends in @AdobeOrg, a technical account's in @techacct.adobe.com: are the two swapped?";

const UNRECOGNIZED: &str = "known are the form of ims (client_id, client_secret, org_id, …), AEM service credentials, projects \
    of Adobe's Developer Console, aio contexts and the configurations of Adobe's other tools";

const ACCESS_TOKEN: &str = "send it as it is in the header Authorization: Bearer; a local development token of AEM is good for \
    24 hours, service credentials of AEM get new ones";
