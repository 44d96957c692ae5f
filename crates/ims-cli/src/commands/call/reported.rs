//! What `--verbose` says about the requests to an API: each as it is sent, a second one after a 401 as well.

use std::fmt::Write as _;

use async_trait::async_trait;
use http::{Extensions, HeaderMap};
use ims::token::{Clock, SystemClock};
use reqwest_middleware::{
    Middleware, Next, Result,
    reqwest::{Request, Response, Url},
};

use crate::{output, transport, waiting};

/// Reports the requests that pass. Nothing secret is shown.
pub(super) struct Reported;

#[async_trait]
impl Middleware for Reported {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let host = request.url().host_str().unwrap_or("the API");
        let waiting = waiting::on(&format!("an answer of {host}"));
        if transport::verbosity() == 0 {
            return next.run(request, extensions).await;
        }
        let line = format!("{} {}", request.method(), without_query(request.url()));
        if transport::verbosity() > 1 {
            output::note("sent", &shown(request.headers()));
        }
        let began = SystemClock.monotonic();
        let response = next.run(request, extensions).await;
        drop(waiting);
        let took = SystemClock.monotonic().saturating_sub(began).as_millis();
        match &response {
            Ok(response) => {
                output::note("request", &format!("{line} -> {}, {took} ms", response.status()));
                if transport::verbosity() > 1 {
                    output::note("received", &shown(response.headers()));
                }
            }
            Err(_) => output::note("request", &format!("{line} -> no answer, {took} ms")),
        }
        response
    }
}

/// A query may hold what a log should not.
fn without_query(url: &Url) -> String {
    let shown = url.as_str().split(['?', '#']).next().unwrap_or_default().to_owned();
    if url.query().is_some() { shown + "?…" } else { shown }
}

/// The header fields in one line. The values of those that can hold a secret are not shown.
fn shown(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match name.as_str() {
            "authorization" => masked_authorization(&value),
            name if is_shown(name) => value.into_owned(),
            _ => "…".to_owned(),
        };
        let separator = if text.is_empty() { "" } else { "; " };
        write!(text, "{separator}{name}: {value}").expect("writing to a String never fails");
    }
    text
}

fn masked_authorization(value: &str) -> String {
    let scheme = value.split(' ').next().unwrap_or_default();
    format!("{scheme} …")
}

/// Names of header fields that hold no secret. A client id, which x-api-key contains, is not a secret.
fn is_shown(name: &str) -> bool {
    const SHOWN: [&str; 13] = [
        "accept",
        "allow",
        "content-length",
        "content-type",
        "date",
        "link",
        "retry-after",
        "server",
        "user-agent",
        "x-api-key",
        "x-debug-id",
        "x-gw-ims-org-id",
        "x-request-id",
    ];
    SHOWN.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_token_nor_a_cookie_nor_a_query_is_shown() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer canary"),
            ("x-api-key", "client"),
            ("set-cookie", "canary"),
            ("x-own-token", "canary"),
            ("content-type", "application/json"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let text = shown(&headers);
        assert!(!text.contains("canary"), "{text}");
        for part in ["authorization: Bearer …", "x-api-key: client", "set-cookie: …"] {
            assert!(text.contains(part), "{text}");
        }
        let url: Url = "https://api.example/a?key=canary#canary".parse().unwrap();
        assert_eq!(without_query(&url), "https://api.example/a?…");
    }
}
