//! Giving the new secret to a command that keeps it.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::{Command, Stdio},
};

use ims::exchange::{ClientSecret, SecretId};

use crate::failure::Failure;

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
        Failure::person(format!("no one knows how {name} ended")).because(error)
    })?;
    if !status.success() {
        return Err(Failure::person(format!("{name} ended with {status}")));
    }
    written.map_err(|error| {
        Failure::person(format!("{name} did not read the secret from its standard input"))
            .because(error)
    })
}
