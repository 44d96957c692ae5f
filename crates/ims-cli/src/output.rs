//! Data goes to standard output, all else to standard error.

use std::{
    borrow::Cow,
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// What a command that did its work has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes: exit code 0.
    Yes,
    /// No: exit code 1.
    No,
    /// Not now, perhaps later: exit code 3.
    Later,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::SUCCESS,
            Answer::No => Self::from(1),
            Answer::Later => Self::from(3),
        }
    }
}

/// Writes one line of data.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(&format!("{text}\n"))
}

/// Writes data as it is.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    if anstream::AutoStream::choice(&io::stdout()) == anstream::ColorChoice::Never {
        // At once, since the stream would write the text between two colours piece by piece.
        return write_bytes(anstream::adapter::strip_str(text).to_string().as_bytes());
    }
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(unwritable)
}

/// Writes data that may be no text, byte for byte.
pub(crate) fn write_bytes(data: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(data).and_then(|()| stdout.flush()).map_err(unwritable)
}

/// Writes one line of JSON.
pub(crate) fn json(data: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(data).expect("data of this command is always JSON");
    // In JSON text, what a terminal could obey stands in strings alone, where this is another way to write the same.
    line(&escaped(&text, |c| format!("\\u{:04x}", u32::from(c)), is_for_terminals))
}

/// Writes names and values in two columns. The values may be from elsewhere.
pub(crate) fn rows(rows: &[(impl AsRef<str>, String)]) -> Result<(), Failure> {
    let width =
        rows.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or_default();
    rows.iter().try_for_each(|(name, value)| {
        line(&format!("{:width$}  {}", printable(name.as_ref()), printable(value)))
    })
}

/// Writes the members of an object from elsewhere in two columns, what is nested as JSON.
pub(crate) fn members(object: &impl Serialize) -> Result<(), Failure> {
    let object = serde_json::to_value(object).expect("data of this command is always JSON");
    let members = object.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members: Vec<_> = members.map(|(name, value)| (name, text(value))).collect();
    rows(&members)
}

/// `text` from elsewhere, in which nothing is left that a terminal would obey instead of show. Line breaks and tabs stay.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_for_terminals = |c| is_for_terminals(c) && !matches!(c, '\n' | '\t');
    escaped(text, |c| c.escape_unicode().to_string(), is_for_terminals)
}

/// Control characters, and those that turn the direction of what follows (Unicode TR 9 §2).
fn is_for_terminals(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(
    text: &str,
    escape: fn(char) -> String,
    is_escaped: impl Fn(char) -> bool,
) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if is_escaped(c) { escape(c) } else { c.to_string() }).collect()
}

/// Tells a person something that is not data.
pub(crate) fn note(label: &str, text: &str) {
    let style = anstyle::AnsiColor::Yellow.on_default().effects(anstyle::Effects::BOLD);
    // A note that cannot be written can be told to nobody.
    let _ = writeln!(anstream::stderr(), "{style}{label}:{style:#} {text}");
}

fn unwritable(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::unread()
    } else {
        Failure::person("standard output cannot be written").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        #[rustfmt::skip]
        let table = [
            ("Zoë, 東京\n\tend", "Zoë, 東京\n\tend"),
            ("\x1b[2J",          "\\u{1b}[2J"),
            ("\u{9b}2J",         "\\u{9b}2J"),
            ("a\rb\x07\x7f",     "a\\u{d}b\\u{7}\\u{7f}"),
            ("\u{202e}exe.txt",  "\\u{202e}exe.txt"),
        ];
        for (text, shown) in table {
            assert_eq!(printable(text), shown);
        }
    }
}
