//! `ims exchange on-behalf-of`: the token that a user showed to this service, for one to ask the next service with.

use clap::Args;
use ims::exchange::TokenExchange;

use super::ExchangeOptions;
use crate::{failure::Failure, output::Answer};

/// Exchange the token that a user showed to this service for one to ask the next service with.
///
/// The credentials are those of this service (OAuth 2.0 Token Exchange, RFC 8693). At least one scope has to be named.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange on-behalf-of -c service.json --scopes openid,AdobeID user-token.txt"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: ExchangeOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    let scopes = options.given.some_scopes()?;
    let exchanger = options.given.read()?;
    let (client_id, secret) = (exchanger.client_id(), &exchanger.client_secret);
    let grant = TokenExchange::new(client_id, secret, &exchanger.user_token()?, scopes);
    options.exchange(&exchanger, &grant.with_resources(&options.resource))
}
