//! Our own environment variables, for containers and CI.

use ims_claims::Environment;
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        place::Place,
        secret_file::{read, read_private},
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_pair},
    },
    signing_keys::KeyPair,
};

const CLIENT_ID: &[&str] = &["IMS_CLIENT_ID"];
const CLIENT_SECRET: &[&str] = &["IMS_CLIENT_SECRET"];
const ORG_ID: &[&str] = &["IMS_ORG_ID"];

const SERVICE_ACCOUNT: ServiceAccountWords = ServiceAccountWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    technical_account_id: &["IMS_TECHNICAL_ACCOUNT_ID"],
    metascopes: Metascopes::In("IMS_METASCOPES"),
};

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    scopes: Scopes::In("IMS_SCOPES"),
};

pub(super) fn is_it(fields: &Fields<'_>) -> bool {
    fields.has("IMS_CLIENT_ID")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    place: &Place<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let credential = if fields.has("IMS_SCOPES") {
        SERVER_TO_SERVER.read(fields)?
    } else {
        SERVICE_ACCOUNT.read(fields, key(fields, place))?
    };
    Ok((fields.optional("IMS_URL")?.unwrap_or_default(), credential))
}

fn key(fields: &Fields<'_>, place: &Place<'_>) -> Result<KeyPair, CredentialsError> {
    let contents = if fields.has("IMS_PRIVATE_KEY") {
        Zeroizing::new(fields.text("IMS_PRIVATE_KEY")?.as_bytes().to_vec())
    } else {
        let path = fields.path("IMS_PRIVATE_KEY_FILE", place.folder)?;
        read_private(&path.ok_or_else(|| fields.missing("IMS_PRIVATE_KEY_FILE"))?)?
    };
    let certificate = fields.path("IMS_CERTIFICATE_FILE", place.folder)?.map(|path| read(&path));
    Ok(KeyPair {
        certificate: certificate.transpose()?.map(|contents| contents.bytes.to_vec()),
        ..key_pair(contents, fields.optional_text("IMS_PRIVATE_KEY_PASSPHRASE")?)
    })
}
