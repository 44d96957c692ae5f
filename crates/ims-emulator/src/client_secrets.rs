//! `/console/organizations/{org}/credentials/{credential}/secrets`: the client secrets of a credential are listed, added and
//! deleted, as the I/O Management API does it. Source: AdobeDocs/adobe-dev-console, "OAuth Server-to-Server credential API
//! Reference".
//!
//! No document says how that API refuses a request. The answers here have the shape of the gateway in front of it.

use std::sync::Arc;

use http::{Method, StatusCode};
use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    about_organization::path_part,
    answer::{Answer, JSON},
    clock::http_date,
    exchange::Exchange,
    integration::Integration,
    refusal::Refusal,
    register::random_hex,
    secret_record::SecretRecord,
    service::Registered,
};

/// The most secrets of one credential. Source: the same, "Add client secret to credential".
const MAX_SECRETS: usize = 2;

/// The scopes "that the I/O Management API requires". Source: AdobeDocs/adobe-dev-console, "OAuth Server-to-Server credential
/// implementation guide", step 5.
pub(crate) const REQUIRED_SCOPES: [&str; 8] = [
    "AdobeID",
    "openid",
    "read_organizations",
    "additional_info.projectedProductContext",
    "additional_info.roles",
    "adobeio_api",
    "read_client_secret",
    "manage_client_secrets",
];

#[derive(Serialize)]
struct SecretList<'a> {
    client_id: &'a str,
    client_secrets: Vec<Secret<'a>>,
}

/// A secret. Only the answer that adds it contains its text.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are Adobe's")]
struct Secret<'a> {
    expires_at: &'static str,
    expires_at_str: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Milliseconds since 1970, as a text.
    created_at: String,
    created_at_str: String,
    uuid: &'a str,
    secret_usages: Option<[Usage; 1]>,
}

#[derive(Serialize)]
struct Usage {
    last_used_at: String,
    grant_type: &'static str,
}

impl<'a> Secret<'a> {
    fn of(record: &'a SecretRecord, client_secret: Option<&'a str>) -> Self {
        let usage = record.last_use().map(|last_use| {
            [Usage { last_used_at: last_use.at_ms.to_string(), grant_type: last_use.grant_type }]
        });
        Self {
            expires_at: "PERMANENT",
            expires_at_str: "PERMANENT",
            client_secret,
            created_at: record.created_ms.to_string(),
            created_at_str: http_date(record.created_ms).to_str().unwrap_or_default().to_owned(),
            uuid: &record.id,
            secret_usages: usage,
        }
    }
}

/// The list of secrets: `GET` returns it, `POST` adds a secret.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = credential(exchange)?;
    if exchange.call.method == Method::POST {
        return add(exchange, &registered);
    }
    let client_secrets = registered.secrets.iter().map(|record| Secret::of(record, None));
    Ok(Answer::ok(&SecretList {
        client_id: registered.integration.client_id().as_str(),
        client_secrets: client_secrets.collect(),
    }))
}

/// Answers `DELETE` of one secret, by its id.
pub(crate) fn delete(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = credential(exchange)?;
    let id = path_part(exchange, 7);
    let is_known = registered.secrets.iter().any(|record| record.id == id);
    exchange
        .that("secret is one of the credential", is_known)
        .expected("the uuid of one of its secrets")
        .actual(id.clone())
        .or(Refusal::SecretUnknown)?;
    let deleted = change(exchange, &registered, |integration, secrets| {
        let place = secrets.iter().position(|record| record.id == id)?;
        integration.without_client_secret(place)
    });
    exchange
        .given("another secret is left", deleted)
        .expected("two secrets, of which one is deleted")
        .or(Refusal::LastSecret)?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn add(exchange: &mut Exchange<'_>, registered: &Registered) -> Result<Answer, Refusal> {
    let client_secret = format!("p8e-{}", random_hex());
    let changed = change(exchange, registered, |integration, secrets| {
        let has_room = secrets.len() < MAX_SECRETS;
        has_room.then(|| integration.clone().with_client_secret(client_secret.as_str()))
    });
    let changed = exchange
        .given("there is room for a secret", changed)
        .expected("a credential with fewer than 2 secrets")
        .or(Refusal::TooManySecrets)?;
    let record = changed.secrets.last().ok_or(Refusal::InternalError)?;
    let body = serde_json::to_string(&Secret::of(record, Some(&client_secret)))
        .expect("a struct of strings is always JSON");
    Ok(Answer::new(StatusCode::CREATED, JSON, body))
}

/// Changes the integration, and saves it in the state file.
fn change(
    exchange: &Exchange<'_>,
    registered: &Registered,
    how: impl FnOnce(&Integration, &[Arc<SecretRecord>]) -> Option<Integration>,
) -> Option<Arc<Registered>> {
    let client_id = registered.integration.client_id().as_str();
    let changed = exchange.service.change(client_id, exchange.call.now_ms, how)?;
    // The secret works until the emulator ends, even if it cannot be saved.
    let _ = exchange.service.save();
    Some(changed)
}

/// The integration that the request is about: the caller's own.
fn credential(exchange: &mut Exchange<'_>) -> Result<Arc<Registered>, Refusal> {
    let (token, registered) = exchange.api_caller()?;
    check_scopes(exchange, &token)?;
    let named = (path_part(exchange, 3), path_part(exchange, 5));
    let Some((org, credential)) = registered.integration.console_ids() else {
        exchange.note(
            "any ids of an organization and a credential are accepted",
            true,
            "",
            "any are",
        );
        return Ok(registered);
    };
    exchange
        .that(
            "credential is the caller's",
            (named.0.as_str(), named.1.as_str()) == (org, credential),
        )
        .expected(format_args!("organization {org}, credential {credential}"))
        .actual(format_args!("organization {}, credential {}", named.0, named.1))
        .or(Refusal::CredentialUnknown)?;
    Ok(registered)
}

fn check_scopes(exchange: &mut Exchange<'_>, token: &AccessTokenPayload) -> Result<(), Refusal> {
    let mut missing = REQUIRED_SCOPES.to_vec();
    missing.retain(|required| !token.scopes().any(|scope| scope == *required));
    let actual = match missing.as_slice() {
        [] => "all of them".to_owned(),
        missing => format!("without {}", missing.join(",")),
    };
    exchange
        .that("token has the scopes of the API", missing.is_empty())
        .expected(REQUIRED_SCOPES.join(","))
        .actual(actual)
        .or(Refusal::ApiScopeMissing)
}
