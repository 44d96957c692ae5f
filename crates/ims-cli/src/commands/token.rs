//! `ims token`: a valid access token.

use clap::Args;
use ims::{AccessToken, Credential, claims::ClientId};
use serde::Serialize;

use crate::{
    failure::Failure,
    integration::{IntegrationOptions, caching_client},
    output::{self, Answer},
    process::block_on,
    when,
};

/// Print a valid access token, from the cache if possible.
///
/// Prints an access token and nothing else. It is stored in a file that only you can read (`IMS_CACHE_DIR`, by default the
/// folder ims in your cache) and used until shortly before it expires. Processes that ask at the same time share one
/// exchange.
#[derive(Debug, Args)]
#[command(
    after_help = "Example, without the token in the list of processes:\n  ims token -c creds.json --as-header | curl -H @- …"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Get a new token from IMS, even if the one in the cache is still valid
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

/// The options of every command that prints an access token; without any, it is the token and nothing else.
#[derive(Debug, Args)]
pub(crate) struct TokenFormat {
    /// Print JSON: the token, its type, when it expires and in how many seconds
    #[arg(long, conflicts_with = "as_header")]
    json: bool,

    /// Print the header field: Authorization: Bearer …
    #[arg(long)]
    as_header: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_at: String,
    expires_in: u64,
    client_id: &'a str,
}

impl TokenFormat {
    /// Prints a token that `client_id` was given.
    pub(crate) fn print(&self, token: &AccessToken, client_id: &ClientId) -> Result<(), Failure> {
        if self.json {
            output::json(&Data {
                access_token: token.expose_secret(),
                token_type: "bearer",
                expires_at: when::rfc3339(token.expires_at()),
                expires_in: token.expires_at().since(when::now()).as_secs(),
                client_id: client_id.as_str(),
            })
        } else if self.as_header {
            output::line(&format!("Authorization: Bearer {}", token.expose_secret()))
        } else {
            output::line(token.expose_secret())
        }
    }
}
