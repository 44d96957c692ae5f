//! What the emulator says about one request, which IMS never does: every check, and the remedy.

use std::{borrow::Cow, fmt};

use ims_claims::ClientId;
use serde::Serialize;

use crate::{Endpoint, Fault, Refusal};

/// One request, how it was examined, and how it was answered. No secret and no token is in it.
///
/// As JSON it is one line; printed, it is a few lines for a terminal.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// Which request this was, counted from 1.
    pub number: u64,
    /// When the request came, in milliseconds since 1970 on the emulator's clock.
    pub received_at_ms: u64,
    /// The method.
    pub method: String,
    /// The path, without the query, where a client may have put a secret.
    pub path: String,
    /// The endpoint, if there is one at the path.
    pub endpoint: Option<Endpoint>,
    /// The integration whose request it was, if it is registered.
    pub client_id: Option<ClientId>,
    /// The checks, in the order in which they were made; only the last can have failed.
    pub checks: Vec<Check>,
    /// Why the request was refused, if it was.
    pub refusal: Option<Refusal>,
    /// The fault that was injected, if one was.
    pub fault: Option<Fault>,
    /// The answer's HTTP status.
    pub status: u16,
    /// The answer's `error`, if the request was refused.
    pub error: Option<&'static str>,
    /// What to change so that the request is granted.
    pub remedy: Option<&'static str>,
    /// The answer's `X-Debug-Id`.
    pub debug_id: String,
}

/// One check of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it was as expected.
    pub passed: bool,
    /// What was expected.
    pub expected: Cow<'static, str>,
    /// What the request has, cut to 200 characters; secrets are only described.
    pub actual: Cow<'static, str>,
}

impl Verdict {
    /// Whether the request was granted.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.refusal.is_none()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {} → {}", self.number, self.method, self.path, self.status)?;
        if let Some(error) = self.error {
            write!(f, " {error}")?;
        }
        if let Some(client_id) = &self.client_id {
            write!(f, " ({client_id})")?;
        }
        for check in &self.checks {
            write!(f, "\n  {check}")?;
        }
        if let Some(fault) = self.fault {
            write!(f, "\n  fault: {}", fault.name())?;
        }
        match self.remedy {
            Some(remedy) => write!(f, "\n  remedy: {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, passed, expected, actual } = self;
        match (passed, actual.is_empty()) {
            (true, true) => write!(f, "ok   {name}"),
            (true, false) => write!(f, "ok   {name}: {actual}"),
            (false, true) => write!(f, "FAIL {name}: expected {expected}, there is none"),
            (false, false) => write!(f, "FAIL {name}: expected {expected}, got {actual}"),
        }
    }
}
