//! `ims exchange refresh-token`: a refresh token from elsewhere for an access token.

use std::{io::Write, path::Path};

use clap::Args;
use ims::exchange::{Grant, RefreshToken, TokenRefresh};

use super::{ExchangeOptions, block_on, client_secret};
use crate::{connection::Connection, failure::Failure, files, output::Answer, when};

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
    if !options.resource.is_empty() {
        return Err(Failure::usage("a refresh token is for no resource: leave --resource out"));
    }
    if options.file == Path::new("-") {
        return Err(Failure::usage("the refresh token has to be in a file")
            .hint("a new one may have to take its place there"));
    }
    let credentials = options.integration.credentials()?;
    let refresh_token = RefreshToken::new(files::read_text(&options.file)?.to_string());
    let refresh_token =
        refresh_token.ok_or_else(|| Failure::usage("what was given is no refresh token"))?;
    let mut grant =
        TokenRefresh::new(credentials.client_id(), &refresh_token).with_scopes(&options.scopes);
    if let Some(secret) = client_secret(&credentials) {
        grant = grant.with_client_secret(secret);
    }
    let connection = Connection::to(credentials.environment().clone())?;
    let (request, sent_at) = (grant.request(connection.environment()), when::now());
    let tokens = block_on(connection.ask(request, |response| grant.tokens(response, sent_at)))?;
    if let Some(next) = &tokens.refresh_token {
        replace(&options.file, next)?;
    }
    options.format.print(&tokens.access_token, credentials.client_id())?;
    Ok(Answer::Yes)
}

/// Puts `next` into the file, at once and whole: the token that is there may be good no more.
fn replace(path: &Path, next: &RefreshToken) -> Result<(), Failure> {
    let unkept = |error: std::io::Error| {
        let subject = format!("the new refresh token cannot be kept in {}", path.display());
        Failure::person(subject).because(error)
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(unkept)?;
    let written =
        writeln!(file, "{}", next.expose_secret()).and_then(|()| file.as_file().sync_all());
    written.map_err(unkept)?;
    file.persist(path).map(drop).map_err(|error| unkept(error.error))
}
