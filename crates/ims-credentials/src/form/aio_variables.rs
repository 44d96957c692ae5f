//! The environment variables of `aio`, and those of aio-lib-java.
//!
//! Those of `aio` are a path into its configuration, `AIO_ims_contexts_<name>_client__id`, where `_` separates the names of
//! the path and `__` is `_`, in any case. Source: adobe/aio-lib-core-config, `src/Config.js`.

use ims_claims::Environment;
use serde_json::{Map, Value, json};

use super::aio_context;
use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_in},
    },
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    let mut names = fields.values().map(|(name, _)| name.to_lowercase());
    // The token of a context alone, as the actions for CI set it, is a token, not a context.
    names.any(|name| name.starts_with("aio_ims_contexts_") && !name.contains("_access__token_"))
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let configuration = configuration(fields);
    aio_context::credential(&configuration.fields()?, at)
}

/// The redirect URI of a sign-in.
pub(super) fn redirect_uri(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<String>, CredentialsError> {
    aio_context::redirect_uri(&configuration(fields).fields()?, at)
}

/// The part of aio's configuration that has the contexts and says which IMS they are for.
fn configuration(fields: &Fields<'_>) -> Document {
    let mut contexts = Map::new();
    let mut config = Map::new();
    let mut cli = Map::new();
    for (name, value) in fields.values() {
        let steps = steps(name);
        match &steps.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["aio", "ims", "contexts", context, member] => {
                let context = contexts.entry(*context).or_insert_with(|| Map::new().into());
                context[*member] = value.clone();
            }
            ["aio", "ims", "config", "current"] => {
                config.insert("current".to_owned(), value.clone());
            }
            ["aio", "cli", "env"] => {
                cli.insert("env".to_owned(), value.clone());
            }
            _ => {}
        }
    }
    let ims: Value = json!({ "contexts": contexts, "config": config });
    [("ims".to_owned(), ims), ("cli".to_owned(), cli.into())].into_iter().collect()
}

/// The steps of a variable's name, in lower case: they are separated by one `_` each, and of several in a row two are one
/// `_` of a step.
fn steps(name: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut rest = name;
    while let Some(start) = rest.find('_') {
        let (before, run) = rest.split_at(start);
        let end = run.find(|c| c != '_').unwrap_or(run.len());
        let step = steps.last_mut().expect("there is one from the beginning");
        step.push_str(&before.to_lowercase());
        if end == 1 {
            steps.push(String::new());
        } else {
            step.push_str(&"_".repeat(end.div_ceil(2)));
        }
        rest = &run[end..];
    }
    steps.last_mut().expect("there is one from the beginning").push_str(&rest.to_lowercase());
    steps
}

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

pub(super) fn is_java(fields: &Fields<'_>) -> bool {
    fields.has("aio_api_key")
}

/// Properties and environment variables of aio-lib-java. Source: adobe/aio-lib-java, `ims/README.md` and
/// `PrivateKeyBuilder.java`.
pub(super) fn java(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let credential = if fields.has("aio_oauth_scopes") {
        SERVER_TO_SERVER.read(fields)?
    } else {
        SERVICE_ACCOUNT.read(fields, key_in(fields, "aio_encoded_pkcs8"), at)?
    };
    Ok((fields.environment("aio_ims_url")?, credential))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_underscore_is_a_step_and_two_are_one() {
        #[rustfmt::skip]
        let table: [(&str, &[&str]); 5] = [
            ("AIO_ims_contexts_one_client__id",     &["aio", "ims", "contexts", "one", "client_id"]),
            ("AIO_IMS_CONTEXTS_My__Ctx_CLIENT__ID", &["aio", "ims", "contexts", "my_ctx", "client_id"]),
            ("aio_a___b",                           &["aio", "a__b"]),
            ("plain",                               &["plain"]),
            ("",                                    &[""]),
        ];
        for (name, said) in table {
            assert_eq!(steps(name), said, "{name}");
        }
    }
}
