//! `ims exchange service-token`: the token of a service, for the permanent code that it was given.

use clap::Args;
use ims::exchange::{AuthorizationCode, PermanentCodeExchange};

use super::ExchangeOptions;
use crate::{failure::Failure, output::Answer};

/// Exchange the permanent authorization code of a service for its token.
///
/// FILE holds the code. Adobe gives such codes to its own services, whose tokens the admin calls want.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange service-token -c service.json code.txt > service-token.txt"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: ExchangeOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    if !options.resource.is_empty() {
        return Err(Failure::usage("a service token is for no resource: leave --resource out"));
    }
    let exchanger = options.given.read()?;
    let code = AuthorizationCode::try_from(exchanger.given.to_string());
    let code =
        code.map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))?;
    let grant = PermanentCodeExchange::new(exchanger.client_id(), &exchanger.client_secret, &code)
        .with_scopes(&options.given.scopes);
    options.exchange(&exchanger, &grant)
}
