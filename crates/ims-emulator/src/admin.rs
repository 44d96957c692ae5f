//! The admin API, under `/_emulator/`, a path that IMS does not use: what was asked, and what to do next.
//!
//! It changes nothing for a web page of another origin: such a page cannot send JSON without asking first (Fetch
//! Standard, CORS-preflight), and it is never told yes.

use std::error::Error;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, ORIGIN},
    request::Parts,
    uri::Authority,
};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, JSON},
    host,
    integration::Integration,
    page, parameters,
    refusal::Refusal,
    scenario::integration_from_json,
    service::Service,
};

/// The path that everything here lies under.
pub(crate) const PREFIX: &str = "/_emulator/";

/// An integration without its secrets.
#[derive(Serialize)]
struct IntegrationView<'a> {
    client_id: &'a str,
    org_id: &'a str,
    technical_account_id: &'a str,
    metascopes: Vec<&'a str>,
    scopes: &'a [String],
    certificates: Vec<CertificateView<'a>>,
}

#[derive(Serialize)]
struct CertificateView<'a> {
    subject: &'a str,
    fingerprint: &'a str,
    not_before: i64,
    not_after: i64,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockEntry {
    offset_seconds: i64,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

/// Answers a request under [`PREFIX`]. No verdict is written on it.
pub(crate) async fn answer(service: &Service, parts: Parts, body: Incoming) -> Answer {
    match handle(service, parts, body).await {
        Ok(answer) => answer,
        Err((status, error)) => failure(status, &error),
    }
}

type Outcome = Result<Answer, (StatusCode, String)>;

async fn handle(service: &Service, parts: Parts, body: Incoming) -> Outcome {
    let Parts { method, uri, headers, .. } = parts;
    let authority = host::authority(&uri, &headers).filter(|host| service.hosts.allow(host));
    let Some(authority) = authority else {
        return Err((StatusCode::MISDIRECTED_REQUEST, "the host is not this emulator".to_owned()));
    };
    let resource = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    if method == Method::GET {
        return read(service, resource, uri.query());
    }
    if !is_same_origin(&headers, &authority) {
        return Err((
            StatusCode::FORBIDDEN,
            "a page of another origin may change nothing".to_owned(),
        ));
    }
    if method == Method::DELETE {
        return delete(service, resource);
    }
    if headers.get(CONTENT_TYPE).is_none_or(|value| value != "application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json".to_owned()));
    }
    if method == Method::POST && resource == "keys" {
        service.rotate_token_key().await;
        return Ok(Answer::new(StatusCode::NO_CONTENT, JSON, ""));
    }
    let body = parameters::whole(body, &service.limits).await.map_err(unreadable)?;
    let text = std::str::from_utf8(&body).map_err(|_| unreadable(Refusal::BodyMalformed))?;
    write(service, &method, resource, text)
}

fn read(service: &Service, resource: &str, query: Option<&str>) -> Outcome {
    match resource {
        "" => Ok(page::page(service)),
        "ready" => Ok(Answer::ok_json("{\"ready\":true}".to_owned())),
        "requests" => Ok(requests(service, query)),
        "integrations" | "bindings" => {
            let registered = service.integrations();
            let views = registered.iter().map(|registered| view(&registered.integration));
            Ok(Answer::ok(&views.collect::<Vec<_>>()))
        }
        name => page::file(name).ok_or_else(not_found),
    }
}

/// The verdicts kept; with `?after=N` only those with a greater number.
fn requests(service: &Service, query: Option<&str>) -> Answer {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let after = pairs.find(|(name, _)| name == "after").and_then(|(_, text)| text.parse().ok());
    let mut verdicts = service.journal.last();
    verdicts.retain(|verdict| after.is_none_or(|after: u64| verdict.number > after));
    let verdicts: Vec<_> = verdicts.iter().map(|verdict| &**verdict).collect();
    Answer::ok(&verdicts)
}

fn write(service: &Service, method: &Method, resource: &str, text: &str) -> Outcome {
    let malformed =
        |line: usize| (StatusCode::BAD_REQUEST, format!("line {line} does not say what it can"));
    match (method.as_str(), resource) {
        ("POST", "integrations" | "bindings") => {
            let integration = integration_from_json(text)
                .map_err(|error| (StatusCode::BAD_REQUEST, with_cause(&error)))?;
            service.register(integration);
            save(service)?;
        }
        ("POST", "faults") => {
            let rule = serde_json::from_str(text).map_err(|error| malformed(error.line()))?;
            service.faults.add(rule);
        }
        ("PUT", "clock") => {
            let clock: ClockEntry =
                serde_json::from_str(text).map_err(|error| malformed(error.line()))?;
            service.clock.set_offset(clock.offset_seconds);
        }
        _ => return Err(not_found()),
    }
    Ok(Answer::new(StatusCode::NO_CONTENT, JSON, ""))
}

fn delete(service: &Service, resource: &str) -> Outcome {
    match resource.split_once('/') {
        None if resource == "faults" => service.faults.clear(),
        Some(("integrations" | "bindings", client_id)) if service.unregister(client_id) => {
            save(service)?;
        }
        _ => return Err(not_found()),
    }
    Ok(Answer::new(StatusCode::NO_CONTENT, JSON, ""))
}

fn save(service: &Service) -> Result<(), (StatusCode, String)> {
    service.save().map_err(|_| {
        (StatusCode::INTERNAL_SERVER_ERROR, "done, but the state file cannot be written".to_owned())
    })
}

/// Browsers name the page's origin in each request that changes something; other clients name none.
fn is_same_origin(headers: &HeaderMap, authority: &Authority) -> bool {
    headers.get(ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        origin.split_once("://").is_some_and(|(_, host)| host == authority.as_str())
    })
}

fn view(integration: &Integration) -> IntegrationView<'_> {
    let certificates = integration.certificates().iter().map(|certificate| CertificateView {
        subject: certificate.subject(),
        fingerprint: certificate.fingerprint(),
        not_before: certificate.not_before().as_secs(),
        not_after: certificate.not_after().as_secs(),
        public_key: BASE64_STANDARD.encode(certificate.public_key_der()),
    });
    IntegrationView {
        client_id: integration.client_id().as_str(),
        org_id: integration.org_id().as_str(),
        technical_account_id: integration.technical_account_id().as_str(),
        metascopes: integration.metascopes().iter().map(ims_claims::Metascope::as_str).collect(),
        scopes: integration.scopes(),
        certificates: certificates.collect(),
    }
}

/// An error's message and its cause's: neither repeats what was sent.
fn with_cause(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn failure(status: StatusCode, error: &str) -> Answer {
    let body = serde_json::to_string(&Failure { error }).expect("a string is always JSON");
    Answer::new(status, JSON, body)
}

fn not_found() -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, "there is nothing here for this method".to_owned())
}

fn unreadable(refusal: Refusal) -> (StatusCode, String) {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, refusal.description().to_owned())
}
