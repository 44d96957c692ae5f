//! A failure of a command: what failed, what to do, and the exit code for scripts. What the library's
//! [`Report`] says comes from there; the commands and options that help are added here.

use std::{error::Error, fmt::Write as _, process::ExitCode, time::Duration};

use anstyle::{AnsiColor, Effects};
use ims::{
    CredentialsError, ImsAnswer, Report, TokenError,
    cert::CertError,
    claims::{DurationText, Environment, ErrorLine},
    exchange::ExchangeError,
    sign::{KeyError, pkcs11::Pkcs11Error},
};
use ims_files::FileError;
use serde::Serialize;

use crate::terminal_text::{self, TerminalText};

/// 128 and the number of SIGPIPE, as shells count it (POSIX, Shell & Utilities §2.8.2).
const UNREAD: u8 = 141;

/// 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// A command that did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// A name for programs, which does not change.
    reason: &'static str,
    message: String,
    ims: Option<Box<ImsAnswer>>,
    /// The IMS that did not answer.
    asked: Option<String>,
    hints: Vec<String>,
    retry_after: Option<Duration>,
    exit_code: u8,
    /// Whether there was no answer, so that it matters who was asked.
    is_unanswered: bool,
}

/// The failure for programs, on one line of standard error.
#[derive(Serialize)]
struct Json<'a> {
    error: JsonError<'a>,
}

#[derive(Serialize)]
struct JsonError<'a> {
    reason: &'a str,
    message: &'a str,
    ims: Option<JsonAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<&'a str>,
    remedies: &'a [String],
    /// Seconds, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    exit_code: u8,
}

#[derive(Serialize)]
struct JsonAnswer<'a> {
    status: Option<u16>,
    code: Option<&'a str>,
    description: Option<&'a str>,
    debug_id: Option<&'a str>,
}

impl Failure {
    fn new(reason: &'static str, message: impl Into<String>, exit_code: u8) -> Self {
        Self {
            reason,
            message: message.into(),
            ims: None,
            asked: None,
            hints: Vec::new(),
            retry_after: None,
            exit_code,
            is_unanswered: false,
        }
    }

    /// Something that the command needs is missing: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message, 2)
    }

    /// Trying again later can help: exit code 3.
    pub(crate) fn later(message: impl Into<String>) -> Self {
        Self::new("try_later", message, 3)
    }

    /// A person must act: exit code 4.
    pub(crate) fn person(message: impl Into<String>) -> Self {
        Self::new("person_must_act", message, 4)
    }

    /// What to do about a key that was named by its file, and not by credentials.
    pub(crate) fn of_key_file(error: &KeyError) -> Self {
        match error {
            KeyError::PassphraseMissing => Self::person(error.to_string())
                .named("passphrase_missing")
                .hint("name a file with the pass phrase: --passphrase-file FILE"),
            _ => error.into(),
        }
    }

    /// The reader of the output has closed the pipe, so there is nothing to report. It is returned like any failure, so
    /// that temporary files are still removed. The exit code is 141, which shells report for a program that was ended by a
    /// closed pipe. With 0, a check would seem to have the result yes.
    pub(crate) fn unread() -> Self {
        Self::new("unread", "the output is no longer read", UNREAD)
    }

    /// The same with another name for programs.
    pub(crate) fn named(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    /// The same with another exit code.
    pub(crate) fn with_exit_code(self, exit_code: u8) -> Self {
        Self { exit_code, ..self }
    }

    /// The same as an error of usage: exit code 2.
    pub(crate) fn into_usage(self) -> Self {
        self.with_exit_code(2)
    }

    /// A person has interrupted the command. The exit code is the one that shells report for a program that was ended by
    /// SIGINT.
    pub(crate) fn interrupted() -> Self {
        Self::usage("interrupted").with_exit_code(INTERRUPTED)
    }

    /// Adds the error that caused it, and the causes of that error.
    pub(crate) fn because(mut self, error: impl Error) -> Self {
        write!(self.message, ": {}", with_causes(&error)).expect("writing to a String never fails");
        self
    }

    /// Puts the subject in front of the message.
    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.message.insert_str(0, &format!("{subject}: "));
        self
    }

    /// Adds which IMS was asked, if it did not answer.
    pub(crate) fn asking(mut self, environment: &Environment) -> Self {
        if self.is_unanswered {
            self.asked = Some(environment.base_url().to_owned());
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
        let details = self.details();
        let steps = self.steps();
        let evidence = [vec![self.message], details].concat().join("; ");
        (evidence, steps, self.exit_code)
    }

    /// What to do, one line each: at the end, how long to wait.
    fn steps(&self) -> Vec<String> {
        let mut steps = self.hints.clone();
        steps.extend(self.retry_after.map(|wait| format!("try again in {}", DurationText(wait))));
        steps
    }

    /// What belongs to the message, one line each.
    fn details(&self) -> Vec<String> {
        let mut details = Vec::new();
        if let Some(ims) = &self.ims {
            details.extend(ims.description.as_ref().map(|text| format!("IMS says: {text}")));
            let debug_id = ims.debug_id.as_ref();
            details.extend(debug_id.map(|id| format!("X-Debug-Id: {id} (for Adobe's support)")));
        }
        details.extend(self.asked.as_ref().map(|asked| format!("asked: {asked}")));
        details
    }

    /// Writes everything to standard error: to a person, or in one line of JSON to a program that asked for JSON.
    pub(crate) fn report(self) -> ExitCode {
        if self.exit_code == UNREAD {
            return ExitCode::from(UNREAD);
        }
        // A failure that cannot be written still has its exit code.
        if terminal_text::is_json() { self.json() } else { self.text() }.to_stderr();
        ExitCode::from(self.exit_code)
    }

    fn text(&self) -> TerminalText {
        let error = AnsiColor::Red.on_default().effects(Effects::BOLD);
        let hint = AnsiColor::Cyan.on_default().effects(Effects::BOLD);
        let mut text =
            TerminalText::default().styled(error, "error:").with(&format!(" {}\n", self.message));
        for detail in self.details() {
            text = text.with(&format!("       {detail}\n"));
        }
        for line in self.steps() {
            text = text.with(" ").styled(hint, "hint:").with(&format!(" {line}\n"));
        }
        text
    }

    fn json(&self) -> TerminalText {
        let ims = self.ims.as_ref().map(|ims| JsonAnswer {
            status: ims.status,
            code: ims.code.as_deref(),
            description: ims.description.as_deref(),
            debug_id: ims.debug_id.as_deref(),
        });
        let error = JsonError {
            reason: self.reason,
            message: &self.message,
            ims,
            asked: self.asked.as_deref(),
            remedies: &self.hints,
            retry_after: self.retry_after.map(whole_seconds),
            exit_code: self.exit_code,
        };
        let json = serde_json::to_string(&Json { error });
        TerminalText::of_json(&json.expect("data of this command is always JSON")).with("\n")
    }
}

/// Seconds, rounded up: a caller that comes too early has to wait again.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        let exit_code = if report.is_transient() { 3 } else { 4 };
        let mut failure = Self::new(report.reason(), report.message(), exit_code);
        failure.ims = report.ims().cloned().map(Box::new);
        failure.hints = report.remedies().to_vec();
        failure.hints.extend(command_against(report.reason()).map(str::to_owned));
        // A wait that is over before a person can type is not reported.
        failure.retry_after = report.retry_after().filter(|wait| *wait >= Duration::from_secs(1));
        failure
    }
}

/// The command or option that helps against an error, which the library does not know.
fn command_against(reason: &str) -> Option<&'static str> {
    let command = match reason {
        "certificate_unknown" => {
            "to compare key and certificate: ims cert match; to see when it expires: ims cert inspect"
        }
        "assertion_malformed" | "assertion_invalid" => {
            "to look at the claims: ims jwt sign | ims jwt decode -"
        }
        "migrated_or_failing" => {
            "to see what changes for OAuth Server-to-Server: ims migrate -c FILE"
        }
        "refresh_token_invalid" | "code_invalid" | "sign_in_needed" => {
            "to sign in: ims login, with the same credentials"
        }
        "credential_not_selected" => "to select one: --credential NAME",
        "passphrase_missing" => {
            "name a file with the pass phrase as private_key_passphrase_file in the credentials (IMS_PRIVATE_KEY_PASSPHRASE in \
             the environment)"
        }
        "key_unsuitable" => "to make a new key and certificate: ims cert new --out DIR",
        "context_unknown" => "to see which contexts there are: ims context list",
        "no_connection" | "no_answer" | "server_not_trusted" | "not_ims" => {
            "to see what is in between: ims doctor"
        }
        _ => return None,
    };
    Some(command)
}

/// An error and all its sources, each text once.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    ims_files::without_number(&ErrorLine(error).to_string())
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::person(error.problem()).named("file_not_used").hint(error.hint())
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Report::from(&error).into()
    }
}

impl From<ims::Error> for Failure {
    fn from(error: ims::Error) -> Self {
        Report::from(&error).into()
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let mut failure = Self::from(Report::from(&error));
        failure.is_unanswered = error.exchange_error().is_some() && error.refusal().is_none();
        failure
    }
}

impl From<&ExchangeError> for Failure {
    fn from(error: &ExchangeError) -> Self {
        let mut failure = Self::from(Report::from(error));
        failure.is_unanswered = error.refusal().is_none();
        failure
    }
}

impl From<&KeyError> for Failure {
    fn from(error: &KeyError) -> Self {
        Report::from(error).into()
    }
}

impl From<&Pkcs11Error> for Failure {
    fn from(error: &Pkcs11Error) -> Self {
        let new = if error.is_transient() { Self::later } else { Self::person };
        let failure = new(with_causes(error));
        match error {
        Pkcs11Error::NoModulePath => failure.hint("add ?module-path=/path/to/module.so to the URI"),
        Pkcs11Error::PinMissing | Pkcs11Error::NoKey { logged_in: false, .. } => failure
            .hint("put the PIN into a file that only you can read: pin-source=FILE in the URI, or --pin-file FILE"),
        Pkcs11Error::PinFile { source, .. } => failure.hint(source.hint()),
        Pkcs11Error::PinWrong => {
            failure.hint("check the PIN before the next try: the token counts wrong PINs, and locks itself")
        }
        Pkcs11Error::NoToken { .. } => failure.hint("list the tokens: ims hsm tokens --module PATH"),
        _ => failure.hint("look at the module and the device with the tools of their vendor"),
    }
    }
}

impl From<&CertError> for Failure {
    fn from(error: &CertError) -> Self {
        match error {
            // The key says why it cannot be used.
            CertError::Key(error) => Self::of_key_file(error),
            CertError::SubjectAttribute { .. } => Self::from(Report::from(error))
                .hint("attributes are CN, O, OU, L, ST, C and emailAddress, among others"),
            _ => Report::from(error).into(),
        }
    }
}
