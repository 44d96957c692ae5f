//! Events as lines of a log that people read.

use std::fmt;

use ims_claims::DurationText;

use crate::event::Event;

impl Event {
    /// A name for programs, which does not change.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RefreshStarted { .. } => "refresh_started",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::Refreshed { .. } => "refreshed",
            Self::RefreshFailed { .. } => "refresh_failed",
            Self::LeftToAnother => "left_to_another",
            Self::StoreFailed { .. } => "store_failed",
            Self::Rejected { .. } => "rejected",
            Self::OtherAccepted { .. } => "other_accepted",
            Self::CredentialEndsSoon { .. } => "credential_ends_soon",
        }
    }

    /// Whether it is only a step of a refresh that ends with another event, so that people need not see it.
    #[must_use]
    pub fn is_step(&self) -> bool {
        matches!(self, Self::RefreshStarted { .. } | Self::LeftToAnother)
    }
}

/// What happened, in one line without a secret: a token is named by its fingerprint.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RefreshStarted { reason } => write!(f, "refresh started ({})", reason.as_str()),
            Self::AttemptFailed { error, pause } => {
                write!(f, "no token yet, next attempt in {}: {error}", DurationText(*pause))
            }
            Self::Refreshed { token, origin, took, .. } => {
                let (name, end, origin) =
                    (token.fingerprint(), token.expires_at(), origin.as_str());
                write!(f, "token {name} from {origin}, valid until {end}, {} ms", took.as_millis())
            }
            Self::RefreshFailed { error, retry_after, .. } => {
                let wait = DurationText(*retry_after);
                write!(f, "no new token, IMS is asked again in {wait}: {error}")
            }
            Self::LeftToAnother => f.write_str("another process refreshes the token"),
            Self::StoreFailed { operation, error } => {
                write!(f, "the store failed ({}) and is ignored: {error}", operation.as_str())
            }
            Self::Rejected { token } => write!(f, "an API rejected token {}", token.fingerprint()),
            Self::OtherAccepted { kind } => {
                write!(f, "IMS refuses the first {} and accepts another", kind.as_str())
            }
            Self::CredentialEndsSoon { ends_at, remaining } if remaining.is_zero() => {
                write!(f, "the certificate has expired ({ends_at})")
            }
            Self::CredentialEndsSoon { ends_at, remaining } => {
                write!(f, "the certificate expires in {} ({ends_at})", DurationText(*remaining))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ims_claims::NumericDate;
    use ims_exchange::AccessToken;

    use super::*;
    use crate::{
        FetchError,
        event::{Alternative, Origin, RefreshReason},
    };

    #[test]
    fn an_event_is_one_line_that_names_a_token_and_does_not_show_it() {
        let date = NumericDate::from_secs;
        let token =
            AccessToken::new("canary".to_owned(), date(0), Duration::from_hours(24)).unwrap();
        let (reason, took) = (RefreshReason::Advisory, Duration::from_millis(250));
        let error = FetchError::permanent("the integration is disabled");
        let name = token.fingerprint();
        #[rustfmt::skip]
        let table = [
            (Event::Refreshed { reason, token: token.clone(), origin: Origin::Store, took },
             "refreshed", format!("token {name} from store, valid until 1970-01-02T00:00:00Z, 250 ms")),
            (Event::Rejected { token },
             "rejected", format!("an API rejected token {name}")),
            (Event::RefreshFailed { reason, error, took, retry_after: Duration::from_secs(5) },
             "refresh_failed", "no new token, IMS is asked again in 5 s: the integration is disabled".to_owned()),
            (Event::OtherAccepted { kind: Alternative::ClientSecret },
             "other_accepted", "IMS refuses the first client secret and accepts another".to_owned()),
            (Event::CredentialEndsSoon { ends_at: date(0), remaining: Duration::ZERO },
             "credential_ends_soon", "the certificate has expired (1970-01-01T00:00:00Z)".to_owned()),
            (Event::CredentialEndsSoon { ends_at: date(0), remaining: Duration::from_hours(3) },
             "credential_ends_soon", "the certificate expires in 3 h (1970-01-01T00:00:00Z)".to_owned()),
        ];
        for (event, name, text) in table {
            assert_eq!((event.name(), event.to_string()), (name, text));
            assert!(!event.is_step());
        }
        assert!(Event::RefreshStarted { reason }.is_step());
    }
}
