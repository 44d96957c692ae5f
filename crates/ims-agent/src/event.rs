//! What an agent or a proxy did or met, for the log of the program. None of it holds a secret.

use std::{fmt, sync::Arc, time::Duration};

use http::{Method, StatusCode};
use ims::{Report, claims::DurationText, token};

/// Something that an agent or a proxy did or met. Its `Display` is one line of a log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A keeper did or met something.
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
    /// A caller was refused before its request was looked at.
    CallerRefused {
        /// Who it was, as far as the system tells: `user 1001, process 4711`.
        caller: String,
        /// Why.
        reason: &'static str,
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
        use token::Event as E;
        match self {
            Self::Token { event, .. } => match event {
                E::RefreshStarted { .. } => "refresh_started",
                E::AttemptFailed { .. } => "attempt_failed",
                E::Refreshed { .. } => "refreshed",
                E::RefreshFailed { .. } => "refresh_failed",
                E::LeftToAnother => "left_to_another",
                E::StoreFailed { .. } => "store_failed",
                E::Rejected { .. } => "rejected",
                E::CredentialEndsSoon { .. } => "credential_ends_soon",
                _ => "token",
            },
            Self::Reloaded { .. } => "reloaded",
            Self::NotReloaded { .. } => "not_reloaded",
            Self::CallerRefused { .. } => "caller_refused",
            Self::Proxied { .. } => "proxied",
        }
    }

    /// Whether it belongs into a log that is read by people: not a step of the work that ends with another event.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        use token::Event as E;
        !matches!(self, Self::Token { event: E::RefreshStarted { .. } | E::LeftToAnother, .. })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token { context, event } => {
                write!(f, "context {context}: ")?;
                display_token_event(event, f)
            }
            Self::Reloaded { context } => write!(f, "context {context}: new credentials are used"),
            Self::NotReloaded { context, report } => {
                let message = report.message();
                write!(
                    f,
                    "context {context}: the new credentials are not used, the old ones stay: {message}"
                )
            }
            Self::CallerRefused { caller, reason } => write!(f, "refused {caller}: {reason}"),
            Self::Proxied { method, host, status, took } => {
                let (status, took) = (status.as_u16(), took.as_millis());
                write!(f, "{method} {host} {status} {took} ms")
            }
        }
    }
}

fn display_token_event(event: &token::Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use token::Event as E;
    match event {
        E::RefreshStarted { reason } => write!(f, "refresh started ({})", reason.as_str()),
        E::AttemptFailed { error, pause } => {
            write!(f, "no token yet, next attempt in {}: {error}", DurationText(*pause))
        }
        E::Refreshed { token, origin, took, .. } => {
            let (name, end, origin) = (token.fingerprint(), token.expires_at(), origin.as_str());
            write!(f, "token {name} from {origin}, valid until {end}, {} ms", took.as_millis())
        }
        E::RefreshFailed { error, retry_after, .. } => {
            write!(f, "no new token, IMS is asked again in {}: {error}", DurationText(*retry_after))
        }
        E::LeftToAnother => f.write_str("another process refreshes the token"),
        E::StoreFailed { operation, error } => {
            write!(f, "the store failed ({}) and is passed over: {error}", operation.as_str())
        }
        E::Rejected { token } => write!(f, "an API rejected token {}", token.fingerprint()),
        E::CredentialEndsSoon { ends_at, remaining } if remaining.is_zero() => {
            write!(f, "the certificate has expired ({ends_at})")
        }
        E::CredentialEndsSoon { ends_at, remaining } => {
            write!(f, "the certificate expires in {} ({ends_at})", DurationText(*remaining))
        }
        _ => f.write_str("something happened that this version cannot name"),
    }
}

/// The function of the program that gets every event.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&Event) + Send + Sync>);

impl Observer {
    pub(crate) fn new(observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    pub(crate) fn report(&self, event: &Event) {
        (self.0)(event);
    }
}

impl Default for Observer {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
