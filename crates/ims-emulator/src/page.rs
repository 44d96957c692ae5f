//! The web page at `/_emulator/`: integrations, verdicts, a form for a new integration, and a JWT decoder. What is to be read
//! is there without scripts.

use http::StatusCode;

use crate::{
    answer::Answer, html::escaped, integration::Integration, service::Service, verdict::Verdict,
};

/// How many verdicts the page begins with, the newest first.
const SHOWN: usize = 50;

/// One of the page's files, if `name` is one.
pub(crate) fn file(name: &str) -> Option<Answer> {
    let (content_type, text) = match name {
        "page.css" => ("text/css;charset=UTF-8", include_str!("page/page.css")),
        "page.js" => ("text/javascript;charset=UTF-8", include_str!("page/page.js")),
        _ => return None,
    };
    Some(Answer::new(StatusCode::OK, content_type, text))
}

/// The page as it is now.
pub(crate) fn page(service: &Service) -> Answer {
    let mut registered = service.integrations();
    registered.sort_by(|one, other| one.integration.client_id().cmp(other.integration.client_id()));
    let integrations: Vec<String> = registered.iter().map(|one| row(&one.integration)).collect();
    let verdicts = service.journal.last();
    let last = verdicts.last().map_or(0, |verdict| verdict.number);
    let verdicts: Vec<String> = verdicts.iter().rev().take(SHOWN).map(|one| details(one)).collect();
    let environment = escaped(service.environment().base_url());
    let html = filled(include_str!("page/page.html"), |name| match name {
        "environment" => environment.clone(),
        "last" => last.to_string(),
        "integrations" => integrations.concat(),
        "verdicts" => verdicts.concat(),
        _ => String::new(),
    });
    Answer::new(StatusCode::OK, "text/html;charset=UTF-8", html)
}

/// The template with its names in braces filled in, in one pass: what is filled in is not looked at again.
fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = template.split('{');
    let mut html = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        html.push_str(&value(name));
        html.push_str(rest);
    }
    html
}

fn row(integration: &Integration) -> String {
    let certificates = integration.certificates().iter().map(|certificate| {
        format!("{}<br><code>{}</code>", escaped(certificate.subject()), certificate.fingerprint())
    });
    let metascopes: Vec<&str> =
        integration.metascopes().iter().map(ims_claims::Metascope::as_str).collect();
    format!(
        "<tr><td><code>{}</code><td><code>{}</code><br><code>{}</code><td>{}<br>{}<td>{}\n",
        escaped(integration.client_id().as_str()),
        escaped(integration.org_id().as_str()),
        escaped(integration.technical_account_id().as_str()),
        escaped(&metascopes.join(", ")),
        escaped(&integration.scopes().join(", ")),
        certificates.collect::<Vec<_>>().join("<br>"),
    )
}

fn details(verdict: &Verdict) -> String {
    let text = verdict.to_string();
    let (title, checks) = text.split_once('\n').unwrap_or((&text, ""));
    let class = if verdict.is_granted() { "granted" } else { "refused" };
    let remedy = verdict.remedy.map(|remedy| format!("<p class=remedy>{}", escaped(remedy)));
    format!(
        "<details class={class}><summary>{}</summary>{}<pre>{}</pre></details>\n",
        escaped(title),
        remedy.unwrap_or_default(),
        escaped(checks)
    )
}
