//! Measurements in the text format of Prometheus, with the names that `ims-token` has for them.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ims::claims::NumericDate;

use crate::context::Context;

/// One measurement: its name, its kind, its meaning, and its value for a context.
struct Measurement {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    values: fn(&Context, NumericDate) -> Vec<(&'static str, u64)>,
}

/// All measurements of `contexts` at `now`.
pub(crate) fn render(contexts: &[Arc<Context>], now: NumericDate) -> String {
    let mut text = String::new();
    for Measurement { name, kind, help, values } in MEASUREMENTS {
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect(WRITABLE);
        for context in contexts {
            let client = context.client();
            let (context_name, client_id) =
                (escaped(&context.name), escaped(client.client_id().as_str()));
            for (label, value) in values(context, now) {
                let labels = format!("context=\"{context_name}\",client_id=\"{client_id}\"{label}");
                writeln!(text, "{name}{{{labels}}} {value}").expect(WRITABLE);
            }
        }
    }
    text
}

const WRITABLE: &str = "a String takes all that is written";

/// A text as the value of a label (Prometheus, "Exposition formats").
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn value(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Seconds since 1970; what is before that is no end of anything here.
fn seconds(date: NumericDate) -> u64 {
    u64::try_from(date.as_secs()).unwrap_or_default()
}

#[rustfmt::skip]
const MEASUREMENTS: [Measurement; 9] = [
    Measurement { name: "ims_agent_served_total", kind: "counter", help: "Answers with a token, and requests that the proxy sent on.",
        values: |context, _| vec![("", value(&context.counts.served))] },
    Measurement { name: "ims_agent_refused_total", kind: "counter", help: "Answers without a token, because there was none.",
        values: |context, _| vec![("", value(&context.counts.refused))] },
    Measurement { name: "ims_agent_reload_failing", kind: "gauge", help: "Whether the newest credentials are not in use: 1 or 0.",
        values: |context, _| vec![("", u64::from(context.problem().is_some()))] },
    Measurement { name: "ims_token_refreshes_total", kind: "counter", help: "Refreshes that ended, by outcome: source, store or failed.",
        values: |context, _| vec![
            (",outcome=\"source\"", value(&context.counts.from_source)),
            (",outcome=\"store\"", value(&context.counts.from_store)),
            (",outcome=\"failed\"", value(&context.counts.failed)),
        ] },
    Measurement { name: "ims_token_last_refresh_succeeded", kind: "gauge", help: "Whether the last refresh obtained a token: 1 or 0.",
        values: |context, _| match value(&context.counts.last) { 0 => vec![], last => vec![("", last - 1)] } },
    Measurement { name: "ims_token_expires_at_seconds", kind: "gauge", help: "Until when the token can be used, in seconds since 1970.",
        values: |context, now| {
            let remaining = context.client().health().and_then(|health| health.remaining);
            remaining.map(|remaining| ("", seconds(now.plus(remaining)))).into_iter().collect()
        } },
    Measurement { name: "ims_token_credential_ends_at_seconds", kind: "gauge", help: "When the credential ends that tokens are obtained with, in seconds since 1970.",
        values: |context, _| {
            let ends_at = context.client().health().and_then(|health| health.credential_ends_at);
            ends_at.map(|ends_at| ("", seconds(ends_at))).into_iter().collect()
        } },
    Measurement { name: "ims_token_store_failures_total", kind: "counter", help: "Operations that a store failed to do.",
        values: |context, _| vec![("", value(&context.counts.store_failures))] },
    Measurement { name: "ims_token_rejections_total", kind: "counter", help: "Tokens that an API rejected.",
        values: |context, _| vec![("", value(&context.counts.rejections))] },
];
