//! The admin API, under `/_emulator/`, a path that IMS does not use: the verdicts on requests, and changes to the emulator.
//!
//! A web page of another origin cannot change anything: the browser of such a page asks before it sends JSON (Fetch
//! Standard, CORS-preflight), and the answer is always no.

use std::sync::Arc;

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
    input::{self, InputError},
    integration::Integration,
    page, parameters,
    refusal::Refusal,
    scenario::{self, members},
    service::Service,
    user::User,
};

/// The path of everything here.
pub(crate) const PREFIX: &str = "/_emulator/";

#[derive(Serialize)]
struct CertificateView<'a> {
    subject: &'a str,
    fingerprint: &'a str,
    not_before: i64,
    not_after: i64,
    public_key: String,
}

#[derive(Deserialize)]
struct ClockEntry {
    offset_seconds: i64,
}

#[derive(Serialize)]
struct ClockView {
    offset_seconds: i64,
    now_ms: u64,
}

/// Why a request of the API was refused. An error in what was sent names the member.
#[derive(Serialize)]
struct Failure {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'static str>,
}

impl Failure {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        let error = error.into();
        Self { status, error, member: None, line: None, expected: None, nearest: None }
    }

    fn too_large() -> Self {
        let error =
            format!("an integration, a user or a fault has at most {} KiB", MAX_ENTRY / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    fn ending() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the emulator is ending")
    }

    fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing here for this method")
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.to_string(),
            member: Some(error.member().to_owned()),
            line: Some(error.line()),
            expected: error.expected().map(str::to_owned),
            nearest: error.nearest(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, refusal.description())
    }
}

/// Answers a request under [`PREFIX`]. It gets no verdict.
pub(crate) async fn answer(service: &Service, parts: Parts, body: Incoming) -> Answer {
    match handle(service, parts, body).await {
        Ok(answer) => answer,
        Err(failure) => {
            let body =
                serde_json::to_string(&failure).expect("strings and numbers are always JSON");
            Answer::new(failure.status, JSON, body)
        }
    }
}

/// The most integrations, users or faults that the API allows.
const MAX_ENTRIES: usize = 512;

/// The longest entry that the API adds, in bytes: more than four certificates and all that belongs to them.
const MAX_ENTRY: usize = 16 * 1024;

/// The longest answer in bytes, more than 1024 usual verdicts have.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

type Outcome = Result<Answer, Failure>;

async fn handle(service: &Service, parts: Parts, body: Incoming) -> Outcome {
    let Parts { method, uri, headers, .. } = parts;
    let authority = host::authority(&uri, &headers).filter(|host| service.hosts.allow(host));
    let Some(authority) = authority else {
        let error = "the host is not this emulator";
        return Err(Failure::new(StatusCode::MISDIRECTED_REQUEST, error));
    };
    let resource = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    if method == Method::GET {
        let permit = Arc::clone(&service.large_answers).acquire_owned().await;
        let permit = permit.map_err(|_closed| Failure::ending())?;
        let answer = match resource {
            "" => Ok(page::page(service, &authority, service.keys().await.as_ref())),
            "keys" => Ok(Answer::ok_json(service.keys().await.key_set())),
            _ => read(service, resource, uri.query()),
        };
        return answer.map(|answer| answer.holding(Some(permit)));
    }
    if !is_same_origin(&headers, &authority) {
        let error = "a page of another origin may not change anything";
        return Err(Failure::new(StatusCode::FORBIDDEN, error));
    }
    if method == Method::DELETE {
        return delete(service, resource);
    }
    if headers.get(CONTENT_TYPE).is_none_or(|value| value != "application/json") {
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    if method == Method::POST && resource == "keys" {
        service.rotate_token_key().await;
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    }
    let _reading = service.bodies.acquire().await;
    let body = service.unless_ending(parameters::whole(body, &service.limits)).await?;
    let text = std::str::from_utf8(&body).map_err(|_| Refusal::BodyMalformed)?;
    write(service, &method, resource, text)
}

fn read(service: &Service, resource: &str, query: Option<&str>) -> Outcome {
    match resource {
        "ready" => Ok(Answer::ok_json("{\"ready\":true}".to_owned())),
        "requests" => Ok(requests(service, query)),
        "rows" => Ok(page::rows(service, after(query))),
        "faults" => Ok(Answer::ok(&service.faults.all())),
        "ca.pem" => match &service.ca_pem {
            Some(pem) => Ok(Answer::new(StatusCode::OK, "application/x-pem-file", pem.clone())),
            None => Err(Failure::not_found()),
        },
        "integrations" | "bindings" => {
            let registered = service.integrations();
            let mut views = Vec::with_capacity(registered.len());
            for registered in &registered {
                views.push(view(&registered.integration));
            }
            Ok(Answer::ok(&views))
        }
        "users" => Ok(Answer::ok(&service.users())),
        "clock" => Ok(Answer::ok(&ClockView {
            offset_seconds: service.clock.offset(),
            now_ms: service.clock.now_ms(),
        })),
        name => page::file(name).ok_or_else(Failure::not_found),
    }
}

/// The verdicts kept; with `?after=N` only those with a greater number. The oldest come first, and as many as fit: anyone who
/// asks again with the last number gets the rest.
fn requests(service: &Service, query: Option<&str>) -> Answer {
    let after = after(query);
    let mut json = String::from("[");
    for verdict in service.journal.last() {
        if verdict.number <= after {
            continue;
        }
        let line = serde_json::to_string(&*verdict).expect("a verdict is always JSON");
        if json.len() + line.len() > MAX_ANSWER {
            break;
        }
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&line);
    }
    json.push(']');
    Answer::ok_json(json)
}

/// The number of `?after=N`, or 0 for all verdicts.
fn after(query: Option<&str>) -> u64 {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let after = pairs.find(|(name, _)| name == "after").and_then(|(_, text)| text.parse().ok());
    after.unwrap_or_default()
}

fn write(service: &Service, method: &Method, resource: &str, text: &str) -> Outcome {
    if text.len() > MAX_ENTRY {
        return Err(Failure::too_large());
    }
    match (method.as_str(), resource) {
        ("POST", "integrations" | "bindings") => {
            let integration = scenario::integration_from_json(text)?;
            let is_known = service.registered(integration.client_id().as_str()).is_some();
            check_room(is_known, service.integrations().len(), "integrations")?;
            service.register(integration);
            save(service)?;
        }
        ("PATCH", _) => {
            let path = resource.split_once('/');
            let Some(("integrations", client_id)) = path else { return Err(Failure::not_found()) };
            edit(service, client_id, text)?;
            save(service)?;
        }
        ("POST", "users") => {
            let read = input::read_json(text, &members::USER)?;
            let user: User = scenario::of_checked(read.value);
            let users = service.users();
            check_room(users.iter().any(|one| one.id() == user.id()), users.len(), "users")?;
            service.add_user(user);
            save(service)?;
        }
        ("POST", "faults") => {
            check_room(false, service.faults.all().len(), "faults")?;
            let read = input::read_json(text, &members::FAULT)?;
            service.faults.add(scenario::of_checked(read.value));
        }
        ("PUT", "clock") => {
            let read = input::read_json(text, &members::CLOCK)?;
            let clock: ClockEntry = scenario::of_checked(read.value);
            service.clock.set_offset(clock.offset_seconds);
        }
        _ => return Err(Failure::not_found()),
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Changes the members of an integration that `text` names, and keeps the others: its secrets and certificates too, which the
/// API does not show.
fn edit(service: &Service, client_id: &str, text: &str) -> Result<(), Failure> {
    let registered = service.registered(client_id).ok_or_else(Failure::not_found)?;
    let known = scenario::edited(&registered.integration, text)?;
    if known.client_id().as_str() != client_id {
        let error = "the client_id of an integration does not change: add another integration";
        return Err(Failure::new(StatusCode::BAD_REQUEST, error));
    }
    let size = serde_json::to_string(known.members()).map_or(0, |json| json.len());
    if size > 2 * MAX_ENTRY {
        return Err(Failure::too_large());
    }
    service.change(client_id, service.clock.now_ms(), |_, _| Some(known));
    Ok(())
}

/// Anyone on this machine can add something, so there is a limit.
fn check_room(is_known: bool, count: usize, what: &str) -> Result<(), Failure> {
    if is_known || count < MAX_ENTRIES {
        return Ok(());
    }
    let error = format!("there are {MAX_ENTRIES} {what} already: delete some");
    Err(Failure::new(StatusCode::INSUFFICIENT_STORAGE, error))
}

fn delete(service: &Service, resource: &str) -> Outcome {
    match resource.split_once('/') {
        None if resource == "faults" => service.faults.clear(),
        Some(("integrations" | "bindings", client_id)) if service.unregister(client_id) => {
            save(service)?;
        }
        Some(("faults", number)) if service.faults.remove(number.parse().unwrap_or(0)) => {}
        Some(("users", id)) if service.remove_user(id) => save(service)?,
        _ => return Err(Failure::not_found()),
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn save(service: &Service) -> Result<(), Failure> {
    service.save().map_err(|_| {
        let error = "done, but the state file cannot be written";
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    })
}

/// Browsers name the page's origin in each request that changes something; other clients name none.
fn is_same_origin(headers: &HeaderMap, authority: &Authority) -> bool {
    headers.get(ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        origin.split_once("://").is_some_and(|(_, host)| host == authority.as_str())
    })
}

/// The integration as scenarios have it, without its secrets, and with what its certificates say.
fn view(integration: &Integration) -> serde_json::Value {
    let mut view = serde_json::to_value(integration.members())
        .expect("structs of strings, numbers and lists are always JSON");
    let mut certificates = Vec::with_capacity(integration.certificates().len());
    for certificate in integration.certificates() {
        certificates.push(CertificateView {
            subject: certificate.subject(),
            fingerprint: certificate.fingerprint(),
            not_before: certificate.not_before().as_secs(),
            not_after: certificate.not_after().as_secs(),
            public_key: BASE64_STANDARD.encode(certificate.public_key_der()),
        });
    }
    view["certificates"] = serde_json::json!(certificates);
    view["client_secrets"] = integration.client_secrets().len().into();
    if let Some(members) = view.as_object_mut() {
        members.remove("service_code");
    }
    view
}
