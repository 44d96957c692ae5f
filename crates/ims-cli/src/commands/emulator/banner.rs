//! What a terminal shows when the emulator has started.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

/// Says where the page is, which integrations there are, how a client is pointed here and how to stop. Programs that read
/// standard error get nothing.
pub(super) fn show(url: &str, client_ids: &[String], has_tls: bool) {
    if !io::stderr().is_terminal() {
        return;
    }
    // A banner that cannot be written is ignored.
    let _ = anstream::stderr().write_all(text(url, client_ids, has_tls).as_bytes());
}

fn text(url: &str, client_ids: &[String], has_tls: bool) -> String {
    let integrations = if client_ids.is_empty() {
        "none yet: add one on the page, or start with -c FILE".to_owned()
    } else {
        client_ids.join(", ")
    };
    let client = if has_tls {
        format!(
            "ims emulator env --ims-url {url} --ca-dir DIR prints the variables for each language"
        )
    } else {
        format!("set its base URL to {url}, for example ims token -c FILE --ims-url {url}")
    };
    let name = Style::new().bold();
    let link = AnsiColor::Cyan.on_default();
    format!(
        "\n{name}page{name:#}          {link}{url}/_emulator/{link:#}\n\
         {name}integrations{name:#}  {integrations}\n\
         {name}clients{name:#}       {client}\n\
         {name}stop{name:#}          Ctrl+C\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_names_the_page_the_integrations_a_client_and_how_to_stop() {
        let text = text("http://127.0.0.1:1", &["a".to_owned(), "b".to_owned()], false);
        let text = anstream::adapter::strip_str(&text).to_string();
        for part in
            ["page          http://127.0.0.1:1/_emulator/\n", "a, b", "--ims-url http", "Ctrl+C"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(super::text("http://x", &[], true).contains("ims emulator env"));
        assert!(super::text("http://x", &[], true).contains("-c FILE"));
    }
}
