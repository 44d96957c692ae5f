//! The web page at `/_emulator/`: for developers of clients. The page can be read without scripts. The script only replaces
//! the parts that have changed with what the server has rendered.

mod lists;
mod requests;

use http::{StatusCode, uri::Authority};

use crate::{answer::Answer, html::escaped, service::Service, token_key::KeyRing};

const HTML: &str = "text/html;charset=UTF-8";

/// One of the page's files, if `name` is one.
pub(crate) fn file(name: &str) -> Option<Answer> {
    let (content_type, text) = match name {
        "page.css" => ("text/css;charset=UTF-8", include_str!("page/page.css")),
        "page.js" => ("text/javascript;charset=UTF-8", include_str!("page/page.js")),
        "decoder.js" => ("text/javascript;charset=UTF-8", include_str!("page/decoder.js")),
        _ => return None,
    };
    Some(Answer::new(StatusCode::OK, content_type, text))
}

/// The page as it is now, for a browser that opened it at `authority`.
pub(crate) fn page(service: &Service, authority: &Authority, keys: &KeyRing) -> Answer {
    let html = filled(include_str!("page/page.html"), |name| match name {
        "environment" => escaped(service.environment().base_url()),
        "base" => format!("http://{}", escaped(authority.as_str())),
        "verdicts" => requests::rows(service, 0),
        "integrations" => lists::integrations(service),
        "users" => lists::users(service),
        "faults" => lists::faults(service),
        "fault-names" => lists::fault_names(),
        "endpoint-names" => lists::endpoint_names(),
        "client-ids" => lists::client_ids(service),
        "silent-sign-ins" => lists::silent_sign_ins(),
        "keys" => lists::keys(keys),
        "offset" => service.clock.offset().to_string(),
        "tls" => service.ca_pem.is_some().to_string(),
        _ => String::new(),
    });
    Answer::new(StatusCode::OK, HTML, html)
}

/// The rows of the verdicts with a greater number than `after`, as the page has them, the newest first.
pub(crate) fn rows(service: &Service, after: u64) -> Answer {
    Answer::new(StatusCode::OK, HTML, requests::rows(service, after))
}

/// The template with values for its names in braces. It is read once, so braces in a value are not replaced.
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

    #[test]
    fn the_template_names_only_what_is_filled_in() {
        let known = [
            "environment",
            "base",
            "verdicts",
            "integrations",
            "users",
            "faults",
            "fault-names",
            "endpoint-names",
            "client-ids",
            "silent-sign-ins",
            "keys",
            "offset",
            "tls",
        ];
        for part in include_str!("page/page.html").split('{').skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            assert!(known.contains(&name), "{name}");
        }
    }
}
