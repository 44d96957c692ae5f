//! `ims profile`: the user's account and products.

use clap::Args;
use ims::exchange::Profile;

use super::question;
use crate::{failure::Failure, output::Answer, token_in_question::TokenOptions};

/// Show the profile of a token's user, with the products it has.
///
/// Shows what IMS tells of the account, as far as the token's scopes allow. What products say of themselves in compressed
/// form (`fulfillable_data`) is decoded.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    token: TokenOptions,

    /// The version of the endpoint, 1 to 3
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    api_version: u8,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let answer = question::ask_with_token(&arguments.token, |token| {
        Profile::new(token).with_version(arguments.api_version)
    })?;
    question::print(&answer, arguments.json)
}
