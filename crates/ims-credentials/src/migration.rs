//! From a service account with a certificate, Adobe's JWT credential, to OAuth Server-to-Server: what changes, and the new
//! credentials.

use std::{fmt, path::Path};

use ims_claims::Metascope;
use ims_exchange::{ClientSecret, Scope};
use ims_files::FileError;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

mod known_scopes;

use known_scopes::KNOWN;

use crate::{
    client_secrets::ClientSecrets,
    credential::{Credential, ServerToServerCredential, ServiceAccountCredential},
    credentials::Credentials,
    error::{self, CredentialsError},
    form::Form,
};

/// The migration of one credential. IMS is not asked, and nothing is changed at Adobe: a person does that in the Developer
/// Console. Both kinds work until the older one is deleted there.
///
/// ```no_run
/// use ims_credentials::Migration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let migration = Migration::of_file("service-account.json", None)?
///     .with_scopes(vec!["openid".parse()?, "AdobeID".parse()?]);
/// for mapped in migration.metascopes() {
///     println!("{mapped:?}");
/// }
/// migration.save("server-to-server.json")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Migration {
    before: Credentials,
    account: ServiceAccountCredential,
    in_file: Option<Credentials>,
    scopes: Vec<Scope>,
    /// The metascopes for which no scopes are known, unless the scopes were given.
    without_scopes: Vec<Metascope>,
    references: Option<Map<String, Value>>,
}

/// A metascope and the scopes that are known to replace it.
///
/// ```
/// use ims_credentials::MappedMetascope;
///
/// fn print(mapped: &MappedMetascope) {
///     println!("{} becomes {} ({})", mapped.metascope, mapped.scopes.join(", "), mapped.source.unwrap_or("unknown"));
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MappedMetascope {
    /// The metascope.
    pub metascope: Metascope,
    /// The scopes; none if they are unknown.
    pub scopes: &'static [&'static str],
    /// The public repository that lists them.
    pub source: Option<&'static str>,
}

/// A change by the migration, or something that does not change although a user might expect it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Where the token comes from.
    Endpoint,
    /// The unit of the token's lifetime.
    Unit,
    /// Scopes replace a metascope.
    Scopes(MappedMetascope),
    /// Look up the scopes in the Developer Console: no public source says which replace this metascope.
    UnknownScopes(Metascope),
    /// The file itself holds the scopes, so they are taken from there.
    ScopesOfFile(Vec<Scope>),
    /// Check whether it is needed: the scope is known for the metascopes and is not among those of the file.
    NotInFile(Scope),
    /// Check the file: its old and its new credentials are of different clients.
    OtherClient,
    /// The client secret is the same.
    SecretStays,
    /// The private key and its certificate are no longer needed.
    KeyGoes,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint => f.write_str(
                "the token comes from POST /ims/token/v3 with grant_type=client_credentials, no longer from POST \
                 /ims/exchange/jwt with a signed assertion",
            ),
            Self::Unit => f.write_str("expires_in of the answer is in seconds, no longer in milliseconds"),
            Self::Scopes(MappedMetascope { metascope, scopes, source }) => {
                write!(f, "the metascope {metascope} becomes the scopes {}", scopes.join(", "))?;
                source.map_or(Ok(()), |source| write!(f, " (known from {source})"))
            }
            Self::UnknownScopes(metascope) => write!(
                f,
                "the metascope {metascope} has no scopes that are publicly known: look them up in the Developer Console",
            ),
            Self::ScopesOfFile(scopes) => {
                write!(f, "the file itself has the scopes {}", joined(scopes))
            }
            Self::NotInFile(scope) => write!(
                f,
                "the scope {scope} is known for these metascopes and is not among those of the file: see whether it is needed",
            ),
            Self::OtherClient => f.write_str("the two sides of the file are of different clients"),
            Self::SecretStays => f.write_str("the client id, the client secret and the technical account stay"),
            Self::KeyGoes => f.write_str("the private key and its certificate are no longer needed"),
        }
    }
}

/// Credentials that cannot be migrated.
///
/// Its `Display` is the cause in one line, its `Debug` adds what to do.
///
/// ```
/// use ims_credentials::Migration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = Migration::of_file("/nowhere/credentials.json", None).unwrap_err();
/// assert_eq!(error.reason_name(), "file_not_used");
/// println!("{error:?}"); // with what to do
/// # Ok(())
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// Correct the credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// There is nothing to do: these are OAuth Server-to-Server credentials already.
    #[error("these credentials are OAuth Server-to-Server already")]
    AlreadyDone,
    /// Give the credentials of a service account with a certificate.
    #[error("these are not credentials of a service account with a certificate")]
    NoServiceAccount,
    /// Make credentials for OAuth Server-to-Server in the Developer Console: technical accounts of AEM as a Cloud Service
    /// are in AEM's own console, and no way is known to convert them.
    #[error("a technical account of AEM as a Cloud Service is not converted")]
    Aem,
    /// Give all scopes, which the Developer Console shows: for these metascopes none are known.
    #[error("no public source says which scopes replace the metascope {}", joined(.metascopes))]
    UnknownScopes {
        /// The metascopes without known scopes.
        metascopes: Vec<Metascope>,
        /// The scopes that are known for the others.
        known: Vec<Scope>,
    },
    /// Choose another path: there is a file already, or none can be made there.
    #[error("{}", .0.problem())]
    Unwritable(FileError),
}

impl MigrationError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(error) => error.hint(),
            Self::AlreadyDone => Some("nothing needs to be done: use them as they are".to_owned()),
            Self::NoServiceAccount => {
                Some("give the file of the JWT credential that is to be migrated".to_owned())
            }
            Self::Aem => Some(
                "add an OAuth Server-to-Server credential in Adobe's Developer Console".to_owned(),
            ),
            Self::UnknownScopes { known, .. } if known.is_empty() => {
                Some("look up the scopes in Adobe's Developer Console, and give them".to_owned())
            }
            Self::UnknownScopes { known, .. } => Some(format!(
                "look them up in Adobe's Developer Console, and give them together with those that are known: {}",
                joined(known)
            )),
            Self::Unwritable(error) => Some(error.hint()),
        }
    }

    /// Whether trying again, without any change, can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        false
    }

    /// A name of the cause for programs, such as `scopes_unknown`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::Credentials(error) => error.reason_name(),
            Self::AlreadyDone => "already_migrated",
            Self::NoServiceAccount => "no_service_account",
            Self::Aem => "aem_not_converted",
            Self::UnknownScopes { .. } => "scopes_unknown",
            Self::Unwritable(_) => "file_not_used",
        }
    }
}

impl fmt::Debug for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::report(f, self, self.hint())
    }
}

impl Migration {
    /// Reads the service account of the file at `path`, the one called `name` if there are several, and its OAuth
    /// Server-to-Server credentials if the file has them, too.
    ///
    /// # Errors
    /// [`MigrationError`], but not [`MigrationError::UnknownScopes`].
    pub fn of_file(path: impl AsRef<Path>, name: Option<&str>) -> Result<Self, MigrationError> {
        let sides = Credentials::sides(path.as_ref(), name)?;
        let before = sides.service_account;
        let account = match before.credential() {
            Credential::ServiceAccount(_) if before.form() == Form::AemService => {
                return Err(MigrationError::Aem);
            }
            Credential::ServiceAccount(account) => account.clone(),
            Credential::ServerToServer(_) => return Err(MigrationError::AlreadyDone),
            _ => return Err(MigrationError::NoServiceAccount),
        };
        let in_file = Some(sides.server_to_server).filter(|side| server_to_server(side).is_some());
        let references = sides.secret_references;
        let (scopes, without_scopes) = match in_file.as_ref().and_then(server_to_server) {
            Some(credential) => (credential.scopes.clone(), Vec::new()),
            None => (known_scopes(&account), metascopes_without_scopes(&account)),
        };
        Ok(Self { before, account, in_file, scopes, without_scopes, references })
    }

    /// The same with these scopes in place of the known ones.
    ///
    /// ```no_run
    /// use ims_credentials::Migration;
    ///
    /// // The scopes that the Developer Console shows for the credential.
    /// let scopes = vec!["openid".parse()?, "AdobeID".parse()?];
    /// let migration = Migration::of_file("service-account.json", None)?.with_scopes(scopes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes(self, scopes: Vec<Scope>) -> Self {
        Self { scopes, without_scopes: Vec::new(), ..self }
    }

    /// The credentials as they are: a service account with a certificate.
    #[must_use]
    pub fn service_account(&self) -> &Credentials {
        &self.before
    }

    /// Whether the file has the old and the new credentials, as during a migration.
    #[must_use]
    pub fn has_both_sides(&self) -> bool {
        self.in_file.is_some()
    }

    /// The credentials as they will be.
    ///
    /// # Errors
    /// [`MigrationError::UnknownScopes`], unless the scopes were given: with a part of them, calls that worked would fail.
    pub fn server_to_server(&self) -> Result<Credentials, MigrationError> {
        if self.scopes.is_empty() || !self.without_scopes.is_empty() {
            return Err(MigrationError::UnknownScopes {
                metascopes: self.without_scopes.clone(),
                known: self.scopes.clone(),
            });
        }
        let in_file = self.in_file.as_ref().and_then(server_to_server).cloned();
        let credential = in_file.unwrap_or_else(|| ServerToServerCredential {
            client_id: self.account.account.client_id().clone(),
            client_secrets: self.account.client_secrets.clone(),
            scopes: Vec::new(),
            org_id: Some(self.account.account.org_id().clone()),
        });
        let credential = ServerToServerCredential { scopes: self.scopes.clone(), ..credential };
        let environment = self.before.environment().clone();
        Ok(Credentials::new(environment, Credential::ServerToServer(credential)))
    }

    /// Each metascope with the scopes that replace it, as far as they are known.
    #[must_use]
    pub fn metascopes(&self) -> Vec<MappedMetascope> {
        self.account.account.metascopes().iter().map(mapped).collect()
    }

    /// Everything that changes, in the best order for a reader.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let mut changes = vec![Change::Endpoint, Change::Unit];
        changes.extend(self.metascopes().into_iter().map(|mapped| match mapped.source {
            Some(_) => Change::Scopes(mapped),
            None => Change::UnknownScopes(mapped.metascope),
        }));
        if let Some(credential) = self.in_file.as_ref().and_then(server_to_server) {
            let known = known_scopes(&self.account).into_iter();
            let missing = known.filter(|scope| !credential.scopes.contains(scope));
            changes.push(Change::ScopesOfFile(credential.scopes.clone()));
            changes.extend(missing.map(Change::NotInFile));
            if credential.client_id != *self.account.account.client_id() {
                changes.push(Change::OtherClient);
            }
        }
        changes.extend([Change::SecretStays, Change::KeyGoes]);
        changes
    }

    /// Whether the new text holds the client secret, because the file held it: a secret in another place stays there.
    #[must_use]
    pub fn holds_secret(&self) -> bool {
        self.references.is_none()
    }

    /// The new credentials in the form of ims, as JSON.
    ///
    /// # Errors
    /// [`MigrationError::UnknownScopes`]
    pub fn text(&self) -> Result<SecretString, MigrationError> {
        let after = self.server_to_server()?;
        let Some(credential) = server_to_server(&after) else {
            return Err(MigrationError::NoServiceAccount);
        };
        let secrets = || secrets(&credential.client_secrets);
        let mut members = self.references.clone().unwrap_or_else(secrets);
        let texts: Vec<_> = credential.scopes.iter().map(ToString::to_string).collect();
        members.insert("client_id".to_owned(), credential.client_id.as_str().into());
        members.insert("scopes".to_owned(), texts.into());
        if let Some(org_id) = &credential.org_id {
            members.insert("org_id".to_owned(), org_id.as_str().into());
        }
        if *after.environment() != ims_claims::Environment::production() {
            members.insert("ims_url".to_owned(), after.environment().to_string().into());
        }
        Ok(SecretString::from(Credentials::text_of(members).as_str()))
    }

    /// Writes the new credentials into a file that is not there yet, and that its owner alone can read.
    ///
    /// # Errors
    /// [`MigrationError::UnknownScopes`] and [`MigrationError::Unwritable`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), MigrationError> {
        let (path, text) = (path.as_ref(), self.text()?);
        ims_files::create_new(path, text.expose_secret().as_bytes())
            .map_err(MigrationError::Unwritable)
    }
}

fn server_to_server(credentials: &Credentials) -> Option<&ServerToServerCredential> {
    match credentials.credential() {
        Credential::ServerToServer(credential) => Some(credential),
        _ => None,
    }
}

fn mapped(metascope: &Metascope) -> MappedMetascope {
    let known = KNOWN.iter().find(|known| known.metascope == metascope.as_str());
    MappedMetascope {
        metascope: metascope.clone(),
        scopes: known.map_or(&[], |known| known.scopes),
        source: known.map(|known| known.source),
    }
}

/// The known scopes of all metascopes, each once.
fn known_scopes(account: &ServiceAccountCredential) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = Vec::new();
    let known = account.account.metascopes().iter().flat_map(|metascope| mapped(metascope).scopes);
    // The words of the table are scopes; a test reads each.
    for scope in known.filter_map(|scope| scope.parse().ok()) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// The metascopes for which no public source names the scopes.
fn metascopes_without_scopes(account: &ServiceAccountCredential) -> Vec<Metascope> {
    let mut unknown = account.account.metascopes().to_vec();
    unknown.retain(|metascope| mapped(metascope).source.is_none());
    unknown
}

fn secrets(client_secrets: &ClientSecrets) -> Map<String, Value> {
    let texts: Vec<&str> = client_secrets.iter().map(ClientSecret::expose_secret).collect();
    let member = match texts[..] {
        [only] => ("client_secret".to_owned(), only.into()),
        _ => ("client_secrets".to_owned(), texts.into()),
    };
    [member].into_iter().collect()
}

fn joined(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
