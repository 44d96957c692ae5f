//! `ims discovery`: where an IMS has its endpoints.

use clap::Args;
use ims::exchange::Discovery;

use super::block_on;
use crate::{
    connection::Connection,
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
};

/// Show where IMS says that its endpoints are.
///
/// Shows what IMS publishes about itself for libraries that sign people in. No credentials are needed, and nothing here
/// depends on it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let credentials = arguments.integration.credentials_if_any()?;
    let environment = arguments.integration.environment(credentials.as_ref());
    let connection = Connection::to(environment)?;
    let question = Discovery::new();
    let request = question.request(connection.environment());
    let metadata = block_on(connection.ask(request, |response| question.answer(response)))?;
    if arguments.json {
        output::json(&metadata)?;
    } else {
        output::members(&metadata)?;
    }
    Ok(Answer::Yes)
}
