//! `ims hsm generate`: a new key that never leaves its token.

use std::path::PathBuf;

use clap::Args;
use ims::sign::pkcs11::{NewKey, Pkcs11Error, Pkcs11Module, Pkcs11Uri, RsaKeySize};
use serde::Serialize;

use super::{failed, pin};
use crate::{
    failure::Failure,
    output::{self, Answer},
};

/// Make an RSA key inside a token.
///
/// Makes an RSA key inside the token, with the label (and id) of the URI, and prints the URI that names it. The key signs,
/// and cannot be read out.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims hsm generate 'pkcs11:token=ims;object=production?module-path=/usr/lib/softhsm/libsofthsm2.so'"
)]
pub(crate) struct Arguments {
    /// Where and how the key is to be: pkcs11:token=…;object=LABEL?module-path=…
    #[arg(value_name = "URI")]
    uri: Pkcs11Uri,

    /// Length of the key: 2048, 3072 or 4096
    #[arg(long, value_name = "BITS", default_value = "2048", value_parser = key_size)]
    bits: RsaKeySize,

    /// The file of the PIN, - for standard input, if the URI has no pin-source
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    uri: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut uri = arguments.uri.clone();
    let Some(label) = uri.key.label.clone() else {
        let failure = Failure::usage("the URI does not name the key");
        return Err(failure.hint("add ;object=LABEL before the ?"));
    };
    let path = uri.module_path.as_ref().ok_or_else(|| failed(&Pkcs11Error::NoModulePath))?;
    let module = Pkcs11Module::load(path).map_err(|error| failed(&error))?;
    let pin = pin::read(uri.pin.as_ref(), arguments.pin_file.as_deref())?;
    let pin = pin.ok_or_else(|| failed(&Pkcs11Error::PinMissing))?;
    let mut new = NewKey::new(label, arguments.bits);
    if let Some(id) = &uri.key.id {
        new = new.with_id(id.clone());
    }
    let key = module.generate_key(&uri.token, &pin, &new).map_err(|error| failed(&error))?;
    uri.key = key.selector();
    let data = Data { uri: uri.to_string() };
    if arguments.json {
        output::json(&data)?;
    } else {
        output::line(&data.uri)?;
    }
    output::note("next", "make its certificate: ims cert new --out DIR --signer URI");
    Ok(Answer::Yes)
}

fn key_size(text: &str) -> Result<RsaKeySize, String> {
    match text {
        "2048" => Ok(RsaKeySize::Bits2048),
        "3072" => Ok(RsaKeySize::Bits3072),
        "4096" => Ok(RsaKeySize::Bits4096),
        _ => Err("a key has 2048, 3072 or 4096 bits".to_owned()),
    }
}
