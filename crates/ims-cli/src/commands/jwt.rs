//! `ims jwt`: assertions and other JSON Web Tokens.

mod decode;
mod sign;
mod verify;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

/// The commands about JWTs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sign(sign::Arguments),
    Decode(decode::Arguments),
    Verify(verify::Arguments),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
    }
}
