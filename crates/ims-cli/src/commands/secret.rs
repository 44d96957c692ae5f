//! `ims secret`: the client secrets of OAuth Server-to-Server, of which Adobe keeps two so that one can replace the other.

mod console;
pub(super) mod known;
mod list;
mod place;
mod rotate;
mod state;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

/// The commands about client secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Rotate(rotate::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Rotate(arguments) => rotate::run(arguments),
    }
}
