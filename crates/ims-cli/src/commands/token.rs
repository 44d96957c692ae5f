//! `ims token`: a valid access token.

use clap::Args;
use ims::{AccessToken, Credential};

use super::block_on;
use crate::{
    failure::Failure,
    integration::{IntegrationOptions, caching_client},
    output::Answer,
    token_format::TokenFormat,
};

/// Print a valid access token, from the cache while it lasts.
///
/// Prints an access token and nothing else. It is kept in a file that only you can read (`IMS_CACHE_DIR`, by default the
/// folder ims in your cache) and comes from there while it lasts; processes that ask at once share one exchange.
#[derive(Debug, Args)]
#[command(
    after_help = "Example, without the token in the list of processes:\n  ims token -c creds.json --header | curl -H @- …"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Get a new token from IMS, even if the one in the cache still lasts
    #[arg(long)]
    fresh: bool,

    #[command(flatten)]
    format: TokenFormat,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let credentials = arguments.integration.credentials()?;
    if arguments.fresh && matches!(credentials.credential(), Credential::Token(_)) {
        return Err(Failure::usage(
            "--fresh: an access token was given, and no credentials that could get another",
        ));
    }
    let client = caching_client(&credentials)?;
    let token: AccessToken = block_on(async {
        let token =
            if arguments.fresh { client.refresh().await } else { client.access_token().await };
        token.map_err(|error| Failure::from(error).asking(client.environment()))
    })?;
    arguments.format.print(&token, client.client_id())?;
    Ok(Answer::Yes)
}
