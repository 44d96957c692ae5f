//! `ims cert`: the certificates with which IMS recognises a service account.

pub(super) mod check;
mod csr;
mod inspect;
mod new;
mod pair;
mod rotate;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

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
