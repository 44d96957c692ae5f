//! The options of `@adobe/jwt-auth`. Source: adobe/jwt-auth, `README.md`.

use ims_claims::Environment;
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Metascopes, ServiceAccountWords, key_pair},
    },
    signing_keys::KeyPair,
};

const WORDS: ServiceAccountWords = ServiceAccountWords {
    client_id: &["clientId"],
    client_secret: &["clientSecret"],
    org_id: &["orgId"],
    technical_account_id: &["technicalAccountId"],
    metascopes: Metascopes::In("metaScopes"),
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("clientId") && fields.has("technicalAccountId")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    _at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    Ok((fields.environment("ims")?, WORDS.read(fields, key(fields))?))
}

fn key(fields: &Fields<'_>) -> Result<KeyPair, CredentialsError> {
    let text = fields.lines("privateKey")?;
    let contents = Zeroizing::new(text.as_bytes().to_vec());
    key_pair(&fields.path_of("privateKey"), contents, fields.optional_text("passphrase")?)
}
