//! The options of one command, built when they are needed: all options of all commands together take longer to build than
//! many a command takes to run.

use std::env;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

/// The arguments `A` of a command, of which the parser knows the name alone while another command is called.
#[derive(Debug)]
pub(crate) struct OnDemand<A>(pub(crate) A);

/// Whether the options of this command can be asked for. Who wants help, or everything in writing, asks for all.
fn is_called(command: &Command) -> bool {
    let called = env::args_os().nth(1).filter(|_| !cfg!(test));
    let called = called.filter(|first| !first.to_string_lossy().starts_with('-'));
    called.is_none_or(|first| {
        first == command.get_name()
            || ["help", "man", "completions"].iter().any(|all| first == *all)
    })
}

impl<A: FromArgMatches> FromArgMatches for OnDemand<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<A: Args> Args for OnDemand<A> {
    fn augment_args(command: Command) -> Command {
        if is_called(&command) { A::augment_args(command) } else { command }
    }

    fn augment_args_for_update(command: Command) -> Command {
        A::augment_args_for_update(command)
    }
}

impl<A: Subcommand> Subcommand for OnDemand<A> {
    fn augment_subcommands(command: Command) -> Command {
        if is_called(&command) { A::augment_subcommands(command) } else { command }
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        A::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        A::has_subcommand(name)
    }
}
