//! Answers: JSON, and refusals as the report of the error with the right status.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use ims::{Report, TokenError};
use serde::Serialize;

pub(crate) type Answer = Response<AnswerBody>;

/// The body of an answer: bytes of this process, or what an API sends.
pub(crate) type AnswerBody = UnsyncBoxBody<Bytes, reqwest::Error>;

/// An answer that must not be cached, since most contain a token.
pub(crate) fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Answer {
    let body = Full::new(body.into()).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // RFC 6749 §5.1. `Pragma` was for caches of HTTP/1.0.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(crate) fn json(status: StatusCode, data: &impl Serialize) -> Answer {
    answer(status, JSON, serde_json::to_vec(data).expect("data of this crate is always JSON"))
}

pub(crate) const JSON: &str = "application/json";

/// A refusal: a name of the cause that does not change, the cause in one line, and what to do.
#[derive(Serialize)]
struct Refusal<E> {
    error: E,
}

/// Why there is no token, with the status that says who has to act: 503 if a later request can succeed, 424 if a person
/// must act (RFC 4918 §11.4: what the request depends on has failed; HTTP clients do not retry it by default), and 400 if
/// the caller has to ask for something else.
pub(crate) fn no_token(error: &TokenError) -> Answer {
    let report = Report::from(error);
    let status = if report.is_transient() {
        StatusCode::SERVICE_UNAVAILABLE
    } else if report.needs_person() {
        StatusCode::FAILED_DEPENDENCY
    } else {
        StatusCode::BAD_REQUEST
    };
    let mut answer = json(status, &Refusal { error: &report });
    // The answer also says when the agent asks again after a failure that only a person can end.
    if let Some(wait) = error.retry_after().filter(|wait| !wait.is_zero()) {
        answer.headers_mut().insert(header::RETRY_AFTER, whole_seconds(wait).into());
    }
    answer
}

/// Seconds, rounded up: a caller that comes too early has to wait again.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// An error of a caller's request, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    #[serde(skip)]
    status: u16,
    pub(crate) reason: &'static str,
    message: &'static str,
    /// A field of the answer that goes with the status, its name in small letters.
    #[serde(skip)]
    field: Option<(&'static str, &'static str)>,
}

impl Fault {
    const fn new(status: u16, reason: &'static str, message: &'static str) -> Self {
        Self { status, reason, message, field: None }
    }

    const fn with(self, name: &'static str, value: &'static str) -> Self {
        Self { field: Some((name, value)), ..self }
    }

    pub(crate) fn answer(&self) -> Answer {
        let status = StatusCode::from_u16(self.status).expect("the table has three digits");
        let mut answer = json(status, &Refusal { error: self });
        if let Some((name, value)) = self.field {
            let name = HeaderName::from_static(name);
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}

/// All faults of requests, in one table.
#[rustfmt::skip]
impl Fault {
    // Who may ask.
    pub(crate) const CALLER: Self = Self::new(403, "caller_not_allowed", "neither your user nor your group may ask here");
    pub(crate) const FORWARDED: Self = Self::new(403, "forwarded", "the request was passed on by a server, and the agent is for programs of this machine");
    pub(crate) const FROM_BROWSER: Self = Self::new(403, "from_browser", "pages in browsers may not ask: the request has an Origin or Sec-Fetch-Site");
    pub(crate) const WRONG_HOST: Self = Self::new(421, "wrong_host", "the Host of the request is not the address that is listened at");
    pub(crate) const NO_CAPABILITY: Self = Self::new(401, "capability_missing", "send the text of the capability file as Authorization: Bearer …")
        .with("www-authenticate", "Bearer");
    pub(crate) const NO_PROXY_CAPABILITY: Self = Self::new(407, "capability_missing", "send the text of the capability file as Proxy-Authorization: Bearer …, or as the password in the URL of the proxy")
        .with("proxy-authenticate", "Bearer, Basic realm=\"ims\"");
    // What is asked.
    pub(crate) const PATH: Self = Self::new(404, "path_unknown", "the paths are /v1/token, /v1/headers, /v1/rejected, /v1/health and /metrics");
    pub(crate) const PROXY_PATH: Self = Self::new(404, "path_unknown", "the paths of the proxy itself are /_ims/health and /_ims/metrics");
    pub(crate) const NOT_GET: Self = Self::new(405, "method_not_allowed", "this path has another method").with("allow", "GET");
    pub(crate) const NOT_POST: Self = Self::new(405, "method_not_allowed", "this path has another method").with("allow", "POST");
    pub(crate) const UNKNOWN_PARAMETER: Self = Self::new(400, "parameter_unknown", "this path has no such parameter");
    pub(crate) const REPEATED_PARAMETER: Self = Self::new(400, "parameter_repeated", "a parameter is there twice");
    pub(crate) const MIN_LIFETIME: Self = Self::new(400, "parameter_malformed", "min_lifetime is a whole number of seconds");
    pub(crate) const UNKNOWN_CONTEXT: Self = Self::new(404, "context_unknown", "the agent serves no such context");
    pub(crate) const WHICH_CONTEXT: Self = Self::new(400, "context_missing", "the agent serves several contexts: name one with the parameter context");
    pub(crate) const BODY_UNREADABLE: Self = Self::new(400, "body_unreadable", "the body is too long or no form");
    pub(crate) const WHICH_TOKEN: Self = Self::new(400, "token_missing", "name the token with one of the parameters fingerprint and token");
    // Where the proxy sends a request.
    pub(crate) const TUNNEL: Self = Self::new(405, "tunnel_refused", "the proxy cannot add a token inside of a tunnel: let the client use the base URL http://HOST instead of https://HOST");
    pub(crate) const TRACE: Self = Self::new(405, "trace_refused", "the answer to TRACE repeats the request, and with it the token");
    pub(crate) const LOOP: Self = Self::new(508, "loop", "the request has come through an ims proxy already");
    pub(crate) const UPGRADE: Self = Self::new(501, "upgrade_refused", "the proxy forwards requests and answers, and no other protocol");
    pub(crate) const TARGET: Self = Self::new(400, "target_malformed", "the target of the request is not a URL of an API");
    pub(crate) const TWO_HOSTS: Self = Self::new(400, "hosts_differ", "the Host of the request is another than that of its target");
    pub(crate) const NO_DESTINATION: Self = Self::new(404, "destination_missing", "the request names no host, and the proxy was given none to send it to");
    pub(crate) const HOST: Self = Self::new(403, "host_not_allowed", "the token may not be sent to this host");
    // What happened to it.
    pub(crate) const BODY_BROKEN: Self = Self::new(400, "body_broken", "the body of the request is not complete");
    pub(crate) const NOT_REACHED: Self = Self::new(502, "api_not_reached", "the connection to the API failed");
    pub(crate) const NOT_SENT: Self = Self::new(502, "api_connection_broken", "the connection to the API broke before it had answered");
    pub(crate) const TOO_LATE: Self = Self::new(504, "api_too_slow", "the API did not answer in time");
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
