//! `ims admin organizations`: where any user belongs.

use clap::Args;
use ims::exchange::AdminOrganizations;

use super::AdminOptions;
use crate::{failure::Failure, output::Answer};

/// Show any user's organizations, with a service token.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: AdminOptions,

    /// The version of the endpoint, 1 to 6
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=6))]
    api_version: u8,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    let asker = options.read()?;
    let (client_id, service_token) = (&asker.client_id, &asker.service_token);
    let question =
        AdminOrganizations::new(client_id, service_token, &options.guid, &options.auth_src)
            .with_version(arguments.api_version);
    let request = question.request(asker.connection.environment());
    options.ask(&asker.connection, request, |response| question.answer(response))
}
