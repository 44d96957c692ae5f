//! `ims completions`: what a shell needs to complete this command.

use clap::Args;
use clap_complete::{Shell, env::Shells};

use crate::{
    completion,
    failure::Failure,
    output::{self, Answer},
};

/// Print a completion script for a shell.
///
/// Prints the script with which a shell completes commands, options, names of contexts and files. The script calls ims, so
/// it must belong to the same version.
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
    let name = arguments.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells
        .completer(&name)
        .ok_or_else(|| Failure::usage(format!("there is no script for {name}")))?;
    let mut script = Vec::new();
    let written = shell.write_registration(completion::VARIABLE, "ims", "ims", "ims", &mut script);
    written.map_err(|error| Failure::person("the script cannot be written").because(error))?;
    output::write_bytes(&script)?;
    Ok(Answer::Yes)
}
