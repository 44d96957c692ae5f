//! Measurements for a dashboard, written to the recorder that the program has installed. Each has the `client_id` of the
//! keeper as a label.

use ims_claims::NumericDate;
use metrics::{
    Label, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::event::{Event, Origin, RefreshReason, StoreOperation};

/// Describes all measurements and sets the counters to zero, so that a dashboard sees them from the start. The program has
/// to install its recorder before it builds its keepers.
pub(crate) fn register(client_id: &str) {
    describe_counter!(REFRESHES_STARTED, "Refreshes that began, by reason.");
    describe_counter!(REFRESHES, "Refreshes that ended, by outcome: source, store or failed.");
    describe_histogram!(REFRESH_SECONDS, "How long refreshes took, in seconds, by outcome.");
    describe_gauge!(LAST_SUCCEEDED, "Whether the last refresh obtained a token: 1 or 0.");
    describe_gauge!(EXPIRES_AT_SECONDS, "When the token expires, in seconds since 1970.");
    describe_gauge!(
        CREDENTIAL_ENDS_AT_SECONDS,
        "When the credential expires that tokens are obtained with, in seconds since 1970."
    );
    describe_counter!(STORE_FAILURES, "Operations that a store failed to do, by operation.");
    describe_counter!(REJECTIONS, "Tokens that an API rejected.");

    for reason in REASONS {
        counter!(REFRESHES_STARTED, labels(client_id, "reason", reason.as_str())).increment(0);
    }
    for outcome in [Origin::Source.as_str(), Origin::Store.as_str(), FAILED] {
        counter!(REFRESHES, labels(client_id, "outcome", outcome)).increment(0);
    }
    for operation in OPERATIONS {
        let labels = labels(client_id, "operation", operation.as_str());
        counter!(STORE_FAILURES, labels).increment(0);
    }
    counter!(REJECTIONS, "client_id" => client_id.to_owned()).increment(0);
}

/// Counts `event` and measures what it reports.
pub(crate) fn record(client_id: &str, event: &Event) {
    match event {
        Event::Refreshed { token, origin, took, .. } => {
            let labels = labels(client_id, "outcome", origin.as_str());
            counter!(REFRESHES, labels.clone()).increment(1);
            histogram!(REFRESH_SECONDS, labels).record(took.as_secs_f64());
            let expires_at = seconds(token.expires_at());
            gauge!(EXPIRES_AT_SECONDS, "client_id" => client_id.to_owned()).set(expires_at);
            gauge!(LAST_SUCCEEDED, "client_id" => client_id.to_owned()).set(1.0);
        }
        Event::RefreshFailed { took, .. } => {
            let labels = labels(client_id, "outcome", FAILED);
            counter!(REFRESHES, labels.clone()).increment(1);
            histogram!(REFRESH_SECONDS, labels).record(took.as_secs_f64());
            gauge!(LAST_SUCCEEDED, "client_id" => client_id.to_owned()).set(0.0);
        }
        Event::RefreshStarted { reason } => {
            let labels = labels(client_id, "reason", reason.as_str());
            counter!(REFRESHES_STARTED, labels).increment(1);
        }
        Event::StoreFailed { operation, .. } => {
            let labels = labels(client_id, "operation", operation.as_str());
            counter!(STORE_FAILURES, labels).increment(1);
        }
        Event::Rejected { .. } => {
            counter!(REJECTIONS, "client_id" => client_id.to_owned()).increment(1);
        }
        Event::AttemptFailed { .. }
        | Event::LeftToAnother
        | Event::OtherAccepted { .. }
        | Event::CredentialEndsSoon { .. } => {}
    }
}

fn labels(client_id: &str, name: &'static str, value: &'static str) -> Vec<Label> {
    vec![Label::new("client_id", client_id.to_owned()), Label::new(name, value)]
}

const FAILED: &str = "failed";

const REASONS: [RefreshReason; 6] = [
    RefreshReason::Empty,
    RefreshReason::Advisory,
    RefreshReason::Mandatory,
    RefreshReason::Expired,
    RefreshReason::Rejected,
    RefreshReason::Asked,
];

const OPERATIONS: [StoreOperation; 7] = [
    StoreOperation::Load,
    StoreOperation::Save,
    StoreOperation::LoadNotBefore,
    StoreOperation::SaveNotBefore,
    StoreOperation::Lease,
    StoreOperation::Renew,
    StoreOperation::Release,
];

/// Measures when the credential expires, at each refresh: the dashboard decides how long before that to raise an alarm.
pub(crate) fn record_credential_end(client_id: &str, ends_at: NumericDate) {
    let gauge = gauge!(CREDENTIAL_ENDS_AT_SECONDS, "client_id" => client_id.to_owned());
    gauge.set(seconds(ends_at));
}

/// Seconds since 1970, which a float holds exactly for millions of years.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2 to the 53 seconds")]
fn seconds(date: NumericDate) -> f64 {
    date.as_secs() as f64
}

/// Refreshes that began, by `reason`.
const REFRESHES_STARTED: &str = "ims_token_refreshes_started_total";

/// Refreshes that ended, by `outcome`: `source`, `store` or `failed`.
const REFRESHES: &str = "ims_token_refreshes_total";

/// How long they took, by `outcome`.
const REFRESH_SECONDS: &str = "ims_token_refresh_seconds";

/// Whether the last refresh obtained a token: 1 or 0.
const LAST_SUCCEEDED: &str = "ims_token_last_refresh_succeeded";

/// When the token that is held expires, in seconds since 1970: subtract the current time to get the remaining lifetime.
const EXPIRES_AT_SECONDS: &str = "ims_token_expires_at_seconds";

/// When the credential expires that tokens are obtained with, in seconds since 1970.
const CREDENTIAL_ENDS_AT_SECONDS: &str = "ims_token_credential_ends_at_seconds";

/// Operations that a store failed to do, by `operation`.
const STORE_FAILURES: &str = "ims_token_store_failures_total";

/// Tokens that an API rejected.
const REJECTIONS: &str = "ims_token_rejections_total";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FetchError, StoreError};
    use ims_exchange::AccessToken;
    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
        Recorder, SharedString, Unit,
    };
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    /// Writes down every measurement as a line.
    #[derive(Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    struct Note(String, Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn note(&self, key: &Key) -> Arc<Note> {
            let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
            let line = format!("{} {}", key.name(), labels.collect::<Vec<_>>().join(" "));
            Arc::new(Note(line, Arc::clone(&self.0)))
        }
    }

    impl Notes {
        fn describe(&self, name: &KeyName, text: &SharedString) {
            self.0.lock().unwrap().push(format!("HELP {} {text}", name.as_str()));
        }
    }

    impl Note {
        fn write(&self, value: f64) {
            self.1.lock().unwrap().push(format!("{} {value}", self.0));
        }
    }

    impl CounterFn for Note {
        fn increment(&self, value: u64) {
            self.write(f64::from(u32::try_from(value).unwrap()));
        }

        fn absolute(&self, _: u64) {}
    }

    impl GaugeFn for Note {
        fn increment(&self, _: f64) {}

        fn decrement(&self, _: f64) {}

        fn set(&self, value: f64) {
            self.write(value);
        }
    }

    impl HistogramFn for Note {
        fn record(&self, value: f64) {
            self.write(value);
        }
    }

    impl Recorder for Notes {
        fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
            self.describe(&name, &text);
        }

        fn describe_gauge(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
            self.describe(&name, &text);
        }

        fn describe_histogram(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
            self.describe(&name, &text);
        }

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.note(key))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.note(key))
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::from_arc(self.note(key))
        }
    }

    #[test]
    fn each_event_is_measured_and_no_measurement_shows_a_token() {
        let date = NumericDate::from_secs;
        let token =
            AccessToken::new("canary".to_owned(), date(0), Duration::from_hours(24)).unwrap();
        let (reason, took) = (RefreshReason::Advisory, Duration::from_millis(250));
        let error = FetchError::permanent("no");
        let events = [
            Event::RefreshStarted { reason },
            Event::Refreshed { reason, token: token.clone(), origin: Origin::Store, took },
            Event::RefreshFailed { reason, error, took, retry_after: took },
            Event::StoreFailed { operation: StoreOperation::Save, error: StoreError::Garbled },
            Event::Rejected { token },
            Event::LeftToAnother,
        ];
        let notes = Notes::default();
        metrics::with_local_recorder(&notes, || {
            for event in &events {
                record("c", event);
            }
            record_credential_end("c", date(172_800));
        });
        assert_eq!(
            *notes.0.lock().unwrap(),
            [
                "ims_token_refreshes_started_total client_id=c reason=advisory 1",
                "ims_token_refreshes_total client_id=c outcome=store 1",
                "ims_token_refresh_seconds client_id=c outcome=store 0.25",
                "ims_token_expires_at_seconds client_id=c 86400",
                "ims_token_last_refresh_succeeded client_id=c 1",
                "ims_token_refreshes_total client_id=c outcome=failed 1",
                "ims_token_refresh_seconds client_id=c outcome=failed 0.25",
                "ims_token_last_refresh_succeeded client_id=c 0",
                "ims_token_store_failures_total client_id=c operation=save 1",
                "ims_token_rejections_total client_id=c 1",
                "ims_token_credential_ends_at_seconds client_id=c 172800",
            ]
        );
    }

    #[test]
    fn every_measurement_is_described_and_every_counter_is_there_before_anything_happens() {
        let notes = Notes::default();
        metrics::with_local_recorder(&notes, || register("c"));
        let notes = notes.0.lock().unwrap();
        let (help, values): (Vec<_>, Vec<_>) =
            notes.iter().partition(|line| line.starts_with("HELP "));
        assert_eq!(help.len(), 8);
        assert!(values.iter().all(|line| line.ends_with(" 0")), "{values:?}");
        for line in [
            "ims_token_refreshes_started_total client_id=c reason=empty 0",
            "ims_token_refreshes_total client_id=c outcome=failed 0",
            "ims_token_store_failures_total client_id=c operation=renew 0",
            "ims_token_rejections_total client_id=c 0",
        ] {
            assert!(values.iter().any(|value| *value == line), "{line} in {values:?}");
        }
        assert_eq!(values.len(), 6 + 3 + 7 + 1);
    }
}
