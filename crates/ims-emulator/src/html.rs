//! Pages for people, which ask no other host for anything and work without scripts.

use http::StatusCode;

use crate::{answer::Answer, call::Call, integration::Integration};

/// The page on which the user allows or denies what a client wants.
pub(crate) fn consent(call: &Call, integration: &Integration, scope: &str) -> Answer {
    let hidden = |(name, value): (&str, &str)| {
        format!("<input type=hidden name=\"{}\" value=\"{}\">\n", escaped(name), escaped(value))
    };
    let hidden: String = call.parameters.iter().map(hidden).collect();
    let scopes = escaped(scope).replace(',', "</code>\n<li><code>");
    let client_id = escaped(integration.client_id().as_str());
    let body = format!(
        "<h1>Sign in with an emulated Adobe account</h1>\n\
         <p>The integration <code>{client_id}</code> asks for:\n<ul>\n<li><code>{scopes}</code>\n</ul>\n\
         <form method=post>\n{hidden}\
         <button name=consent value=allow>Allow</button>\n\
         <button name=consent value=deny>Deny</button>\n</form>\n\
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
