//! Pages for people. They load nothing from other hosts and work without scripts.

use std::fmt::Write;

use http::StatusCode;

use crate::{answer::Answer, call::Call, integration::Integration, scope::scopes_in, user::User};

/// The content of a page of consent.
pub(crate) struct ConsentPage<'a> {
    pub(crate) heading: &'a str,
    /// The scopes, separated by commas or spaces.
    pub(crate) scope: &'a str,
    /// The user who is chosen already, by id or e-mail address.
    pub(crate) login_hint: Option<&'a str>,
    /// The errors that can be tried.
    pub(crate) errors: &'a [&'a str],
}

/// The page on which a user is chosen, and allows or denies what a client asks for.
pub(crate) fn consent(
    call: &Call,
    integration: &Integration,
    users: &[User],
    page: &ConsentPage<'_>,
) -> Answer {
    let ConsentPage { heading, scope, login_hint, errors } = page;
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
            "<label><input type=radio name=user value=\"{id}\"{checked}> <span>{name}<br><code>{email}</code></span></label>"
        );
    }
    let mut scopes = String::new();
    for scope in scopes_in(scope) {
        let _ = writeln!(scopes, "<li><code>{}</code>", escaped(scope));
    }
    let client_id = escaped(integration.client_id().as_str());
    let mut more = String::new();
    if !errors.is_empty() {
        more.push_str("<details><summary>Answer with an error</summary>\n<p class=buttons>\n");
        for error in *errors {
            let _ = writeln!(more, "<button name=consent value={error}>{error}</button>");
        }
        more.push_str("</details>");
    }
    let body = format!(
        "<h1>{heading}</h1>\n\
         <form method=post>\n{hidden}\
         <fieldset><legend>As</legend>\n{choice}</fieldset>\n\
         <p>The integration <code>{client_id}</code> asks for:\n<ul>\n{scopes}</ul>\n\
         <p class=buttons><button class=primary name=consent value=allow>Allow</button>\n\
         <button name=consent value=deny>Deny</button>\n\
         {more}</form>\n\
         <p><small>This is ims-emulator, not Adobe: enter no password anywhere on this page.</small>\n"
    );
    self::page("Allow access?", &body)
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
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif;--line:light-dark(#d5d9e0,#363c47);--accent:light-dark(#1257c4,#7cb0ff)}\
body{margin:0;background:light-dark(#f5f6f8,#14161a);color:light-dark(#1a1d23,#e7e9ee)}\
main{max-width:32rem;margin:clamp(0rem,8vh,5rem) auto;padding:1.5rem;box-sizing:border-box;\
background:light-dark(#fff,#1c1f25);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}\
h1{font-size:1.25rem;margin:0 0 1rem}fieldset{border:0;margin:0;padding:0;display:grid;gap:.5rem}legend{padding:0 0 .25rem}\
label{display:flex;gap:.75rem;align-items:center;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem;cursor:pointer}\
label:has(:checked){border-color:var(--accent)}\
.buttons{display:flex;flex-wrap:wrap;gap:.5rem}\
button{font:inherit;padding:.375rem 1rem;border:1px solid light-dark(#8a93a3,#6b7484);border-radius:.375rem;\
background:none;color:inherit;cursor:pointer}\
.primary{background:var(--accent);border-color:var(--accent);color:light-dark(#fff,#0d1526);font-weight:600}\
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}";

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
