//! The options of `ims secret rotate`, and the command of --exec, which keeps the new secret.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::{Command, Stdio},
    time::Duration,
};

use clap::Args;
use ims::exchange::{ClientSecret, SecretId};

use crate::{commands::secret::console::ConsoleOptions, failure::Failure};

/// Replace a client secret without a moment in which IMS accepts none.
///
/// Adds a second secret, gets a token with it, and then replaces the old one with it: in the credentials file, the context,
/// the file or keyring entry that they name, or with --exec in your secret manager. Nothing else in the file changes. Adobe
/// accepts both secrets until --finish deletes the old one. If a run is interrupted, the next run continues it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ims secret rotate -c creds.json --page URL         # the address of the credential's page\n  \
    ims secret rotate -c creds.json --finish           # once every process has the new secret\n  \
    ims secret rotate -c creds.json --if-older-than 90d   # for cron\n  \
    ims secret rotate -c creds.json --exec vault kv put secret/ims client_secret=-\n\
    Exit codes: 0 done or not due · 3 not yet: run it again · 4 a person must act")]
#[expect(clippy::struct_excessive_bools, reason = "options of a command, each for itself")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) console: ConsoleOptions,

    /// Begin only if the newest secret is older than this; a rotation that has begun continues
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(super) if_older_than: Option<Duration>,

    /// How long to wait until IMS accepts the new secret
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    pub(super) wait: Duration,

    /// Delete the old secret, after the rotation
    #[arg(long, conflicts_with_all = ["if_older_than", "exec", "print", "again"])]
    pub(super) finish: bool,

    /// With --finish: delete the old secret, even if it is still used
    #[arg(long, requires = "finish")]
    pub(super) force: bool,

    /// Delete the secret of an interrupted run, even if a program uses it, and add another
    #[arg(long)]
    pub(super) again: bool,

    /// Print the new secret on standard output
    #[arg(long)]
    pub(super) print: bool,

    /// Print one line of JSON
    #[arg(long)]
    pub(super) json: bool,

    /// A command that gets the new secret on standard input and stores it, the last option; no file is changed then
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    pub(super) exec: Vec<OsString>,
}

/// Runs `command` with the secret on its standard input, without a line break, and its id in `IMS_SECRET_ID`. What it prints
/// goes to standard error, since standard output is for data.
pub(super) fn give_to(
    command: &[OsString],
    client_secret: &ClientSecret,
    id: &SecretId,
) -> Result<(), Failure> {
    let Some((program, rest)) = command.split_first() else {
        return Err(Failure::usage("no command is named"));
    };
    let name = program.to_string_lossy();
    let child = Command::new(program)
        .args(rest)
        .env("IMS_SECRET_ID", id.as_str())
        .stdin(Stdio::piped())
        .stdout(io::stderr())
        .spawn();
    let mut child =
        child.map_err(|error| Failure::person(format!("{name} cannot be run")).because(error))?;
    // The end of the pipe is closed when it goes out of scope, which tells the command that this is all.
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(client_secret.expose_secret().as_bytes()),
        None => Ok(()),
    };
    let status = child.wait();
    let status = status.map_err(|error| {
        Failure::person(format!("it is not known how {name} ended")).because(error)
    })?;
    if !status.success() {
        return Err(Failure::person(format!("{name} ended with {status}")));
    }
    written.map_err(|error| {
        Failure::person(format!("{name} did not read the secret from its standard input"))
            .because(error)
    })
}
