//! `ims cert match`: whether a certificate and a key belong together.

use std::path::{Path, PathBuf};

use clap::Args;
use ims::{cert::KeyHolder, sign::Passphrase};
use serde::Serialize;

use super::failed;
use crate::{
    commands::key,
    failure::Failure,
    files,
    output::{self, Answer},
};

/// Tell whether a certificate and a private key belong together.
///
/// Compares the public keys of two files: certificates, requests, private keys or public keys. Exit code 0 if they belong
/// together, 1 if they do not.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The certificate
    #[arg(value_name = "CERT")]
    certificate: PathBuf,

    /// The private key
    #[arg(value_name = "KEY")]
    key: PathBuf,

    /// The file of the private key's pass phrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    matches: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let passphrase = key::passphrase(arguments.passphrase_file.as_deref())?;
    let certificate = holder(&arguments.certificate, passphrase.as_ref())?;
    let key = holder(&arguments.key, passphrase.as_ref())?;
    let matches = certificate.public_key() == key.public_key();
    if arguments.json {
        output::json(&Data { matches })?;
    } else if matches {
        output::line("match: both have the same public key")?;
    } else {
        output::line("no match: the public keys differ")?;
    }
    Ok(if matches { Answer::Yes } else { Answer::No })
}

fn holder(path: &Path, passphrase: Option<&Passphrase>) -> Result<KeyHolder, Failure> {
    KeyHolder::from_bytes(&files::read(path)?, passphrase)
        .map_err(|error| failed(&error).about(&path.display().to_string()))
}
