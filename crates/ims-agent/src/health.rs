//! The state of all contexts: for probes, for dashboards, and for people.

use ims::{
    Report,
    token::{Clock, Health, SystemClock},
};
use serde_json::{Value, json};

use crate::{agent::Agent, answer::whole_seconds, context::Context};

impl Agent {
    /// The state of all contexts: what `/v1/health` answers. For a program that is asked by a signal.
    #[must_use]
    pub fn health(&self) -> Value {
        let contexts: Vec<_> = self.contexts().iter().map(|context| health_of(context)).collect();
        let is_ok = contexts.iter().all(|context| context["is_serving"] == true);
        json!({ "status": if is_ok { "ok" } else { "failing" }, "contexts": contexts })
    }
}

fn health_of(context: &Context) -> Value {
    let client = context.client();
    let health = client.health();
    let mut shown = json!({
        "name": *context.name,
        "client_id": client.client_id().as_str(),
        "ims_url": client.environment().base_url(),
        // An API key is always available.
        "is_serving": health.as_ref().is_none_or(Health::is_serving),
        "failures": health.as_ref().map_or(0, |health| health.failures),
    });
    if let Some(health) = health {
        if let Some(remaining) = health.remaining {
            // Until when it can be used, a little before it expires.
            let ends_at = SystemClock.now().plus(remaining).to_string();
            shown["token"] = json!({ "expires_in": remaining.as_secs(), "expires_at": ends_at });
        }
        if let Some(ends_at) = health.credential_ends_at {
            shown["certificate_expires_at"] = ends_at.to_string().into();
        }
        // Whole seconds until IMS is asked again, if no request is sent now.
        if !health.retry_after.is_zero() {
            shown["retry_after"] = whole_seconds(health.retry_after).into();
        }
        if let Some(error) = &health.last_failure {
            shown["last_failure"] = json!(Report::from(error));
        }
    }
    // Why the newest credentials are not in use.
    if let Some(report) = context.problem() {
        shown["reload_failure"] = json!(report);
    }
    shown
}
