//! Answers: JSON, and refusals as the report of the error with the right status.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use ims::{ImsAnswer, Report, TokenError};
use serde::Serialize;

pub(crate) type Answer = Response<AnswerBody>;

/// The body of an answer: bytes of this process, or what an API sends.
pub(crate) type AnswerBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// An answer that no one may keep, since most hold a token.
pub(crate) fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let body = Full::new(body).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // RFC 6749 §5.1. `Pragma` was for caches of HTTP/1.0.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(crate) fn json(status: StatusCode, data: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(data).expect("data of this crate is always JSON");
    answer(status, JSON, body.into())
}

pub(crate) const JSON: &str = "application/json";

/// A refusal for a program: a name of the cause that does not change, the cause in one line, and what to do.
#[derive(Debug, Serialize)]
struct Refusal<'a> {
    error: ErrorBody<'a>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ErrorBody<'a> {
    reason: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ims: Option<ImsBody<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    remedies: &'a [String],
    /// Whole seconds, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ImsBody<'a> {
    status: Option<u16>,
    code: Option<&'a str>,
    description: Option<&'a str>,
    debug_id: Option<&'a str>,
}

impl<'a> From<&'a ImsAnswer> for ImsBody<'a> {
    fn from(ims: &'a ImsAnswer) -> Self {
        Self {
            status: ims.status,
            code: ims.code.as_deref(),
            description: ims.description.as_deref(),
            debug_id: ims.debug_id.as_deref(),
        }
    }
}

impl<'a> From<&'a Report> for ErrorBody<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            reason: report.reason(),
            message: report.message(),
            ims: report.ims().map(ImsBody::from),
            remedies: report.remedies(),
            retry_after: report.retry_after().map(whole_seconds),
        }
    }
}

/// Why there is no token, with the status that says who has to act.
pub(crate) fn no_token(error: &TokenError) -> Answer {
    let report = Report::from(error);
    let status = status_of(&report);
    let mut answer = json(status, &Refusal { error: ErrorBody::from(&report) });
    // A caller learns also when the agent asks again after a failure that only a person can end.
    let retry_after = error.retry_after().filter(|wait| !wait.is_zero());
    if let Some(wait) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, whole_seconds(wait).into());
    }
    answer
}

/// 503 if time helps, 424 if a person must act, which no HTTP client tries again by itself (RFC 4918 §11.4: what the request
/// depends on has failed), and 400 if the caller has to ask for something else.
fn status_of(report: &Report) -> StatusCode {
    if report.is_transient() {
        StatusCode::SERVICE_UNAVAILABLE
    } else if report.needs_person() {
        StatusCode::FAILED_DEPENDENCY
    } else {
        StatusCode::BAD_REQUEST
    }
}

/// A fault of the request, and how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) reason: &'static str,
    pub(crate) message: &'static str,
    /// A field of the answer that goes with the status, its name in small letters.
    pub(crate) field: Option<(&'static str, &'static str)>,
}

impl Fault {
    pub(crate) const fn new(
        status: StatusCode,
        reason: &'static str,
        message: &'static str,
    ) -> Self {
        Self { status, reason, message, field: None }
    }

    pub(crate) const fn with(self, name: &'static str, value: &'static str) -> Self {
        Self { field: Some((name, value)), ..self }
    }

    pub(crate) fn answer(&self) -> Answer {
        let error = ErrorBody {
            reason: self.reason,
            message: self.message,
            ims: None,
            remedies: &[],
            retry_after: None,
        };
        let mut answer = json(self.status, &Refusal { error });
        if let Some((name, value)) = self.field {
            let name = HeaderName::from_static(name);
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}

/// Fails if `method` is another.
pub(crate) fn expect_method(
    method: &Method,
    expected: &Method,
    allow: &'static str,
) -> Result<(), Fault> {
    if method == expected {
        return Ok(());
    }
    let fault = Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path has another method",
    );
    Err(fault.with("allow", allow))
}

/// Seconds, rounded up: anyone who comes too early waited for nothing.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims::token::FetchError;

    #[test]
    fn the_status_says_who_has_to_act_and_retry_after_when() {
        let wait = Duration::from_millis(2_500);
        let transient = FetchError::transient("IMS is busy", None);
        #[rustfmt::skip]
        let table = [
            (TokenError::Unavailable { retry_after: wait, source: transient },                     503, Some("3")),
            (TokenError::Refused { retry_after: wait, source: FetchError::permanent("disabled") }, 424, Some("3")),
            (TokenError::Unavailable { retry_after: Duration::ZERO, source: FetchError::unsent("no connection") }, 503, None),
            (TokenError::LivesTooShort { asked: wait, lifetime: wait },                            400, None),
        ];
        for (error, status, retry_after) in table {
            let answer = no_token(&error);
            assert_eq!(answer.status(), status, "{error}");
            let found = answer.headers().get(header::RETRY_AFTER);
            assert_eq!(found.map(|value| value.to_str().unwrap()), retry_after, "{error}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        }
    }
}
