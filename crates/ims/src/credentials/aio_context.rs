//! A context of Adobe's `aio` command, as its configuration or Cloud Manager's `config.json` has it. Source:
//! adobe/aio-lib-ims, `README.md`, and adobe/aio-lib-ims-jwt, `src/ims-jwt.js`.

use std::path::Path;

use ims_claims::{Environment, ServiceAccount};
use ims_sign::Passphrase;
use zeroize::Zeroizing;

use crate::{KeyPair, SigningKey};

use super::{
    Credential, CredentialsError, Fields, ServerToServerCredential, ServiceAccountCredential,
    secret_file::{can_be_path, read_private},
};

pub(super) fn credential(
    fields: &Fields<'_>,
    folder: &Path,
) -> Result<(Environment, Credential), CredentialsError> {
    let context =
        if fields.has("ims") { &current_context(&fields.object("ims")?)? } else { fields };
    let credential = if context.has("meta_scopes") {
        Credential::ServiceAccount(service_account(context, folder)?)
    } else {
        Credential::ServerToServer(ServerToServerCredential {
            client_id: context.required("client_id")?,
            client_secrets: client_secret(context)?.into(),
            scopes: context.list("scopes")?,
            org_id: context.optional("ims_org_id")?,
        })
    };
    Ok((environment(context)?, credential))
}

/// The context that `ims.config.current` names, else the only one.
fn current_context<'a>(ims: &Fields<'a>) -> Result<Fields<'a>, CredentialsError> {
    let contexts = ims.object("contexts")?;
    if ims.has("config")
        && let Some(current) = ims.object("config")?.optional_text("current")?
    {
        return contexts.object(current);
    }
    let mut contexts = contexts.members();
    match contexts.len() {
        1 => Ok(contexts.remove(0).1),
        count => {
            let names: Vec<_> = contexts.iter().map(|(name, _)| *name).collect();
            Err(CredentialsError::Several { count, names: names.join(", ") })
        }
    }
}

fn service_account(
    context: &Fields<'_>,
    folder: &Path,
) -> Result<ServiceAccountCredential, CredentialsError> {
    let account = ServiceAccount::new(
        context.required("client_id")?,
        context.required("ims_org_id")?,
        context.required("technical_account_id")?,
        context.list("meta_scopes")?,
    );
    let passphrase = context.optional_text("passphrase")?.filter(|text| !text.is_empty());
    let signing_key = SigningKey::File {
        contents: private_key(context, folder)?,
        passphrase: passphrase.map(|text| Passphrase::new(text.to_owned())),
    };
    Ok(ServiceAccountCredential {
        account: account.map_err(|source| CredentialsError::Format {
            name: context.path_of("meta_scopes"),
            source,
        })?,
        client_secrets: client_secret(context)?.into(),
        signing_keys: KeyPair { signing_key, certificate: None }.into(),
        sends_jti: false,
    })
}

fn client_secret(context: &Fields<'_>) -> Result<ims_exchange::ClientSecret, CredentialsError> {
    match context.first_text("client_secrets")? {
        Some(client_secret) => Ok(ims_exchange::ClientSecret::new(client_secret.to_owned())),
        None => context.client_secret("client_secret"),
    }
}

/// The key itself, its lines, or a path to it.
fn private_key(
    context: &Fields<'_>,
    folder: &Path,
) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let text = context.lines("private_key")?;
    if can_be_path(&text) {
        read_private(&folder.join(text.trim()))
    } else {
        Ok(Zeroizing::new(text.as_bytes().to_vec()))
    }
}

/// `env` is `prod` or `stage`.
fn environment(context: &Fields<'_>) -> Result<Environment, CredentialsError> {
    match context.optional_text("env")? {
        None | Some("prod") => Ok(Environment::production()),
        Some("stage") => Ok(Environment::stage()),
        Some(_) => Err(context.wrong_type("env", "\"prod\" or \"stage\"")),
    }
}
