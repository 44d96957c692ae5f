//! `ims exchange promise` and `ims exchange promised`: a user's token, while the user is present, for a promise token to
//! keep; and later the promise token for an access token of the user and for the next promise token.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, builder::NonEmptyStringValueParser};
use ims::{
    AccessToken,
    claims::ClientId,
    exchange::{Promise, PromiseExchange, PromiseRequest, PromiseToken},
};
use serde_json::json;

use super::options::{Given, TokenFile};
use crate::{
    failure::Failure,
    output::{self, Answer},
    process::block_on,
    transport, when,
};

/// Exchange a user's token for a promise token, which can be exchanged for the user's tokens later.
///
/// The credentials are those of this service. At least one scope is required. See ims exchange promised for that exchange.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange promise -c service.json --definition ID --scopes openid user-token.txt > promise.txt"
)]
pub(crate) struct PromiseArguments {
    #[command(flatten)]
    given: Given,

    /// The promise definition, by its id
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    definition: String,

    /// Print JSON: the promise token, when it expires and in how many seconds
    #[arg(long)]
    json: bool,
}

pub(super) fn promise(arguments: &PromiseArguments) -> Result<Answer, Failure> {
    let PromiseArguments { given, definition, json } = arguments;
    let scopes = given.some_scopes()?;
    let exchanger = given.read()?;
    let (client_id, user_token) = (exchanger.client_id(), exchanger.user_token()?);
    let connection = transport::connection(exchanger.credentials.environment())?;
    let promise = block_on(exchanger.ask(&connection, |secret| {
        PromiseRequest::new(client_id, secret, definition, &user_token).with_scopes(scopes)
    }))?;
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

/// Exchange a promise token for an access token of the user who gave the promise.
///
/// FILE holds the promise token. IMS gives a new one, which replaces the old one in FILE, so that only you can read
/// it, or goes to the file of --out. At least one scope is required.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange promised -c service.json --scopes openid promise.txt --as-header"
)]
pub(crate) struct PromisedArguments {
    #[command(flatten)]
    given: Given,

    /// The file for the new promise token, which must not be there yet unless it is FILE
    #[arg(long, alias = "promise-out", value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print JSON: the token, its type, when it expires and in how many seconds, and the new promise token
    #[arg(long, conflicts_with = "as_header")]
    json: bool,

    /// Print the header field: Authorization: Bearer …
    #[arg(long)]
    as_header: bool,
}

pub(super) fn promised(arguments: &PromisedArguments) -> Result<Answer, Failure> {
    let given = &arguments.given;
    let scopes = given.some_scopes()?;
    // The file is opened first: a promise token that cannot be stored is lost, and so is the old one.
    let place = arguments.place()?;
    let exchanger = given.read()?;
    let promise_token = PromiseToken::try_from(exchanger.given.to_string());
    let promise_token = promise_token
        .map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))?;
    let client_id = exchanger.client_id();
    let connection = transport::connection(exchanger.credentials.environment())?;
    let tokens = block_on(exchanger.ask(&connection, |secret| {
        PromiseExchange::new(client_id, secret, &promise_token, scopes)
    }))?;
    let promise = tokens.next_promise;
    match (&promise, place) {
        (Some(promise), Some(place)) => place.keep(promise.token.expose_secret())?,
        (Some(_), None) => {}
        (None, _) => output::note("note", "IMS gave no new promise token: keep the old one"),
    }
    let token = tokens
        .access_token
        .map_err(|error| Failure::from(&error).asking(connection.environment()))?;
    arguments.print(&token, promise.as_ref(), client_id)?;
    Ok(Answer::Yes)
}

impl PromisedArguments {
    /// Where the next promise token goes, if not to standard output alone.
    fn place(&self) -> Result<Option<TokenFile>, Failure> {
        let file = &self.given.file;
        let is_stdin = file == Path::new("-");
        match &self.out {
            Some(out) if !is_stdin && is_same(out, file) => TokenFile::of(KIND, out).map(Some),
            Some(out) => TokenFile::new(KIND, out).map(Some),
            None if !is_stdin => TokenFile::of(KIND, file).map(Some),
            None if self.json => Ok(None),
            None => Err(Failure::usage("the new promise token would be lost")
                .hint("name a file for it with --out, or have it printed with --json")),
        }
    }

    fn print(
        &self,
        token: &AccessToken,
        promise: Option<&Promise>,
        client_id: &ClientId,
    ) -> Result<(), Failure> {
        if self.json {
            output::json(&json!({
                "access_token": token.expose_secret(),
                "token_type": "bearer",
                "expires_at": when::rfc3339(token.expires_at()),
                "expires_in": token.expires_at().since(when::now()).as_secs(),
                "client_id": client_id.as_str(),
                "promise_token": promise.map(|promise| promise.token.expose_secret()),
                "promise_token_expires_at": promise.map(|promise| when::rfc3339(promise.expires_at)),
            }))
        } else if self.as_header {
            output::line(&format!("Authorization: Bearer {}", token.expose_secret()))
        } else {
            output::line(token.expose_secret())
        }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || fs::canonicalize(one)
            .ok()
            .zip(fs::canonicalize(other).ok())
            .is_some_and(|(one, other)| one == other)
}

const KIND: &str = "promise token";
