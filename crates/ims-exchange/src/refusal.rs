//! A refusal of IMS: what it said, what can be behind it, and what to do. IMS's codes are few and its causes many, so all
//! documented causes of a code are named and none is guessed.

use std::fmt;

use form_urlencoded::byte_serialize;
use http::HeaderName;
use serde::Deserialize;

use crate::{message::Response, strict_json};

mod table;

pub use table::Cause;
pub(crate) use table::{Action, CredentialKind};

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

    /// Reads a response that is no success, and says what the caller can do if the table knows it.
    pub(crate) fn read(
        response: &Response,
        credential: CredentialKind,
        secrets: &[&str],
    ) -> (Self, Option<Action>) {
        let body = strict_json::body::<ErrorBody>(response).unwrap_or_default();
        // A secret of fewer characters is a test's, and could be in a code by chance.
        let repeats_secret =
            |code: &str| secrets.iter().any(|secret| secret.len() >= 8 && code.contains(secret));
        let code = body.error.filter(|code| is_code(code) && !repeats_secret(code));
        let description = body
            .error_description
            .map(|text| scrub(&text, secrets))
            .filter(|text| !text.is_empty());
        let status = response.status().as_u16();
        let row = table::find(credential, status, code.as_deref(), description.as_deref());
        let causes = row.map_or(&[][..], |row| row.causes);
        let mut refusal = Self::unexplained(response);
        (refusal.0.code, refusal.0.description, refusal.0.causes) = (code, description, causes);
        (refusal, row.map(|row| row.action))
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

#[cfg(test)]
mod tests;
