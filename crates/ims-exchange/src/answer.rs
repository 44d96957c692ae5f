//! Reading a response of IMS: a success as what it brings, everything else as the refusal that it is.

use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderName,
    header::{CONTENT_TYPE, DATE, RETRY_AFTER},
};
use ims_claims::{JsonObject, NumericDate};
use serde::de::DeserializeOwned;

use crate::{
    error::ExchangeError,
    message::Response,
    refusal::{Action, CredentialKind, Refusal},
    strict_json,
};

/// What a request carried, as far as the reading of its response needs it.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// What it showed to IMS besides the client id.
    pub(crate) credential: CredentialKind,
    /// The time just before it was sent.
    pub(crate) at: NumericDate,
    /// What no error may repeat.
    pub(crate) secrets: &'a [&'a str],
}

impl<'a> Sent<'a> {
    pub(crate) fn new(credential: CredentialKind, at: NumericDate, secrets: &'a [&'a str]) -> Self {
        Self { credential, at, secrets }
    }
}

/// Reads a success as `T`, and everything else as the refusal that it is.
pub(crate) fn json<T: DeserializeOwned>(
    response: &Response,
    sent: &Sent<'_>,
) -> Result<T, ExchangeError> {
    if !response.status().is_success() {
        return Err(refused(response, sent));
    }
    let body = is_json(response).then(|| strict_json::body(response)).flatten();
    body.ok_or_else(|| unrecognized(response))
}

/// Reads a success that says nothing: an empty body or a JSON object. A page is no success, whatever its status: behind it
/// nothing was done.
pub(crate) fn nothing(response: &Response, sent: &Sent<'_>) -> Result<(), ExchangeError> {
    if response.status().is_success() && response.body().trim_ascii().is_empty() {
        return Ok(());
    }
    let _: JsonObject = json(response, sent)?;
    Ok(())
}

/// A success that is not of the form that this endpoint has.
pub(crate) fn unrecognized(response: &Response) -> ExchangeError {
    ExchangeError::Unrecognized(Refusal::unexplained(response))
}

/// The refusal that a response is, by what the caller can do.
pub(crate) fn refused(response: &Response, sent: &Sent<'_>) -> ExchangeError {
    let (refusal, action) = Refusal::read(response, sent.credential, sent.secrets);
    match action {
        Some(Action::SignAnew) => ExchangeError::AssertionRefused(refusal),
        Some(Action::ObtainToken) => ExchangeError::TokenRefused(refusal),
        Some(Action::SignIn) => ExchangeError::SignInNeeded(refusal),
        Some(Action::AskPerson) => ExchangeError::IntegrationRefused(refusal),
        Some(Action::Wait) => ExchangeError::Unavailable {
            retry_after: retry_after(response, sent.at),
            refusal: Some(refusal),
            source: None,
        },
        None => ExchangeError::Unrecognized(refusal),
    }
}

/// How long IMS asks to wait: seconds or a date (RFC 9110 §10.2.3). A date counts from the `Date` of the same response, since
/// the clocks of both machines may differ, and else from `sent_at`.
fn retry_after(response: &Response, sent_at: NumericDate) -> Option<Duration> {
    let text = header(response, &RETRY_AFTER)?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More seconds than a number holds are the longest wait.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(text)?;
    let now = header(response, &DATE).and_then(http_date).unwrap_or(sent_at);
    Some(until.since(now))
}

fn http_date(text: &str) -> Option<NumericDate> {
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(NumericDate::from_secs(0).plus(date))
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Whether the answer says that it is JSON, or says nothing of what it is. Another type is a page of something that stands
/// between here and IMS, however it may look.
fn is_json(response: &Response) -> bool {
    let Some(media_type) = response.headers().get(CONTENT_TYPE) else { return true };
    let essence = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode};

    fn sent() -> Sent<'static> {
        Sent::new(CredentialKind::Client, NumericDate::from_secs(0), &[])
    }

    #[test]
    fn an_answer_of_another_type_is_not_read() {
        #[rustfmt::skip]
        let table = [
            ("application/json",               true),
            ("application/json;charset=UTF-8", true),
            ("Application/JSON ; charset=x",   true),
            ("application/jwk-set+json",       true),
            ("text/html",                      false),
            ("text/html; application/json",    false),
            ("text/plain",                     false),
            ("text/x+json",                    false),
            ("application/jsonp",              false),
            ("",                               false),
        ];
        for (media_type, is_read) in table {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            let response = Response::new(StatusCode::OK, headers, b"{}".to_vec());
            let read = json::<serde_json::Value>(&response, &sent());
            assert_eq!(read.is_ok(), is_read, "{media_type}");
        }
    }

    #[test]
    fn an_answer_that_says_nothing_is_empty_or_an_object() {
        #[rustfmt::skip]
        let table = [
            (200, "", true), (200, " \r\n", true), (200, "{}", true), (204, "", true), (200, r#"{"a":1}"#, true),
            (200, "<html>", false), (200, "[]", false), (200, "null", false), (200, r#"{"a":1,"a":1}"#, false),
            (302, "", false), (400, "", false), (404, "{}", false),
        ];
        for (status, body, is_done) in table {
            let read = nothing(&Response::json(status, body), &sent());
            assert_eq!(read.is_ok(), is_done, "{status} {body}");
        }
    }
}
