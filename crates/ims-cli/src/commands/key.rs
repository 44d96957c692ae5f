//! `ims key`: private key files.

mod inspect;

use std::path::Path;

use clap::Subcommand;
use ims::sign::Passphrase;

use crate::{failure::Failure, files, output::Answer};

/// The commands about private keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(inspect::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Inspect(arguments) => inspect::run(arguments),
    }
}

/// Reads a pass phrase from a file, without the line break at its end.
pub(super) fn passphrase(path: Option<&Path>) -> Result<Option<Passphrase>, Failure> {
    let Some(path) = path else { return Ok(None) };
    if is_exposed(path) {
        return Err(Failure::person(format!(
            "{} holds a secret and others can read it",
            path.display()
        ))
        .hint(format!("chmod 600 {}", path.display())));
    }
    let contents = files::read(path)?;
    let text = std::str::from_utf8(&contents);
    let text = text.map_err(|_| Failure::person(format!("{} is not text", path.display())))?;
    Ok(Some(Passphrase::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

/// Whether others than its owner can read the file. A pipe has no readers but its own.
pub(super) fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o044 != 0)
}
