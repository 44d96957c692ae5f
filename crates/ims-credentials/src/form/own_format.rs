//! Our own format, JSON or TOML.

use std::path::Path;

use ims_claims::{Environment, ServiceAccount};
use ims_exchange::ClientSecret;
use secrecy::SecretString;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::user_login;
use crate::{
    client_secrets::ClientSecrets,
    credential::{
        ApiKeyCredential, Credential, ServerToServerCredential, ServiceAccountCredential,
    },
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        secret_reference::{self, Secret},
        secret_text,
    },
    signing_keys::{KeyPair, SigningKey, SigningKeys},
};

/// The members of a service account and of OAuth Server-to-Server, in the order of the documents.
const MEMBERS: &[&str] = &[
    "client_id",
    "api_key",
    "user",
    "client_secret",
    "client_secret_file",
    "client_secret_env",
    "client_secret_command",
    "client_secret_keyring",
    "client_secrets",
    "org_id",
    "technical_account_id",
    "metascopes",
    "scopes",
    "private_key_file",
    "private_key",
    "private_key_env",
    "private_key_command",
    "private_key_keyring",
    "private_key_passphrase",
    "private_key_passphrase_file",
    "private_key_passphrase_env",
    "private_key_passphrase_command",
    "private_key_passphrase_keyring",
    "signer",
    "certificate_file",
    "keys",
    "jti",
    "ims_url",
];

/// Those of a client that a person signs in to.
const USER_MEMBERS: &[&str] = &[
    "user",
    "client_id",
    "redirect_uri",
    "client_secret",
    "client_secret_file",
    "client_secret_env",
    "client_secret_command",
    "client_secret_keyring",
    "client_secrets",
    "org_id",
    "scopes",
    "ims_url",
];

/// Those of `MEMBERS` that may be in each element of `keys` instead.
const KEY_MEMBERS: &[&str] = &[
    "private_key_file",
    "private_key",
    "private_key_env",
    "private_key_command",
    "private_key_keyring",
    "private_key_passphrase",
    "private_key_passphrase_file",
    "private_key_passphrase_env",
    "private_key_passphrase_command",
    "private_key_passphrase_keyring",
    "signer",
    "certificate_file",
];

/// The value of `signer` if the program provides the signer.
const EXTERNAL: &str = "external";

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("client_id") || fields.has("api_key")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let is_user = fields.flag("user")?;
    fields.only(if is_user { USER_MEMBERS } else { MEMBERS })?;
    let environment = fields.optional("ims_url")?.unwrap_or_default();
    let credential = if fields.has("api_key") {
        api_key(fields)
    } else if is_user {
        user(fields, at)
    } else if fields.has("metascopes") && fields.has("scopes") {
        Err(conflict("metascopes", "scopes"))
    } else if fields.has("scopes") {
        server_to_server(fields, at)
    } else {
        service_account(fields, at)
    };
    Ok((environment, credential?))
}

/// Whether the file itself holds a secret, and not only the names of places that do.
pub(super) fn holds_secret(fields: &Fields<'_>) -> bool {
    if fields.has("client_secret") || holds_key(fields) {
        return true;
    }
    // In the list, a secret itself is a text, and a reference to a secret is an object.
    if let Some(Value::Array(secrets)) = fields.value("client_secrets")
        && secrets.iter().any(Value::is_string)
    {
        return true;
    }
    fields.objects("keys").is_ok_and(|keys| keys.iter().any(holds_key))
}

/// Whether a key, its pass phrase or the PIN of its token is here.
fn holds_key(fields: &Fields<'_>) -> bool {
    fields.has("private_key") || fields.has("private_key_passphrase") || has_pin(fields)
}

/// Whether the PKCS#11 URI of a key has the PIN in it (RFC 7512 §2.4).
fn has_pin(fields: &Fields<'_>) -> bool {
    let signer = fields.value("signer").and_then(Value::as_str);
    signer.is_some_and(|uri| uri.contains("pin-value"))
}

/// The members that say where the client secrets are, if none is in this file, with absolute paths.
pub(crate) fn secret_references(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Option<Map<String, Value>> {
    let absolute = |kind: &str, value: &Value| match value {
        Value::String(path) if kind == "file" => at.absolute(path).into(),
        // A command: the other kinds are texts, and have been read already.
        Value::Array(words) => {
            let mut words = words.clone();
            if let Some(Value::String(program)) = words.first_mut()
                && Path::new(program).components().count() > 1
            {
                *program = at.absolute(program);
            }
            words.into()
        }
        other => other.clone(),
    };
    let single = fields.values().find_map(|(name, value)| {
        let kind = name.strip_prefix("client_secret_")?;
        Some((name.to_owned(), absolute(kind, value)))
    });
    if let Some(member) = single {
        return Some(Map::from_iter([member]));
    }
    let mut elements = Vec::new();
    for element in fields.value("client_secrets")?.as_array()? {
        let members = element.as_object()?.iter();
        let members = members.map(|(kind, value)| (kind.clone(), absolute(kind, value)));
        elements.push(Value::Object(members.collect()));
    }
    Some(Map::from_iter([("client_secrets".to_owned(), elements.into())]))
}

fn api_key(fields: &Fields<'_>) -> Result<Credential, CredentialsError> {
    fields.only(&["api_key", "org_id", "ims_url"])?;
    Ok(Credential::ApiKey(ApiKeyCredential {
        client_id: fields.required("api_key")?,
        org_id: fields.optional("org_id")?,
    }))
}

/// The members of our format: `"user": true`, and the secret in any of its places.
fn user(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<Credential, CredentialsError> {
    let client_secrets = optional_client_secrets(fields, at)?;
    user_login::user(fields, "scopes", client_secrets, fields.optional("org_id")?)
}

fn service_account(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Credential, CredentialsError> {
    let account = ServiceAccount::new(
        fields.required("client_id")?,
        fields.required("org_id")?,
        fields.required("technical_account_id")?,
        fields.list("metascopes")?,
    );
    Ok(Credential::ServiceAccount(ServiceAccountCredential {
        account: account.map_err(|problem| CredentialsError::Format {
            name: fields.path_of("metascopes"),
            problem,
        })?,
        client_secrets: client_secrets(fields, at)?,
        signing_keys: signing_keys(fields, at)?,
        sends_jti: fields.flag("jti")?,
    }))
}

fn server_to_server(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Credential, CredentialsError> {
    Ok(Credential::ServerToServer(ServerToServerCredential {
        client_id: fields.required("client_id")?,
        client_secrets: client_secrets(fields, at)?,
        scopes: fields.list("scopes")?,
        org_id: fields.optional("org_id")?,
    }))
}

/// One secret, or a list of secrets, each of which may be the valid one.
fn client_secrets(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<ClientSecrets, CredentialsError> {
    optional_client_secrets(fields, at)?.ok_or_else(|| fields.missing("client_secret"))
}

/// The same, for a client that may have none.
fn optional_client_secrets(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<ClientSecrets>, CredentialsError> {
    let one = secret_reference::optional(fields, "client_secret", at)?;
    let Some(list) = fields.value("client_secrets") else {
        return match one {
            Some(secret) => Ok(Some(client_secret(&secret)?.into())),
            None => Ok(None),
        };
    };
    if one.is_some() {
        return Err(conflict("client_secret", "client_secrets"));
    }
    let mut secrets = Vec::new();
    for secret in secret_reference::list(fields, "client_secrets", list, at)? {
        secrets.push(client_secret(&secret)?);
    }
    match ClientSecrets::from_list(secrets) {
        Some(secrets) => Ok(Some(secrets)),
        None => Err(fields.missing("client_secrets")),
    }
}

fn client_secret(secret: &Secret) -> Result<ClientSecret, CredentialsError> {
    secret_text::client_secret(&secret.member, &secret.text)
}

/// The key pair that is described here, or the one or two of the list `keys`.
fn signing_keys(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<SigningKeys, CredentialsError> {
    if !fields.has("keys") {
        return Ok(key_pair(fields, at)?.into());
    }
    if let Some(name) = KEY_MEMBERS.iter().find(|name| fields.has(name)) {
        return Err(conflict(name, "keys"));
    }
    let keys = fields.objects("keys")?;
    let read = |key: &Fields<'_>| {
        key.only(KEY_MEMBERS)?;
        key_pair(key, at)
    };
    match &keys[..] {
        [first] => Ok(read(first)?.into()),
        [first, second] => Ok(SigningKeys::new(read(first)?).with_second(read(second)?)),
        _ => Err(fields.wrong_type("keys", "a list of one key or two")),
    }
}

fn key_pair(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let certificate = match fields.path("certificate_file", at.folder)? {
        Some(path) => Some(at.read(&fields.path_of("certificate_file"), &path)?.bytes.to_vec()),
        None => None,
    };
    Ok(KeyPair { signing_key: signing_key(fields, at)?, certificate })
}

fn signing_key(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<SigningKey, CredentialsError> {
    let contents = key_contents(fields, at)?;
    // This includes "external": the author of the credentials must not choose the key that the program signs with.
    if fields.has("signer") {
        at.check_reference(&fields.path_of("signer"))?;
    }
    match (fields.optional_text("signer")?, contents) {
        (Some(_), Some(_)) => Err(conflict("signer", "private_key_file")),
        (Some(uri), None) if uri.starts_with("pkcs11:") => {
            // The URI may name a library to load and a file to read the PIN from.
            at.check_trusted()?;
            let uri = SecretString::from(uri);
            Ok(SigningKey::Pkcs11 { uri, folder: at.folder.to_owned() })
        }
        (Some(EXTERNAL), None) => Ok(SigningKey::External),
        (Some(_), None) => {
            let expected = "a PKCS#11 URI, which begins with \"pkcs11:\", or \"external\"";
            Err(fields.wrong_type("signer", expected))
        }
        (None, Some(contents)) => {
            let passphrase = secret_reference::optional(fields, "private_key_passphrase", at)?;
            let passphrase = passphrase.map(|secret| SecretString::from(secret.text.as_str()));
            Ok(SigningKey::File { contents: contents.to_vec().into(), passphrase })
        }
        (None, None) => Err(fields.missing("private_key_file")),
    }
}

/// The key's file, which may be DER, or its text here or in another place.
fn key_contents(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<Zeroizing<Vec<u8>>>, CredentialsError> {
    let places = KEY_PLACES.iter().filter(|name| fields.has(name));
    if let [first, second, ..] = places.collect::<Vec<_>>()[..] {
        return Err(conflict(first, second));
    }
    if fields.has("private_key") {
        let text = fields.lines("private_key")?;
        // A path, most likely.
        if !secret_text::can_be_key(&text) {
            return Err(CredentialsError::UnknownMember {
                name: fields.path_of("private_key"),
                suggestion: Some("private_key_file".to_owned()),
                known: String::new(),
            });
        }
        let contents = Zeroizing::new(text.as_bytes().to_vec());
        return secret_text::key(&fields.path_of("private_key"), contents).map(Some);
    }
    if let Some(path) = fields.path("private_key_file", at.folder)? {
        let name = ims_files::shown(&path);
        let member = fields.path_of("private_key_file");
        return secret_text::key(&name, at.read_private(&member, &path)?).map(Some);
    }
    let Some(secret) = secret_reference::optional(fields, "private_key", at)? else {
        return Ok(None);
    };
    let contents = Zeroizing::new(secret.text.as_bytes().to_vec());
    secret_text::key(&secret.member, contents).map(Some)
}

/// The members, one of which has the key.
const KEY_PLACES: &[&str] = &[
    "private_key_file",
    "private_key",
    "private_key_env",
    "private_key_command",
    "private_key_keyring",
];

fn conflict(first: &str, second: &str) -> CredentialsError {
    CredentialsError::Conflict { first: first.to_owned(), second: second.to_owned() }
}
