//! Where the PIN comes from. It is never an option: other users see a command line.

use std::{
    env,
    io::{self, IsTerminal},
    path::Path,
};

use ims::sign::pkcs11::{Pin, PinSource};

use super::failed;
use crate::{failure::Failure, files};

/// The PIN: of the URI's `pin-source`, of `--pin-file` (`-` is standard input), of `IMS_PKCS11_PIN`, or, on a terminal, of
/// the person there.
/// `None` is for a token that wants no login.
pub(super) fn read(
    source: Option<&PinSource>,
    file: Option<&Path>,
) -> Result<Option<Pin>, Failure> {
    let file = match file {
        Some(path) if path == Path::new("-") => {
            return pin(files::read_text(path)?.to_string()).map(Some);
        }
        file => file.map(|path| PinSource::File(path.to_owned())),
    };
    if let Some(source) = source.or(file.as_ref()) {
        return source.read().map(Some).map_err(|error| failed(&error));
    }
    if let Ok(text) = env::var("IMS_PKCS11_PIN") {
        return pin(text).map(Some);
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    let text =
        rpassword::prompt_password("PIN of the token (empty for none): ").map_err(|error| {
            Failure::person("the PIN cannot be read from the terminal").because(error)
        })?;
    Ok(Pin::new(text).ok())
}

fn pin(text: String) -> Result<Pin, Failure> {
    Pin::new(text).map_err(|error| failed(&error))
}
