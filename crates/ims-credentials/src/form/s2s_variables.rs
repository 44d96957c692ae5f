//! The environment variables `IMS_OAUTH_S2S_…`. Source: adobe/aio-cli-plugin-app, `src/lib/import.js`; the list of scopes
//! is JSON there, and separated by commas or blanks in the wild.

use ims_claims::Environment;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Scopes, ServerToServerWords},
    },
};

const WORDS: ServerToServerWords = ServerToServerWords {
    client_id: &["IMS_OAUTH_S2S_CLIENT_ID"],
    client_secret: &["IMS_OAUTH_S2S_CLIENT_SECRET"],
    org_id: &["IMS_OAUTH_S2S_ORG_ID"],
    scopes: Scopes::In("IMS_OAUTH_S2S_SCOPES"),
};

pub(super) fn is_it(fields: &Fields<'_>) -> bool {
    fields.has("IMS_OAUTH_S2S_CLIENT_ID")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    _at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    Ok((Environment::production(), WORDS.read(fields)?))
}
