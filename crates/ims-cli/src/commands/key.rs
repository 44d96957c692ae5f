//! `ims key`: what a private key file is.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ims::sign::{KeyError, PemSigner, Signer};
use serde::Serialize;

use crate::{
    certificate_data::KeyData,
    failure::{Failure, with_causes},
    files,
    output::{self, Answer},
    signing_key,
};

/// The commands about private keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(InspectArguments),
}

/// Show what a private key file is, and whether it can sign for IMS.
///
/// Shows what a private key file is, and whether it can sign for IMS: exit code 0 if it can, 1 if it cannot.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// The file of the private key, - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The file of its pass phrase; without it, the command asks at the terminal
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    can_sign: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(flatten)]
    key: Option<KeyData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    let Command::Inspect(arguments) = command;
    inspect(arguments)
}

fn inspect(arguments: &InspectArguments) -> Result<Answer, Failure> {
    let passphrase = signing_key::passphrase_in(arguments.passphrase_file.as_deref())?;
    let contents = files::read_file(&arguments.file)?;
    let key = signing_key::read(&arguments.file, &contents.bytes, passphrase.as_ref())?;
    if key.is_ok()
        && let Err(error) = contents.access.check_private()
    {
        output::note("warning", &error.to_string());
    }
    if arguments.json {
        output::json(&Data::new(&key))?;
    } else {
        output::line(&match &key {
            Ok(signer) => {
                let key = KeyData::rsa(signer.public_key().modulus_bits());
                format!("{}, {}: can sign for IMS", key.text(), signer.format())
            }
            Err(error) => format!("cannot sign for IMS: {}", with_causes(error)),
        })?;
    }
    match key {
        Ok(_) => Ok(Answer::Yes),
        Err(error) => {
            hint(&error);
            Ok(Answer::No)
        }
    }
}

fn hint(error: &KeyError) {
    match error {
        KeyError::PassphraseMissing => {
            output::note("hint", "name a file with the pass phrase: --passphrase-file FILE");
        }
        KeyError::Size { .. } | KeyError::NotRsa { .. } | KeyError::PssOnly => {
            output::note("hint", "make a new key and certificate: ims cert new --out DIR");
        }
        _ => {
            if let Some(command) = error.conversion() {
                output::note("hint", &format!("convert it: {command}"));
            }
        }
    }
}

impl Data {
    fn new(key: &Result<PemSigner, KeyError>) -> Self {
        let (signer, error) = (key.as_ref().ok(), key.as_ref().err());
        Self {
            can_sign: signer.is_some(),
            format: signer.map(|signer| signer.format().to_string()),
            key: signer.map(|signer| KeyData::rsa(signer.public_key().modulus_bits())),
            reason: error.map(|error| with_causes(error)),
        }
    }
}
