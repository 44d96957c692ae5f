//! What Adobe's Developer Console offers for one credential: "Download JSON", the environment for Postman, and the
//! credential that App Builder passes to an action.
//!
//! Sources: knennigtri/aep-tag-tool, `README.md`, and adobe/asset-compute-client for "Download JSON" and its older sister for
//! service accounts; Miamiohlibs/SoftwareCheckout, `adobeConfSample.js`, for the environment of Postman;
//! adobe/aio-lib-core-auth, `types.d.ts`, for `__ims_oauth_s2s`.

use ims_claims::Environment;
use ims_files::can_be_path;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
        vocabulary::{
            Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, environment_called,
            key_pair,
        },
    },
    signing_keys::KeyPair,
};

const CLIENT_ID: &[&str] = &["CLIENT_ID", "API_KEY"];
const CLIENT_SECRET: &[&str] = &["CLIENT_SECRETS", "CLIENT_SECRET"];
const ORG_ID: &[&str] = &["ORG_ID", "IMS_ORG"];

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    org_id: ORG_ID,
    scopes: Scopes::In("SCOPES"),
};

/// What the metascopes are called where somebody has added them: the console leaves them out.
const META_SCOPES: &[&str] = &["META_SCOPES", "META_SCOPE", "METASCOPES"];

const fn service_account(metascopes: &'static str) -> ServiceAccountWords {
    ServiceAccountWords {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        org_id: ORG_ID,
        technical_account_id: &["TECHNICAL_ACCOUNT_ID"],
        metascopes: Metascopes::In(metascopes),
    }
}

pub(super) fn is_download(fields: &Fields<'_>) -> bool {
    let has_client = CLIENT_ID.iter().any(|name| fields.has(name));
    let has_secret = CLIENT_SECRET.iter().any(|name| fields.has(name));
    has_client && has_secret && ORG_ID.iter().any(|name| fields.has(name))
}

pub(super) fn download(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let credential = if fields.has("SCOPES") && !fields.has("PUBLIC_KEYS_WITH_EXPIRY") {
        SERVER_TO_SERVER.read(fields)?
    } else {
        let words = service_account(fields.name_of(META_SCOPES));
        words.read(fields, key(fields, at))?
    };
    Ok((fields.environment("IMS")?, credential))
}

/// The key itself or its path, else the file that the console gives with the download.
fn key(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let name = fields.name_of(&["PRIVATE_KEY", "PRIVATE_Key"]);
    let text = fields.lines_if_any(name)?;
    if let Some(text) = text.filter(|text| !can_be_path(text)) {
        let contents = Zeroizing::new(text.as_bytes().to_vec());
        return key_pair(&fields.path_of(name), contents, None);
    }
    let path = fields.path(name, at.folder)?.unwrap_or_else(|| at.path("private.key"));
    key_pair(&ims_files::shown(&path), at.read_private(&fields.path_of(name), &path)?, None)
}

/// An environment of Postman: a list of values, each with its key.
pub(super) fn is_postman(fields: &Fields<'_>) -> bool {
    let values = fields.objects("values").unwrap_or_default();
    values.iter().any(|value| {
        let key = value.optional_text("key").ok().flatten();
        key.is_some_and(|key| CLIENT_ID.contains(&key))
    })
}

pub(super) fn postman(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let mut members = Vec::new();
    for value in fields.objects("values")? {
        let is_set = value.value("value").is_some_and(|text| text.as_str() != Some(""));
        if is_set && let Some(set) = value.value("value") {
            members.push((value.text("key")?.to_owned(), set.clone()));
        }
    }
    let document: Document = members.into_iter().collect();
    download(&document.fields()?.within("values"), at)
}

pub(super) fn is_action_input(fields: &Fields<'_>) -> bool {
    fields.has(ACTION_INPUT)
}

/// The input of an action with the annotation `include-ims-credentials`: an object, or JSON in a text.
pub(super) fn action_input(
    fields: &Fields<'_>,
    _at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let words = ServerToServerWords {
        client_id: &["client_id", "clientId"],
        client_secret: &["client_secret", "clientSecret", "client_secrets"],
        org_id: &["org_id", "orgId", "ims_org_id"],
        scopes: Scopes::In("scopes"),
    };
    let environment = environment_called(fields, "__ims_env")?;
    let Some(Value::String(text)) = fields.value(ACTION_INPUT) else {
        return Ok((environment, words.read(&fields.object(ACTION_INPUT)?)?));
    };
    let value = serde_json::from_str(text);
    let value = value.map_err(|_| fields.wrong_type(ACTION_INPUT, "an object"))?;
    let document = Document::new(value);
    Ok((environment, words.read(&document.fields()?.within(ACTION_INPUT))?))
}

const ACTION_INPUT: &str = "__ims_oauth_s2s";
