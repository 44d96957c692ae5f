//! `ims context remove`: a name less.

use clap::Args;

use crate::{context_file::contexts, failure::Failure, output::Answer};

/// Forget a context. Its file of credentials stays where it is.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Its name
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut contexts = contexts()?;
    contexts.remove(&arguments.name)?;
    contexts.save()?;
    Ok(Answer::Yes)
}
