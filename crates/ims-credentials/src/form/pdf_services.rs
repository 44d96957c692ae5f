//! `pdfservices-api-credentials.json` of Adobe PDF Services. Source: pdfservices-sdk 2.3.1. Newer ones are for OAuth
//! Server-to-Server and have no service account; what to ask for with them is observed in public clients (November 2026).

use ims_claims::{Environment, ServiceAccount};

use crate::{
    credential::{Credential, ServiceAccountCredential},
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Scopes, ServerToServerWords, key_at},
    },
};

/// What the SDK asks for if the file names no scopes.
const CLAIM: &str = "ent_documentcloud_sdk";

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: &["client_id"],
    client_secret: &["client_secret"],
    org_id: &[""],
    scopes: Scopes::Always(&["openid", "AdobeID", "DCAPI"]),
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("client_credentials")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let client = fields.object("client_credentials")?;
    if !fields.has("service_account_credentials") {
        return Ok((Environment::production(), SERVER_TO_SERVER.read(&client)?));
    }
    let service_account = fields.object("service_account_credentials")?;
    let metascopes = if service_account.has("claim") {
        service_account.list("claim")?
    } else {
        vec![service_account.parse("claim", CLAIM)?]
    };
    let account = ServiceAccount::new(
        client.required("client_id")?,
        service_account.required("organization_id")?,
        service_account.required("account_id")?,
        metascopes,
    );
    let credential = ServiceAccountCredential {
        account: account.map_err(|problem| CredentialsError::Format {
            name: service_account.path_of("claim"),
            problem,
        })?,
        client_secrets: client.client_secrets("client_secret")?,
        signing_keys: key_at(&service_account, "private_key_file", at)?.into(),
        sends_jti: false,
    };
    let environment = service_account.environment("ims_base_uri")?;
    Ok((environment, Credential::ServiceAccount(credential)))
}
