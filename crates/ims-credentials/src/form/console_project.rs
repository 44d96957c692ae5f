//! The project or workspace file of Adobe's Developer Console. Source: adobe/aio-cli-plugin-app,
//! `schema/config.schema.json` and `src/lib/import.js`. It holds no private key, so the key is next to it, as in the console's
//! `config.zip`.

use ims_claims::{Environment, OrgId, ServiceAccount};

use super::user_login;
use crate::{
    credential::{
        ApiKeyCredential, Credential, ServerToServerCredential, ServiceAccountCredential,
    },
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::{CredentialKind, ReadContext},
        vocabulary::key_pair,
    },
    signing_keys::{KeyPair, SigningKey},
};

/// What Adobe's Developer Console calls the files that it makes.
const PRIVATE_KEY: &str = "private.key";
const CERTIFICATE: &str = "certificate_pub.crt";

/// The `.aio` of an application also has its project, but without the credentials: those are in its contexts.
pub(super) fn matches(fields: &Fields<'_>) -> bool {
    (fields.has("project") || fields.has("workspace")) && !fields.has("ims")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let (project, entry, kind) = selected(fields, at)?;
    Ok((Environment::production(), kind.read(&project, &entry, at)?))
}

/// The redirect URI of a sign-in. The console has one default redirect URI. The others are patterns.
pub(super) fn redirect_uri(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<String>, CredentialsError> {
    match selected(fields, at)? {
        (_, entry, Kind::User(name)) => {
            let login = entry.object(name)?;
            user_login::redirect_uri(&login, login.name_of(&["defaultRedirectUri", "redirect_uri"]))
        }
        _ => Ok(None),
    }
}

/// The project, and the one of its credentials that is used.
fn selected<'a>(
    fields: &Fields<'a>,
    at: &ReadContext<'_>,
) -> Result<(Fields<'a>, Fields<'a>, Kind), CredentialsError> {
    let project = if fields.has("project") { fields.object("project")? } else { fields.clone() };
    let details = project.object("workspace")?.object("details")?;
    let entries = details.objects("credentials")?;
    let usable = entries.iter().filter_map(|entry| Some((entry, Kind::of(entry, at.side)?)));
    let mut usable: Vec<_> = usable.collect();
    let types: Vec<_> = entries.iter().filter_map(integration_type).collect();
    if usable.is_empty() && !types.is_empty() {
        let name = details.path_of("credentials");
        return Err(CredentialsError::UnknownTypes { name, types: types.join(", ") });
    }
    if usable.is_empty() {
        return Err(details.wrong_type("credentials", "a list with a credential in it"));
    }
    // Unless another is selected, the credentials that get tokens without a person are used.
    if at.selected.is_none() && usable.iter().any(|(_, kind)| kind.is_for_servers()) {
        usable.retain(|(_, kind)| kind.is_for_servers());
    }
    let (entry, kind) = at.select(named(usable, at)?)?;
    Ok((project, entry.clone(), kind))
}

/// The console's name for the kind of `entry`, if that can be a name.
fn integration_type<'a>(entry: &Fields<'a>) -> Option<&'a str> {
    let text = entry.optional_text("integration_type").ok()??;
    let is_name = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    (is_name && text.len() <= 40).then_some(text)
}

/// The kinds of credentials, each by the member that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ServerToServer,
    ServiceAccount,
    ApiKey(&'static str),
    User(&'static str),
}

type Entry<'e, 'f> = (&'e Fields<'f>, Kind);

/// The names that the console uses for kinds that people sign in to. The first is older than the others.
const LOGINS: [&str; 7] = [
    "oauth2",
    "oauthweb",
    "oauthwebapp",
    "oauthnativeapp",
    "oauthsinglepageapp",
    "oauthios",
    "oauthandroid",
];

const API_KEYS: [&str; 2] = ["apikey", "api_key"];

impl Kind {
    /// During a migration, the old and the new credentials are there.
    fn of(entry: &Fields<'_>, side: CredentialKind) -> Option<Self> {
        let (server_to_server, jwt) = (entry.has("oauth_server_to_server"), entry.has("jwt"));
        if server_to_server && jwt {
            return Some(match side {
                CredentialKind::ServerToServer => Self::ServerToServer,
                CredentialKind::ServiceAccount => Self::ServiceAccount,
            });
        }
        if server_to_server {
            return Some(Self::ServerToServer);
        }
        if jwt {
            return Some(Self::ServiceAccount);
        }
        if let Some(name) = API_KEYS.into_iter().find(|name| entry.has(name)) {
            return Some(Self::ApiKey(name));
        }
        let name = LOGINS.into_iter().find(|name| entry.has(name))?;
        // An API key may be kept where the others have their client.
        if matches!(entry.optional_text("integration_type"), Ok(Some("apikey"))) {
            return Some(Self::ApiKey(name));
        }
        Some(Self::User(name))
    }

    fn is_for_servers(self) -> bool {
        matches!(self, Self::ServerToServer | Self::ServiceAccount)
    }

    fn read(
        self,
        project: &Fields<'_>,
        entry: &Fields<'_>,
        at: &ReadContext<'_>,
    ) -> Result<Credential, CredentialsError> {
        match self {
            Self::ServerToServer => server_to_server(project, entry),
            Self::ServiceAccount => service_account(project, entry, at),
            Self::ApiKey(name) => api_key(project, &entry.object(name)?),
            Self::User(name) => {
                user_login::credential(&entry.object(name)?, "scopes", org_id(project)?)
            }
        }
    }
}

/// The credentials with their names, or with their ids where two have the same name. A selection may be either.
fn named<'e, 'f>(
    entries: Vec<Entry<'e, 'f>>,
    at: &ReadContext<'_>,
) -> Result<Vec<(String, Entry<'e, 'f>)>, CredentialsError> {
    let names: Result<Vec<_>, _> = entries.iter().map(|(entry, _)| entry.text("name")).collect();
    let names = names?;
    let label = |(entry, kind): Entry<'e, 'f>, name: &str| {
        let id = entry.optional_text("id")?.unwrap_or(name);
        let is_ambiguous = names.iter().filter(|other| **other == name).count() > 1;
        let label = if is_ambiguous || at.selected == Some(id) { id } else { name };
        Ok((label.to_owned(), (entry, kind)))
    };
    entries.into_iter().zip(&names).map(|(entry, name)| label(entry, name)).collect()
}

/// The organization. A workspace without its project does not have it.
fn org_id(project: &Fields<'_>) -> Result<Option<OrgId>, CredentialsError> {
    if project.has("org") { project.object("org")?.optional("ims_org_id") } else { Ok(None) }
}

fn server_to_server(
    project: &Fields<'_>,
    entry: &Fields<'_>,
) -> Result<Credential, CredentialsError> {
    let fields = entry.object("oauth_server_to_server")?;
    Ok(Credential::ServerToServer(ServerToServerCredential {
        client_id: fields.required("client_id")?,
        client_secrets: fields.client_secrets("client_secrets")?,
        scopes: fields.list("scopes")?,
        org_id: org_id(project)?,
    }))
}

fn service_account(
    project: &Fields<'_>,
    entry: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Credential, CredentialsError> {
    let fields = entry.object("jwt")?;
    let account = ServiceAccount::new(
        fields.required("client_id")?,
        project.object("org")?.required("ims_org_id")?,
        fields.required("technical_account_id")?,
        fields.list("meta_scopes")?,
    );
    Ok(Credential::ServiceAccount(ServiceAccountCredential {
        account: account.map_err(|problem| CredentialsError::Format {
            name: fields.path_of("meta_scopes"),
            problem,
        })?,
        client_secrets: fields
            .client_secrets(fields.name_of(&["client_secret", "client_secrets"]))?,
        signing_keys: key_next_to(at)?.into(),
        sends_jti: false,
    }))
}

fn key_next_to(at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let certificate = at.read(CERTIFICATE, &at.path(CERTIFICATE)).ok();
    let certificate = certificate.map(|contents| contents.bytes.to_vec());
    let path = at.path(PRIVATE_KEY);
    let read = at.read_private(PRIVATE_KEY, &path);
    match read.and_then(|key| key_pair(&ims_files::shown(&path), key, None)) {
        Ok(pair) => Ok(KeyPair { certificate, ..pair }),
        Err(error) if at.needs_key => Err(error),
        Err(error) => Ok(KeyPair { signing_key: SigningKey::Unread(error), certificate }),
    }
}

fn api_key(project: &Fields<'_>, fields: &Fields<'_>) -> Result<Credential, CredentialsError> {
    Ok(Credential::ApiKey(ApiKeyCredential {
        client_id: fields.required("client_id")?,
        org_id: org_id(project)?,
    }))
}
