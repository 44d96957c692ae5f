//! The events of an agent or a proxy, for the log of the program. None of it holds a secret.

use std::{fmt, sync::Arc, time::Duration};

use http::{Method, StatusCode};
use ims::{Report, token};

/// An event of an agent or a proxy. Its `Display` is one line of a log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// An event of a keeper.
    Token {
        /// The name of the context.
        context: Arc<str>,
        /// What it was.
        event: token::Event,
    },
    /// The credentials of a context were read again and are used from now on.
    Reloaded {
        /// The name of the context.
        context: Arc<str>,
    },
    /// The credentials of a context have changed and cannot be used. The old ones stay in use.
    NotReloaded {
        /// The name of the context.
        context: Arc<str>,
        /// Why.
        report: Report,
    },
    /// A caller was refused before its request was checked.
    CallerRefused {
        /// Who it was, according to the system: `user 1001, group 1001, process 4711`.
        caller: String,
    },
    /// The proxy has answered a request. The body of the answer may still be on its way.
    Proxied {
        /// The method.
        method: Method,
        /// The host that the request was sent to; `-` if it was refused before that.
        host: String,
        /// The status of the answer.
        status: StatusCode,
        /// How long it took until then.
        took: Duration,
    },
}

impl Event {
    /// A name for programs, which does not change.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Token { event, .. } => event.name(),
            Self::Reloaded { .. } => "reloaded",
            Self::NotReloaded { .. } => "not_reloaded",
            Self::CallerRefused { .. } => "caller_refused",
            Self::Proxied { .. } => "proxied",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token { context, event } => write!(f, "context {context}: {event}"),
            Self::Reloaded { context } => write!(f, "context {context}: new credentials are used"),
            Self::NotReloaded { context, report } => {
                let reason = report.message();
                write!(
                    f,
                    "context {context}: the new credentials are not used, the old ones stay: {reason}"
                )
            }
            Self::CallerRefused { caller } => {
                write!(f, "refused {caller}: neither its user nor its group may ask")
            }
            Self::Proxied { method, host, status, took } => {
                write!(f, "{method} {host} {} {} ms", status.as_u16(), took.as_millis())
            }
        }
    }
}

/// The function of the program that gets every event.
pub(crate) type Observe = Arc<dyn Fn(&Event) + Send + Sync>;
