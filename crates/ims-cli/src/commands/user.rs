//! `ims userinfo`, `ims profile` and `ims organizations`: what IMS says about the user of a token.

use clap::Args;
use ims::exchange::{BearerToken, Call, Organization, Organizations, Profile, UserInfo};
use serde::Serialize;

use crate::{
    failure::Failure,
    output::{self, Answer},
    question,
    token_in_question::TokenOptions,
};

/// Whose token it is, and how the answer is printed.
#[derive(Debug, Args)]
struct Asked {
    #[command(flatten)]
    token: TokenOptions,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

impl Asked {
    /// Asks, and prints the members of the answer.
    fn show<C: Call>(&self, question: impl FnOnce(&BearerToken) -> C) -> Result<Answer, Failure>
    where
        C::Answer: Serialize,
    {
        question::print(&question::ask_with_token(&self.token, question)?, self.json)
    }
}

/// Show the user of a token.
///
/// Shows what IMS says about the user of an access token; the scopes of the token decide how much.
#[derive(Debug, Args)]
pub(crate) struct UserinfoArguments {
    #[command(flatten)]
    asked: Asked,

    /// The version of the endpoint, 1 or 2
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    api_version: u8,
}

pub(crate) fn userinfo(arguments: &UserinfoArguments) -> Result<Answer, Failure> {
    arguments.asked.show(|token| UserInfo::new(token).with_version(arguments.api_version))
}

/// Show the profile of a token's user, with the products it has.
///
/// Shows what IMS says about the account; the scopes of the token decide how much. Compressed data of products
/// (`fulfillable_data`) is decoded.
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    #[command(flatten)]
    asked: Asked,

    /// The version of the endpoint, 1 to 3
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    api_version: u8,
}

pub(crate) fn profile(arguments: &ProfileArguments) -> Result<Answer, Failure> {
    arguments.asked.show(|token| Profile::new(token).with_version(arguments.api_version))
}

/// List the organizations of a token's user.
///
/// Lists the id of each organization, which other calls need as x-gw-ims-org-id, and its name.
#[derive(Debug, Args)]
pub(crate) struct OrganizationsArguments {
    #[command(flatten)]
    asked: Asked,

    /// The version of the endpoint, 1 to 6
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=6))]
    api_version: u8,
}

pub(crate) fn organizations(arguments: &OrganizationsArguments) -> Result<Answer, Failure> {
    let organizations = question::ask_with_token(&arguments.asked.token, |token| {
        Organizations::new(token).with_version(arguments.api_version)
    })?;
    if arguments.asked.json {
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
