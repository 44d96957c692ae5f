#![doc = include_str!("../README.md")]

mod commands;
mod connection;
mod context_file;
mod failure;
mod files;
mod integration;
mod output;
mod token_format;
mod token_in_question;
mod when;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;

/// Adobe IMS authentication: keys, certificates, JWTs and access tokens, and a local IMS to try them on.
#[derive(Debug, Parser)]
#[command(name = "ims", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 the answer is no · 2 usage · 3 try later · 4 a person must act\n\
                          (141: the reader of the output went away)\n\
                          New here? Try `ims demo`.";

fn main() -> ExitCode {
    match commands::run(Arguments::parse().command) {
        Ok(answer) => answer.into(),
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
