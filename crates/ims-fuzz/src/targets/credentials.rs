//! Credentials: their languages and their forms.

use ims_credentials::{Credentials, testing::as_json};
use serde_json::Value;

/// Any form in any language. A document can name a command that gives a secret, so nothing that could become such a name is
/// read here: no `command`, and no escapes with which it could be written.
pub(crate) fn credentials(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if text.to_ascii_lowercase().contains("command") || text.contains('\\') {
        return;
    }
    if let Err(error) = text.parse::<Credentials>() {
        let _ = format!("{error} {error:?}");
    }
}

/// Credentials from someone else name nothing of this machine, so any document may be read.
pub(crate) fn foreign_credentials(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(credentials) = Credentials::from_untrusted_json(text) else { return };
    assert!(credentials.environment().base_url().ends_with(".adobelogin.com"));
}

/// The first byte chooses the language.
pub(crate) fn languages(input: &[u8]) {
    let [language, text @ ..] = input else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let ending = ENDINGS[usize::from(*language) % ENDINGS.len()];
    let Some(json) = as_json(ending, text) else { return };
    serde_json::from_str::<Value>(&json).expect("a document is written as JSON");
}

/// If both we and dotenvy can read a text without quotes, escapes and variables, both read the same values.
pub(crate) fn dotenv(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let ours = as_json("env", text);
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || "_=./:@-,\n".contains(c)) {
        return;
    }
    let Some(Value::Object(ours)) = ours.and_then(|json| serde_json::from_str(&json).ok()) else {
        return;
    };
    let Ok(theirs) = dotenvy::from_read_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() else {
        return;
    };
    for (name, value) in theirs {
        assert_eq!(ours.get(&name).and_then(Value::as_str), Some(value.as_str()), "{name}");
    }
}

const ENDINGS: [&str; 7] = ["json", "toml", "yaml", "ini", "properties", "hjson", "env"];
