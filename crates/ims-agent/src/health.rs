//! The state of all contexts: for probes, for dashboards, and for people.

use std::fmt::Write;

use http::StatusCode;
use ims::{
    Report,
    claims::NumericDate,
    token::{Clock, SystemClock},
};
use serde::Serialize;

use crate::{
    agent::Agent,
    answer::{Answer, ErrorBody, answer, json, whole_seconds},
    context::Context,
    metrics,
};

impl Agent {
    pub(crate) fn health_answer(&self) -> Answer {
        let now = SystemClock.now();
        let reports: Vec<_> = self.contexts().iter().map(|context| Reports::of(context)).collect();
        let mut contexts = Vec::with_capacity(reports.len());
        for (context, reports) in self.contexts().iter().zip(&reports) {
            contexts.push(ContextHealth::new(context, reports, now));
        }
        let is_ok = contexts.iter().all(|context| context.is_serving);
        let status = if is_ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        json(status, &HealthBody { status: if is_ok { "ok" } else { "failing" }, contexts })
    }

    pub(crate) fn metrics_answer(&self) -> Answer {
        let text = metrics::render(self.contexts(), SystemClock.now());
        answer(StatusCode::OK, METRICS_TYPE, text.into())
    }

    /// The state of all contexts, in lines for people: for a program that is asked by a signal.
    #[must_use]
    pub fn state(&self) -> String {
        let mut lines = Vec::new();
        for context in self.contexts() {
            let client = context.client();
            let name = &context.name;
            let Some(health) = client.health() else {
                lines.push(format!("context {name}: an API key, no token"));
                continue;
            };
            let mut line = match health.remaining {
                Some(remaining) => {
                    let end = SystemClock.now().plus(remaining);
                    format!("context {name}: a token that can be used until {end}")
                }
                None => format!("context {name}: no token"),
            };
            if let Some(ends_at) = health.credential_ends_at {
                write!(line, "; the certificate expires {ends_at}").expect(WRITABLE);
            }
            if let Some(error) = health.last_failure {
                write!(line, "; {} refreshes failed: {error}", health.failures).expect(WRITABLE);
            }
            if let Some(report) = context.problem() {
                line.push_str("; the newest credentials are not used: ");
                line.push_str(report.message());
            }
            lines.push(line);
        }
        lines.join("\n")
    }
}

#[derive(Serialize)]
struct HealthBody<'a> {
    status: &'static str,
    contexts: Vec<ContextHealth<'a>>,
}

#[derive(Serialize)]
struct ContextHealth<'a> {
    name: &'a str,
    client_id: String,
    ims_url: String,
    is_serving: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenHealth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_expires_at: Option<String>,
    failures: u32,
    /// Whole seconds until IMS is asked again, if it is left alone now.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<ErrorBody<'a>>,
    /// Why the newest credentials are not in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    reload_failure: Option<ErrorBody<'a>>,
}

/// Until when the token can be used, a little before it expires.
#[derive(Serialize)]
struct TokenHealth {
    expires_in: u64,
    expires_at: String,
}

/// The reports of one context, which its health shows.
struct Reports {
    last_failure: Option<Report>,
    reload: Option<Report>,
}

impl Reports {
    fn of(context: &Context) -> Self {
        let health = context.client().health();
        let last_failure = health.and_then(|health| health.last_failure);
        Self { last_failure: last_failure.as_ref().map(Report::from), reload: context.problem() }
    }
}

impl<'a> ContextHealth<'a> {
    fn new(context: &'a Context, reports: &'a Reports, now: NumericDate) -> Self {
        let client = context.client();
        let health = client.health();
        let remaining = health.as_ref().and_then(|health| health.remaining);
        let retry_after = health.as_ref().map(|health| health.retry_after);
        let ends_at = health.as_ref().and_then(|health| health.credential_ends_at);
        Self {
            name: &context.name,
            client_id: client.client_id().to_string(),
            ims_url: client.environment().base_url().to_owned(),
            // An API key is always there.
            is_serving: health.as_ref().is_none_or(ims::token::Health::is_serving),
            token: remaining.map(|remaining| TokenHealth {
                expires_in: remaining.as_secs(),
                expires_at: now.plus(remaining).to_string(),
            }),
            certificate_expires_at: ends_at.map(|ends_at| ends_at.to_string()),
            failures: health.as_ref().map_or(0, |health| health.failures),
            retry_after: retry_after.filter(|wait| !wait.is_zero()).map(whole_seconds),
            last_failure: reports.last_failure.as_ref().map(ErrorBody::from),
            reload_failure: reports.reload.as_ref().map(ErrorBody::from),
        }
    }
}

/// Prometheus, "Exposition formats".
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const WRITABLE: &str = "a String takes all that is written";
