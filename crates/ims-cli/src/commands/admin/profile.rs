//! `ims admin profile`: any user's account.

use clap::Args;
use ims::exchange::AdminProfile;

use super::AdminOptions;
use crate::{failure::Failure, output::Answer};

/// Show any user's profile, with a service token.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: AdminOptions,

    /// The version of the endpoint, 1 to 3
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    api_version: u8,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    let asker = options.read()?;
    let question =
        AdminProfile::new(&asker.client_id, &asker.service_token, &options.guid, &options.auth_src)
            .with_version(arguments.api_version);
    let request = question.request(asker.connection.environment());
    options.ask(&asker.connection, request, |response| question.answer(response))
}
