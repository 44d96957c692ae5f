//! The checklist: each line as soon as it is known, and the verdict at the end.

use anstyle::{AnsiColor, Effects, Style};
use serde::Serialize;
use serde_json::Value;

use super::diagnosis::Diagnosis;
use crate::{
    failure::Failure,
    output::{self, Answer},
    terminal_text::TerminalText,
    waiting::{self, Waiting},
    when,
};

/// The result of a check.
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
    /// The text of the verdict about it, if that is shorter than the evidence.
    #[serde(skip)]
    cause: Option<String>,
    #[serde(skip)]
    exit_code: u8,
}

impl Check {
    pub(super) fn ok(name: &'static str, evidence: impl Into<String>) -> Self {
        let (evidence, next) = (evidence.into(), Vec::new());
        Self { name, status: Status::Ok, evidence, next, cause: None, exit_code: 0 }
    }

    pub(super) fn warning(name: &'static str, evidence: impl Into<String>) -> Self {
        Self { status: Status::Warning, ..Self::ok(name, evidence) }
    }

    /// A person must act.
    pub(super) fn failed(name: &'static str, evidence: impl Into<String>) -> Self {
        Self { status: Status::Failed, exit_code: 4, ..Self::ok(name, evidence) }
    }

    /// Trying again later can help.
    pub(super) fn failed_for_now(name: &'static str, evidence: impl Into<String>) -> Self {
        Self { exit_code: 3, ..Self::failed(name, evidence) }
    }

    /// The check for a failure that would end another command.
    pub(super) fn from_failure(name: &'static str, failure: Failure) -> Self {
        let (evidence, mut next, exit_code) = failure.into_parts();
        // Other commands name this one.
        next.retain(|step| !step.ends_with(": ims doctor"));
        Self { next, exit_code, ..Self::failed(name, evidence) }
    }

    /// Adds what to do.
    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        self.next.push(next.into());
        self
    }

    /// Adds what to do if nothing better is known.
    pub(super) fn or_next(self, next: impl Into<String>) -> Self {
        if self.next.is_empty() { self.next(next) } else { self }
    }

    /// Reports the cause first, and only what to do about that. Waiting does not help against what a person must do.
    pub(super) fn explained_by(self, diagnosis: Diagnosis) -> Self {
        Self {
            evidence: format!("{} ({})", diagnosis.cause, self.evidence),
            cause: Some(diagnosis.cause),
            next: diagnosis.next,
            exit_code: 4,
            ..self
        }
    }

    /// The same as a warning, where something else has helped.
    pub(super) fn into_warning_if_failed(self) -> Self {
        if self.is_failed() { Self { status: Status::Warning, exit_code: 0, ..self } } else { self }
    }

    pub(super) fn is_failed(&self) -> bool {
        self.status == Status::Failed
    }

    fn text(&self) -> TerminalText {
        let (word, color) = match self.status {
            Status::Ok => ("ok", AnsiColor::Green),
            Status::Warning => ("warning", AnsiColor::Yellow),
            Status::Failed => ("failed", AnsiColor::Red),
        };
        let word = format!("{word:<8}");
        let mut text = TerminalText::default()
            .styled(bold(color), &word)
            .with(&format!(" {}: {}\n", self.name, self.evidence));
        for next in &self.next {
            text = text.with(&format!("         -> {next}\n"));
        }
        text
    }
}

/// All lines, in the order in which a person should read them.
pub(super) struct Checklist {
    as_json: bool,
    source: Option<Value>,
    checks: Vec<Check>,
    outcome: Option<&'static str>,
    waiting: Option<Waiting>,
}

impl Checklist {
    pub(super) fn new(as_json: bool) -> Self {
        Self { as_json, source: None, checks: Vec::new(), outcome: None, waiting: None }
    }

    /// Records where the credentials are, for the JSON.
    pub(super) fn set_source(&mut self, source: Value) {
        self.source = Some(source);
    }

    /// What is true if all checks pass: that IMS gives a token, or why it was not asked.
    pub(super) fn set_outcome(&mut self, outcome: &'static str) {
        self.outcome = Some(outcome);
    }

    /// Shows on a terminal what the next line waits for.
    pub(super) fn wait_for(&mut self, what: &str) {
        self.waiting = Some(waiting::on(what));
    }

    /// Adds a line, and prints it at once.
    pub(super) fn add(&mut self, check: Check) -> Result<(), Failure> {
        self.waiting = None;
        if !self.as_json {
            output::write(check.text())?;
        }
        self.checks.push(check);
        Ok(())
    }

    /// Prints the verdict, or all of it as JSON. The first line that failed decides the exit code.
    pub(super) fn finish(mut self) -> Result<Answer, Failure> {
        self.waiting = None;
        let first_failed = self.checks.iter().find(|check| check.is_failed());
        let exit_code = first_failed.map_or(0, |check| check.exit_code);
        let verdict = Verdict {
            text: self.summary(first_failed),
            passed: self.count(Status::Ok),
            warnings: self.count(Status::Warning),
            failed: self.count(Status::Failed),
            exit_code,
        };
        if self.as_json {
            output::json(&Document {
                version: env!("CARGO_PKG_VERSION"),
                time: when::rfc3339(when::now()),
                source: self.source.as_ref(),
                checks: &self.checks,
                verdict,
            })?;
        } else {
            let color = if exit_code == 0 { AnsiColor::Green } else { AnsiColor::Red };
            let text = TerminalText::from("\n").styled(bold(color), &verdict.text).with("\n");
            output::write(text)?;
        }
        Ok(match exit_code {
            0 => Answer::Yes,
            2 => Answer::Usage,
            3 => Answer::Later,
            _ => Answer::PersonMustAct,
        })
    }

    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    /// For example "9 checks passed, 1 warning, 1 failed: private key: …".
    fn summary(&self, first_failed: Option<&Check>) -> String {
        let mut parts = vec![counted(self.count(Status::Ok), "check passed", "checks passed")];
        let (warnings, failed) = (self.count(Status::Warning), self.count(Status::Failed));
        if warnings > 0 {
            parts.push(counted(warnings, "warning", "warnings"));
        }
        if failed > 0 {
            parts.push(format!("{failed} failed"));
        }
        let counts = parts.join(", ");
        let outcome = match first_failed {
            Some(check) => {
                let cause = check.cause.as_ref().unwrap_or(&check.evidence);
                format!("{}: {cause}", check.name)
            }
            None => self.outcome.unwrap_or("nothing is wrong").to_owned(),
        };
        format!("{counts}: {outcome}")
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    /// When it ended, as RFC 3339.
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a Value>,
    checks: &'a [Check],
    verdict: Verdict,
}

#[derive(Serialize)]
struct Verdict {
    text: String,
    passed: usize,
    warnings: usize,
    failed: usize,
    exit_code: u8,
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn bold(color: AnsiColor) -> Style {
    color.on_default().effects(Effects::BOLD)
}
