//! The names that forms use for the same parts of a credential. Most forms differ only in these names.

use ims_claims::{Environment, Metascope, ServiceAccount};
use ims_exchange::Scope;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    credential::{Credential, ServerToServerCredential, ServiceAccountCredential},
    error::CredentialsError,
    reading::{fields::Fields, read_context::ReadContext, secret_text},
    signing_keys::{KeyPair, SigningKey},
};

/// What a form calls the parts of a service account. If it has several names for one part, each is accepted.
pub(crate) struct ServiceAccountWords {
    pub(crate) client_id: &'static [&'static str],
    pub(crate) client_secret: &'static [&'static str],
    pub(crate) org_id: &'static [&'static str],
    pub(crate) technical_account_id: &'static [&'static str],
    pub(crate) metascopes: Metascopes,
}

/// Where the metascopes are.
pub(crate) enum Metascopes {
    In(&'static str),
    /// The form has no name for the metascopes, since its program always asks for this one.
    Always(&'static str),
    /// They are in another object, and were read there.
    Given(Vec<Metascope>),
}

/// What a form calls the parts of an OAuth Server-to-Server credential.
pub(crate) struct ServerToServerWords {
    pub(crate) client_id: &'static [&'static str],
    pub(crate) client_secret: &'static [&'static str],
    pub(crate) org_id: &'static [&'static str],
    pub(crate) scopes: Scopes,
}

/// Where the scopes are.
pub(crate) enum Scopes {
    In(&'static str),
    /// The scopes that the program of this form asks for, since the form has no name for them.
    Always(&'static [&'static str]),
}

impl ServiceAccountWords {
    /// An error of the key is reported last: without the other parts a key is of no use.
    pub(crate) fn read(
        &self,
        fields: &Fields<'_>,
        key_pair: Result<KeyPair, CredentialsError>,
        at: &ReadContext<'_>,
    ) -> Result<Credential, CredentialsError> {
        let client_id = fields.required(fields.name_of(self.client_id))?;
        let org_id = fields.required(fields.name_of(self.org_id))?;
        let technical_account_id = fields.required(fields.name_of(self.technical_account_id))?;
        let (name, metascopes) = self.metascopes.read(fields, at)?;
        let account = ServiceAccount::new(client_id, org_id, technical_account_id, metascopes);
        Ok(Credential::ServiceAccount(ServiceAccountCredential {
            account: account.map_err(|problem| CredentialsError::Format {
                name: fields.path_of(name),
                problem,
            })?,
            client_secrets: fields.client_secrets(fields.name_of(self.client_secret))?,
            signing_keys: key_pair?.into(),
            sends_jti: false,
        }))
    }
}

impl Metascopes {
    fn read(
        &self,
        fields: &Fields<'_>,
        at: &ReadContext<'_>,
    ) -> Result<(&'static str, Vec<Metascope>), CredentialsError> {
        match self {
            // A context has them for a file that leaves them out.
            Self::In(name) if !at.metascopes.is_empty() => Ok((name, at.metascopes.to_vec())),
            Self::In(name) => Ok((name, fields.list(name)?)),
            Self::Always(always) => Ok((always, vec![fields.parse(always, always)?])),
            Self::Given(metascopes) => Ok(("metascopes", metascopes.clone())),
        }
    }
}

impl ServerToServerWords {
    pub(crate) fn read(&self, fields: &Fields<'_>) -> Result<Credential, CredentialsError> {
        Ok(Credential::ServerToServer(ServerToServerCredential {
            client_id: fields.required(fields.name_of(self.client_id))?,
            client_secrets: fields.client_secrets(fields.name_of(self.client_secret))?,
            scopes: self.scopes.read(fields)?,
            org_id: fields.optional(fields.name_of(self.org_id))?,
        }))
    }
}

impl Scopes {
    fn read(&self, fields: &Fields<'_>) -> Result<Vec<Scope>, CredentialsError> {
        match self {
            Self::In(name) => fields.list(name),
            Self::Always(scopes) => {
                scopes.iter().map(|scope| fields.parse("scopes", scope)).collect()
            }
        }
    }
}

/// The IMS that the member `name` names: `prod` or `stage`. Production if there is none.
pub(crate) fn environment_called(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Environment, CredentialsError> {
    match fields.optional_text(name)? {
        None | Some("prod") => Ok(Environment::production()),
        Some("stage") => Ok(Environment::stage()),
        Some(_) => Err(fields.wrong_type(name, "\"prod\" or \"stage\"")),
    }
}

/// The key in the file whose path is in the member `name`.
pub(crate) fn key_at(
    fields: &Fields<'_>,
    name: &str,
    at: &ReadContext<'_>,
) -> Result<KeyPair, CredentialsError> {
    let path = fields.path(name, at.folder)?.ok_or_else(|| fields.missing(name))?;
    key_pair(&ims_files::shown(&path), at.read_private(&fields.path_of(name), &path)?, None)
}

/// The key that the member `name` holds.
pub(crate) fn key_in(fields: &Fields<'_>, name: &str) -> Result<KeyPair, CredentialsError> {
    let text = fields.lines(name)?;
    key_pair(&fields.path_of(name), Zeroizing::new(text.as_bytes().to_vec()), None)
}

/// A key without its certificate: most forms have no member for it. `name` is its member, or its file.
pub(crate) fn key_pair(
    name: &str,
    contents: Zeroizing<Vec<u8>>,
    passphrase: Option<&str>,
) -> Result<KeyPair, CredentialsError> {
    let contents = secret_text::key(name, contents)?;
    let passphrase = passphrase.filter(|text| !text.is_empty());
    let passphrase = passphrase.map(SecretString::from);
    let contents = contents.to_vec().into();
    Ok(KeyPair { signing_key: SigningKey::File { contents, passphrase }, certificate: None })
}
