//! `ims exchange`: what one has for an access token that one has not: a user's token, or a service's permanent code.

mod cluster;
mod next_token;
mod on_behalf_of;
mod promise;
mod promised;
mod refresh_token;
mod service_token;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ims::{
    Credentials,
    claims::ClientId,
    exchange::{BearerToken, ClientSecret, Grant, Resource, Scope},
};
use zeroize::Zeroizing;

use super::{block_on, question};
use crate::{
    failure::Failure,
    files,
    integration::{IntegrationOptions, client_secret},
    output::Answer,
    token_format::TokenFormat,
    transport,
};

/// The ways to exchange a token.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    OnBehalfOf(on_behalf_of::Arguments),
    Cluster(cluster::Arguments),
    RefreshToken(refresh_token::Arguments),
    ServiceToken(service_token::Arguments),
    Promise(promise::Arguments),
    Promised(promised::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::OnBehalfOf(arguments) => on_behalf_of::run(arguments),
        Command::Cluster(arguments) => cluster::run(arguments),
        Command::RefreshToken(arguments) => refresh_token::run(arguments),
        Command::ServiceToken(arguments) => service_token::run(arguments),
        Command::Promise(arguments) => promise::run(arguments),
        Command::Promised(arguments) => promised::run(arguments),
    }
}

/// What all ways need.
#[derive(Debug, Args)]
struct Given {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// The scopes of the new token, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<Scope>,

    /// The file of what is exchanged, the user's access token if nothing else is said; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What those ways need whose answer is an access token and nothing else to print.
#[derive(Debug, Args)]
struct ExchangeOptions {
    #[command(flatten)]
    given: Given,

    /// The resource that the new token is for, a URI (RFC 8707); may be given several times
    #[arg(long, value_name = "URI")]
    resource: Vec<Resource>,

    #[command(flatten)]
    format: TokenFormat,
}

/// Who exchanges, and what.
struct Exchanger {
    credentials: Credentials,
    client_secret: ClientSecret,
    given: Zeroizing<String>,
}

impl Given {
    fn read(&self) -> Result<Exchanger, Failure> {
        let credentials = self.integration.credentials()?;
        let client_secret = client_secret(&credentials).cloned();
        let client_secret = client_secret.ok_or_else(|| {
            Failure::person("an exchange takes a client secret, and these credentials have none")
        })?;
        let given = files::read_text(&self.file)?;
        Ok(Exchanger { credentials, client_secret, given })
    }

    /// The scopes, where IMS wants at least one.
    fn some_scopes(&self) -> Result<&[Scope], Failure> {
        if self.scopes.is_empty() {
            let failure = Failure::usage("no scope is named");
            return Err(failure.hint("name at least one: --scopes openid,AdobeID"));
        }
        Ok(&self.scopes)
    }
}

impl ExchangeOptions {
    /// Sends `grant` and prints the token.
    fn exchange(&self, exchanger: &Exchanger, grant: &impl Grant) -> Result<Answer, Failure> {
        let connection = transport::connection(exchanger.credentials.environment())?;
        let token = block_on(question::ask(&connection, grant))?;
        self.format.print(&token, exchanger.client_id())?;
        Ok(Answer::Yes)
    }
}

impl Exchanger {
    /// What was given, where it is the user's access token.
    fn user_token(&self) -> Result<BearerToken, Failure> {
        let token = BearerToken::try_from(self.given.to_string());
        token.map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))
    }

    fn client_id(&self) -> &ClientId {
        self.credentials.client_id()
    }
}
