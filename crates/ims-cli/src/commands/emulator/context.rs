//! `ims emulator --context NAME`: a context for the integration that the emulator has without any options.

use ims::ContextFile;
use ims_emulator::Emulator;

use crate::{failure::Failure, output, storage::contexts};

/// The name, if there is no context that is called so.
pub(super) fn missing(name: &str) -> Result<Option<String>, Failure> {
    let contexts = contexts()?;
    Ok((!contexts.names().contains(&name)).then(|| name.to_owned()))
}

/// Adds the context, with its credentials in a file next to that of the contexts. The secret in it is one of the emulator alone.
pub(super) fn add(name: &str, emulator: &Emulator) -> Result<(), Failure> {
    let mut contexts = contexts()?;
    let file = contexts.path().with_file_name(format!("emulator-{name}.json"));
    // The name is checked before a file is called so.
    contexts.add(name, &ContextFile::new(&file))?;
    ims_files::replace(&file, emulator.credentials_json().as_bytes())?;
    contexts.save()?;
    let text = format!("the context {name} is added: ims token --context {name}");
    output::note("note", &text);
    Ok(())
}
