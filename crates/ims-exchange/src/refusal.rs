//! A refusal of IMS: what it said, and the reason for the refusal.

use std::fmt;

use http::{HeaderName, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    message::Response,
    refusal::{
        foreign::Foreign,
        reason::{Cause, Reason},
        scrub::{has_secret, is_code, mask, scrub},
        table::CredentialKind,
    },
    strict_json,
};

pub(crate) mod foreign;
pub(crate) mod reason;
pub(crate) mod scrub;
pub(crate) mod table;

/// The answer of IMS to a request that it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    status: StatusCode,
    code: Option<String>,
    description: Option<String>,
    debug_id: Option<String>,
    reason: Reason,
    /// What the answer is, if it does not come from IMS.
    foreign: Option<Foreign>,
    /// What is missing in the answer of a success.
    lack: Option<Lack>,
}

/// Why a success cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// There is no body.
    Everything,
    /// The body is not JSON, or not all of it.
    Json,
    /// A member is missing, of another type, or named twice.
    Members,
    /// Nothing says how long the token lives.
    Lifetime,
}

impl Lack {
    /// What is missing in a body that does not have the form of its endpoint.
    fn of(response: &Response) -> Self {
        let body = response.body().trim_ascii();
        if body.is_empty() {
            return Self::Everything;
        }
        match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
            Ok(_) => Self::Members,
            Err(_) => Self::Json,
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everything => "the answer is empty",
            Self::Json => "the answer is not JSON, or it is cut off",
            Self::Members => "the answer does not have the members that IMS documents",
            Self::Lifetime => "the answer does not say how long its token lives",
        })
    }
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status.as_u16()
    }

    /// The `error` of the body (RFC 6749 §5.2), if there was one: at most 64 characters of a code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The `error_description` of the body, if there was one: at most 300 characters, without control characters, and with
    /// `…` in place of what was sent and of what looks like a token.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The header `X-Debug-Id`, by which Adobe's support finds the request, with `…` in place of what was sent.
    #[must_use]
    pub fn debug_id(&self) -> Option<&str> {
        self.0.debug_id.as_deref()
    }

    /// Why IMS refused, as far as its answer says.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// All documented or known causes of the [`reason`](Self::reason), the most likely first.
    #[must_use]
    pub fn causes(&self) -> &'static [Cause] {
        self.0.reason.causes()
    }

    /// Which scopes or metascopes are refused, in one line: those that IMS names in its description, or else all that were
    /// asked for. `None` if the refusal is about something else.
    ///
    /// ```
    /// use ims_exchange::{Refusal, Scope};
    ///
    /// fn finding(refusal: &Refusal, asked: &[Scope]) -> Option<String> {
    ///     let asked: Vec<&str> = asked.iter().map(Scope::as_str).collect();
    ///     // Such as "the scope AdobeID is not granted to the credential".
    ///     refusal.finding_about(&asked)
    /// }
    /// ```
    #[must_use]
    pub fn finding_about(&self, asked: &[&str]) -> Option<String> {
        let (kind, state) = match self.reason() {
            Reason::MetascopeNotGranted => ("metascope", "granted to the integration"),
            Reason::MetascopeUnknown => ("metascope", "known to IMS"),
            Reason::ScopeNotGranted => ("scope", "granted to the credential"),
            _ => return None,
        };
        let named = named_in(self.description().unwrap_or_default(), asked);
        match (&named[..], asked) {
            ([only], _) | ([], [only]) => Some(format!("the {kind} {only} is not {state}")),
            ([], []) => None,
            ([], several) => {
                Some(format!("one of the {kind}s {} is not {state}", several.join(", ")))
            }
            (several, _) => Some(format!("the {kind}s {} are not {state}", several.join(", "))),
        }
    }

    /// Writes the lines that a report has beneath the cause.
    pub(crate) fn write_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(description) = self.description() {
            write!(f, "\n  IMS says: {description}")?;
        }
        match self.debug_id() {
            Some(debug_id) => write!(f, "\n  X-Debug-Id: {debug_id} (for Adobe's support)"),
            None => Ok(()),
        }
    }

    /// Reads a response that is not a success. `secrets` are what was sent, and `sends_client_secret` says whether the
    /// client's secret is among them.
    pub(crate) fn read(
        response: &Response,
        credential: CredentialKind,
        sends_client_secret: bool,
        secrets: &[&str],
    ) -> Self {
        let body = strict_json::body::<ErrorBody>(response).unwrap_or_default();
        let code = body.error.or(text(body.error_code));
        let code = code.filter(|code| is_code(code));
        let description = body.error_description.or(text(body.message));

        let status = response.status();
        let foreign = if code.is_none() { Foreign::of(response, credential) } else { None };
        let known = table::find(credential, status, code.as_deref(), description.as_deref());
        let reason = match known {
            Reason::WrongSecret if !sends_client_secret => Reason::SecretMissing,
            // A gateway with a temporary failure sends pages, too.
            Reason::Throttled | Reason::TemporaryFailure => known,
            _ if foreign.is_some() => Reason::NotIms,
            _ => known,
        };
        // This comes after the reason was found: a secret that is also a word of IMS must not hide the reason.
        let code = code.filter(|code| !has_secret(code, secrets));
        let description = description.map(|text| scrub(&text, secrets));
        let description = description.filter(|text| !text.is_empty());
        Self(Box::new(Details { code, description, reason, foreign, ..head(response, secrets) }))
    }

    /// A success whose body does not have the form of its endpoint.
    pub(crate) fn unreadable(response: &Response, secrets: &[&str]) -> Self {
        Self::lacking(Lack::of(response), response, secrets)
    }

    /// A success without a part that its endpoint requires.
    pub(crate) fn lacking(lack: Lack, response: &Response, secrets: &[&str]) -> Self {
        let foreign = Foreign::by_media_type(response);
        let reason = if foreign.is_some() { Reason::NotIms } else { Reason::Other };
        Self(Box::new(Details { reason, foreign, lack: Some(lack), ..head(response, secrets) }))
    }
}

/// The `scopes` that occur in `description`, each as a whole word.
fn named_in<'a>(description: &str, scopes: &[&'a str]) -> Vec<&'a str> {
    let words = description.split(|c: char| !c.is_alphanumeric() && !"_-.".contains(c));
    let words = words.map(|word| word.trim_end_matches('.'));
    let words: Vec<&str> = words.collect();
    scopes.iter().copied().filter(|scope| words.contains(scope)).collect()
}

/// What is known about any answer.
fn head(response: &Response, secrets: &[&str]) -> Details {
    let debug_id = response.headers().get(&X_DEBUG_ID).and_then(|id| id.to_str().ok());
    let debug_id = debug_id.filter(|id| id.len() <= 128).map(|id| mask(id, secrets));
    Details {
        status: response.status(),
        code: None,
        description: None,
        debug_id,
        reason: Reason::Other,
        foreign: None,
        lack: None,
    }
}

impl fmt::Display for Refusal {
    /// The reason, and in brackets the status and the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &*self.0;
        match &details.foreign {
            Some(foreign) if details.reason == Reason::NotIms => {
                write!(f, "{foreign} answered instead of IMS")?;
            }
            _ => match &details.lack {
                Some(lack) => write!(f, "{lack}")?,
                None => write!(f, "{}", details.reason)?,
            },
        }
        write!(f, " ({}", self.status())?;
        if let Some(code) = &details.code {
            write!(f, " {code}")?;
        }
        f.write_str(")")
    }
}

/// RFC 6749 §5.2. IMS's members may be missing; a member of another type counts as missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: Option<String>,
    error_description: Option<String>,
    /// The same two members as the gateway in front of Adobe's APIs writes them: `{"error_code":"401013","message":"…"}`.
    error_code: Option<Value>,
    message: Option<Value>,
}

/// A member that IMS writes as a text, and that other servers may use for something else. A code may be a number.
fn text(member: Option<Value>) -> Option<String> {
    match member {
        Some(Value::String(text)) => Some(text),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

const X_DEBUG_ID: HeaderName = HeaderName::from_static("x-debug-id");

#[cfg(test)]
mod tests;
#[cfg(test)]
mod troubleshooting;
