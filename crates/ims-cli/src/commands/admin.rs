//! `ims admin`: any user's profile and organizations, for services of Adobe.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ims::{
    Credentials,
    claims::ClientId,
    exchange::{AdminOrganizations, AdminProfile, BearerToken, Call, UserId},
};
use serde_json::Value;

use crate::{
    failure::Failure,
    files,
    integration::IntegrationOptions,
    output::{self, Answer},
    process::block_on,
    question, transport,
};

/// The admin calls.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Profile(Profile),
    Organizations(Organizations),
}

/// Show any user's profile, with a service token.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    #[command(flatten)]
    options: AdminOptions,

    /// The version of the endpoint, 1 to 3
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    api_version: u8,
}

/// Show any user's organizations, with a service token.
#[derive(Debug, Args)]
pub(crate) struct Organizations {
    #[command(flatten)]
    options: AdminOptions,

    /// The version of the endpoint, 1 to 6
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=6))]
    api_version: u8,
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Profile(Profile { options, api_version }) => {
            let asker = options.read()?;
            let call = AdminProfile::new(asker.client_id(), &asker.service_token, &asker.user);
            options.ask(&asker, &call.with_version(*api_version))
        }
        Command::Organizations(Organizations { options, api_version }) => {
            let asker = options.read()?;
            let call =
                AdminOrganizations::new(asker.client_id(), &asker.service_token, &asker.user);
            options.ask(&asker, &call.with_version(*api_version))
        }
    }
}

/// The client that asks, and the user.
#[derive(Debug, Args)]
struct AdminOptions {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// The user
    #[arg(long, value_name = "ID")]
    guid: String,

    /// Who authenticates the user
    #[arg(long, value_name = "NAME", default_value = "AdobeID")]
    auth_src: String,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,

    /// The file of the service token, - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What an admin call is made of.
struct Asker {
    credentials: Credentials,
    service_token: BearerToken,
    user: UserId,
}

impl Asker {
    fn client_id(&self) -> &ClientId {
        self.credentials.client_id()
    }
}

impl AdminOptions {
    fn read(&self) -> Result<Asker, Failure> {
        let credentials = self.integration.credentials()?;
        let user = format!("{}@{}", self.guid, self.auth_src).parse();
        let user = user.map_err(|_| {
            Failure::usage("--guid and --auth-src are the two parts of a user id, around its @")
        })?;
        let token = files::read_text(&self.file)?;
        let service_token = BearerToken::try_from(token.to_string());
        let service_token = service_token
            .map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))?;
        Ok(Asker { credentials, service_token, user })
    }

    /// Sends `call` and prints the answer, whose members are not documented.
    fn ask(&self, asker: &Asker, call: &impl Call<Answer = Value>) -> Result<Answer, Failure> {
        let connection = transport::connection(asker.credentials.environment())?;
        let answer = block_on(question::ask(&connection, call))?;
        if answer.is_object() {
            return question::print(&answer, self.json);
        }
        output::json(&answer)?;
        Ok(Answer::Yes)
    }
}
