//! The verdict on one request: every check, and the remedy, neither of which IMS gives. The last verdicts are kept.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ims_claims::ClientId;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{check_list::CheckList, endpoint::Endpoint, fault::Fault, refusal::Refusal};

/// One request, how it was examined, and how it was answered. No secret and no token is in it.
///
/// As JSON it is one line; printed, it is a few lines for a terminal.
///
/// ```
/// use ims_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// // After the requests of a test:
/// for verdict in emulator.requests().iter().filter(|verdict| !verdict.is_granted()) {
///     println!("{verdict}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// Which request this was, counted from 1.
    pub number: u64,
    /// When the request came, in milliseconds since 1970 on the emulator's clock.
    pub received_at_ms: u64,
    /// The method.
    pub method: Cow<'static, str>,
    /// The path, without the query, where a client may have put a secret.
    pub path: Cow<'static, str>,
    /// The endpoint, if there is one at the path.
    pub endpoint: Option<Endpoint>,
    /// The integration whose request it was, if it is registered.
    pub client_id: Option<ClientId>,
    /// The first 24 parameters of the request, if it could be read; secrets and tokens are only described.
    pub parameters: Vec<Parameter>,
    /// The JWT of the request without its signature, if it had one that can be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<DecodedJwt>,
    /// The checks, in the order in which they were made; only the last can have failed.
    pub checks: CheckList,
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

/// A parameter of a request.
///
/// ```
/// # use ims_emulator::Verdict;
/// fn show(verdict: &Verdict) {
///     for parameter in &verdict.parameters {
///         println!("{} = {}", parameter.name, parameter.value);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, cut to 200 characters.
    pub name: Cow<'static, str>,
    /// Its value, cut to 200 characters; of one that may be secret only its length.
    pub value: Cow<'static, str>,
}

/// A JWT of a request: its header and its payload. Without its signature it cannot be used.
///
/// ```
/// # use ims_emulator::Verdict;
/// fn show(verdict: &Verdict) {
///     if let Some(jwt) = &verdict.jwt {
///         println!("{} in {}: {}", jwt.header(), jwt.parameter, jwt.payload());
///     }
/// }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct DecodedJwt {
    /// Which parameter it was, or `authorization` for the header.
    pub parameter: &'static str,
    pub(crate) header: Box<RawValue>,
    pub(crate) payload: Box<RawValue>,
}

impl DecodedJwt {
    /// The header, a JSON object on one line.
    #[must_use]
    pub fn header(&self) -> &str {
        self.header.get()
    }

    /// The payload, a JSON object on one line.
    #[must_use]
    pub fn payload(&self) -> &str {
        self.payload.get()
    }
}

impl Verdict {
    /// Whether the request was granted.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.refusal.is_none()
    }

    /// What was asked and how it was answered, in one line: `#7 POST /ims/token/v3 → 400 invalid_client (my-client)`.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { number, method, path, status, .. } = self;
        let mut summary = format!("#{number} {method} {path} → {status}");
        if let Some(error) = self.error {
            summary.push(' ');
            summary.push_str(error);
        }
        if let Some(client_id) = &self.client_id {
            summary.push_str(" (");
            summary.push_str(client_id.as_str());
            summary.push(')');
        }
        summary
    }

    /// The time of day at which the request came, by the emulator's clock, UTC: `15:46:13`.
    #[must_use]
    pub fn time_of_day(&self) -> String {
        let seconds = self.received_at_ms / 1000 % (24 * 60 * 60);
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
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

/// A function that is called with each verdict.
pub(crate) type Observer = Box<dyn Fn(&Verdict) + Send + Sync>;

/// Keeps the last verdicts and calls the observers.
pub(crate) struct Journal {
    count: AtomicU64,
    last: Mutex<VecDeque<Arc<Verdict>>>,
    observers: Vec<Observer>,
}

impl Journal {
    /// The verdicts that are kept: enough for a test, and some MiB at most.
    pub(crate) const CAPACITY: usize = 1024;

    pub(crate) fn new(observers: Vec<Observer>) -> Self {
        Self { count: AtomicU64::new(0), last: Mutex::default(), observers }
    }

    /// The number of the next request.
    pub(crate) fn next_number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn record(&self, verdict: Verdict) {
        for observer in &self.observers {
            observer(&verdict);
        }
        // Every change under the lock is complete, so a panic elsewhere cannot have damaged the queue.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == Self::CAPACITY {
            last.pop_front();
        }
        last.push_back(Arc::new(verdict));
    }

    pub(crate) fn last(&self) -> Vec<Arc<Verdict>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().cloned().collect()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("count", &self.count).finish_non_exhaustive()
    }
}
