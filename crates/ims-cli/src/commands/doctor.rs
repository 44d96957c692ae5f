//! `ims doctor`: what is wrong with credentials, checked here first and then with IMS.

mod checklist;
mod diagnosis;
mod exchange;
mod local;
mod network;
mod route;
mod sign_in;
mod tls;

use clap::Args;
use ims::{Credential, Credentials};

use super::block_on;
use crate::{failure::Failure, integration::IntegrationOptions, output::Answer};

use checklist::{Check, Checklist};
use local::Local;

/// Check credentials, first on this machine and then with IMS.
///
/// Goes through everything between credentials and a token, and says what is wrong and what to type next. What can be
/// seen on this machine comes first, so that the first line that failed names the cause. Nothing secret is printed.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is well · 1 a check failed · 3 try later · 4 IMS refuses, or the credentials cannot be read"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Stop before the network
    #[arg(long)]
    offline: bool,

    /// Print one line of JSON, for a support ticket
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut checklist = Checklist::default();
    match arguments.integration.discovered() {
        Ok(found) => {
            let local = local::check(&found, &mut checklist);
            let credentials = found.credentials;
            if !arguments.offline {
                block_on(ask(&credentials, &local, &mut checklist))?;
            }
        }
        // Without any credentials there is nothing to go through.
        Err(failure) if failure.is_usage() => return Err(failure),
        Err(failure) => checklist.add(Check::from_failure("credentials", failure)),
    }
    checklist.report(arguments.json)
}

/// Goes the way to IMS and asks it. An API key has nothing to ask for, nor has a service account without a key, nor a person
/// who has not signed in.
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
    if !has_nothing_to_ask_with && network::check(credentials.environment(), checklist).await {
        exchange::check(credentials, &local.signers, &local.evidence, checklist).await;
    }
    Ok(())
}
