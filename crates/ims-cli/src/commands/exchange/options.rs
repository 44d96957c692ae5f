//! What all exchanges of tokens share: the options, the credentials and the token, and the file for the token that replaces
//! the one that was sent. IMS sends such a token once, and then the old one is no longer valid.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use ims::{
    Connection, Credentials,
    claims::ClientId,
    exchange::{BearerToken, Call, ClientSecret, Grant, Resource, Scope},
};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::{
    commands::token::TokenFormat,
    failure::Failure,
    files,
    integration::{IntegrationOptions, client_secrets},
    output::Answer,
    process::block_on,
    question, transport,
};

/// What all ways need.
#[derive(Debug, Args)]
pub(super) struct Given {
    #[command(flatten)]
    pub(super) integration: IntegrationOptions,

    /// The scopes of the new token, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    pub(super) scopes: Vec<Scope>,

    /// The file of the token to exchange, by default the user's access token; - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

/// The options of the exchanges that print only an access token.
#[derive(Debug, Args)]
pub(super) struct ExchangeOptions {
    #[command(flatten)]
    pub(super) given: Given,

    /// The resource that the new token is for, a URI (RFC 8707); may be given several times
    #[arg(long, value_name = "URI")]
    pub(super) resource: Vec<Resource>,

    #[command(flatten)]
    pub(super) format: TokenFormat,
}

/// Who exchanges, and what.
pub(super) struct Exchanger {
    pub(super) credentials: Credentials,
    pub(super) given: Zeroizing<String>,
}

impl Given {
    pub(super) fn read(&self) -> Result<Exchanger, Failure> {
        let credentials = self.integration.credentials()?;
        if client_secrets(&credentials).is_empty() {
            let none = "an exchange needs a client secret, and these credentials have none";
            return Err(Failure::person(none).hint("add the client secret to the credentials"));
        }
        let given = files::read_text(&self.file)?;
        Ok(Exchanger { credentials, given })
    }

    /// The scopes, if IMS requires at least one.
    pub(super) fn some_scopes(&self) -> Result<&[Scope], Failure> {
        if self.scopes.is_empty() {
            let failure = Failure::usage("no scope is named");
            return Err(failure.hint("name at least one: --scopes openid,AdobeID"));
        }
        Ok(&self.scopes)
    }
}

impl ExchangeOptions {
    /// Sends the grant that is made of a client secret, and prints the token.
    pub(super) fn exchange<'a, G: Grant>(
        &self,
        exchanger: &'a Exchanger,
        grant: impl Fn(&'a ClientSecret) -> G,
    ) -> Result<Answer, Failure> {
        let connection = transport::connection(exchanger.credentials.environment())?;
        let token = block_on(exchanger.ask(&connection, grant))?;
        self.format.print(&token, exchanger.client_id())?;
        Ok(Answer::Yes)
    }
}

impl Exchanger {
    /// Sends a request with each client secret, until IMS accepts one or refuses for another reason.
    pub(super) async fn ask<'a, C: Call>(
        &'a self,
        connection: &Connection,
        question: impl Fn(&'a ClientSecret) -> C,
    ) -> Result<C::Answer, Failure> {
        let secrets = client_secrets(&self.credentials);
        question::ask_by_each_secret(connection, &secrets, question).await
    }

    /// The token that was given, if it is the user's access token.
    pub(super) fn user_token(&self) -> Result<BearerToken, Failure> {
        let token = BearerToken::try_from(self.given.to_string());
        token.map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))
    }

    pub(super) fn client_id(&self) -> &ClientId {
        self.credentials.client_id()
    }
}

/// A place for one token, in a file that only you can read.
#[derive(Debug)]
pub(super) struct TokenFile {
    what: &'static str,
    path: PathBuf,
    /// A file next to it, so that the file at `path` is replaced in one step.
    temporary: NamedTempFile,
    is_new: bool,
}

impl TokenFile {
    /// The file at `path` for a token of the kind `what`; it replaces an old one.
    pub(super) fn of(what: &'static str, path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let temporary = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| unkept(what, path, error))?;
        Ok(Self { what, path: path.to_owned(), temporary, is_new: false })
    }

    /// The same at `path`, where no file may exist.
    pub(super) fn new(what: &'static str, path: &Path) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            let failure = unkept(what, path, io::Error::from(io::ErrorKind::AlreadyExists));
            return Err(failure.hint("name a file that does not exist yet"));
        }
        Ok(Self { is_new: true, ..Self::of(what, path)? })
    }

    /// Keeps `token`. If another program has created a file at the path of a new one, the token stays in a file next to it.
    pub(super) fn keep(mut self, token: &str) -> Result<(), Failure> {
        let written = writeln!(self.temporary, "{token}");
        written
            .and_then(|()| self.temporary.as_file().sync_all())
            .map_err(|error| unkept(self.what, &self.path, error))?;
        let kept = if self.is_new {
            self.temporary.persist_noclobber(&self.path)
        } else {
            self.temporary.persist(&self.path)
        };
        kept.map(drop).map_err(|error| {
            let failure = unkept(self.what, &self.path, error.error);
            match error.file.keep() {
                Ok((_, path)) => failure.hint(format!("it is in {}", ims_files::shown(&path))),
                Err(_) => failure,
            }
        })
    }
}

fn unkept(what: &str, path: &Path, error: io::Error) -> Failure {
    Failure::person(format!("the new {what} cannot be kept in {}", ims_files::shown(path)))
        .because(error)
}
