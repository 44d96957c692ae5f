//! Texts of IMS, of which errors may repeat only what is harmless.

use form_urlencoded::byte_serialize;

/// Whether `code` has the form of an error code: at most 64 letters, digits and `_-.:/`.
pub(crate) fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b))
}

/// Removes from a text of IMS what no error may repeat.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    const MAX_CHARS: usize = 300;
    const LONGEST_WORD: usize = 48;
    let text = mask(text, secrets);
    let words =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| if word.len() > LONGEST_WORD { MASK } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect()
}

/// Replaces each of `secrets` in a text of IMS, as it is and urlencoded: a server may repeat a form in its error as it was
/// sent.
///
/// A secret of less than [`MIN_LENGTH`] bytes is replaced only where it is a whole word, since other words can contain its
/// characters by chance. Secrets of IMS are longer; a short one belongs to a test or is a mistake.
pub(crate) fn mask(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let as_sent: String = byte_serialize(secret.as_bytes()).collect();
        for form in [secret, as_sent.as_str()] {
            text = if secret.len() < MIN_LENGTH {
                replace_words(&text, form)
            } else {
                text.replace(form, MASK)
            };
        }
    }
    text
}

/// Whether an error may not repeat `text` because of one of `secrets`.
pub(crate) fn has_secret(text: &str, secrets: &[&str]) -> bool {
    mask(text, secrets) != text
}

fn replace_words(text: &str, word: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.strip_prefix(word);
        if let Some(after) = after
            && !before.is_some_and(is_of_word)
            && !after.chars().next().is_some_and(is_of_word)
        {
            masked.push_str(MASK);
            before = word.chars().next_back();
            rest = after;
        } else {
            masked.push(first);
            before = Some(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    masked
}

/// The underscore, too: `secret` is only a part of the word `client_secret`.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// From how many bytes on a secret is replaced wherever it is.
const MIN_LENGTH: usize = 8;

const MASK: &str = "…";
