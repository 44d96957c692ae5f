//! How every command reaches IMS: it shows what the command waits for, and with `--verbose` each request and its answer.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use ims::{
    Connection,
    claims::{DurationText, Environment},
    exchange::{Request, Response, SharedTransport, Transport, TransportError},
    token::{Clock, Event, RETRIES, SystemClock},
};

use crate::{output, waiting};

/// How much is printed about each request: nothing, one line, or also the names of the header fields.
static VERBOSITY: AtomicU8 = AtomicU8::new(0);

/// Sets how often `--verbose` was given.
pub(crate) fn set_verbosity(times: u8) {
    VERBOSITY.store(times, Ordering::Relaxed);
}

/// How often `--verbose` was given.
pub(crate) fn verbosity() -> u8 {
    VERBOSITY.load(Ordering::Relaxed)
}

/// The connection to the IMS of `environment`.
pub(crate) fn connection(environment: &Environment) -> Result<Connection, ims::Error> {
    let connection = Connection::new(environment.clone())?;
    let transport = ReportedTransport(connection.transport().clone());
    Ok(Connection::from_transport(environment.clone(), transport))
}

/// The transport to the IMS of `environment`, for code that builds its own connection.
pub(crate) fn transport(environment: &Environment) -> Result<SharedTransport, ims::Error> {
    Ok(connection(environment)?.transport().clone())
}

/// Prints the error of an attempt of a refresh, and how long the command waits before the next one.
pub(crate) fn report_attempt(event: &Event, attempt: usize) {
    let Event::AttemptFailed { error, pause } = event else { return };
    if !waiting::is_shown() && verbosity() == 0 {
        return;
    }
    let (pause, of) = (DurationText(*pause), RETRIES + 1);
    let text = match error.retry_after() {
        Some(asked) => {
            format!("IMS asks to wait {} (attempt {attempt} of {of})", DurationText(asked))
        }
        None => format!("{error}; the next attempt is in {pause} (attempt {attempt} of {of})"),
    };
    output::note("waiting", &text);
}

/// A transport that reports. Neither a body nor the value of a header field is ever shown, except for the debug id.
#[derive(Debug)]
struct ReportedTransport(SharedTransport);

impl Transport for ReportedTransport {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let host = request.url().parse::<http::Uri>().ok();
        let host = host.as_ref().and_then(http::Uri::host).unwrap_or("IMS");
        let _waiting = waiting::on(&format!("an answer of {host}"));
        if verbosity() == 0 {
            return self.0.send(request, timeout).await;
        }
        let asked = Asked::new(&request);
        let response = self.0.send(request, timeout).await;
        asked.report(response.as_ref());
        response
    }
}

/// One request, as far as it may be shown.
struct Asked {
    /// Method and URL without a query.
    line: String,
    header_fields: String,
    body_bytes: usize,
    /// What was sent, so that an answer that repeats it is not shown.
    secrets: Vec<String>,
    /// By the monotonic clock.
    at: Duration,
}

impl Asked {
    fn new(request: &Request) -> Self {
        let url = request.url().split(['?', '#']).next().unwrap_or_default();
        let mut secrets = vec![String::from_utf8_lossy(request.body()).into_owned()];
        let form = form_values(request.body());
        secrets.extend(form);
        let authorization = request.headers().get(header::AUTHORIZATION);
        let authorization = authorization.map(HeaderValue::as_bytes);
        secrets.extend(authorization.map(|value| String::from_utf8_lossy(value).into_owned()));
        Self {
            line: format!("{} {url}", request.method()),
            header_fields: names(request.headers()),
            body_bytes: request.body().len(),
            secrets,
            at: SystemClock.monotonic(),
        }
    }

    fn report(&self, response: Result<&Response, &TransportError>) {
        let (line, took) =
            (&self.line, SystemClock.monotonic().saturating_sub(self.at).as_millis());
        let response = match response {
            Ok(response) => response,
            Err(error) => return output::note("request", &format!("{line} -> {error}, {took} ms")),
        };
        let debug_id = self.debug_id(response.headers());
        let debug_id = debug_id.map(|id| format!(", debug id {id}")).unwrap_or_default();
        let status = response.status();
        output::note("request", &format!("{line} -> {status}, {took} ms{debug_id}"));
        if verbosity() > 1 {
            let (sent, bytes) = (&self.header_fields, self.body_bytes);
            output::note("sent", &format!("{bytes} bytes; header fields: {sent}"));
            let (received, bytes) = (names(response.headers()), response.body().len());
            output::note("received", &format!("{bytes} bytes; header fields: {received}"));
        }
    }

    /// The debug id, unless it repeats something that was sent.
    fn debug_id(&self, headers: &HeaderMap) -> Option<String> {
        let id = headers.get(&X_DEBUG_ID)?.to_str().ok()?;
        let is_short = id.len() <= 128;
        let is_secret = self.secrets.iter().any(|secret| {
            secret.contains(id) || (secret.len() >= 8 && id.contains(secret.as_str()))
        });
        Some(if is_short && !is_secret { id.to_owned() } else { "…".to_owned() })
    }
}

/// The values of a form (RFC 6749, appendix B), decoded.
fn form_values(body: &[u8]) -> Vec<String> {
    let body = String::from_utf8_lossy(body);
    let mut values = Vec::new();
    for pair in body.split('&') {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        values.push(percent_decoded(value));
    }
    values.retain(|value| !value.is_empty());
    values
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn names(headers: &HeaderMap) -> String {
    let names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.join(", ")
}

const X_DEBUG_ID: HeaderName = HeaderName::from_static("x-debug-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_id_that_repeats_what_was_sent_is_not_shown() {
        let asked = Asked {
            line: String::new(),
            header_fields: String::new(),
            body_bytes: 0,
            secrets: form_values(b"client_id=a&client_secret=canary%2Dsecret+1&x="),
            at: SystemClock.monotonic(),
        };
        #[rustfmt::skip]
        let table = [
            ("2f9c-11",                 "2f9c-11"),
            ("canary-secret 1",         "…"),
            ("id-canary-secret 1-x",    "…"),
            ("canary",                  "…"),
        ];
        for (sent, shown) in table {
            let mut headers = HeaderMap::new();
            headers.insert(X_DEBUG_ID, HeaderValue::from_static(sent));
            assert_eq!(asked.debug_id(&headers).as_deref(), Some(shown), "{sent}");
        }
    }
}
