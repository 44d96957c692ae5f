//! Clients and samples of the Analytics API, in whose names upper and lower case are equal.
//!
//! `config.json` is that of the Python clients aanalytics2, aepp and cjapy. Source: pitchmuc/adobe-analytics-api-2.0,
//! `aanalytics2/configs.py`, and pitchmuc/aepp, `aepp/configs.py`. `config.ini` is that of the Python sample, and
//! `config.properties` that of the Java sample. Source: AdobeDocs/analytics-2.0-apis, `examples/jwt`.

use ims_claims::Environment;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_at},
    },
};

const CLIENT_ID: &[&str] = &["api_key", "client_id"];
const CLIENT_SECRET: &[&str] = &["secret", "client_secret", "client_secrets"];

/// The metascopes that the clients ask for, of Analytics and of Experience Platform.
const ANALYTICS: ServiceAccountWords = service_account("ent_analytics_bulk_ingest_sdk");
const PLATFORM: ServiceAccountWords = service_account("ent_dataservices_sdk");

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: &["org_id"],
    scopes: Scopes::In("scopes"),
};

const fn service_account(metascope: &'static str) -> ServiceAccountWords {
    ServiceAccountWords {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        org_id: &["org_id"],
        technical_account_id: &["tech_id"],
        metascopes: Metascopes::Always(metascope),
    }
}

/// The organization, and a member that no other form has.
pub(super) fn is_config(fields: &Fields<'_>) -> bool {
    fields.in_lower_case().fields().is_ok_and(|fields| {
        let own = ["secret", "tech_id", "pathtokey", "sandbox-name", "auth_code"];
        fields.has("org_id") && own.iter().any(|name| fields.has(name))
    })
}

/// `config.json` of aanalytics2, aepp and cjapy.
pub(super) fn config(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let document = fields.in_lower_case();
    let fields = document.fields()?;
    let credential = if fields.has("scopes") {
        SERVER_TO_SERVER.read(&fields)
    } else if fields.has("auth_code") {
        Err(fields.wrong_type("auth_code", "a way to get tokens that is known here: use scopes"))
    } else {
        let is_platform = fields.has("sandbox-name");
        let words = if is_platform { &PLATFORM } else { &ANALYTICS };
        words.read(&fields, key_at(&fields, "pathtokey", at), at)
    };
    Ok((environment(&fields)?, credential?))
}

fn environment(fields: &Fields<'_>) -> Result<Environment, CredentialsError> {
    match fields.optional_text("environment")? {
        None | Some("prod" | "support") => Ok(Environment::production()),
        Some("stage") => Ok(Environment::stage()),
        Some(_) => Err(fields.wrong_type("environment", "\"prod\", \"support\" or \"stage\"")),
    }
}

const SAMPLE: ServiceAccountWords = ServiceAccountWords {
    client_id: &["apikey"],
    client_secret: &["secret"],
    org_id: &["orgid"],
    technical_account_id: &["technicalaccountid"],
    metascopes: Metascopes::In("metascopes"),
};

pub(super) fn is_sample(fields: &Fields<'_>) -> bool {
    has_words_of_sample(fields)
        || fields.object("default").is_ok_and(|section| has_words_of_sample(&section))
}

fn has_words_of_sample(fields: &Fields<'_>) -> bool {
    let document = fields.in_lower_case();
    document.fields().is_ok_and(|fields| fields.has("apikey") && fields.has("technicalaccountid"))
}

/// `config.ini` and `config.properties` of the samples.
pub(super) fn sample(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let section = if fields.has("default") { &fields.object("default")? } else { fields };
    let document = section.in_lower_case();
    let fields = document.fields()?;
    let credential = SAMPLE.read(&fields, key_at(&fields, "key_path", at), at)?;
    Ok((fields.environment("imshost")?, credential))
}
