//! The environment variable `SERVICE_API_KEY`. Source: adobe/aio-cli-plugin-app, `src/lib/import.js`.

use ims_claims::Environment;

use crate::{
    credential::{ApiKeyCredential, Credential},
    error::CredentialsError,
    reading::{fields::Fields, read_context::ReadContext},
};

pub(super) fn is_it(fields: &Fields<'_>) -> bool {
    fields.has("SERVICE_API_KEY")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    _at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let client_id = fields.required("SERVICE_API_KEY")?;
    let credential = ApiKeyCredential { client_id, org_id: None };
    Ok((Environment::production(), Credential::ApiKey(credential)))
}
