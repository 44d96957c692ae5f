//! `ims key`: private key files.

mod inspect;

use std::path::Path;

use clap::Subcommand;
use ims::sign::{KeyError, Passphrase, PemSigner};

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
    let contents = files::read_secret(path)?;
    let text = std::str::from_utf8(&contents);
    let text = text.map_err(|_| Failure::person(format!("{} is not text", path.display())))?;
    Ok(Some(Passphrase::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

/// The private key in a file that no other user can read.
///
/// What is no private key is named as what it is before anyone asks who can read it: a certificate may be public.
pub(super) fn signer(path: &Path, passphrase: Option<&Passphrase>) -> Result<PemSigner, Failure> {
    let contents = files::read_file(path)?;
    let signer = PemSigner::from_bytes(&contents.bytes, passphrase)
        .map_err(|error| file_failure(&error).about(&path.display().to_string()))?;
    contents.access.check_private()?;
    Ok(signer)
}

/// What to do about a key that was named by its file, and not by credentials.
pub(super) fn file_failure(error: &KeyError) -> Failure {
    match error {
        KeyError::PassphraseMissing => Failure::person(error.to_string())
            .named("passphrase_missing")
            .hint("name a file with the pass phrase: --passphrase-file FILE"),
        _ => error.into(),
    }
}
