//! Data goes to standard output, all else to standard error.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

use crate::failure::Failure;

/// What a command that did its work has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes: exit code 0.
    Yes,
    /// No: exit code 1.
    No,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::SUCCESS,
            Answer::No => Self::from(1),
        }
    }
}

/// Writes one line of data.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(&format!("{text}\n"))
}

/// Writes data as it is.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
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
    line(&serde_json::to_string(data).expect("data of this command is always JSON"))
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
