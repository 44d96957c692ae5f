//! `ims keys` and `ims discovery`: what an IMS publishes about itself.

use clap::Args;
use ims::exchange::{Discovery, PublishedKeys};

use crate::{
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
    question,
};

/// Print the public keys that verify tokens of IMS.
///
/// Prints the JWK Set that IMS publishes, for example for `ims jwt verify --jwks`. No credentials are needed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims keys > keys.json && ims token | ims jwt verify --jwks keys.json -"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Print one line of JSON; without it, the set is JSON too
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let set = question::ask_openly(&arguments.integration, &PublishedKeys::new())?;
    if arguments.json {
        let set: serde_json::Value = serde_json::from_str(&set)
            .map_err(|error| Failure::person("the keys cannot be read").because(error))?;
        output::json(&set)?;
    } else {
        output::line(set.trim_end())?;
    }
    Ok(Answer::Yes)
}

/// Show the endpoints that IMS publishes.
///
/// Shows what IMS publishes about itself for libraries that sign people in. No credentials are needed, and no other command
/// depends on it.
#[derive(Debug, Args)]
pub(crate) struct DiscoveryArguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn discovery(arguments: &DiscoveryArguments) -> Result<Answer, Failure> {
    let metadata = question::ask_openly(&arguments.integration, &Discovery::new())?;
    question::print(&metadata, arguments.json)
}
