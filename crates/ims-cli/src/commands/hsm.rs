//! `ims hsm`: tokens and keys of hardware security modules, by PKCS#11.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ims::sign::pkcs11::{
    NewKey, Pkcs11Error, Pkcs11Key, Pkcs11Module, Pkcs11Uri, RsaKeySize, TokenSelector,
};
use serde::Serialize;

use crate::{
    certificate_data::KeyData,
    failure::{Failure, with_causes},
    output::{self, Answer},
    signing_key,
};

/// The commands about hardware security modules.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Tokens(TokensArguments),
    Keys(KeysArguments),
    Generate(GenerateArguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Tokens(arguments) => tokens(arguments),
        Command::Keys(arguments) => keys(arguments),
        Command::Generate(arguments) => generate(arguments),
    }
}

/// List the tokens of a module.
///
/// Lists the tokens of a PKCS#11 module. No PIN is needed.
#[derive(Debug, Args)]
pub(crate) struct TokensArguments {
    /// The module's file, as an absolute path: loading a module runs its code
    #[arg(long, value_name = "PATH")]
    module: PathBuf,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TokenData {
    label: String,
    manufacturer: String,
    model: String,
    serial: String,
    slot_id: u64,
    initialized: bool,
    pin: String,
}

fn tokens(arguments: &TokensArguments) -> Result<Answer, Failure> {
    let module = Pkcs11Module::load(&arguments.module).map_err(|error| Failure::from(&error))?;
    let tokens = module.tokens().map_err(|error| Failure::from(&error))?;
    let tokens: Vec<TokenData> = tokens
        .into_iter()
        .map(|token| TokenData {
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
        let lines: String = tokens.iter().map(TokenData::line).collect();
        output::write(&lines)?;
    }
    if tokens.is_empty() {
        output::note("note", "the module has no token");
    }
    Ok(Answer::Yes)
}

impl TokenData {
    fn line(&self) -> String {
        let Self { label, manufacturer, model, serial, slot_id, pin, .. } = self;
        let label = if self.initialized { label } else { "(not initialized)" };
        format!("{label}  slot {slot_id}, serial {serial:?}, {manufacturer} {model}, PIN {pin}\n")
    }
}

/// List the private keys in a token.
///
/// Lists the private keys in a token, and whether they can sign for IMS.
#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    /// The token, as a PKCS#11 URI
    #[arg(value_name = "URI", required_unless_present = "module")]
    uri: Option<Pkcs11Uri>,

    /// The module's file, as an absolute path
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,

    /// The token's label; not needed if there is only one
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
struct ListedKey {
    label: String,
    id: String,
    #[serde(flatten)]
    key: Option<KeyData>,
    can_sign: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    has_certificate: bool,
}

fn keys(arguments: &KeysArguments) -> Result<Answer, Failure> {
    let uri = arguments.uri.clone().unwrap_or_default();
    let path = arguments.module.clone().or(uri.module_path);
    let path = path.ok_or_else(|| Failure::from(&Pkcs11Error::NoModulePath))?;
    let token = arguments.token.as_ref().map_or(uri.token, TokenSelector::label);
    let module = Pkcs11Module::load(&path).map_err(|error| Failure::from(&error))?;
    let pin = signing_key::read_pin(uri.pin.as_ref(), arguments.pin_file.as_deref())?;
    let keys = module.keys(&token, pin.as_ref()).map_err(|error| Failure::from(&error))?;
    let keys: Vec<ListedKey> = keys.iter().map(ListedKey::new).collect();
    if arguments.json {
        output::json(&keys)?;
    } else {
        let lines: String = keys.iter().map(ListedKey::line).collect();
        output::write(&lines)?;
    }
    if keys.is_empty() {
        let why = if pin.is_none() { ", but without a PIN a token may hide its keys" } else { "" };
        output::note("note", &format!("the token shows no private key{why}"));
    }
    Ok(Answer::Yes)
}

impl ListedKey {
    fn new(key: &Pkcs11Key) -> Self {
        let reason = match &key.public_key {
            Err(error) => Some(with_causes(error)),
            Ok(_) if !key.can_sign => Some("the token does not allow it to sign".to_owned()),
            Ok(_) => None,
        };
        Self {
            label: key.label.clone(),
            id: key.id_hex(),
            key: key.public_key.as_ref().ok().map(|key| KeyData::rsa(key.modulus_bits())),
            can_sign: reason.is_none(),
            reason,
            has_certificate: key.has_certificate,
        }
    }

    fn line(&self) -> String {
        let Self { label, id, .. } = self;
        let what = match (&self.reason, &self.key) {
            (None, Some(key)) => format!("{}, can sign for IMS", key.text()),
            (reason, _) => {
                format!("cannot sign for IMS: {}", reason.as_deref().unwrap_or_default())
            }
        };
        let certificate = if self.has_certificate { ", with its certificate" } else { "" };
        format!("{label}  id {id}, {what}{certificate}\n")
    }
}

/// Generate an RSA key in a token.
///
/// Generates an RSA key in the token, with the label (and id) of the URI, and prints the URI of the key. The key can sign
/// and cannot be exported.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims hsm generate 'pkcs11:token=ims;object=production?module-path=/usr/lib/softhsm/libsofthsm2.so'"
)]
pub(crate) struct GenerateArguments {
    /// The token and the label of the key: pkcs11:token=…;object=LABEL?module-path=…
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
struct NewKeyData {
    uri: String,
}

fn generate(arguments: &GenerateArguments) -> Result<Answer, Failure> {
    let mut uri = arguments.uri.clone();
    let Some(label) = uri.key.label.clone() else {
        let failure = Failure::usage("the URI does not name the key");
        return Err(failure.hint("add ;object=LABEL before the ?"));
    };
    let path = uri.module_path.as_ref().ok_or_else(|| Failure::from(&Pkcs11Error::NoModulePath))?;
    let module = Pkcs11Module::load(path).map_err(|error| Failure::from(&error))?;
    let pin = signing_key::read_pin(uri.pin.as_ref(), arguments.pin_file.as_deref())?;
    let pin = pin.ok_or_else(|| Failure::from(&Pkcs11Error::PinMissing))?;
    let mut new = NewKey::new(label, arguments.bits);
    if let Some(id) = &uri.key.id {
        new = new.with_id(id.clone());
    }
    let key = module.generate_key(&uri.token, &pin, &new).map_err(|error| Failure::from(&error))?;
    uri.key = key.selector();
    let data = NewKeyData { uri: uri.to_string() };
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
