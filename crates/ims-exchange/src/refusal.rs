//! A refusal of IMS: what it said, what can be behind it, and what to do. IMS's codes are few and its causes many, so all
//! documented causes of a code are named and none is guessed.

use std::{fmt, time::Duration};

use form_urlencoded::byte_serialize;
use http::{
    HeaderName, StatusCode,
    header::{DATE, RETRY_AFTER},
};
use ims_claims::NumericDate;
use serde::Deserialize;

use crate::{ExchangeError, Response, answer};

mod table;

/// What IMS said when it gave no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    status: u16,
    code: Option<String>,
    description: Option<String>,
    debug_id: Option<String>,
    causes: &'static [Cause],
}

/// One thing that can be behind a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What is wrong, if this is it.
    pub what: &'static str,
    /// What to do then.
    pub remedy: &'static str,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The `error` of the body (RFC 6749 §5.2), if there was one: at most 64 characters of a code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The `error_description` of the body, if there was one: at most 300 characters, without control characters, and with
    /// `…` in the place of what was sent and of what looks like a token.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The header `X-Debug-Id`, by which Adobe's support finds the request.
    #[must_use]
    pub fn debug_id(&self) -> Option<&str> {
        self.0.debug_id.as_deref()
    }

    /// Everything that is documented or known to lead to this answer.
    #[must_use]
    pub fn causes(&self) -> &'static [Cause] {
        self.0.causes
    }

    /// Reads an answer that is no success. `now` is when it came, if the caller knows better than the answer itself.
    pub(crate) fn read(
        response: &Response,
        presented: Presented,
        now: Option<NumericDate>,
        secrets: &[&str],
    ) -> ExchangeError {
        let body = answer::members::<ErrorBody>(response).unwrap_or_default();
        // A secret of fewer characters is a test's, and could be in a code by chance.
        let repeats_secret =
            |code: &str| secrets.iter().any(|secret| secret.len() >= 8 && code.contains(secret));
        let code = body.error.filter(|code| is_code(code) && !repeats_secret(code));
        let description = body
            .error_description
            .map(|text| scrub(&text, secrets))
            .filter(|text| !text.is_empty());
        let status = response.status().as_u16();
        let row = table::find(presented, status, code.as_deref(), description.as_deref());
        let causes = row.map_or(&[][..], |row| row.causes);
        let mut refusal = Self::unexplained(response);
        (refusal.0.code, refusal.0.description, refusal.0.causes) = (code, description, causes);
        match row.map(|row| row.action) {
            Some(table::Action::SignAnew) => ExchangeError::AssertionRefused(refusal),
            Some(table::Action::ObtainToken) => ExchangeError::TokenRefused(refusal),
            Some(table::Action::SignIn) => ExchangeError::SignInNeeded(refusal),
            Some(table::Action::AskPerson) => ExchangeError::IntegrationRefused(refusal),
            Some(table::Action::Wait) => ExchangeError::Unavailable {
                retry_after: retry_after(response, now),
                refusal: Some(refusal),
                source: None,
            },
            None => ExchangeError::Unrecognized(refusal),
        }
    }

    /// An answer of which nothing is known but its head.
    pub(crate) fn unexplained(response: &Response) -> Self {
        Self(Box::new(Details {
            status: response.status().as_u16(),
            code: None,
            description: None,
            debug_id: text_header(response, &X_DEBUG_ID)
                .filter(|id| id.len() <= 128)
                .map(str::to_owned),
            causes: &[],
        }))
    }
}

/// What a request showed to IMS beside its client id. The codes of IMS mean different things by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// An assertion.
    Assertion,
    /// The client's secret, or nothing.
    Client,
    /// An authorization code that a person brought.
    #[cfg_attr(
        not(any(test, feature = "authorization-code")),
        expect(dead_code, reason = "its grant is behind the feature")
    )]
    Code,
    /// A person's refresh token.
    RefreshToken,
    /// An access token, as bearer or in the body.
    AccessToken,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.0.status)?;
        if let Some(code) = &self.0.code {
            write!(f, " {code}")?;
        }
        for (index, cause) in self.0.causes.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { ": " } else { ", or " }, cause.what)?;
        }
        Ok(())
    }
}

/// RFC 6749 §5.2. IMS's members may be missing; what is of another type is as good as missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: Option<String>,
    error_description: Option<String>,
}

const X_DEBUG_ID: HeaderName = HeaderName::from_static("x-debug-id");

fn text_header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Seconds or a date (RFC 9110 §10.2.3). Without `now` a date is held against the answer's own `Date`.
fn retry_after(response: &Response, now: Option<NumericDate>) -> Option<Duration> {
    let text = text_header(response, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = now.or_else(|| http_date(text_header(response, &DATE)?))?;
    Some(http_date(text)?.since(now))
}

fn http_date(text: &str) -> Option<NumericDate> {
    let date = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(NumericDate::from_secs(0).plus(date))
}

pub(crate) fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b))
}

/// Takes out of a text of IMS what no error may repeat.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    const MAX_CHARS: usize = 300;
    const LONGEST_WORD: usize = 48;
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        // Who complains of a form may repeat it as it was sent.
        let as_sent: String = byte_serialize(secret.as_bytes()).collect();
        text = text.replace(secret, "…").replace(&as_sent, "…");
    }
    let words =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| if word.len() > LONGEST_WORD { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect()
}

/// Statuses that mean "later", whatever the body says.
fn is_later(status: u16) -> bool {
    StatusCode::from_u16(status).is_ok_and(|status| {
        status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    })
}

#[cfg(test)]
mod tests;
