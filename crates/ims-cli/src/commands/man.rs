//! `ims man`: the manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::{failure::Failure, output::Answer};

/// Write the manual pages.
///
/// Writes the manual pages, one for each command, into a folder: ims.1, ims-token.1, ims-cert-new.1 and so on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples, for packagers and for a look:\n  ims man --out /usr/share/man/man1\n  man /usr/share/man/man1/ims-token.1"
)]
pub(crate) struct Arguments {
    /// The folder, which must be there; pages of the same names in it are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let folder = &arguments.out;
    clap_mangen::generate_to(crate::Arguments::command(), folder).map_err(|error| {
        Failure::person(format!("{} cannot be written to", folder.display())).because(error)
    })?;
    Ok(Answer::Yes)
}
