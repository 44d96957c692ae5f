//! `ims context show`: what a context says.

use std::collections::BTreeMap;

use clap::Args;

use crate::{
    context_file::contexts,
    failure::Failure,
    output::{self, Answer},
};

/// Show what a context says; secrets are not shown.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Its name, instead of the current one
    name: Option<String>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let contexts = contexts()?;
    let Some(name) = arguments.name.as_deref().or(contexts.current()) else {
        return Err(
            Failure::usage("there is no current context").hint("choose one: ims context use NAME")
        );
    };
    let members = contexts.show(name)?;
    if arguments.json {
        output::json(&members.into_iter().collect::<BTreeMap<_, _>>())?;
    } else {
        output::rows(&members)?;
    }
    Ok(Answer::Yes)
}
