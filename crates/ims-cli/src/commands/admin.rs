//! `ims admin`: any user's profile and organizations, for services of Adobe.

mod organizations;
mod profile;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ims::{
    AccessToken,
    claims::ClientId,
    exchange::{ExchangeError, Request, Response},
};
use serde_json::Value;

use super::block_on;
use crate::{
    connection::Connection,
    failure::Failure,
    files,
    integration::IntegrationOptions,
    output::{self, Answer},
    when,
};

/// The admin calls.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Profile(profile::Arguments),
    Organizations(organizations::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Profile(arguments) => profile::run(arguments),
        Command::Organizations(arguments) => organizations::run(arguments),
    }
}

/// Who asks, and about whom.
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
    connection: Connection,
    client_id: ClientId,
    service_token: AccessToken,
}

impl AdminOptions {
    fn read(&self) -> Result<Asker, Failure> {
        let credentials = self.integration.credentials()?;
        let token = files::read_text(&self.file)?;
        let service_token = AccessToken::new(token.to_string(), when::now(), when::now());
        let service_token =
            service_token.ok_or_else(|| Failure::usage("what was given is no service token"))?;
        let connection = Connection::to(credentials.environment().clone())?;
        Ok(Asker { connection, client_id: credentials.client_id().clone(), service_token })
    }

    /// Sends `request` and prints the answer, whose members nobody has documented.
    fn ask(
        &self,
        connection: &Connection,
        request: Request,
        read: impl FnOnce(&Response) -> Result<Value, ExchangeError>,
    ) -> Result<Answer, Failure> {
        let answer = block_on(connection.ask(request, read))?;
        if self.json || !answer.is_object() {
            output::json(&answer)?;
        } else {
            output::members(&answer)?;
        }
        Ok(Answer::Yes)
    }
}
