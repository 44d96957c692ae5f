//! Texts of IMS, of which errors may repeat only what is harmless.

use form_urlencoded::byte_serialize;

/// Whether `code` has the form of an error code: at most 64 letters, digits and `_-.:/`.
pub(crate) fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b))
}

/// Takes out of a text of IMS what no error may repeat.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    const MAX_CHARS: usize = 300;
    const LONGEST_WORD: usize = 48;
    let text = mask(text, secrets);
    let words =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| if word.len() > LONGEST_WORD { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect()
}

/// Replaces each of `secrets` in a text of IMS, as it is and as a form carries it: a server that complains about a form may
/// repeat it as it was sent.
pub(crate) fn mask(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let as_sent: String = byte_serialize(secret.as_bytes()).collect();
        text = text.replace(secret, "…").replace(&as_sent, "…");
    }
    text
}
