//! Questions to the person at the terminal. Questions are not data, so they go to standard error.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::{failure::Failure, terminal_text::TerminalText};

/// Whether there is someone who can answer.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether the answer is yes. An empty line means `proposal`, which is `yes` or `no`.
pub(crate) fn is_yes(question: &str, proposal: &str) -> Result<bool, Failure> {
    let answer = ask(question, proposal)?;
    Ok(["y", "yes"].contains(&answer.to_ascii_lowercase().as_str()))
}

/// One line from the terminal; an empty line means `proposal`, which may be empty.
pub(crate) fn ask(question: &str, proposal: &str) -> Result<String, Failure> {
    if proposal.is_empty() {
        say(&format!("{question} "));
    } else {
        say(&format!("{question} [{proposal}] "));
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    let read =
        read.map_err(|error| Failure::person("the terminal cannot be read").because(error))?;
    if read == 0 {
        return Err(Failure::usage("nothing is changed: the input ended"));
    }
    let line = line.trim();
    Ok(if line.is_empty() { proposal.to_owned() } else { line.to_owned() })
}

/// Writes a part of a question.
pub(crate) fn say(text: &str) {
    TerminalText::from(text).to_stderr();
    // If it fails, there is no terminal to ask at.
    let _ = io::stderr().flush();
}
