//! `ims organizations`: where the user belongs.

use clap::Args;
use ims::exchange::{Organization, Organizations};

use super::question;
use crate::{
    failure::Failure,
    output::{self, Answer},
    token_in_question::TokenOptions,
};

/// List the organizations of a token's user.
///
/// Lists the id of each organization, which other calls want as x-gw-ims-org-id, and its name.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    token: TokenOptions,

    /// The version of the endpoint, 1 to 6
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=6))]
    api_version: u8,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let organizations = question::ask_with_token(&arguments.token, |token| {
        Organizations::new(token).with_version(arguments.api_version)
    })?;
    if arguments.json {
        output::json(&organizations)?;
    } else {
        let rows: Vec<_> = organizations.iter().map(row).collect();
        output::rows(&rows)?;
    }
    Ok(Answer::Yes)
}

fn row(organization: &Organization) -> (String, String) {
    let org_ref = &organization.org_ref;
    let id = format!("{}@{}", org_ref.ident, org_ref.auth_src);
    (id, organization.org_name.clone().unwrap_or_default())
}
