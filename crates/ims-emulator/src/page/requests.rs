//! Verdicts as rows of the page: one line each, which opens to the checks, the parameters and the decoded JWT.

use std::{fmt::Write, iter};

use crate::{
    check_list::Check,
    html::escaped,
    service::Service,
    verdict::{DecodedJwt, Verdict},
};

/// How many verdicts the page begins with, and at most gets at a time, the newest first.
const SHOWN: usize = 100;

/// The rows of the verdicts with a greater number than `after`, the newest first.
pub(super) fn rows(service: &Service, after: u64) -> String {
    let verdicts = service.journal.last();
    let news = verdicts.iter().rev().take_while(|verdict| verdict.number > after);
    let mut html = String::new();
    for verdict in news.take(SHOWN) {
        row(&mut html, verdict);
    }
    html
}

fn row(html: &mut String, verdict: &Verdict) {
    let Verdict { number, status, .. } = verdict;
    let class = if verdict.is_granted() { "granted" } else { "refused" };
    let time = verdict.time_of_day();
    let (method, path) = (escaped(&verdict.method), escaped(&verdict.path));
    let error = verdict.error.map(|error| format!(" {}", escaped(error))).unwrap_or_default();
    let client = verdict.client_id.as_ref().map(|client_id| escaped(client_id.as_str()));
    let client = client.unwrap_or_default();
    let cause = verdict.checks.failed().map(|check| check.name);
    let cause = cause.map(|name| format!("<span class=hidden>failed: </span>{}", escaped(name)));
    let cause = cause.unwrap_or_default();
    let _ = write!(
        html,
        "<details class=\"verdict {class}\" data-number={number}><summary>\
         <span class=time>{time}</span> <span class=method>{method}</span> <span class=path>{path}</span> \
         <span class=cause>{cause}</span> <span class=status>{status}{error}</span> \
         <span class=client>{client}</span></summary>\n<div class=verdict-body>\n"
    );
    if let Some(remedy) = verdict.remedy {
        let _ = writeln!(html, "<p class=remedy><strong>What to do:</strong> {}", escaped(remedy));
    }
    if let Some(fault) = verdict.fault {
        let _ =
            writeln!(html, "<p class=note>The fault <code>{}</code> was injected.", fault.name());
    }
    html.push_str("<div class=columns>\n<div>");
    checks(html, verdict);
    html.push_str("</div>\n<div>");
    parameters(html, verdict);
    if let Some(jwt) = &verdict.jwt {
        decoded(html, jwt);
    }
    let debug_id = escaped(&verdict.debug_id);
    let _ = write!(
        html,
        "</div>\n</div>\n<p class=small>Request {number} · <code>X-Debug-Id: {debug_id}</code></div></details>\n"
    );
}

/// The check that failed, which a reader looks for. The others, the last one first, are shown on request.
fn checks(html: &mut String, verdict: &Verdict) {
    html.push_str("<h3>Checks</h3>\n");
    let Some(failed) = verdict.checks.failed() else {
        list_of_checks(html, verdict.checks.iter().rev());
        return;
    };
    list_of_checks(html, iter::once(failed));
    let count = verdict.checks.len() - 1;
    if count == 0 {
        return;
    }
    let noun = if count == 1 { "check" } else { "checks" };
    let _ =
        writeln!(html, "<details class=earlier><summary>{count} {noun} before it passed</summary>");
    list_of_checks(html, verdict.checks.iter().rev().skip(1));
    html.push_str("</details>");
}

fn list_of_checks<'a>(html: &mut String, checks: impl Iterator<Item = Check<'a>>) {
    html.push_str("<ol class=checks>\n");
    for check in checks {
        let (class, word) = if check.passed { ("passed", "passed") } else { ("failed", "failed") };
        let name = escaped(check.name);
        let _ = write!(html, "<li class={class}><span class=hidden>{word}: </span>{name}");
        if !check.actual.is_empty() {
            let _ = write!(html, " <span class=actual>{}</span>", escaped(check.actual));
        } else if !check.passed {
            html.push_str(" <span class=actual>there is none</span>");
        }
        if !check.passed {
            let _ = write!(
                html,
                "<br><span class=expected>expected {}</span>",
                escaped(check.expected)
            );
        }
        html.push('\n');
    }
    html.push_str("</ol>");
}

fn parameters(html: &mut String, verdict: &Verdict) {
    html.push_str("<h3>Parameters</h3>\n");
    if verdict.parameters.is_empty() {
        html.push_str("<p class=small>None.\n");
        return;
    }
    html.push_str("<dl>\n");
    for parameter in &verdict.parameters {
        let (name, value) = (escaped(&parameter.name), escaped(&parameter.value));
        let _ = writeln!(html, "<div><dt>{name}<dd>{value}</div>");
    }
    html.push_str("</dl>\n");
}

fn decoded(html: &mut String, jwt: &DecodedJwt) {
    let name = jwt.parameter;
    let (header, payload) = (pretty(jwt.header()), pretty(jwt.payload()));
    let _ = write!(
        html,
        "<h3>JWT in <code>{name}</code></h3>\n<pre tabindex=0 aria-label=\"Decoded JWT\">{}\n{}</pre>\n",
        escaped(&header),
        escaped(&payload)
    );
}

/// An object of JSON on several lines.
fn pretty(json: &str) -> String {
    let object = serde_json::from_str::<serde_json::Value>(json).ok();
    object.and_then(|object| serde_json::to_string_pretty(&object).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_on_several_lines_and_no_json_as_nothing() {
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("{"), "");
    }
}
