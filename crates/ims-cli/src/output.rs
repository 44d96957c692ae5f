//! Data goes to standard output, everything else to standard error.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::OnceLock,
};

use serde::Serialize;
use serde_json::Value;

use crate::{
    failure::Failure,
    jq::{Filter, Filtered},
    json_text,
    terminal_text::TerminalText,
    waiting,
};

/// The result of a command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The work is done, or the answer is yes: exit code 0.
    Yes,
    /// No: exit code 1.
    No,
    /// Something that the command needs was not given: exit code 2.
    Usage,
    /// Not now, perhaps later: exit code 3.
    Later,
    /// A person must act: exit code 4.
    PersonMustAct,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::SUCCESS,
            Answer::No => Self::from(1),
            Answer::Usage => Self::from(2),
            Answer::Later => Self::from(3),
            Answer::PersonMustAct => Self::from(4),
        }
    }
}

/// Writes one line of data.
pub(crate) fn line(text: impl Into<TerminalText>) -> Result<(), Failure> {
    write(text.into().with("\n"))
}

/// Writes data as it is, without characters that control a terminal.
pub(crate) fn write(text: impl Into<TerminalText>) -> Result<(), Failure> {
    let text = text.into();
    waiting::clear();
    if anstream::AutoStream::choice(&io::stdout()) == anstream::ColorChoice::Never {
        // At once, since the stream would write the text between two colours piece by piece.
        return write_bytes(text.plain().as_bytes());
    }
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_str().as_bytes()).and_then(|()| stdout.flush());
    written.map_err(unwritable)
}

/// Writes data that may be no text, byte for byte. It is for files and pipes: a terminal gets [`TerminalText`].
pub(crate) fn write_bytes(data: &[u8]) -> Result<(), Failure> {
    waiting::clear();
    let mut stdout = io::stdout().lock();
    stdout.write_all(data).and_then(|()| stdout.flush()).map_err(unwritable)
}

/// The filter for every JSON.
static FILTER: OnceLock<String> = OnceLock::new();

/// Filters every JSON that is written from now on with this expression of the jq language. One that cannot be used is
/// refused before the command does anything.
pub(crate) fn filter_json(code: &str) -> Result<(), Failure> {
    Filter::compile(code)?;
    let _ = FILTER.set(code.to_owned());
    Ok(())
}

/// Writes one line of JSON, or what the filter makes of it.
pub(crate) fn json(data: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(data).expect("data of this command is always JSON");
    match FILTER.get() {
        Some(code) => filtered(&Filter::compile(code)?, text.as_bytes()),
        None => line(TerminalText::of_json(&text)),
    }
}

/// Writes the results of the filter for `json`, one value a line.
pub(crate) fn filtered(filter: &Filter, json: &[u8]) -> Result<(), Failure> {
    let is_terminal = io::stdout().is_terminal();
    for value in filter.values(json)? {
        match value {
            Filtered::Text(text) => match std::str::from_utf8(&text) {
                Ok(text) if is_terminal => line(text)?,
                _ => write_bytes(&[text.as_slice(), b"\n"].concat())?,
            },
            Filtered::Json(json) if is_terminal => {
                line(TerminalText::of_json(&json_text::indented(&json)))?;
            }
            Filtered::Json(json) => line(TerminalText::of_json(&json))?,
        }
    }
    Ok(())
}

/// Writes JSON over several lines, for people.
pub(crate) fn pretty_json(data: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(data).expect("data of this command is always JSON");
    line(TerminalText::of_json(&text))
}

/// Writes names and values in two columns. The values may be from elsewhere.
pub(crate) fn rows(rows: &[(impl AsRef<str>, impl AsRef<str>)]) -> Result<(), Failure> {
    rows_after("", rows)
}

/// The same, with `indent` before each row.
pub(crate) fn rows_after(
    indent: &str,
    rows: &[(impl AsRef<str>, impl AsRef<str>)],
) -> Result<(), Failure> {
    let width =
        rows.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or_default();
    for (name, value) in rows {
        line(&format!("{indent}{:width$}  {}", name.as_ref(), value.as_ref()))?;
    }
    Ok(())
}

/// Writes the members of an object from elsewhere in two columns, what is nested as JSON.
pub(crate) fn members(object: &impl Serialize) -> Result<(), Failure> {
    let object = serde_json::to_value(object).expect("data of this command is always JSON");
    let mut members = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) => members.push((name, text.clone())),
            value => members.push((name, value.to_string())),
        }
    }
    rows(&members)
}

/// Writes a message for a person.
pub(crate) fn note(label: &str, text: &str) {
    waiting::clear();
    TerminalText::note(label, text).to_stderr();
}

fn unwritable(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::unread()
    } else {
        Failure::person("standard output cannot be written").because(error)
    }
}
