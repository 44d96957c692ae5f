//! Properties and environment variables of aio-lib-java. Source: adobe/aio-lib-java, `ims/README.md` and
//! `PrivateKeyBuilder.java`.

use ims_claims::Environment;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_in},
    },
};

const CLIENT_ID: &[&str] = &["aio_api_key"];
const CLIENT_SECRET: &[&str] = &["aio_client_secret"];
const ORG_ID: &[&str] = &["aio_ims_org_id"];

const SERVICE_ACCOUNT: ServiceAccountWords = ServiceAccountWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    technical_account_id: &["aio_technical_account_id"],
    metascopes: Metascopes::In("aio_meta_scopes"),
};

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    scopes: Scopes::In("aio_oauth_scopes"),
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("aio_api_key")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    _at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let credential = if fields.has("aio_oauth_scopes") {
        SERVER_TO_SERVER.read(fields)?
    } else {
        SERVICE_ACCOUNT.read(fields, key_in(fields, "aio_encoded_pkcs8"))?
    };
    Ok((fields.environment("aio_ims_url")?, credential))
}
