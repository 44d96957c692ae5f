//! `ims discovery`: where an IMS has its endpoints.

use clap::Args;
use ims::exchange::Discovery;

use super::question;
use crate::{failure::Failure, integration::IntegrationOptions, output::Answer};

/// Show the endpoints that IMS publishes.
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
    let metadata = question::ask_openly(&arguments.integration, &Discovery::new())?;
    question::print(&metadata, arguments.json)
}
