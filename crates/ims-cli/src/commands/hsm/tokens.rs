//! `ims hsm tokens`: what tokens a module has.

use std::path::PathBuf;

use clap::Args;
use ims::sign::pkcs11::Pkcs11Module;
use serde::Serialize;

use super::failed;
use crate::{
    failure::Failure,
    output::{self, Answer},
};

/// List the tokens of a module.
///
/// Lists the tokens of a PKCS#11 module. No PIN is needed.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The module's file, as an absolute path: to load a module is to run its code
    #[arg(long, value_name = "PATH")]
    module: PathBuf,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    label: String,
    manufacturer: String,
    model: String,
    serial: String,
    slot_id: u64,
    initialized: bool,
    pin: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let module = Pkcs11Module::load(&arguments.module).map_err(|error| failed(&error))?;
    let tokens = module.tokens().map_err(|error| failed(&error))?;
    let tokens: Vec<Data> = tokens
        .into_iter()
        .map(|token| Data {
            label: token.label,
            manufacturer: token.manufacturer,
            model: token.model,
            serial: token.serial,
            slot_id: token.slot_id,
            initialized: token.is_initialized,
            pin: token.pin.to_string(),
        })
        .collect();
    if arguments.json {
        output::json(&tokens)?;
    } else {
        let lines: String = tokens.iter().map(Data::line).collect();
        output::write(&lines)?;
    }
    if tokens.is_empty() {
        output::note("note", "the module has no token");
    }
    Ok(Answer::Yes)
}

impl Data {
    fn line(&self) -> String {
        let Self { label, manufacturer, model, serial, slot_id, pin, .. } = self;
        let label = if self.initialized { label } else { "(not initialized)" };
        format!("{label}  slot {slot_id}, serial {serial:?}, {manufacturer} {model}, PIN {pin}\n")
    }
}
