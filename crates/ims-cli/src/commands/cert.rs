//! `ims cert`: the certificates by which IMS knows a service account.

pub(super) mod check;
mod csr;
mod inspect;
mod new;
mod new_files;
mod pair;
mod rotate;

use std::path::Path;

use clap::Subcommand;
use ims::{
    Report,
    cert::{CertError, Validity},
};

use super::key;
use crate::{
    failure::{Failure, with_causes},
    output::Answer,
    when,
};

/// The commands about certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(new::Arguments),
    Csr(csr::Arguments),
    Inspect(inspect::Arguments),
    Check(check::Arguments),
    Match(pair::Arguments),
    Rotate(rotate::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::New(arguments) => new::run(arguments),
        Command::Csr(arguments) => csr::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Match(arguments) => pair::run(arguments),
        Command::Rotate(arguments) => rotate::run(arguments),
    }
}

/// What the error means to a person.
fn failed(error: &CertError) -> Failure {
    match error {
        // The key says why it cannot be used.
        CertError::Key(error) => key::file_failure(error),
        CertError::SubjectAttribute { .. } => Failure::from(Report::from(error))
            .hint("attributes are CN, O, OU, L, ST, C and emailAddress, among others"),
        _ => Report::from(error).into(),
    }
}

/// The same for an error about the file at `path`.
fn failed_for(path: &Path, error: &CertError) -> Failure {
    failed(error).about(&path.display().to_string())
}

/// The validity that begins now and that --days asks for.
fn validity(days: u32) -> Result<Validity, Failure> {
    Validity::from_days(when::now(), days)
        .map_err(|error| Failure::usage(with_causes(&error)).about(&format!("--days {days}")))
}
