//! `ims completions`: what a shell needs to complete this command.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{
    failure::Failure,
    output::{self, Answer},
};

/// Print a completion script for a shell.
///
/// Prints the script by which a shell completes the commands and options of ims.
#[derive(Debug, Args)]
#[command(after_help = "Examples, for packagers and for your own shell:\n  \
    ims completions bash > /usr/share/bash-completion/completions/ims\n  \
    ims completions zsh  > /usr/share/zsh/vendor-completions/_ims\n  \
    ims completions fish > ~/.config/fish/completions/ims.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    // Into memory first: written straight to a pipe that closes, it would panic.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::Arguments::command(), "ims", &mut script);
    output::write_bytes(&script)?;
    Ok(Answer::Yes)
}
