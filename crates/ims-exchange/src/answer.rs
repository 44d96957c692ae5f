//! Reads a response of IMS: a success as its answer, everything else as a refusal.

use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderName,
    header::{DATE, RETRY_AFTER},
};
use ims_claims::{JsonObject, NumericDate};
use serde::de::DeserializeOwned;

use crate::{
    error::ExchangeError,
    message::Response,
    refusal::{
        Lack, Refusal,
        foreign::{is_json, media_type},
        reason::Action,
        table::CredentialKind,
    },
    strict_json,
};

/// The parts of a request that are needed to read its response.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// How it authenticated, besides the client id.
    pub(crate) credential: CredentialKind,
    /// The time just before it was sent.
    pub(crate) at: NumericDate,
    /// What no error may repeat.
    pub(crate) secrets: &'a [&'a str],
    /// Whether the client secret is one of them.
    pub(crate) has_client_secret: bool,
}

impl<'a> Sent<'a> {
    pub(crate) fn new(credential: CredentialKind, at: NumericDate, secrets: &'a [&'a str]) -> Self {
        Self { credential, at, secrets, has_client_secret: true }
    }

    /// The same for a request that carried no secret of the client.
    pub(crate) fn without_client_secret(self) -> Self {
        Self { has_client_secret: false, ..self }
    }
}

/// Reads a success as `T`, and everything else as a refusal.
pub(crate) fn json<T: DeserializeOwned>(
    response: &Response,
    sent: &Sent<'_>,
) -> Result<T, ExchangeError> {
    if !response.status().is_success() {
        return Err(refused(response, sent));
    }
    let body = if is_readable(response) { strict_json::body(response) } else { None };
    body.ok_or_else(|| unrecognized(response, sent))
}

/// Reads a success without an answer: an empty body or a JSON object. A page is not a success, whatever its status, since it
/// does not come from IMS.
pub(crate) fn nothing(response: &Response, sent: &Sent<'_>) -> Result<(), ExchangeError> {
    if response.status().is_success() && response.body().trim_ascii().is_empty() {
        return Ok(());
    }
    let _: JsonObject = json(response, sent)?;
    Ok(())
}

/// A success whose body does not have the form of its endpoint.
pub(crate) fn unrecognized(response: &Response, sent: &Sent<'_>) -> ExchangeError {
    ExchangeError::Unrecognized(Refusal::unreadable(response, sent.secrets))
}

/// A success that has a token and does not say how long it lives.
pub(crate) fn without_lifetime(response: &Response, sent: &Sent<'_>) -> ExchangeError {
    ExchangeError::Unrecognized(Refusal::lacking(Lack::Lifetime, response, sent.secrets))
}

/// The error for a response that is not a success, sorted by what the caller can do.
pub(crate) fn refused(response: &Response, sent: &Sent<'_>) -> ExchangeError {
    let refusal = Refusal::read(response, sent.credential, sent.has_client_secret, sent.secrets);
    match refusal.reason().action() {
        Action::SignAgain => ExchangeError::AssertionRefused(refusal),
        Action::ObtainToken => ExchangeError::TokenRefused(refusal),
        Action::SignIn => ExchangeError::SignInNeeded(refusal),
        Action::AskPerson => ExchangeError::IntegrationRefused(refusal),
        Action::Wait => ExchangeError::Unavailable {
            retry_after: retry_after(response, sent.at),
            refusal: Some(refusal),
            source: None,
        },
        Action::Report => ExchangeError::Unrecognized(refusal),
    }
}

/// How long IMS asks to wait: seconds or a date (RFC 9110 §10.2.3). A date counts from the `Date` of the same response,
/// since the clocks of both machines may differ, or from `sent_at` if there is no `Date`.
fn retry_after(response: &Response, sent_at: NumericDate) -> Option<Duration> {
    let text = header(response, &RETRY_AFTER)?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // A number that is too large counts as the longest wait.
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

/// Whether a response says that it is JSON, or says nothing, or says that it is plain text: some gateways send JSON as plain
/// text. Any other type comes from a server between this machine and IMS.
fn is_readable(response: &Response) -> bool {
    let Some(media_type) = media_type(response) else { return true };
    is_json(&media_type) || media_type == "text/plain"
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};

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
            ("text/plain",                     true),
            ("text/plain; charset=utf-8",      true),
            ("text/json",                      true),
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
