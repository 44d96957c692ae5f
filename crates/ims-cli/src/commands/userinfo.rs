//! `ims userinfo`: whose token it is.

use clap::Args;
use ims::exchange::UserInfo;

use super::question;
use crate::{failure::Failure, output::Answer, token_in_question::TokenOptions};

/// Show the user of a token.
///
/// Shows what IMS tells of the user of an access token, as far as the token's scopes
/// allow.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    token: TokenOptions,

    /// The version of the endpoint, 1 or 2
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    api_version: u8,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let answer = question::ask_with_token(&arguments.token, |token| {
        UserInfo::new(token).with_version(arguments.api_version)
    })?;
    question::print(&answer, arguments.json)
}
