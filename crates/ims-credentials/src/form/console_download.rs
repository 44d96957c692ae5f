//! What Adobe's Developer Console offers for one credential: "Download JSON", the environment for Postman, and the
//! credential that App Builder passes to an action.
//!
//! Sources: knennigtri/aep-tag-tool, `README.md`, and adobe/asset-compute-client for "Download JSON" and its older sister
//! for service accounts; AdobeDocs/experience-manager-guides, "Sample JWT", for the latter as the console writes it. No
//! public file shows the download of a web app, a single-page app or an API key: their members are what the console calls
//! their fields; Miamiohlibs/SoftwareCheckout, `adobeConfSample.js`, for the environment of Postman;
//! adobe/aio-lib-core-auth, `types.d.ts`, for `__ims_oauth_s2s`.

use ims_claims::Environment;
use ims_files::can_be_path;
use serde_json::Value;
use zeroize::Zeroizing;

use super::user_login;
use crate::{
    credential::{ApiKeyCredential, Credential, UserCredential},
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

/// The members of credentials for people. Only the first three are URLs.
const REDIRECT_URI: &[&str] = &[
    "DEFAULT_REDIRECT_URI",
    "REDIRECT_URI",
    "REDIRECT_URIS",
    "REDIRECT_URI_PATTERN",
    "REDIRECT_URI_PATTERNS",
];

/// What the metascopes are called where someone has added them: the console leaves them out.
const META_SCOPES: &[&str] = &["META_SCOPES", "META_SCOPE", "METASCOPES"];

const fn service_account(metascopes: Metascopes) -> ServiceAccountWords {
    ServiceAccountWords {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        org_id: ORG_ID,
        technical_account_id: &["TECHNICAL_ACCOUNT_ID"],
        metascopes,
    }
}

pub(super) fn is_download(fields: &Fields<'_>) -> bool {
    let has_client = CLIENT_ID.iter().any(|name| fields.has(name));
    let has_secret = has_secret(fields);
    let is_for_servers = has_secret && ORG_ID.iter().any(|name| fields.has(name));
    has_client && (is_for_servers || is_for_people(fields)) || is_api_key(fields)
}

fn has_secret(fields: &Fields<'_>) -> bool {
    CLIENT_SECRET.iter().any(|name| fields.has(name))
}

/// A web app, a single-page app or a native app: it has a redirect URI.
fn is_for_people(fields: &Fields<'_>) -> bool {
    REDIRECT_URI.iter().any(|name| fields.has(name))
}

/// An API key and nothing that gets a token.
fn is_api_key(fields: &Fields<'_>) -> bool {
    let for_tokens = ["TECHNICAL_ACCOUNT_ID", "SCOPES", "PRIVATE_KEY", "PUBLIC_KEYS_WITH_EXPIRY"];
    fields.has("API_KEY")
        && !has_secret(fields)
        && !is_for_people(fields)
        && !for_tokens.iter().any(|name| fields.has(name))
}

pub(super) fn download(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let credential = if is_for_people(fields) {
        user(fields)?
    } else if is_api_key(fields) {
        api_key(fields)?
    } else if fields.has("SCOPES") && !fields.has("PUBLIC_KEYS_WITH_EXPIRY") {
        SERVER_TO_SERVER.read(fields)?
    } else {
        let words = service_account(Metascopes::In(fields.name_of(META_SCOPES)));
        words.read(fields, key(fields, at), at)?
    };
    Ok((fields.environment("IMS")?, credential))
}

fn user(fields: &Fields<'_>) -> Result<Credential, CredentialsError> {
    let secret = fields.name_of(CLIENT_SECRET);
    let has_secret = has_secret(fields);
    Ok(Credential::User(UserCredential {
        client_id: fields.required(fields.name_of(CLIENT_ID))?,
        client_secrets: has_secret.then(|| fields.client_secrets(secret)).transpose()?,
        scopes: if fields.has("SCOPES") { fields.list("SCOPES")? } else { Vec::new() },
        org_id: fields.optional(fields.name_of(ORG_ID))?,
    }))
}

fn api_key(fields: &Fields<'_>) -> Result<Credential, CredentialsError> {
    Ok(Credential::ApiKey(ApiKeyCredential {
        client_id: fields.required("API_KEY")?,
        org_id: fields.optional(fields.name_of(ORG_ID))?,
    }))
}

/// The redirect URI of a sign-in. A pattern is not one: it matches many.
pub(super) fn redirect_uri(fields: &Fields<'_>) -> Result<Option<String>, CredentialsError> {
    user_login::redirect_uri(fields, fields.name_of(&REDIRECT_URI[..3]))
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
    download(&values(fields)?.fields()?.within("values"), at)
}

pub(super) fn redirect_uri_of_postman(
    fields: &Fields<'_>,
) -> Result<Option<String>, CredentialsError> {
    redirect_uri(&values(fields)?.fields()?.within("values"))
}

/// The values of an environment of Postman as members. Those that are empty are not set.
fn values(fields: &Fields<'_>) -> Result<Document, CredentialsError> {
    let mut members = Vec::new();
    for value in fields.objects("values")? {
        let is_set = value.value("value").is_some_and(|text| text.as_str() != Some(""));
        if is_set && let Some(set) = value.value("value") {
            members.push((value.text("key")?.to_owned(), set.clone()));
        }
    }
    Ok(members.into_iter().collect())
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
