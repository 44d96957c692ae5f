//! What Adobe's packages for JavaScript read: the options of `@adobe/jwt-auth`, and the environment variables of
//! `@adobe/reactor-uploader`.

use ims_claims::Environment;
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{
            Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_at, key_pair,
        },
    },
    signing_keys::KeyPair,
};

const JWT_AUTH: ServiceAccountWords = ServiceAccountWords {
    client_id: &["clientId"],
    client_secret: &["clientSecret"],
    org_id: &["orgId"],
    technical_account_id: &["technicalAccountId"],
    metascopes: Metascopes::In("metaScopes"),
};

/// A file with the same names, but with `scopes` and without a key, is for OAuth Server-to-Server: imscli writes such files.
pub(super) fn is_jwt_auth(fields: &Fields<'_>) -> bool {
    let has_key = fields.has("privateKey") || fields.has(fields.name_of(KEY_FILE));
    fields.has("clientId") && fields.has("technicalAccountId") && (has_key || !fields.has("scopes"))
}

/// Names for the path of the key in programs that use the package.
const KEY_FILE: &[&str] = &["privateKeyPath", "privateKeyFile", "privateKeyFilePath"];

/// The options of `@adobe/jwt-auth`. Source: adobe/jwt-auth, `README.md`.
pub(super) fn jwt_auth(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    Ok((fields.environment("ims")?, JWT_AUTH.read(fields, key(fields, at), at)?))
}

fn key(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let path = fields.name_of(KEY_FILE);
    if !fields.has("privateKey") && fields.has(path) {
        return key_at(fields, path, at);
    }
    let text = fields.lines("privateKey")?;
    let contents = Zeroizing::new(text.as_bytes().to_vec());
    key_pair(&fields.path_of("privateKey"), contents, fields.optional_text("passphrase")?)
}

/// The metascopes that the uploader asks for, since no variable names them.
const SCOPES: &[&str] = &[
    "AdobeID",
    "openid",
    "read_organizations",
    "additional_info.job_function",
    "additional_info.projectedProductContext",
    "additional_info.roles",
];

type Set = (&'static str, fn() -> Environment, ServerToServerWords);

const SETS: [Set; 3] = [
    ("production", Environment::production, words(&[CLIENT_ID], &[CLIENT_SECRET])),
    (
        "stage",
        Environment::stage,
        words(
            &["REACTOR_IO_INTEGRATION_CLIENT_ID_STAGE"],
            &["REACTOR_IO_INTEGRATION_CLIENT_SECRET_STAGE"],
        ),
    ),
    (
        "development",
        Environment::production,
        words(
            &["REACTOR_IO_INTEGRATION_CLIENT_ID_DEVELOPMENT"],
            &["REACTOR_IO_INTEGRATION_CLIENT_SECRET_DEVELOPMENT"],
        ),
    ),
];

const CLIENT_ID: &str = "REACTOR_IO_INTEGRATION_CLIENT_ID";
const CLIENT_SECRET: &str = "REACTOR_IO_INTEGRATION_CLIENT_SECRET";

const fn words(
    client_id: &'static [&'static str],
    client_secret: &'static [&'static str],
) -> ServerToServerWords {
    ServerToServerWords { client_id, client_secret, org_id: &[""], scopes: Scopes::Always(SCOPES) }
}

pub(super) fn is_reactor(fields: &Fields<'_>) -> bool {
    SETS.iter().any(|(_, _, words)| fields.has(words.client_id[0]))
}

/// The environment variables of `@adobe/reactor-uploader`: one set for each of its environments. Source:
/// adobe/reactor-uploader, `bin/envConfig.json` and `bin/getIntegrationAccessToken.js`, and `@adobe/auth-token` 1.0.1,
/// `bin/auth.js`, which has only stage and production.
pub(super) fn reactor(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let sets = SETS.iter().filter(|(_, _, words)| fields.has(words.client_id[0]));
    let (environment, words) =
        at.select(sets.map(|(name, at, words)| ((*name).to_owned(), (at, words))).collect())?;
    Ok((environment(), words.read(fields)?))
}
