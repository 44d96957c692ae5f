//! Events as lines of the program's log, with fields that are the same in every line.

use std::time::Duration;

use ims_claims::ErrorLine;

use crate::event::{Event, Observer};

impl Event {
    /// Writes one line about an event of `client_id`. Its fields are the same in every line that has them, and durations
    /// are whole milliseconds.
    pub(super) fn log(&self, client_id: &str) {
        use tracing::{debug, info, warn};
        // The fields are computed inside the macros, so only if the line is logged: the name of a token is its hash.
        match self {
            // At the level debug, since a refresh that works needs no attention.
            Self::RefreshStarted { reason } => {
                debug!(target: REFRESH, client_id, reason = reason.as_str(), "refresh started");
            }
            Self::AttemptFailed { error, pause } => warn!(
                target: REFRESH,
                client_id,
                error = ErrorLine(error).to_string(),
                pause_ms = millis(*pause),
                "attempt failed, another follows"
            ),
            Self::Refreshed { reason, token, origin, took } => info!(
                target: REFRESH,
                client_id,
                reason = reason.as_str(),
                origin = origin.as_str(),
                took_ms = millis(*took),
                lifetime_ms = millis(token.lifetime()),
                token = token.fingerprint(),
                "token refreshed"
            ),
            Self::RefreshFailed { reason, error, took, retry_after } => warn!(
                target: REFRESH,
                client_id,
                reason = reason.as_str(),
                error = ErrorLine(error).to_string(),
                took_ms = millis(*took),
                retry_after_ms = millis(*retry_after),
                "refresh failed"
            ),
            Self::LeftToAnother => {
                debug!(target: REFRESH, client_id, "another process refreshes already");
            }
            Self::StoreFailed { operation, error } => warn!(
                target: STORE,
                client_id,
                operation = operation.as_str(),
                error = ErrorLine(error).to_string(),
                "the store failed and is bypassed"
            ),
            Self::Rejected { token } => {
                info!(target: KEEPER, client_id, token = token.fingerprint(), "an API rejected the token");
            }
            Self::OtherAccepted { kind } => warn!(
                target: REFRESH,
                client_id,
                kind = kind.as_str(),
                "IMS refuses the first and accepts another"
            ),
            Self::CredentialEndsSoon { ends_at, remaining } => warn!(
                target: KEEPER,
                client_id,
                ends_at = ends_at.as_secs(),
                remaining_ms = millis(*remaining),
                "the credential expires soon"
            ),
        }
    }
}

impl Observer {
    /// Logs that the program's observer panicked.
    pub(super) fn log_panic(client_id: &str) {
        tracing::error!(target: KEEPER, client_id, "the observer panicked");
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The targets of log lines, by which a program filters them.
const KEEPER: &str = "ims_token::keeper";
const REFRESH: &str = "ims_token::refresh";
const STORE: &str = "ims_token::store";

#[cfg(test)]
mod tests {
    use std::{
        fmt::{self, Write},
        sync::{Arc, Mutex},
    };

    use ims_claims::{ClientId, NumericDate};
    use ims_exchange::AccessToken;
    use tracing::{
        Metadata, Subscriber,
        field::{Field, Visit},
        span,
    };

    use super::*;
    use crate::{
        FetchError, StoreError,
        event::{Alternative, Origin, RefreshReason, StoreOperation},
    };

    /// Keeps each line: its level, its target and its fields.
    #[derive(Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            let metadata = event.metadata();
            let mut line = Written(format!("{} {}", metadata.level(), metadata.target()));
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    struct Written(String);

    impl Visit for Written {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }

    /// The lines in the log when a keeper of `my-client` reports `event`.
    fn logged(observer: &Observer, event: &Event) -> Vec<String> {
        let client_id: ClientId = "my-client".parse().unwrap();
        let log = Log::default();
        let lines = Arc::clone(&log.0);
        tracing::subscriber::with_default(log, || observer.report(&client_id, event));
        lines.lock().unwrap().clone()
    }

    #[test]
    fn each_event_is_one_line_with_its_fields_and_without_the_token() {
        let now = NumericDate::from_secs(0);
        let token = AccessToken::new("canary".to_owned(), now, Duration::from_hours(24)).unwrap();
        let (reason, took) = (RefreshReason::Advisory, Duration::from_millis(250));
        let error = FetchError::permanent("the integration is disabled");
        let name = token.fingerprint();
        let second = Duration::from_secs(1);
        #[rustfmt::skip]
        let table = [
            (Event::RefreshStarted { reason },
             r#"DEBUG ims_token::refresh message=refresh started client_id="my-client" reason="advisory""#.to_owned()),
            (Event::AttemptFailed { error: error.clone(), pause: second },
             r#"WARN ims_token::refresh message=attempt failed, another follows client_id="my-client" error="the integration is disabled" pause_ms=1000"#.to_owned()),
            (Event::Refreshed { reason, token: token.clone(), origin: Origin::Store, took },
             format!(r#"INFO ims_token::refresh message=token refreshed client_id="my-client" reason="advisory" origin="store" took_ms=250 lifetime_ms=86400000 token="{name}""#)),
            (Event::RefreshFailed { reason, error, took, retry_after: second * 5 },
             r#"WARN ims_token::refresh message=refresh failed client_id="my-client" reason="advisory" error="the integration is disabled" took_ms=250 retry_after_ms=5000"#.to_owned()),
            (Event::LeftToAnother,
             r#"DEBUG ims_token::refresh message=another process refreshes already client_id="my-client""#.to_owned()),
            (Event::StoreFailed { operation: StoreOperation::Load, error: StoreError::Garbled },
             r#"WARN ims_token::store message=the store failed and is bypassed client_id="my-client" operation="load" error="what is in the store is not what was saved there""#.to_owned()),
            (Event::Rejected { token },
             format!(r#"INFO ims_token::keeper message=an API rejected the token client_id="my-client" token="{name}""#)),
            (Event::OtherAccepted { kind: Alternative::Key },
             r#"WARN ims_token::refresh message=IMS refuses the first and accepts another client_id="my-client" kind="key""#.to_owned()),
            (Event::CredentialEndsSoon { ends_at: now, remaining: Duration::MAX },
             format!(r#"WARN ims_token::keeper message=the credential expires soon client_id="my-client" ends_at=0 remaining_ms={}"#, u64::MAX)),
        ];
        for (event, line) in table {
            assert_eq!(logged(&Observer::default(), &event), [line]);
        }
    }

    #[test]
    fn an_observer_that_panics_is_a_line_in_the_log_and_nothing_else() {
        let observer = Observer::new(|_| panic!("a mistake of the program"));
        let lines = logged(&observer, &Event::LeftToAnother);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(
            lines[1],
            r#"ERROR ims_token::keeper message=the observer panicked client_id="my-client""#
        );
    }
}
