//! `ims exchange refresh-token`: a refresh token from elsewhere for an access token.

use std::path::Path;

use clap::Args;
use ims::exchange::{RefreshToken, TokenRefresh};

use super::{ExchangeOptions, block_on, client_secret, next_token::TokenFile, question};
use crate::{failure::Failure, files, output::Answer, transport};

/// Exchange a refresh token that another program got for an access token.
///
/// FILE holds the refresh token. If IMS gives a new one, it takes the place of the old one in FILE, which only you can read
/// then. After `ims login`, `ims token` does all this by itself.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange refresh-token -c app.json refresh-token.txt --header"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: ExchangeOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    let given = &options.given;
    if !options.resource.is_empty() {
        return Err(Failure::usage("a refresh token is for no resource: leave --resource out"));
    }
    if given.file == Path::new("-") {
        return Err(Failure::usage("the refresh token has to be in a file")
            .hint("a new one may have to take its place there"));
    }
    let credentials = given.integration.credentials()?;
    let refresh_token = RefreshToken::try_from(files::read_text(&given.file)?.to_string());
    let refresh_token = refresh_token
        .map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))?;
    let mut grant =
        TokenRefresh::new(credentials.client_id(), &refresh_token).with_scopes(&given.scopes);
    if let Some(secret) = client_secret(&credentials) {
        grant = grant.with_client_secret(secret);
    }
    let connection = transport::connection(credentials.environment())?;
    let tokens = block_on(question::ask(&connection, &grant))?;
    if let Some(next) = &tokens.refresh_token {
        TokenFile::of("refresh token", &given.file)?.keep(next.expose_secret())?;
    }
    options.format.print(&tokens.access_token, credentials.client_id())?;
    Ok(Answer::Yes)
}
