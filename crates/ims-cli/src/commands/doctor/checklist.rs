//! The checklist: each line with its evidence and what to do next.

use anstyle::{AnsiColor, Effects};
use serde::Serialize;

use super::diagnosis::Diagnosis;
use crate::{
    failure::Failure,
    output::{self, Answer},
    terminal_text::TerminalText,
};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    Warning,
    Failed,
}

/// One line.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    status: Status,
    evidence: String,
    next: Vec<String>,
    #[serde(skip)]
    exit_code: u8,
}

impl Check {
    pub(super) fn ok(name: &'static str, evidence: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, evidence: evidence.into(), next: Vec::new(), exit_code: 0 }
    }

    pub(super) fn warning(name: &'static str, evidence: impl Into<String>) -> Self {
        Self { status: Status::Warning, ..Self::ok(name, evidence) }
    }

    pub(super) fn failed(name: &'static str, evidence: impl Into<String>) -> Self {
        Self { status: Status::Failed, exit_code: 1, ..Self::ok(name, evidence) }
    }

    /// A failure that would end another command.
    pub(super) fn from_failure(name: &'static str, failure: Failure) -> Self {
        let (evidence, next, exit_code) = failure.into_parts();
        Self { name, status: Status::Failed, evidence, next, exit_code }
    }

    /// Adds what to do.
    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        self.next.push(next.into());
        self
    }

    /// Says first what is behind it. What a person has to do, no waiting will.
    pub(super) fn explained_by(mut self, diagnosis: &Diagnosis) -> Self {
        self.evidence = format!("{} ({})", diagnosis.cause, self.evidence);
        self.next.insert(0, diagnosis.next.to_owned());
        self.exit_code = 4;
        self
    }

    /// The same, where something else has helped.
    pub(super) fn into_warning(self) -> Self {
        Self { status: Status::Warning, exit_code: 0, ..self }
    }

    pub(super) fn is_failed(&self) -> bool {
        self.status == Status::Failed
    }

    fn summary(&self) -> String {
        format!("the check of the {} failed", self.name)
    }

    fn text(&self) -> TerminalText {
        let (word, color) = match self.status {
            Status::Ok => ("ok", AnsiColor::Green),
            Status::Warning => ("warning", AnsiColor::Yellow),
            Status::Failed => ("failed", AnsiColor::Red),
        };
        let style = color.on_default().effects(Effects::BOLD);
        let word = format!("{word:<8}");
        let mut text = TerminalText::default()
            .styled(style, &word)
            .with(&format!(" {}: {}\n", self.name, self.evidence));
        for next in &self.next {
            text = text.with(&format!("         -> {next}\n"));
        }
        text
    }
}

/// All lines, in the order in which a person should read them.
#[derive(Debug, Default)]
pub(super) struct Checklist(Vec<Check>);

impl Checklist {
    pub(super) fn add(&mut self, check: Check) {
        self.0.push(check);
    }

    /// Prints the lines. The first that failed decides the exit code.
    pub(super) fn report(&self, as_json: bool) -> Result<Answer, Failure> {
        if as_json {
            output::json(&self.0)?;
        } else {
            for check in &self.0 {
                output::write(check.text())?;
            }
        }
        let failed = self.0.iter().find(|check| check.is_failed());
        match failed {
            None => Ok(Answer::Yes),
            Some(check) if check.exit_code == 1 => Ok(Answer::No),
            Some(check) if check.exit_code == 3 => Err(Failure::later(check.summary())),
            Some(check) => Err(Failure::person(check.summary())),
        }
    }
}
