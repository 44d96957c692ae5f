//! `ims exchange promise`: a user's token, while the user is there, for a promise token to keep.

use clap::{Args, builder::NonEmptyStringValueParser};
use ims::exchange::PromiseRequest;
use serde_json::json;

use super::{Given, block_on, question};
use crate::{
    failure::Failure,
    output::{self, Answer},
    transport, when,
};

/// Exchange a user's token for a promise token, which gives tokens of the user later.
///
/// The credentials are those of this service. At least one scope has to be named. See ims exchange promised for the way
/// back.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange promise -c service.json --definition ID --scopes openid user-token.txt > promise.txt"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    given: Given,

    /// The promise definition, by its id
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    definition: String,

    /// Print JSON: the promise token, when it expires and in how many seconds
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let Arguments { given, definition, json } = arguments;
    let scopes = given.some_scopes()?;
    let exchanger = given.read()?;
    let (client_id, secret) = (exchanger.client_id(), &exchanger.client_secret);
    let user_token = exchanger.user_token()?;
    let call = PromiseRequest::new(client_id, secret, definition, &user_token).with_scopes(scopes);
    let connection = transport::connection(exchanger.credentials.environment())?;
    let promise = block_on(question::ask(&connection, &call))?;
    if *json {
        output::json(&json!({
            "promise_token": promise.token.expose_secret(),
            "expires_at": when::rfc3339(promise.expires_at),
            "expires_in": promise.expires_at.since(when::now()).as_secs(),
            "client_id": client_id.as_str(),
        }))?;
    } else {
        output::line(promise.token.expose_secret())?;
    }
    Ok(Answer::Yes)
}
