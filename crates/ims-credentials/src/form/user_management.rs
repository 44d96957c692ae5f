//! `connector-umapi.yml` and `connector-adobe-console.yml` of Adobe's User Sync Tool, and `usermanagement.config` of the
//! samples of the User Management API, which have the same words. Source: adobe-apiplatform/user-sync.py,
//! `user_sync/connector/umapi_util.py` and `user_sync/config/common.py`; umapi-client 3.0.1, `umapi_client/auth.py`.

use ims_claims::Environment;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
        secret_reference,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_pair},
    },
    signing_keys::KeyPair,
};

const CLIENT_ID: &[&str] = &["client_id", "api_key"];

/// What umapi-client asks for always.
const SERVICE_ACCOUNT: ServiceAccountWords = ServiceAccountWords {
    client_id: CLIENT_ID,
    client_secret: &["client_secret"],
    org_id: &["org_id"],
    technical_account_id: &["tech_acct_id", "tech_acct"],
    metascopes: Metascopes::Always("ent_user_sdk"),
};

/// What umapi-client asks for always.
const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: &["client_secret"],
    org_id: &["org_id"],
    scopes: Scopes::Always(&["openid", "AdobeID", "user_management_sdk"]),
};

/// The members whose value may be in the keyring of the desktop instead, as `secure_…_key`.
const SECURE: [&str; 5] =
    ["client_id", "api_key", "client_secret", "priv_key_data", "priv_key_pass"];

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("enterprise")
}

/// `config.yaml` of the Data Science Workspace, which has the same words. Source: AdobeDocs/experience-platform.en, "Create
/// the Retail Sales schema and dataset", and its `bootstrap` package.
pub(super) fn is_data_science(fields: &Fields<'_>) -> bool {
    fields.has("Enterprise") && fields.has("Platform")
}

pub(super) fn data_science(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let enterprise = fields.object("Enterprise")?;
    let words = ServiceAccountWords {
        metascopes: Metascopes::Always("ent_dataservices_sdk"),
        ..SERVICE_ACCOUNT
    };
    let credential = words.read(&enterprise, key(&enterprise, at), at)?;
    Ok((Environment::production(), credential))
}

/// `connector-adobe-console.yml`, in which the User Sync Tool reads users from the Admin Console.
pub(super) fn is_admin_console(fields: &Fields<'_>) -> bool {
    fields.object("integration").is_ok_and(|integration| {
        integration.has("org_id") && integration.has(integration.name_of(CLIENT_ID))
    })
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let name = if fields.has("enterprise") { "enterprise" } else { "integration" };
    let enterprise = &fields.object(name)?;
    let opened = opened(enterprise, at)?;
    let opened = opened.fields()?.within(name);
    // It belongs next to the object, and people also write it inside.
    let method = match fields.optional_text("authentication_method")? {
        Some(method) => Some(method),
        None => enterprise.optional_text("authentication_method")?,
    };
    let credential = match method {
        Some("oauth") => SERVER_TO_SERVER.read(&opened)?,
        None | Some("jwt") => SERVICE_ACCOUNT.read(&opened, key(&opened, at), at)?,
        Some(_) => return Err(fields.wrong_type("authentication_method", "\"jwt\" or \"oauth\"")),
    };
    Ok((environment(fields)?, credential))
}

/// The members, with those from the keyring.
fn opened(enterprise: &Fields<'_>, at: &ReadContext<'_>) -> Result<Document, CredentialsError> {
    let values = enterprise.values().map(|(name, value)| (name.to_owned(), value.clone()));
    let mut members: Vec<(String, Value)> = values.collect();
    for name in SECURE {
        let secure = format!("secure_{name}_key");
        if let Some(entry) = enterprise.optional_text(&secure)? {
            if enterprise.has(name) {
                return Err(CredentialsError::Conflict {
                    first: enterprise.path_of(name),
                    second: enterprise.path_of(&secure),
                });
            }
            let member = enterprise.path_of(&secure);
            at.check_reference(&member)?;
            let org_id = enterprise.text("org_id")?;
            let secret = secret_reference::from_keyring(&member, entry, org_id)?;
            members.push((name.to_owned(), secret.as_str().into()));
        }
    }
    Ok(members.into_iter().collect())
}

/// The key, which the User Sync Tool may have encrypted, in the file or next to it.
fn key(enterprise: &Fields<'_>, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let name = enterprise.name_of(&["priv_key_path", "priv_key_filename"]);
    let passphrase = enterprise.optional_text("priv_key_pass")?;
    if let Some(path) = enterprise.path(name, at.folder)? {
        let contents = at.read_private(&enterprise.path_of(name), &path)?;
        return key_pair(&ims_files::shown(&path), contents, passphrase);
    }
    if !enterprise.has("priv_key_data") {
        return Err(enterprise.missing(name));
    }
    let contents = Zeroizing::new(enterprise.lines("priv_key_data")?.as_bytes().to_vec());
    key_pair(&enterprise.path_of("priv_key_data"), contents, passphrase)
}

/// The host of IMS. An empty `server:` is YAML's null, and the default.
fn environment(fields: &Fields<'_>) -> Result<Environment, CredentialsError> {
    if !fields.has("server") {
        return Ok(Environment::production());
    }
    let server = fields.object("server")?;
    server.environment(server.name_of(&["auth_host", "ims_host"]))
}
