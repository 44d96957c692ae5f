//! The configuration of imscli, in whose names upper and lower case are equal, and its environment variables. Source: adobe/imscli,
//! `ims/config.go`, `cmd/params.go` and `cmd/authz/jwt.go`. Tokens in the same file are ignored.

use ims_claims::Environment;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_at},
    },
};

const CLIENT_ID: &[&str] = &["clientid"];
const CLIENT_SECRET: &[&str] = &["clientsecret"];

const SERVICE_ACCOUNT: ServiceAccountWords = ServiceAccountWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: &["organization"],
    technical_account_id: &["account"],
    metascopes: Metascopes::In("metascopes"),
};

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: &["organization"],
    scopes: Scopes::In("scopes"),
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.in_lower_case().fields().is_ok_and(|fields| fields.has("clientid"))
}

pub(super) fn is_variables(fields: &Fields<'_>) -> bool {
    fields.has("IMS_CLIENTID")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let document = fields.in_lower_case();
    let fields = document.fields()?;
    let credential = if fields.has("metascopes") || !fields.has("scopes") {
        let name = fields.name_of(&["privatekeypath", "privatekey"]);
        SERVICE_ACCOUNT.read(&fields, key_at(&fields, name, at), at)?
    } else {
        SERVER_TO_SERVER.read(&fields)?
    };
    Ok((fields.environment("url")?, credential))
}

/// The same members with `IMS_` before their names.
pub(super) fn credential_of_variables(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let variables = fields.values().filter_map(|(name, value)| {
        let name = name.strip_prefix("IMS_")?;
        Some((name.to_lowercase(), value.clone()))
    });
    credential(&variables.collect::<Document>().fields()?, at)
}
