//! The environment variables of `@adobe/reactor-uploader`: one set for each of its environments. Source:
//! adobe/reactor-uploader, `bin/envConfig.json` and `bin/getIntegrationAccessToken.js`, and `@adobe/auth-token` 1.0.1,
//! `bin/auth.js`, which knows the stage and else the production.

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

/// What the uploader asks for, since no variable says.
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

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    SETS.iter().any(|(_, _, words)| fields.has(words.client_id[0]))
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let sets = SETS.iter().filter(|(_, _, words)| fields.has(words.client_id[0]));
    let (environment, words) =
        at.select(sets.map(|(name, at, words)| ((*name).to_owned(), (at, words))).collect())?;
    Ok((environment(), words.read(fields)?))
}
