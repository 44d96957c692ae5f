//! The forms in which a command prints an access token.

use clap::Args;
use ims::{AccessToken, claims::ClientId};
use serde::Serialize;

use crate::{failure::Failure, output, when};

/// The options of every command that prints an access token; without any, it is the token and nothing else.
#[derive(Debug, Args)]
pub(crate) struct TokenFormat {
    /// Print JSON: the token, its type, when it expires and in how many seconds
    #[arg(long, conflicts_with = "header")]
    json: bool,

    /// Print the header field: Authorization: Bearer …
    #[arg(long)]
    header: bool,
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
        } else if self.header {
            output::line(&format!("Authorization: Bearer {}", token.expose_secret()))
        } else {
            output::line(token.expose_secret())
        }
    }
}
