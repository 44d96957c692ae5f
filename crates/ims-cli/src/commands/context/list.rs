//! `ims context list`: which there are.

use clap::Args;
use serde::Serialize;

use crate::{
    context_file::contexts,
    failure::Failure,
    output::{self, Answer},
};

/// List the contexts; the current one has an asterisk.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print one line of JSON: the names, and the current one
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    contexts: Vec<&'a str>,
    current: Option<&'a str>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let contexts = contexts()?;
    let (names, current) = (contexts.names(), contexts.current());
    if arguments.json {
        output::json(&Data { contexts: names, current })?;
        return Ok(Answer::Yes);
    }
    for name in names {
        let mark = if current == Some(name) { '*' } else { ' ' };
        output::line(&format!("{mark} {name}"))?;
    }
    Ok(Answer::Yes)
}
