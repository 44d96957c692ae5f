//! Credentials of an application that a person signs in to. They get no token before someone has signed in, so a file has
//! no refresh token: the program decides where it is kept.

use ims_claims::OrgId;
use serde_json::Value;

use crate::{
    client_secrets::ClientSecrets,
    credential::{Credential, UserCredential},
    error::CredentialsError,
    reading::fields::Fields,
};

/// The members of forms of other programs, with the name of the list of scopes.
pub(super) fn credential(
    fields: &Fields<'_>,
    scopes: &str,
    org_id: Option<OrgId>,
) -> Result<Credential, CredentialsError> {
    let name = fields.name_of(&["client_secrets", "client_secret"]);
    let client_secrets = fields.has(name).then(|| fields.client_secrets(name)).transpose()?;
    user(fields, scopes, client_secrets, org_id)
}

/// The redirect URI of a sign-in: a single one, or the first of a list.
pub(super) fn redirect_uri(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Option<String>, CredentialsError> {
    let first = match fields.value(name) {
        Some(Value::Array(list)) => list.first(),
        one => one,
    };
    let Some(value) = first else {
        return Ok(None);
    };
    match value.as_str() {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(fields.wrong_type(name, "a string or a list of strings")),
    }
}

/// A client that a person signs in to, with the name of the list of scopes.
pub(super) fn user(
    fields: &Fields<'_>,
    scopes: &str,
    client_secrets: Option<ClientSecrets>,
    org_id: Option<OrgId>,
) -> Result<Credential, CredentialsError> {
    Ok(Credential::User(UserCredential {
        client_id: fields.required("client_id")?,
        client_secrets,
        scopes: if fields.has(scopes) { fields.list(scopes)? } else { Vec::new() },
        org_id,
    }))
}
