//! Measurements in the text format of Prometheus, with the names that `ims-token` has for them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ims::{
    claims::NumericDate,
    token::{Clock, SystemClock},
};

use crate::{agent::Agent, context::Context};

impl Agent {
    /// All measurements now.
    pub(crate) fn metrics(&self) -> String {
        let mut lines = Vec::new();
        for (name, kind, help, values) in MEASUREMENTS {
            lines.push(format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
            for context in self.contexts() {
                let client_id = escaped(context.client().client_id().as_str());
                let labels =
                    format!("context=\"{}\",client_id=\"{client_id}\"", escaped(&context.name));
                for (label, value) in values(context) {
                    lines.push(format!("{name}{{{labels}{label}}} {value}\n"));
                }
            }
        }
        lines.concat()
    }
}

/// The name of a measurement, its kind, its meaning, and its values for a context, each with its own label if it needs one.
type Measurement = (&'static str, &'static str, &'static str, fn(&Context) -> Values);

type Values = Vec<(&'static str, u64)>;

#[rustfmt::skip]
const MEASUREMENTS: [Measurement; 9] = [
    ("ims_agent_served_total", "counter", "Answers with a token, and requests that the proxy sent on.",
        |context| count("", &context.counts.served)),
    ("ims_agent_refused_total", "counter", "Answers without a token, because there was none.",
        |context| count("", &context.counts.refused)),
    ("ims_agent_reload_failing", "gauge", "Whether the newest credentials are not in use: 1 or 0.",
        |context| vec![("", u64::from(context.problem().is_some()))]),
    ("ims_token_refreshes_total", "counter", "Refreshes that ended, by outcome: source, store or failed.",
        |context| [
            count(",outcome=\"source\"", &context.counts.from_source),
            count(",outcome=\"store\"", &context.counts.from_store),
            count(",outcome=\"failed\"", &context.counts.failed),
        ].concat()),
    ("ims_token_last_refresh_succeeded", "gauge", "Whether the last refresh obtained a token: 1 or 0.",
        |context| context.counts.last.load(Relaxed).checked_sub(1).map(|last| ("", last)).into_iter().collect()),
    ("ims_token_expires_at_seconds", "gauge", "Until when the token can be used, in seconds since 1970.",
        |context| date(context.client().health().and_then(|health| health.remaining).map(|left| SystemClock.now().plus(left)))),
    ("ims_token_credential_ends_at_seconds", "gauge", "When the credential expires that tokens are obtained with, in seconds since 1970.",
        |context| date(context.client().health().and_then(|health| health.credential_ends_at))),
    ("ims_token_store_failures_total", "counter", "Operations that a store failed to do.",
        |context| count("", &context.counts.store_failures)),
    ("ims_token_rejections_total", "counter", "Tokens that an API rejected.",
        |context| count("", &context.counts.rejections)),
];

fn count(label: &'static str, counter: &AtomicU64) -> Values {
    vec![(label, counter.load(Relaxed))]
}

/// Seconds since 1970. An earlier time counts as 1970.
fn date(date: Option<NumericDate>) -> Values {
    date.map(|date| ("", u64::try_from(date.as_secs()).unwrap_or_default())).into_iter().collect()
}

/// A text as the value of a label (Prometheus, "Exposition formats").
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}
