//! Our own form, JSON or TOML.

use std::path::Path;

use ims_claims::{Environment, ServiceAccount};
use ims_exchange::ClientSecret;
use ims_sign::Passphrase;
use zeroize::Zeroizing;

use crate::{KeyPair, SigningKey};

use super::{
    Credential, CredentialsError, Fields, ServerToServerCredential, ServiceAccountCredential,
    secret_file::{read, read_private, read_private_line},
};

const MEMBERS: &[&str] = &[
    "client_id",
    "client_secret",
    "client_secret_file",
    "org_id",
    "technical_account_id",
    "metascopes",
    "scopes",
    "private_key_file",
    "private_key_passphrase_file",
    "signer",
    "certificate_file",
    "jti",
    "ims_url",
];

pub(super) fn credential(
    fields: &Fields<'_>,
    folder: &Path,
) -> Result<(Environment, Credential), CredentialsError> {
    fields.only(MEMBERS)?;
    let environment = fields.optional("ims_url")?.unwrap_or_default();
    let credential = match (fields.has("metascopes"), fields.has("scopes")) {
        (true, true) => {
            return Err(CredentialsError::Conflict { first: "metascopes", second: "scopes" });
        }
        (_, false) => Credential::ServiceAccount(service_account(fields, folder)?),
        (false, true) => Credential::ServerToServer(server_to_server(fields, folder)?),
    };
    Ok((environment, credential))
}

/// Whether the file itself holds a secret, and not only the names of files that do.
pub(super) fn holds_secret(fields: &Fields<'_>) -> Result<bool, CredentialsError> {
    let has_pin = |uri: &str| uri.contains("pin-value");
    Ok(fields.has("client_secret") || fields.optional_text("signer")?.is_some_and(has_pin))
}

fn service_account(
    fields: &Fields<'_>,
    folder: &Path,
) -> Result<ServiceAccountCredential, CredentialsError> {
    let account = ServiceAccount::new(
        fields.required("client_id")?,
        fields.required("org_id")?,
        fields.required("technical_account_id")?,
        fields.list("metascopes")?,
    );
    let certificate = fields.path("certificate_file", folder)?.map(|path| read(&path));
    let key_pair = KeyPair {
        signing_key: signing_key(fields, folder)?,
        certificate: certificate.transpose()?.map(|(contents, _)| contents.to_vec()),
    };
    Ok(ServiceAccountCredential {
        account: account.map_err(|source| CredentialsError::Format {
            name: fields.path_of("metascopes"),
            source,
        })?,
        client_secrets: client_secret(fields, folder)?.into(),
        signing_keys: key_pair.into(),
        sends_jti: fields.flag("jti")?,
    })
}

fn server_to_server(
    fields: &Fields<'_>,
    folder: &Path,
) -> Result<ServerToServerCredential, CredentialsError> {
    Ok(ServerToServerCredential {
        client_id: fields.required("client_id")?,
        client_secrets: client_secret(fields, folder)?.into(),
        scopes: fields.list("scopes")?,
        org_id: fields.optional("org_id")?,
    })
}

fn client_secret(fields: &Fields<'_>, folder: &Path) -> Result<ClientSecret, CredentialsError> {
    match (fields.has("client_secret"), fields.path("client_secret_file", folder)?) {
        (true, Some(_)) => {
            Err(CredentialsError::Conflict { first: "client_secret", second: "client_secret_file" })
        }
        (false, Some(path)) => Ok(ClientSecret::new(read_private_line(&path)?)),
        (_, None) => fields.client_secret("client_secret"),
    }
}

fn signing_key(fields: &Fields<'_>, folder: &Path) -> Result<SigningKey, CredentialsError> {
    match (fields.optional_text("signer")?, fields.path("private_key_file", folder)?) {
        (Some(_), Some(_)) => {
            Err(CredentialsError::Conflict { first: "signer", second: "private_key_file" })
        }
        (Some(uri), None) if uri.starts_with("pkcs11:") => Ok(SigningKey::Pkcs11 {
            uri: Zeroizing::new(uri.to_owned()),
            folder: folder.to_owned(),
        }),
        (Some(_), None) => {
            Err(fields.wrong_type("signer", "a PKCS#11 URI, which begins with \"pkcs11:\""))
        }
        (None, Some(path)) => {
            let passphrase = fields.path("private_key_passphrase_file", folder)?;
            let passphrase = passphrase.map(|path| read_private_line(&path).map(Passphrase::new));
            Ok(SigningKey::File {
                contents: read_private(&path)?,
                passphrase: passphrase.transpose()?,
            })
        }
        (None, None) => Err(fields.missing("private_key_file")),
    }
}
