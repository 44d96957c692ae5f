//! Our own environment variables, for containers and CI.

use ims_claims::Environment;
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::{CredentialsError, SecretFault},
    reading::{
        fields::Fields,
        read_context::ReadContext,
        secret_text,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_pair},
    },
    signing_keys::KeyPair,
};

const CLIENT_ID: &[&str] = &["IMS_CLIENT_ID"];
const CLIENT_SECRET: &[&str] = &["IMS_CLIENT_SECRET"];
const ORG_ID: &[&str] = &["IMS_ORG_ID"];

const SERVICE_ACCOUNT: ServiceAccountWords = ServiceAccountWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    technical_account_id: &["IMS_TECHNICAL_ACCOUNT_ID"],
    metascopes: Metascopes::In("IMS_METASCOPES"),
};

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    scopes: Scopes::In("IMS_SCOPES"),
};

/// The variables that only a service account has.
const SERVICE_ACCOUNT_ALONE: [&str; 4] =
    ["IMS_METASCOPES", "IMS_TECHNICAL_ACCOUNT_ID", "IMS_PRIVATE_KEY", "IMS_PRIVATE_KEY_FILE"];

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("IMS_CLIENT_ID")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    // The clients of Adobe's own services have a code in place of scopes. Source: adobe/spacecat-shared.
    if fields.has("IMS_CLIENT_CODE") && !fields.has("IMS_SCOPES") && !fields.has("IMS_METASCOPES") {
        return Err(CredentialsError::OtherGrant {
            name: "IMS_CLIENT_CODE".to_owned(),
            what: "the permanent code of a service",
        });
    }
    // The error names the missing variables of the kind that Adobe issues today, unless there is a variable that only the
    // other kind has.
    let is_service_account = SERVICE_ACCOUNT_ALONE.iter().any(|name| fields.has(name));
    let is_secret_alone = fields.has("IMS_CLIENT_SECRET") && !is_service_account;
    let credential = if fields.has("IMS_SCOPES") || is_secret_alone {
        SERVER_TO_SERVER.read(fields)?
    } else {
        SERVICE_ACCOUNT.read(fields, key(fields, at), at)?
    };
    Ok((fields.optional("IMS_URL")?.unwrap_or_default(), credential))
}

fn key(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let passphrase = fields.optional_text("IMS_PRIVATE_KEY_PASSPHRASE")?;
    let pair = if fields.has("IMS_PRIVATE_KEY") {
        let name = "IMS_PRIVATE_KEY";
        let text = fields.text(name)?;
        if !secret_text::can_be_key(text) {
            let fault = SecretFault::NotKey;
            return Err(CredentialsError::SecretText { name: name.to_owned(), fault });
        }
        key_pair(name, Zeroizing::new(text.as_bytes().to_vec()), passphrase)?
    } else {
        let path = fields.path("IMS_PRIVATE_KEY_FILE", at.folder)?;
        let path = path.ok_or_else(|| fields.missing("IMS_PRIVATE_KEY_FILE"))?;
        let contents = at.read_private("IMS_PRIVATE_KEY_FILE", &path)?;
        key_pair(&ims_files::shown(&path), contents, passphrase)?
    };
    let certificate = match fields.path("IMS_CERTIFICATE_FILE", at.folder)? {
        Some(path) => Some(at.read("IMS_CERTIFICATE_FILE", &path)?.bytes.to_vec()),
        None => None,
    };
    Ok(KeyPair { certificate, ..pair })
}
