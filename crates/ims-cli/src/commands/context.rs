//! `ims context`: credentials by name.

mod add;
mod list;
mod remove;
mod show;
mod switch;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

/// The commands about contexts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(add::Arguments),
    List(list::Arguments),
    Use(switch::Arguments),
    Show(show::Arguments),
    Remove(remove::Arguments),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Add(arguments) => add::run(arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Use(arguments) => switch::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Remove(arguments) => remove::run(&arguments),
    }
}
