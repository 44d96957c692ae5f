//! `ims exchange`: exchanges a user's token, or a service's permanent code, for an access token.

mod options;
mod promise;

use std::path::Path;

use clap::{Args, Subcommand};
use ims::{
    claims::OrgId,
    exchange::{
        AuthorizationCode, ClusterExchange, ClusterTarget, PermanentCodeExchange, RefreshToken,
        TokenExchange, TokenRefresh, UserId,
    },
};

use crate::{
    failure::Failure, files, integration::client_secrets_or_none, output::Answer,
    process::block_on, question, transport,
};

use options::{ExchangeOptions, TokenFile};

/// The ways to exchange a token.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    OnBehalfOf(OnBehalfOfArguments),
    Cluster(ClusterArguments),
    RefreshToken(RefreshTokenArguments),
    ServiceToken(ServiceTokenArguments),
    Promise(promise::PromiseArguments),
    Promised(promise::PromisedArguments),
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::OnBehalfOf(arguments) => on_behalf_of(arguments),
        Command::Cluster(arguments) => cluster(arguments),
        Command::RefreshToken(arguments) => refresh_token(arguments),
        Command::ServiceToken(arguments) => service_token(arguments),
        Command::Promise(arguments) => promise::promise(arguments),
        Command::Promised(arguments) => promise::promised(arguments),
    }
}

/// Exchange a user's token for a token to call the next service.
///
/// The credentials are those of this service (OAuth 2.0 Token Exchange, RFC 8693). At least one scope is required.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange on-behalf-of -c service.json --scopes openid,AdobeID user-token.txt"
)]
pub(crate) struct OnBehalfOfArguments {
    #[command(flatten)]
    options: ExchangeOptions,
}

fn on_behalf_of(arguments: &OnBehalfOfArguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    let scopes = options.given.some_scopes()?;
    let exchanger = options.given.read()?;
    let user_token = exchanger.user_token()?;
    options.exchange(&exchanger, |secret| {
        TokenExchange::new(exchanger.client_id(), secret, &user_token, scopes)
            .with_resources(&options.resource)
    })
}

/// Exchange a user's token for a token of another account of the user.
///
/// Give the user id of the account, or the organization that it belongs to.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange cluster -c app.json --org-id 1234@AdobeOrg user-token.txt"
)]
pub(crate) struct ClusterArguments {
    #[command(flatten)]
    options: ExchangeOptions,

    #[command(flatten)]
    target: Target,
}

/// The account of the new token.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// The account's user id
    #[arg(long, value_name = "ID")]
    user_id: Option<UserId>,

    /// The organization of the account
    #[arg(long, value_name = "ID")]
    org_id: Option<OrgId>,
}

fn cluster(arguments: &ClusterArguments) -> Result<Answer, Failure> {
    let ClusterArguments { options, target } = arguments;
    let target = match (&target.user_id, &target.org_id) {
        (Some(user_id), _) => ClusterTarget::User(user_id),
        (None, Some(org_id)) => ClusterTarget::Organization(org_id),
        // clap requires one of the two.
        (None, None) => return Err(Failure::usage("no account is named")),
    };
    let exchanger = options.given.read()?;
    let user_token = exchanger.user_token()?;
    options.exchange(&exchanger, |secret| {
        ClusterExchange::new(exchanger.client_id(), secret, &user_token, target)
            .with_scopes(&options.given.scopes)
            .with_resources(&options.resource)
    })
}

/// Exchange a refresh token that another program got for an access token.
///
/// FILE holds the refresh token. If IMS gives a new one, it replaces the old one in FILE, which only you can read
/// then. After `ims login`, `ims token` does this automatically.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange refresh-token -c app.json refresh-token.txt --as-header"
)]
pub(crate) struct RefreshTokenArguments {
    #[command(flatten)]
    options: ExchangeOptions,
}

fn refresh_token(arguments: &RefreshTokenArguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    let given = &options.given;
    if !options.resource.is_empty() {
        return Err(Failure::usage("a refresh token is for no resource: leave --resource out"));
    }
    if given.file == Path::new("-") {
        return Err(Failure::usage("the refresh token has to be in a file")
            .hint("a new one may have to replace it there"));
    }
    let credentials = given.integration.credentials()?;
    let refresh_token = RefreshToken::try_from(files::read_text(&given.file)?.to_string());
    let refresh_token = refresh_token
        .map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))?;
    let connection = transport::connection(credentials.environment())?;
    let secrets = client_secrets_or_none(&credentials);
    let tokens = block_on(question::ask_by_each_secret(&connection, &secrets, |secret| {
        let grant =
            TokenRefresh::new(credentials.client_id(), &refresh_token).with_scopes(&given.scopes);
        match secret {
            Some(secret) => grant.with_client_secret(secret),
            None => grant,
        }
    }))?;
    if let Some(next) = &tokens.refresh_token {
        TokenFile::of("refresh token", &given.file)?.keep(next.expose_secret())?;
    }
    options.format.print(&tokens.access_token, credentials.client_id())?;
    Ok(Answer::Yes)
}

/// Exchange the permanent authorization code of a service for its token.
///
/// FILE holds the code. Adobe gives such codes to its own services; the admin commands need their tokens.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange service-token -c service.json code.txt > service-token.txt"
)]
pub(crate) struct ServiceTokenArguments {
    #[command(flatten)]
    options: ExchangeOptions,
}

fn service_token(arguments: &ServiceTokenArguments) -> Result<Answer, Failure> {
    let options = &arguments.options;
    if !options.resource.is_empty() {
        return Err(Failure::usage("a service token is for no resource: leave --resource out"));
    }
    let exchanger = options.given.read()?;
    let code = AuthorizationCode::try_from(exchanger.given.to_string());
    let code =
        code.map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))?;
    options.exchange(&exchanger, |secret| {
        PermanentCodeExchange::new(exchanger.client_id(), secret, &code)
            .with_scopes(&options.given.scopes)
    })
}
