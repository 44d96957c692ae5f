//! `config.ini` of the Python sample and `config.properties` of the Java sample of the Analytics API. Source:
//! AdobeDocs/analytics-2.0-apis, `examples/jwt`.

use ims_claims::Environment;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Metascopes, ServiceAccountWords, key_at},
    },
};

const WORDS: ServiceAccountWords = ServiceAccountWords {
    client_id: &["apikey"],
    client_secret: &["secret"],
    org_id: &["orgid"],
    technical_account_id: &["technicalaccountid"],
    metascopes: Metascopes::In("metascopes"),
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    let has_words = |fields: &Fields<'_>| {
        let document = fields.in_lower_case();
        document
            .fields()
            .is_ok_and(|fields| fields.has("apikey") && fields.has("technicalaccountid"))
    };
    has_words(fields) || fields.object("default").is_ok_and(|section| has_words(&section))
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let section = if fields.has("default") { &fields.object("default")? } else { fields };
    let document = section.in_lower_case();
    let fields = document.fields()?;
    let credential = WORDS.read(&fields, key_at(&fields, "key_path", at))?;
    Ok((fields.environment("imshost")?, credential))
}
