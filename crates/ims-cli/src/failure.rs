//! What ends a command: what failed, what to do, and the exit code that says the same to a script.

use std::{error::Error, fmt::Write as _, process::ExitCode};

use anstyle::{AnsiColor, Effects};
use ims::{
    CredentialsError, TokenError,
    claims::Environment,
    exchange::{ExchangeError, Reason, Refusal, TransportError},
    sign::KeyError,
    token::{Evidence, FetchError, Remedy},
};
use ims_files::FileError;

use crate::terminal_text::TerminalText;

/// 128 and the number of SIGPIPE, as shells count it (POSIX, Shell & Utilities §2.8.2).
const UNREAD: u8 = 141;

/// 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// A command that did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    details: Vec<String>,
    hints: Vec<String>,
    exit_code: u8,
    /// Whether there was no answer, so that it matters who was asked.
    is_unanswered: bool,
}

impl Failure {
    /// The command was not given what it needs: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            details: Vec::new(),
            hints: Vec::new(),
            exit_code: 2,
            is_unanswered: false,
        }
    }

    /// To try again later can help: exit code 3.
    pub(crate) fn later(message: impl Into<String>) -> Self {
        Self { exit_code: 3, ..Self::usage(message) }
    }

    /// A person must act: exit code 4.
    pub(crate) fn person(message: impl Into<String>) -> Self {
        Self { exit_code: 4, ..Self::usage(message) }
    }

    /// Whoever reads the output has seen enough: nothing to tell. It is returned like any failure, so that what is temporary
    /// is still taken away. The exit code is the one that a shell gives to a program which a closed pipe has ended, 141: with
    /// 0, a check whose answer nobody heard would have said yes.
    pub(crate) fn unread() -> Self {
        Self { exit_code: UNREAD, ..Self::usage("nobody reads the output any more") }
    }

    /// A person has interrupted the command. The exit code is the one that a shell gives to a program which SIGINT has ended.
    pub(crate) fn interrupted() -> Self {
        Self { exit_code: INTERRUPTED, ..Self::usage("interrupted") }
    }

    /// Adds the error that is behind it, and all that is behind that.
    pub(crate) fn because(mut self, error: impl Error) -> Self {
        write!(self.message, ": {}", with_causes(&error))
            .expect("a String takes all that is written");
        self
    }

    /// Says first what it is about.
    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.message.insert_str(0, &format!("{subject}: "));
        self
    }

    /// Adds which IMS was asked, if it did not answer.
    pub(crate) fn asking(mut self, environment: &Environment) -> Self {
        if self.is_unanswered {
            self.details.push(format!("asked: {}", environment.base_url()));
        }
        self
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What failed, what to do, and the exit code.
    pub(crate) fn into_parts(self) -> (String, Vec<String>, u8) {
        let evidence = [vec![self.message], self.details].concat().join("; ");
        (evidence, self.hints, self.exit_code)
    }

    /// Tells it all to a person, on standard error.
    pub(crate) fn report(self) -> ExitCode {
        if self.exit_code == UNREAD {
            return ExitCode::from(UNREAD);
        }
        let error = AnsiColor::Red.on_default().effects(Effects::BOLD);
        let hint = AnsiColor::Cyan.on_default().effects(Effects::BOLD);
        let mut text =
            TerminalText::default().styled(error, "error:").with(&format!(" {}\n", self.message));
        for detail in &self.details {
            text = text.with(&format!("       {detail}\n"));
        }
        for line in &self.hints {
            text = text.with(" ").styled(hint, "hint:").with(&format!(" {line}\n"));
        }
        // A failure that cannot be written still has its exit code.
        text.to_stderr();
        ExitCode::from(self.exit_code)
    }

    /// Says first what was found on this machine, and what to do about that.
    fn explained_by(self, evidence: &Evidence) -> Self {
        let mut failure = self.about(evidence.finding());
        failure.hints.insert(0, evidence.remedy().to_owned());
        failure
    }

    fn with_refusal(mut self, refusal: &Refusal) -> Self {
        self.details.extend(refusal.description().map(|text| format!("IMS says: {text}")));
        self.details
            .extend(refusal.debug_id().map(|id| format!("X-Debug-Id: {id} (for Adobe's support)")));
        self
    }
}

/// The command that helps against a refusal, which the library does not know.
fn command_against(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::CertificateUnknown => Some(
            "to compare key and certificate: ims cert match; to see when it ends: ims cert inspect",
        ),
        Reason::AssertionMalformed | Reason::AssertionInvalid => {
            Some("to look at the claims: ims jwt sign | ims jwt decode -")
        }
        Reason::MigratedOrFailing => {
            Some("to see what changes for OAuth Server-to-Server: ims migrate -c FILE")
        }
        Reason::RefreshTokenInvalid | Reason::CodeInvalid => {
            Some("sign in again: ims login, with the same credentials")
        }
        _ => None,
    }
}

/// An error and all that is behind it, each said once.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut said = error.to_string();
    for cause in std::iter::successors(error.source(), |&error| error.source()) {
        let text = cause.to_string();
        if !said.ends_with(&text) {
            write!(said, ": {text}").expect("a String takes all that is written");
        }
    }
    said
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let failure = Self::person(error.problem());
        match error.remedy() {
            Some(remedy) => failure.hint(remedy),
            None => failure,
        }
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        let failure = Self::person(with_causes(&error));
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<ims::Error> for Failure {
    fn from(error: ims::Error) -> Self {
        let failure = Self::person(with_causes(&error));
        match &error {
            ims::Error::PrivateKey(error) => key_hints(failure, error),
            ims::Error::Transport(error) => transport_hints(failure, error),
            _ => failure,
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        if let Some(exchange_error) = error.exchange_error() {
            let failure = Self::from(exchange_error);
            return match error.evidence() {
                Some(evidence) => failure.explained_by(evidence),
                None => failure,
            };
        }
        let message = with_causes(&error);
        let failure =
            if error.is_transient() { Self::later(message) } else { Self::person(message) };
        match error.fetch_error().map(FetchError::remedy) {
            Some(Remedy::SignIn) => failure.hint("sign in: ims login, with the same credentials"),
            _ => failure,
        }
    }
}

impl From<&ExchangeError> for Failure {
    fn from(error: &ExchangeError) -> Self {
        let new = if error.is_transient() { Self::later } else { Self::person };
        let failure = new(with_causes(error));
        let mut failure = error.refusal().into_iter().fold(failure, Self::with_refusal);
        failure.is_unanswered = error.refusal().is_none();
        failure.hints.extend(error.hints());
        let command = error.reason().and_then(command_against);
        failure.hints.extend(command.map(str::to_owned));
        match error {
            ExchangeError::Unavailable { retry_after: Some(wait), .. } => {
                failure.hint(format!("IMS asks to wait for {}", humantime::format_duration(*wait)))
            }
            ExchangeError::Unreachable(error)
            | ExchangeError::Unavailable { source: Some(error), .. } => {
                transport_hints(failure, error)
            }
            _ => failure,
        }
    }
}

pub(crate) fn key_hints(failure: Failure, error: &KeyError) -> Failure {
    match error {
        KeyError::PassphraseMissing => failure.hint(
            "name a file with the pass phrase as private_key_passphrase_file in the credentials (IMS_PRIVATE_KEY_PASSPHRASE in \
             the environment)",
        ),
        KeyError::Size { .. } | KeyError::NotRsa { .. } | KeyError::PssOnly => {
            failure.hint("make a new key and certificate: ims cert new --out DIR")
        }
        _ => match error.conversion() {
            Some(command) => failure.hint(format!("convert it: {command}")),
            None => failure,
        },
    }
}

fn transport_hints(failure: Failure, error: &TransportError) -> Failure {
    match error {
        TransportError::Untrusted { .. } => {
            failure.hint("if a proxy reads along, put its CA certificate into a file and name it in SSL_CERT_FILE")
        }
        TransportError::Proxy(refusal) => failure.hint(refusal.hint()),
        TransportError::Setup { .. } => failure.hint("install the system's CA certificates (package ca-certificates)"),
        _ => failure,
    }
}
