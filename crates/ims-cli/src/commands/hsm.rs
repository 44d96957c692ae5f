//! `ims hsm`: tokens and keys of hardware security modules, by PKCS#11.

mod generate;
mod keys;
mod pin;
mod tokens;

use std::path::Path;

use clap::Subcommand;
use ims::sign::pkcs11::{PinSource, Pkcs11Config, Pkcs11Error, Pkcs11Signer, Pkcs11Uri};

use crate::{
    failure::{Failure, with_causes},
    output::Answer,
};

/// The commands about hardware security modules.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Tokens(tokens::Arguments),
    Keys(keys::Arguments),
    Generate(generate::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Tokens(arguments) => tokens::run(arguments),
        Command::Keys(arguments) => keys::run(arguments),
        Command::Generate(arguments) => generate::run(arguments),
    }
}

/// Opens the key that `uri` names.
pub(super) fn open_signer(
    uri: &Pkcs11Uri,
    pin_file: Option<&Path>,
) -> Result<Pkcs11Signer, Failure> {
    let mut uri = uri.clone();
    uri.pin = pin::read(uri.pin.as_ref(), pin_file)?.map(PinSource::Pin);
    let config = Pkcs11Config::try_from(uri).map_err(|error| failed(&error))?;
    Pkcs11Signer::open(config).map_err(|error| failed(&error))
}

/// What the error means to a person.
fn failed(error: &Pkcs11Error) -> Failure {
    let new = if error.is_transient() { Failure::later } else { Failure::person };
    let failure = new(with_causes(error));
    match error {
        Pkcs11Error::NoModulePath => failure.hint("add ?module-path=/path/to/module.so to the URI"),
        Pkcs11Error::PinMissing | Pkcs11Error::NoKey { logged_in: false, .. } => failure
            .hint("put the PIN into a file that only you can read: pin-source=FILE in the URI, or --pin-file FILE"),
        Pkcs11Error::PinFile { source, .. } => match source.remedy() {
            Some(remedy) => failure.hint(remedy),
            None => failure,
        },
        Pkcs11Error::PinWrong => {
            failure.hint("make sure of the PIN before the next try: the token counts, and locks itself")
        }
        Pkcs11Error::NoToken { .. } => failure.hint("list what is there: ims hsm tokens --module PATH"),
        _ => failure,
    }
}
