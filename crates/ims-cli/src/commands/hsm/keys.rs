//! `ims hsm keys`: what private keys a token has.

use std::path::PathBuf;

use clap::Args;
use ims::sign::pkcs11::{Pkcs11Error, Pkcs11Key, Pkcs11Module, Pkcs11Uri, TokenSelector};
use serde::Serialize;

use super::{failed, pin};
use crate::{
    failure::{Failure, with_causes},
    output::{self, Answer},
};

/// List the private keys in a token.
///
/// Lists the private keys in a token, and whether they can sign for IMS.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The token, as a PKCS#11 URI
    #[arg(value_name = "URI", required_unless_present = "module")]
    uri: Option<Pkcs11Uri>,

    /// The module's file, as an absolute path
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,

    /// The token's label; not needed if there is but one
    #[arg(long, value_name = "LABEL", conflicts_with = "uri")]
    token: Option<String>,

    /// The file of the PIN, - for standard input, if the URI has no pin-source
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    label: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<usize>,
    can_sign: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    has_certificate: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let uri = arguments.uri.clone().unwrap_or_default();
    let path = arguments.module.clone().or(uri.module_path);
    let path = path.ok_or_else(|| failed(&Pkcs11Error::NoModulePath))?;
    let token = arguments.token.as_ref().map_or(uri.token, TokenSelector::label);
    let module = Pkcs11Module::load(&path).map_err(|error| failed(&error))?;
    let pin = pin::read(uri.pin.as_ref(), arguments.pin_file.as_deref())?;
    let keys = module.keys(&token, pin.as_ref()).map_err(|error| failed(&error))?;
    let keys: Vec<Data> = keys.iter().map(Data::new).collect();
    if arguments.json {
        output::json(&keys)?;
    } else {
        let lines: String = keys.iter().map(Data::line).collect();
        output::write(&lines)?;
    }
    if keys.is_empty() {
        let why = if pin.is_none() { ", but without a PIN a token may hide its keys" } else { "" };
        output::note("note", &format!("the token shows no private key{why}"));
    }
    Ok(Answer::Yes)
}

impl Data {
    fn new(key: &Pkcs11Key) -> Self {
        let reason = match &key.public_key {
            Err(error) => Some(with_causes(error)),
            Ok(_) if !key.can_sign => Some("the token does not let it sign".to_owned()),
            Ok(_) => None,
        };
        Self {
            label: key.label.clone(),
            id: key.id_hex(),
            bits: key.public_key.as_ref().ok().map(ims::sign::PublicKey::modulus_bits),
            can_sign: reason.is_none(),
            reason,
            has_certificate: key.has_certificate,
        }
    }

    fn line(&self) -> String {
        let Self { label, id, .. } = self;
        let what = match (&self.reason, self.bits) {
            (None, Some(bits)) => format!("RSA {bits} bits, can sign for IMS"),
            (reason, _) => {
                format!("cannot sign for IMS: {}", reason.as_deref().unwrap_or_default())
            }
        };
        let certificate = if self.has_certificate { ", with its certificate" } else { "" };
        format!("{label}  id {id}, {what}{certificate}\n")
    }
}
