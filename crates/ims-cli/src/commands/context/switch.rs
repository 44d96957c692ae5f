//! `ims context use`: chooses the current context.

use clap::Args;

use crate::{context_file::contexts, failure::Failure, output::Answer};

/// Make a context the current one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Its name
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut contexts = contexts()?;
    contexts.switch_to(&arguments.name)?;
    contexts.save()?;
    Ok(Answer::Yes)
}
