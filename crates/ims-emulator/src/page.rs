//! The web page at `/_emulator/`: verdicts, integrations, users, faults, and a decoder. What is to be read is there without
//! scripts.

use http::StatusCode;

use crate::{
    answer::Answer, html::escaped, integration::Integration, service::Service, user::User,
    verdict::Verdict,
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
    let users: Vec<String> = service.users().iter().map(user_item).collect();
    let environment = escaped(service.environment().base_url());
    let html = filled(include_str!("page/page.html"), |name| match name {
        "environment" => environment.clone(),
        "last" => last.to_string(),
        "integrations" => integrations.concat(),
        "users" => users.concat(),
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
        "<tr><td><code>{0}</code><td><code>{1}</code><br><code>{2}</code><td>{3}<br>{4}<td>{5}\
         <td><button type=button data-copy=\"{0}\">Edit or copy</button> <button type=button data-remove=\"{0}\">Delete</button>\n",
        escaped(integration.client_id().as_str()),
        escaped(integration.org_id().as_str()),
        escaped(integration.technical_account_id().as_str()),
        escaped(&metascopes.join(", ")),
        escaped(&integration.scopes().join(", ")),
        certificates.collect::<Vec<_>>().join("<br>"),
    )
}

fn user_item(user: &User) -> String {
    let (id, email) = (escaped(user.id()), escaped(user.email()));
    format!(
        "<li>{} <code>{email}</code> <code>{id}</code> <button type=button data-remove-user=\"{id}\">Delete</button>\n",
        escaped(&user.name())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        let html = filled("<a>{x}</a>{y}{unknown}", |name| match name {
            "x" => "{y}{x}".to_owned(),
            "y" => "z".to_owned(),
            _ => String::new(),
        });
        assert_eq!(html, "<a>{y}{x}</a>z");
    }
}
