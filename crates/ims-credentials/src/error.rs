//! Why credentials cannot be used. Errors name members and files, and never repeat a value: it may be a secret.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ims_claims::FormatError;
use ims_files::FileError;

use crate::known_metascopes::KNOWN_METASCOPES;

/// Credentials that cannot be used.
///
/// Its `Display` is the cause in one line, its `Debug` adds what to do.
///
/// ```
/// use ims_credentials::Credentials;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let json = r#"{ "client_id": "a", "client_secret": "p8e-x\n", "scopes": ["openid"] }"#;
/// let error = Credentials::from_json(json).unwrap_err();
/// assert_eq!(error.to_string(), "client_secret ends with a line break");
/// assert_eq!(error.reason_name(), "secret_malformed");
/// println!("{error:?}"); // with what to do
/// # Ok(())
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
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
    #[error("{name} is wrong: {problem}")]
    Format {
        /// The member's path, or the variable's name.
        name: String,
        /// What form it must have.
        problem: FormatError,
    },
    /// Write the value in quotation marks.
    #[error("{name} is a number or true or false, not a string")]
    NotQuoted {
        /// The member's path.
        name: String,
    },
    /// Correct the secret: this text cannot be one.
    #[error("{name} {fault}")]
    SecretText {
        /// The member's path, or the variable's name.
        name: String,
        /// What is wrong with it.
        fault: SecretFault,
    },
    /// Put the real value in its place: this one stands for another, such as `$NAME` or `your_client_id`.
    #[error("{name} is a placeholder, not a value")]
    Placeholder {
        /// The member's path, or the variable's name.
        name: String,
    },
    /// Remove one of the keys: nothing says which of them is meant.
    #[error("{name} holds two different private keys")]
    TwoKeys {
        /// The member's path, the variable's name, or the file.
        name: String,
    },
    /// Exchange the two values.
    #[error("{id} looks like a client secret, not like a client id")]
    Swapped {
        /// The name of the client id.
        id: &'static str,
    },
    /// Remove one of the two: nothing says which of them is meant.
    #[error("a member occurs twice in one object (line {line})")]
    Repeated {
        /// The line of the second, counted from 1.
        line: usize,
    },
    /// Write our own form as JSON or TOML.
    #[error("credentials of the form of ims are written in JSON or TOML, not in {language}")]
    OwnFormIn {
        /// The language that it is in.
        language: &'static str,
    },
    /// Name a file of credentials: this is something else, such as the key that belongs to them.
    #[error("this is {kind}, not credentials")]
    NotCredentials {
        /// What it is, e.g. `a private key`.
        kind: &'static str,
    },
    /// Give the path of a file, or pass the text where text is read.
    #[error("this is not a path of a file but looks like the credentials themselves")]
    NotPath,
    /// Remove the member, or correct its name.
    #[error("unknown member {name}{}", known_instead(.suggestion.as_deref(), .known))]
    UnknownMember {
        /// The member's name.
        name: String,
        /// The known name that is most like it.
        suggestion: Option<String>,
        /// The names that are known, separated by commas.
        known: String,
    },
    /// Create a credential of a kind that gets tokens, in the Developer Console.
    #[error("{name} holds no credential of a known kind; the kinds there are: {types}")]
    UnknownTypes {
        /// The member's path.
        name: String,
        /// The values of `integration_type`, separated by commas.
        types: String,
    },
    /// Get a token with the grant that it belongs to: it is not a part of credentials.
    #[error("{name} is {what}, and no other value here gets tokens")]
    OtherGrant {
        /// The member's path, or the variable's name.
        name: String,
        /// What it is, e.g. `a person's refresh token`.
        what: &'static str,
    },
    /// Add a context with a client id: what is there is only the sign-in of the command `aio` itself.
    #[error("{name} holds only aio's own sign-in, which has no client id")]
    AioSignInOnly {
        /// The member's path.
        name: String,
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
    /// Write the secret itself into the document: credentials from someone else may not refer to this machine.
    #[error(
        "{name} refers to something on this machine, which credentials from someone else may not do"
    )]
    Reference {
        /// The member, or the form whose members are paths.
        name: String,
    },
    /// Use another IMS, or allow this one: credentials from someone else name a host that was not allowed.
    #[error("the credentials are for an IMS that is not allowed")]
    ForeignIms,
    /// Build with the feature that is named.
    #[error("{what} needs the feature \"{feature}\", which this program was built without")]
    MissingFeature {
        /// The feature of the crate `ims`.
        feature: &'static str,
        /// What is read with it.
        what: &'static str,
    },
    /// Look at the command that is run to get the secret.
    #[error("the command of {name} gave no secret: {reason}")]
    Command {
        /// The member that names the command.
        name: String,
        /// What happened to it.
        reason: &'static str,
    },
    /// Put the secret into the keyring under the name that is in the member.
    #[error("the keyring has no entry of the name in {name}")]
    NotInKeyring {
        /// The member that names the entry.
        name: String,
    },
    /// Look at the keyring.
    #[cfg(feature = "keyring")]
    #[error("{name} cannot be read: {problem}")]
    Keyring {
        /// The member that names the entry.
        name: String,
        /// What the keyring said.
        problem: crate::keyring::KeyringError,
    },
    /// Set the environment variables of one of the forms: none are set.
    #[error("no credentials in the environment variables")]
    NoVariables,
    /// Correct the document, which is not in a file.
    #[error("{document}: {problem}")]
    InDocument {
        /// Where the document is, e.g. `the document in IMS_CREDENTIALS`.
        document: String,
        /// What is wrong.
        problem: Box<CredentialsError>,
    },
    /// Look into the file.
    #[error("the credentials in {} cannot be used: {problem}", ims_files::shown(.path))]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: Box<CredentialsError>,
    },
}

impl CredentialsError {
    /// What a person can type or look at next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => Some(file_hint(error)),
            Self::Unrecognized { members } => Some(unrecognized_hint(members)),
            Self::Placeholder { .. } => Some(
                "write the value itself; if it is in variables, give these, and not the file that names them".to_owned(),
            ),
            Self::Several { .. } | Self::NoneSelected { .. } => {
                Some("select one of them by its name".to_owned())
            }
            Self::NotQuoted { name } => Some(format!("write the value of {name} in quotation marks")),
            Self::Swapped { .. } => Some("are the client id and the client secret swapped?".to_owned()),
            Self::Missing { name } if name.ends_with("META_SCOPES") => Some(format!(
                "the download of the Developer Console leaves the metascopes out: add \"META_SCOPES\": [\"…\"] to the file, with the \
                 metascope of the API that is called: {}",
                metascopes()
            )),
            Self::Missing { name } if is_called(name, "metascopes") && !name.starts_with("IMS_") => Some(format!(
                "a service account needs the metascope of the API that is called: {}",
                metascopes()
            )),
            Self::Missing { name } if is_called(name, "scopes") && !name.starts_with("IMS_") => Some(format!(
                "add {name} with the scopes that the Developer Console shows for the credential, such as openid,AdobeID,read_organizations"
            )),
            Self::SecretText { fault, .. } => Some(fault.hint().to_owned()),
            Self::Format { problem: FormatError::OrgId { .. } | FormatError::TechnicalAccountId { .. }, .. } => {
                Some(IDENTIFIERS.to_owned())
            }
            Self::InFile { problem, .. } | Self::InDocument { problem, .. } => problem.hint(),
            Self::NotCredentials { kind: KUBERNETES } => Some(
                "read the credentials in the container, where they are variables or mounted files".to_owned(),
            ),
            Self::NotCredentials { kind: EMPTY } => Some(
                "check the program or the redirection that should have written the credentials".to_owned(),
            ),
            Self::NotCredentials { kind: PROGRAM } => Some(
                "copy the values into a file of lines such as ADOBE_CLIENT_ID=…, ADOBE_CLIENT_SECRET=… and ADOBE_SCOPES=…".to_owned(),
            ),
            Self::NotCredentials { kind: QUERY_SERVICE } => Some(
                "it is for clients of PostgreSQL; for IMS, download the credential of a project in the Developer Console".to_owned(),
            ),
            Self::NotCredentials { .. } => Some(
                "name a file of credentials, which says where the key is, such as private_key_file: \"private.key\"".to_owned(),
            ),
            Self::OwnFormIn { .. } => Some("write them as JSON, in a file whose name ends in .json".to_owned()),
            Self::NotPath => Some("give the path of a file".to_owned()),
            Self::UnknownTypes { .. } => Some(
                "add an OAuth Server-to-Server credential to the project, and download it again".to_owned(),
            ),
            Self::AioSignInOnly { .. } => Some(
                "name a context with a client id: aio config get ims.contexts shows them".to_owned(),
            ),
            Self::OtherGrant { name, .. } if name.ends_with("REFRESH_TOKEN") => Some(
                "let the person sign in here, with credentials that have a redirect URI".to_owned(),
            ),
            Self::OtherGrant { .. } => Some(
                "exchange it for a service token, or add the scopes of an OAuth Server-to-Server credential".to_owned(),
            ),
            Self::Conflict { .. } => Some("leave only the right one".to_owned()),
            Self::Reference { .. } => Some("write the secret itself into the document".to_owned()),
            Self::ForeignIms => Some("compare ims_url with the hosts that this service allows".to_owned()),
            Self::MissingFeature { feature, .. } => {
                Some(format!("build the program with the feature \"{feature}\" of the crate ims"))
            }
            Self::Command { .. } => Some(
                "run the command by itself: it must write the secret to standard output and end with 0".to_owned(),
            ),
            Self::NotInKeyring { .. } => Some(
                "put the secret into the keyring under this name, or correct the name".to_owned(),
            ),
            #[cfg(feature = "keyring")]
            Self::Keyring { .. } => Some("unlock the keyring of this session, and try again".to_owned()),
            Self::NoVariables => Some(VARIABLES.to_owned()),
            Self::NotText => Some("save the file as text in UTF-8".to_owned()),
            Self::Syntax { .. } => Some("correct the file at this place".to_owned()),
            Self::Repeated { .. } => Some("remove the wrong one".to_owned()),
            Self::TwoKeys { .. } => Some("leave only the right one in the file".to_owned()),
            Self::UnknownMember { .. } => Some("correct the name, or remove the member".to_owned()),
            Self::Missing { name } if name.starts_with("IMS_") => Some(VARIABLES.to_owned()),
            Self::Missing { name } | Self::WrongType { name, .. } | Self::Format { name, .. } => {
                Some(format!("compare {name} with what the Developer Console shows"))
            }
        }
    }

    /// The same error, with the place of the document in front.
    pub(crate) fn in_document(self, document: &impl fmt::Display) -> Self {
        match self {
            Self::File(_) | Self::InFile { .. } | Self::InDocument { .. } => self,
            _ => Self::InDocument { document: document.to_string(), problem: Box::new(self) },
        }
    }

    /// A name of the cause for programs, such as `member_missing`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::InFile { problem, .. } | Self::InDocument { problem, .. } => {
                problem.reason_name()
            }
            Self::File(_) => "file_not_used",
            Self::NotText | Self::Syntax { .. } | Self::Repeated { .. } => "file_malformed",
            Self::Unrecognized { .. }
            | Self::UnknownTypes { .. }
            | Self::AioSignInOnly { .. }
            | Self::OtherGrant { .. }
            | Self::NotCredentials { .. }
            | Self::OwnFormIn { .. } => "form_unknown",
            Self::Missing { .. } | Self::NoVariables => "member_missing",
            Self::UnknownMember { .. } => "member_unknown",
            Self::WrongType { .. }
            | Self::Format { .. }
            | Self::NotQuoted { .. }
            | Self::Placeholder { .. } => "member_malformed",
            Self::Conflict { .. } | Self::TwoKeys { .. } => "members_conflict",
            Self::SecretText { .. } => "secret_malformed",
            Self::Swapped { .. } => "members_swapped",
            Self::Several { .. } | Self::NoneSelected { .. } => "credential_not_selected",
            Self::MissingFeature { .. } => "missing_feature",
            Self::Command { .. } | Self::NotInKeyring { .. } => "secret_not_found",
            _ => "credentials_not_used",
        }
    }

    /// Whether trying again, without any change, can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        false
    }

    /// The same error, with the name of the file in front unless it names its own.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            // These name their own file.
            Self::File(_) | Self::InFile { .. } | Self::InDocument { .. } => self,
            _ => Self::InFile { path: path.to_owned(), problem: Box::new(self) },
        }
    }
}

impl fmt::Debug for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        report(f, self, self.hint())
    }
}

/// Writes an error in one line, and in the next what to do.
pub(crate) fn report(
    f: &mut fmt::Formatter<'_>,
    error: &dyn fmt::Display,
    hint: Option<String>,
) -> fmt::Result {
    write!(f, "{error}")?;
    match hint {
        Some(hint) => write!(f, "\n  what to do: {hint}"),
        None => Ok(()),
    }
}

impl From<FileError> for CredentialsError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// What is wrong with the text of a secret. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretFault {
    /// There is no visible character.
    Blank,
    /// The last character is a line break.
    LineBreakAtEnd,
    /// White space is before or after it.
    WhiteSpaceAround,
    /// There is a no-break space (U+00A0) in it, as web pages and documents have.
    NoBreakSpace,
    /// There is an invisible character in it, such as a zero width space (U+200B).
    Invisible,
    /// There is a tab, a line break or another control character in it.
    ControlCharacter,
    /// Quotation marks are part of it.
    Quotes,
    /// It is the id of an organization or of a technical account.
    Identifier,
    /// It is too short for a private key, and has no PEM header.
    NotKey,
}

impl SecretFault {
    fn hint(self) -> &'static str {
        match self {
            Self::Blank => "copy it again: there is nothing",
            Self::LineBreakAtEnd | Self::WhiteSpaceAround | Self::NoBreakSpace => {
                "copy it again, without white space: printf '%s' instead of echo"
            }
            Self::Invisible => "copy it again, from the Developer Console itself",
            Self::ControlCharacter => "copy it again: a part is missing, or something was added",
            Self::Quotes => "remove the quotation marks, or one of two pairs",
            Self::Identifier => "are two values swapped?",
            Self::NotKey => "did you mean IMS_PRIVATE_KEY_FILE, the path of the key?",
        }
    }
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blank => "is empty",
            Self::LineBreakAtEnd => "ends with a line break",
            Self::WhiteSpaceAround => "begins or ends with white space",
            Self::NoBreakSpace => "contains a no-break space",
            Self::Invisible => "contains an invisible character",
            Self::ControlCharacter => "contains a control character",
            Self::Quotes => "is in quotation marks that are part of it",
            Self::Identifier => "is the id of an organization or a technical account",
            Self::NotKey => "is too short for a private key",
        })
    }
}

fn known_instead(suggestion: Option<&str>, known: &str) -> String {
    match suggestion {
        Some(name) => format!(", did you mean {name}?"),
        None => format!("; known are {known}"),
    }
}

/// What to do about a file that cannot be used.
fn file_hint(error: &FileError) -> String {
    if error.is_not_found() {
        return "check the path; one in a file of credentials is relative to the folder of that file"
            .to_owned();
    }
    error.hint()
}

const VARIABLES: &str = "OAuth Server-to-Server needs IMS_CLIENT_ID, IMS_CLIENT_SECRET and IMS_SCOPES; a service account needs \
    IMS_ORG_ID, IMS_TECHNICAL_ACCOUNT_ID, IMS_METASCOPES and IMS_PRIVATE_KEY_FILE in place of IMS_SCOPES";

const IDENTIFIERS: &str = "an organization's id ends in @AdobeOrg, a technical account's in @techacct.adobe.com: are the two swapped?";

/// What to do about members of no known form.
fn unrecognized_hint(members: &str) -> String {
    let names = || members.split(", ");
    let prefix = names().find_map(|name| name.strip_suffix("CLIENT_ID"));
    let Some(prefix) = prefix else { return UNRECOGNIZED.to_owned() };
    let has_secret = names().any(|name| name.starts_with(prefix) && name.contains("CLIENT_SECRET"));
    if has_secret {
        format!(
            "nothing shows that these variables are Adobe's: add {prefix}ORG_ID=…@AdobeOrg, or call them ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET \
             and ADOBE_SCOPES"
        )
    } else {
        "a client without a secret is one that a person signs in to: { \"client_id\": \"…\", \"user\": true, \"scopes\": \"openid,AdobeID\", \
         \"redirect_uri\": \"…\" }"
            .to_owned()
    }
}

/// Whether the last step of a member's path, or the end of a variable's name, is this word.
fn is_called(name: &str, word: &str) -> bool {
    name.to_ascii_lowercase().ends_with(word)
}

const UNRECOGNIZED: &str = "write { \"client_id\": \"…\", \"client_secret\": \"…\", \"scopes\": [\"…\"] }, or lines such as ADOBE_CLIENT_ID=…; \
    known are also service credentials of AEM, projects and downloads of the Developer Console, aio contexts and the configurations of \
    Adobe's other tools";

/// A file that describes containers. Its secrets may be in it, or in another object of the cluster.
pub(crate) const KUBERNETES: &str = "a manifest of Kubernetes";

/// The source of a program in any language.
pub(crate) const PROGRAM: &str = "the source of a program";

/// What Experience Platform gives to clients of PostgreSQL.
pub(crate) const QUERY_SERVICE: &str = "a password of Query Service";

/// The name of a text without content.
pub(crate) const EMPTY: &str = "an empty text";

/// The metascopes that are used most often.
fn metascopes() -> String {
    let mut text = String::new();
    for (code, api) in KNOWN_METASCOPES.iter().take(8) {
        text.extend([code, " for ", api, ", "]);
    }
    text + "and others for other APIs, as their documents say"
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn name() -> String {
        "a.b".to_owned()
    }

    #[test]
    fn each_error_has_a_name_for_programs_a_text_and_a_hint() {
        use CredentialsError as E;
        let file = || FileError::io(Path::new("x"), "read", io::ErrorKind::NotFound.into());
        let denied = FileError::io(Path::new("x"), "read", io::ErrorKind::PermissionDenied.into());
        let org_id = "x".parse::<ims_claims::OrgId>().unwrap_err();
        let client_id = "".parse::<ims_claims::ClientId>().unwrap_err();
        let refresh_token = || "IMS_REFRESH_TOKEN".to_owned();
        let (what, expected) = ("a thing", "a string");
        let unknown =
            |suggestion| E::UnknownMember { name: name(), suggestion, known: "c, d".to_owned() };
        let syntax = || E::Syntax { language: "JSON", line: 2, column: 3 };
        let missing = |name: &str| E::Missing { name: name.to_owned() };
        let unrecognized = |members: &str| E::Unrecognized { members: members.to_owned() };
        let none_selected = |names: &str| E::NoneSelected { names: names.to_owned() };
        #[rustfmt::skip]
        let table = [
            (E::File(file()),                                  "file_not_used",           "cannot read x",                                  "check the path"),
            (E::File(denied),                                  "file_not_used",           "cannot read x",                                  ""),
            (E::NotText,                                       "file_malformed",          "not UTF-8 text",                                 "save the file as text in UTF-8"),
            (syntax(),                                         "file_malformed",          "not JSON (line 2, column 3)",                    "correct the file at this place"),
            (E::Repeated { line: 4 },                          "file_malformed",          "a member occurs twice in one object (line 4)",   "remove the wrong one"),
            (unrecognized(""),                                 "form_unknown",            "no known form of credentials (members: none)",   "write { \"client_id\""),
            (unrecognized("a, b"),                             "form_unknown",            "no known form of credentials (members: a, b)",   "write { \"client_id\""),
            (unrecognized("X_CLIENT_ID, X_CLIENT_SECRET"),     "form_unknown",            "no known form",                                  "nothing shows that these variables are Adobe's: add X_ORG_ID="),
            (unrecognized("X_CLIENT_ID, Y_CLIENT_SECRET"),     "form_unknown",            "no known form",                                  "a client without a secret"),
            (unrecognized("X_CLIENT_ID, X_SCOPES"),            "form_unknown",            "no known form",                                  "a client without a secret"),
            (E::UnknownTypes { name: name(), types: "x".to_owned() }, "form_unknown",     "a.b holds no credential of a known kind",        "add an OAuth Server-to-Server credential"),
            (E::AioSignInOnly { name: name() },                "form_unknown",            "a.b holds only aio's own sign-in",               "name a context"),
            (E::OtherGrant { name: name(), what },             "form_unknown",            "a.b is a thing, and no other value",             "exchange it"),
            (E::OtherGrant { name: refresh_token(), what },    "form_unknown",            "IMS_REFRESH_TOKEN is a thing",                   "let the person sign in here"),
            (E::NotCredentials { kind: "a private key" },      "form_unknown",            "this is a private key, not credentials",         "name a file of credentials"),
            (E::NotCredentials { kind: KUBERNETES },           "form_unknown",            "this is a manifest of Kubernetes",               "read the credentials in the container"),
            (E::NotCredentials { kind: EMPTY },                "form_unknown",            "this is an empty text",                          "check the program"),
            (E::NotCredentials { kind: PROGRAM },              "form_unknown",            "this is the source of a program",                "copy the values"),
            (E::NotCredentials { kind: QUERY_SERVICE },        "form_unknown",            "this is a password of Query Service",            "it is for clients of PostgreSQL"),
            (E::OwnFormIn { language: "YAML" },                "form_unknown",            "credentials of the form of ims are written in JSON or TOML, not in YAML", "write them as JSON"),
            (missing("a.b"),                                   "member_missing",          "a.b is missing",                                 "compare a.b with"),
            (missing("IMS_SCOPES"),                            "member_missing",          "IMS_SCOPES is missing",                          "OAuth Server-to-Server needs IMS_CLIENT_ID"),
            (missing("IMS_METASCOPES"),                        "member_missing",          "IMS_METASCOPES is missing",                      "OAuth Server-to-Server needs IMS_CLIENT_ID"),
            (missing("x.META_SCOPES"),                         "member_missing",          "x.META_SCOPES is missing",                       "the download of the Developer Console leaves the metascopes out"),
            (missing("x.metascopes"),                          "member_missing",          "x.metascopes is missing",                        "a service account needs the metascope"),
            (missing("x.scopes"),                              "member_missing",          "x.scopes is missing",                            "add x.scopes with the scopes"),
            (E::NoVariables,                                   "member_missing",          "no credentials in the environment variables",    "OAuth Server-to-Server needs IMS_CLIENT_ID"),
            (unknown(None),                                    "member_unknown",          "unknown member a.b; known are c, d",             "correct the name"),
            (unknown(Some("c".to_owned())),                    "member_unknown",          "unknown member a.b, did you mean c?",            "correct the name"),
            (E::WrongType { name: name(), expected },          "member_malformed",        "a.b is not a string",                            "compare a.b with"),
            (E::Format { name: name(), problem: client_id },   "member_malformed",        "a.b is wrong: not a client id",                  "compare a.b with"),
            (E::Format { name: name(), problem: org_id },      "member_malformed",        "a.b is wrong: not an organization",              "an organization's id ends in @AdobeOrg"),
            (E::NotQuoted { name: name() },                    "member_malformed",        "a.b is a number or true or false",               "write the value of a.b in quotation marks"),
            (E::Placeholder { name: name() },                  "member_malformed",        "a.b is a placeholder",                           "write the value itself"),
            (E::Conflict { first: name(), second: name() },    "members_conflict",        "a.b and a.b exclude each other",                 "leave only the right one"),
            (E::TwoKeys { name: name() },                      "members_conflict",        "a.b holds two different private keys",           "leave only the right one in the file"),
            (E::SecretText { name: name(), fault: SecretFault::Quotes }, "secret_malformed", "a.b is in quotation marks",                    "remove the quotation marks"),
            (E::Swapped { id: "client_id" },                   "members_swapped",         "client_id looks like a client secret",           "are the client id and the client secret swapped?"),
            (E::Several { count: 2, names: "x, y".to_owned() }, "credential_not_selected", "2 usable credentials in one file: x, y",        "select one of them by its name"),
            (none_selected("x"),                               "credential_not_selected", "no credential of the name that was selected; there is x", "select one of them by its name"),
            (none_selected(""),                                "credential_not_selected", "no credential of the name that was selected; there is none that has one", "select one"),
            (E::MissingFeature { feature: "f", what },         "missing_feature",         "a thing needs the feature \"f\"",              "build the program with the feature \"f\""),
            (E::Command { name: name(), reason: "it failed" }, "secret_not_found",        "the command of a.b gave no secret: it failed",   "run the command by itself"),
            (E::NotInKeyring { name: name() },                 "secret_not_found",        "the keyring has no entry of the name in a.b",    "put the secret into the keyring"),
            (E::Reference { name: name() },                    "credentials_not_used",    "a.b refers to something on this machine",        "write the secret itself"),
            (E::ForeignIms,                                    "credentials_not_used",    "the credentials are for an IMS that is not allowed", "compare ims_url"),
            (E::NotPath,                                       "credentials_not_used",    "this is not a path of a file",                   "give the path of a file"),
        ];
        for (error, reason, said, to_do) in table {
            let text = error.to_string();
            assert_eq!(error.reason_name(), reason, "{text}");
            assert!(text.starts_with(said), "{text}");
            let hint = error.hint().unwrap();
            assert!(hint.starts_with(to_do) && !hint.is_empty(), "{text}: {hint}");
            assert!(!error.is_transient(), "{text}");
            assert_eq!(format!("{error:?}"), format!("{text}\n  what to do: {hint}"));
            // With a place in front it is the same error, unless it names its own file.
            let names_file = matches!(error, E::File(_));
            for placed in
                [error.clone().in_file(Path::new("f.json")), error.clone().in_document(&"the text")]
            {
                assert_eq!((placed.reason_name(), placed.hint()), (reason, Some(hint.clone())));
                assert_eq!(placed.to_string() == text, names_file, "{placed}");
                assert!(placed.to_string().ends_with(&text), "{placed}");
                // A second place says nothing more.
                let again = placed.clone().in_file(Path::new("g.json")).in_document(&"x");
                assert_eq!(again.to_string(), placed.to_string());
            }
        }
        assert_eq!(
            syntax().in_file(Path::new("f.json")).to_string(),
            "the credentials in f.json cannot be used: not JSON (line 2, column 3)"
        );
        assert_eq!(
            syntax().in_document(&"the text").to_string(),
            "the text: not JSON (line 2, column 3)"
        );
    }

    #[test]
    fn each_fault_of_a_secret_says_what_is_wrong_and_what_to_do() {
        use SecretFault as F;
        #[rustfmt::skip]
        let table = [
            (F::Blank,            "is empty",                                           "copy it again: there is nothing"),
            (F::LineBreakAtEnd,   "ends with a line break",                             "copy it again, without white space"),
            (F::WhiteSpaceAround, "begins or ends with white space",                    "copy it again, without white space"),
            (F::NoBreakSpace,     "contains a no-break space",                          "copy it again, without white space"),
            (F::Invisible,        "contains an invisible character",                    "copy it again, from the Developer Console itself"),
            (F::ControlCharacter, "contains a control character",                       "copy it again: a part is missing"),
            (F::Quotes,           "is in quotation marks that are part of it",          "remove the quotation marks"),
            (F::Identifier,       "is the id of an organization or a technical account", "are two values swapped?"),
            (F::NotKey,           "is too short for a private key",                     "did you mean IMS_PRIVATE_KEY_FILE"),
        ];
        for (fault, said, to_do) in table {
            assert_eq!(fault.to_string(), said);
            assert!(fault.hint().starts_with(to_do), "{}", fault.hint());
        }
    }
}
