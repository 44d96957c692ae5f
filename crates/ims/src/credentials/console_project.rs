//! The project or workspace file of Adobe's Developer Console. Source: adobe/aio-cli-plugin-app,
//! `schema/config.schema.json`. It holds no private key, so the key lies beside it as the console's `config.zip` has it.

use std::path::Path;

use ims_claims::{Environment, ServiceAccount};
use ims_exchange::ClientSecret;

use crate::{KeyPair, SigningKey};

use super::{
    Credential, CredentialsError, Fields, ServerToServerCredential, ServiceAccountCredential,
    secret_file::{read, read_private},
};

/// What Adobe's Developer Console calls the files that it makes.
const PRIVATE_KEY: &str = "private.key";
const CERTIFICATE: &str = "certificate_pub.crt";

pub(super) fn credential(
    fields: &Fields<'_>,
    folder: &Path,
) -> Result<(Environment, Credential), CredentialsError> {
    let project = if fields.has("project") { &fields.object("project")? } else { fields };
    let details = project.object("workspace")?.object("details")?;
    let credentials = details.objects("credentials")?;
    let is_usable = |entry: &&Fields<'_>| entry.has("oauth_server_to_server") || entry.has("jwt");
    let usable: Vec<_> = credentials.iter().filter(is_usable).collect();
    let credential = match usable[..] {
        [] => Err(details.wrong_type("credentials", "a list with a credential for servers in it")),
        // Where a migration is under way both are there, and OAuth Server-to-Server is the one that stays.
        [entry] if entry.has("oauth_server_to_server") => server_to_server(project, entry),
        [entry] => service_account(project, entry, folder),
        ref several => {
            Err(CredentialsError::Several { count: several.len(), names: names(several)? })
        }
    };
    Ok((Environment::production(), credential?))
}

fn server_to_server(
    project: &Fields<'_>,
    entry: &Fields<'_>,
) -> Result<Credential, CredentialsError> {
    let fields = entry.object("oauth_server_to_server")?;
    let client_secret =
        fields.first_text("client_secrets")?.ok_or_else(|| fields.missing("client_secrets"))?;
    Ok(Credential::ServerToServer(ServerToServerCredential {
        client_id: fields.required("client_id")?,
        client_secrets: ClientSecret::new(client_secret.to_owned()).into(),
        scopes: fields.list("scopes")?,
        org_id: project.object("org")?.optional("ims_org_id")?,
    }))
}

fn service_account(
    project: &Fields<'_>,
    entry: &Fields<'_>,
    folder: &Path,
) -> Result<Credential, CredentialsError> {
    let fields = entry.object("jwt")?;
    let account = ServiceAccount::new(
        fields.required("client_id")?,
        project.object("org")?.required("ims_org_id")?,
        fields.required("technical_account_id")?,
        fields.list("meta_scopes")?,
    );
    Ok(Credential::ServiceAccount(ServiceAccountCredential {
        account: account.map_err(|source| CredentialsError::Format {
            name: fields.path_of("meta_scopes"),
            source,
        })?,
        client_secrets: fields.client_secret("client_secret")?.into(),
        signing_keys: key_pair(folder)?.into(),
        sends_jti: false,
    }))
}

fn key_pair(folder: &Path) -> Result<KeyPair, CredentialsError> {
    Ok(KeyPair {
        signing_key: SigningKey::File {
            contents: read_private(&folder.join(PRIVATE_KEY))?,
            passphrase: None,
        },
        certificate: read(&folder.join(CERTIFICATE)).ok().map(|(contents, _)| contents.to_vec()),
    })
}

fn names(entries: &[&Fields<'_>]) -> Result<String, CredentialsError> {
    let names: Result<Vec<_>, _> = entries.iter().map(|entry| entry.text("name")).collect();
    Ok(names?.join(", "))
}
