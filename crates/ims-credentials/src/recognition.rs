//! Which language a text is in, and which form its members have.

use std::path::Path;

use crate::{
    error::{CredentialsError, PROGRAM},
    form::{Form, access_token},
    language::{Language, looks_like_json},
    reading::{fields::Document, other_kind},
};

/// The result of the first language in which `text` has a known form. If there is none, the error of the most likely
/// language: one in which `text` can be read, or the one that fits the longest part of it.
pub(crate) fn recognized(text: &str, path: &Path) -> Result<(Form, Document), CredentialsError> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(kind) = other_kind::of_text(text) {
        return Err(CredentialsError::NotCredentials { kind });
    }
    if let Some(document) = access_token::alone(text) {
        return Ok((Form::AccessToken, document));
    }
    let mut reasons = Vec::new();
    for language in Language::candidates(text, path) {
        let document = language.parse(text);
        let form = document.and_then(|document| {
            let form = Form::of(&document.fields()?, language)?;
            Ok((form, document))
        });
        match form {
            Ok(recognized) => return Ok(recognized),
            // If JSON has a mistake, an error about Hjson would not help.
            Err(error)
                if language == Language::Hjson && looks_like_json(text) && !is_read(&error) => {}
            Err(error) => reasons.push(error),
        }
    }
    if other_kind::is_program(path) {
        return Err(CredentialsError::NotCredentials { kind: PROGRAM });
    }
    // The first of those that are equal.
    let likeliest = reasons.into_iter().rev().max_by_key(progress);
    // There is a candidate for every text.
    Err(likeliest.unwrap_or(CredentialsError::Unrecognized { members: String::new() }))
}

/// Whether the text could be read in its language, whatever else is wrong.
fn is_read(error: &CredentialsError) -> bool {
    let is_unread =
        matches!(error, CredentialsError::Syntax { .. } | CredentialsError::MissingFeature { .. });
    !is_unread
}

/// How much of a text was understood before this error: the language in which more was understood is more likely.
fn progress(error: &CredentialsError) -> (u8, usize) {
    match error {
        // This language is not tried at all.
        CredentialsError::MissingFeature { .. } => (1, 0),
        CredentialsError::Syntax { line, .. } => (0, *line),
        _ => (2, 0),
    }
}

#[cfg(all(test, feature = "formats"))]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_that_of_the_language_in_which_most_is_understood() {
        #[rustfmt::skip]
        let table = [
            // It looks like JSON, so what is wrong with it as Hjson is not said.
            ("config",    "{\n \"a\": b,\n \"c\": 1 ]",  "not JSON (line 2, column 7)"),
            // As Hjson it can be read.
            ("config",    "{\"a\": b\n}",                  "no known form of credentials (members: a)"),
            ("config",    "{\"a\": 1}",                    "no known form of credentials (members: a)"),
            ("config",    "{ a: 1,\n b: 1 ]",              "not Hjson (line 2, column 7)"),
            // Both end in the same line, and JSON is more likely.
            ("config",    "{ a: 1 ]",                      "not JSON (line 1, column 3)"),
            // As TOML it ends in the first line, and as properties it can be read.
            ("config",    "client_x: 1",                   "no known form of credentials (members: client_x)"),
            ("a.json",    "client_x: 1",                   "not JSON (line 1, column 1)"),
            ("config.py", "client_x = f(",                 "this is the source of a program, not credentials"),
            ("config",    "-----BEGIN PRIVATE KEY-----",   "this is a private key, not credentials"),
        ];
        for (name, text, said) in table {
            let error = recognized(text, Path::new(name)).err().expect(text);
            assert_eq!(error.to_string(), said, "{name} {text}");
        }
    }
}
