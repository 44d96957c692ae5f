//! Pages for people, which ask no other host for anything and work without scripts.

use std::fmt::Write;

use http::StatusCode;

use crate::{answer::Answer, call::Call, integration::Integration, user::User};

/// The page on which a user is chosen, and allows or denies what a client asks for.
pub(crate) fn consent(
    call: &Call,
    integration: &Integration,
    scope: &str,
    users: &[User],
    login_hint: Option<&str>,
) -> Answer {
    let mut hidden = String::new();
    for (name, value) in call.parameters.iter() {
        let (name, value) = (escaped(name), escaped(value));
        let _ = writeln!(hidden, "<input type=hidden name=\"{name}\" value=\"{value}\">");
    }
    let hinted = users.iter().position(|user| login_hint.is_some_and(|hint| user.is_called(hint)));
    let mut choice = String::new();
    for (place, user) in users.iter().enumerate() {
        let checked = if place == hinted.unwrap_or(0) { " checked" } else { "" };
        let (id, name, email) = (escaped(user.id()), escaped(&user.name()), escaped(user.email()));
        let _ = writeln!(
            choice,
            "<label><input type=radio name=user value=\"{id}\"{checked}> {name} <code>{email}</code></label><br>"
        );
    }
    let scopes = escaped(scope).replace(',', "</code>\n<li><code>");
    let client_id = escaped(integration.client_id().as_str());
    let body = format!(
        "<h1>Sign in with an emulated Adobe account</h1>\n\
         <form method=post>\n{hidden}\
         <fieldset><legend>As</legend>\n{choice}</fieldset>\n\
         <p>The integration <code>{client_id}</code> asks for:\n<ul>\n<li><code>{scopes}</code>\n</ul>\n\
         <p><button name=consent value=allow>Allow</button>\n\
         <button name=consent value=deny>Deny</button>\n\
         <details><summary>Answer with an error</summary>\n\
         <p><button name=consent value=login_required>login_required</button>\n\
         <button name=consent value=interaction_required>interaction_required</button>\n\
         </details></form>\n\
         <p><small>This is ims-emulator, not Adobe: enter no password anywhere on this page.</small>\n"
    );
    page("Allow access?", &body)
}

/// A whole page with `body`, which is HTML.
pub(crate) fn page(title: &str, body: &str) -> Answer {
    let title = escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width\">\n<title>{title} · ims-emulator</title>\n\
         <style>{STYLE}</style>\n<main>\n{body}</main>\n</html>\n"
    );
    Answer::new(StatusCode::OK, "text/html;charset=UTF-8", html)
}

/// `text` as the content of an element or of a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}\
main{max-width:70rem;margin:2rem auto;padding:0 1rem}\
button{font:inherit;padding:.4rem 1rem;margin-right:.5rem}";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_leaves_its_element_or_attribute(text in "[<>&\"'a-z]{0,20}|\\PC{0,20}") {
            prop_assert!(!escaped(&text).contains(['<', '>', '"', '\'']));
        }
    }
}
