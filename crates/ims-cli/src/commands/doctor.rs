//! `ims doctor`: what is wrong with credentials, checked here first and then with IMS.

mod checklist;
mod diagnosis;
mod exchange;
mod local;
mod network;
mod route;
mod source;
mod tls;

use clap::Args;
use ims::{Credential, Credentials, Report, exchange::TransportError};

use crate::{
    failure::Failure, integration::IntegrationOptions, output::Answer, process::block_on, transport,
};

use checklist::{Check, Checklist};
use local::Local;

/// Find out what is wrong with credentials: on this machine first, then with IMS.
///
/// Checks everything that is needed to get a token, and says what is wrong and which command to run next. Each line is
/// printed as soon as it is known. The checks on this machine come first, so the first line that failed names the cause. A
/// warning is not a failure. The last line counts the results and gives the verdict. No secret is printed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ims doctor -c credentials.json\n  ims doctor --offline --json | jq .verdict\n\
    Exit codes, by the first line that failed: 0 none failed · 2 there are no such credentials · 3 try later · \
    4 a person must act"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Stop before the network
    #[arg(long)]
    offline: bool,

    /// Print one line of JSON, for a support ticket: version, time, source, checks, verdict
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut checklist = Checklist::new(arguments.json);
    examine(arguments, &mut checklist)?;
    checklist.finish()
}

/// The same for credentials that another command has named.
pub(super) fn run_for(integration: IntegrationOptions) -> Result<Answer, Failure> {
    run(&Arguments { integration, offline: false, json: false })
}

/// Adds all lines. Stops at a failure after which nothing more can be checked.
fn examine(arguments: &Arguments, checklist: &mut Checklist) -> Result<(), Failure> {
    let options = &arguments.integration;
    let discovery = options.discovery_unannounced()?;
    let Some(source) = source::check(&discovery, checklist)? else { return Ok(()) };
    checklist.wait_for("the credentials");
    let credentials = match options.read(&discovery) {
        Ok(credentials) => credentials,
        Err(failure) => {
            let check = Check::from_failure("credentials", failure);
            return checklist.add(check.or_next(source::correction(&source)));
        }
    };
    source::check_read(&credentials, options, checklist)?;
    let local = local::check(&credentials, source::migrate_command(&source), checklist)?;
    if arguments.offline {
        checklist.set_outcome("IMS was not asked (--offline)");
        return Ok(());
    }
    block_on(ask(&credentials, &local, checklist))
}

/// Connects to IMS and asks it. There is nothing to ask for with an API key, with a service account without a key, or
/// for a person who has not signed in.
async fn ask(
    credentials: &Credentials,
    local: &Local,
    checklist: &mut Checklist,
) -> Result<(), Failure> {
    let has_nothing_to_ask_with = match credentials.credential() {
        Credential::ServiceAccount(_) => local.signers.is_empty(),
        Credential::User(_) => !local.is_signed_in,
        Credential::ApiKey(_) | Credential::Token(_) => true,
        _ => false,
    };
    if has_nothing_to_ask_with {
        checklist.set_outcome("IMS was not asked, since there is nothing to ask with");
        return Ok(());
    }
    let connection = transport::connection(credentials.environment());
    // A variable that names no proxy must not look like one that is not set.
    if let Err(ims::Error::Transport(TransportError::Variable(error))) = &connection
        && error.is_about_a_proxy()
    {
        return checklist.add(Check::from_failure("proxy", Report::from(error).into()));
    }
    if !network::check(credentials.environment(), checklist).await? {
        return Ok(());
    }
    let connection = match connection {
        Ok(connection) => connection,
        Err(error) => return checklist.add(Check::from_failure("endpoint", error.into())),
    };
    exchange::check(&connection, credentials, local, checklist).await
}
