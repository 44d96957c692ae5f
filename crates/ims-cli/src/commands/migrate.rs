//! `ims migrate`: from Adobe's JWT credentials to OAuth Server-to-Server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use ims::{
    Client, Credentials, Migration, MigrationError, Report, claims::Environment, exchange::Scope,
};
use ims_files::FileError;
use serde::Serialize;

use crate::{
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
    process::block_on,
    transport,
};

/// Migrate credentials from JWT to OAuth Server-to-Server.
///
/// Reads the credentials of a service account with a certificate, which Adobe no longer issues, and says what changes with
/// OAuth Server-to-Server: the scopes in place of the metascopes, units, what is no longer needed. You begin and finish the
/// migration in Adobe's Developer Console; in between, both kinds of credentials work.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims migrate -c old.json --out new.json && ims token -c new.json\n\
    Exit codes: 0 done · 1 --check, and one side gets no token · 4 these credentials cannot be migrated, or the \
    scopes of a metascope are not known"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// The scopes, separated by commas, instead of the known ones for the metascopes
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<Scope>,

    /// Write the new credentials into this file, which must not exist yet and which only you can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Get a token from IMS with the old credentials, and another with the new ones
    #[arg(long)]
    check: bool,

    /// Print one line of JSON: the changes, the scopes, the file, and what --check found
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    changes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
}

/// Whether one side gets a token.
#[derive(Serialize)]
struct Check {
    side: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let file = arguments.integration.file()?;
    let migration = Migration::of_file(&file.path, file.credential.as_deref())?;
    let migration = match &arguments.scopes[..] {
        [] => migration,
        scopes => migration.with_scopes(scopes.to_vec()),
    };
    if let Some(path) = &arguments.out {
        // The checks come before the requests to IMS: nothing is sent for a file that cannot be written.
        expect_free(path)?;
        migration.server_to_server()?;
    }
    let checks =
        if arguments.check { check(&migration, file.environment.as_ref())? } else { Vec::new() };
    if let Some(path) = &arguments.out {
        migration.save(path)?;
    }
    let is_well = checks.iter().all(|check| check.ok);
    let changes = migration.changes().iter().map(ToString::to_string).collect();
    let data = Data { changes, file: arguments.out.as_ref(), checks };
    if arguments.json {
        output::json(&data)?;
    } else {
        print(&data, &migration)?;
    }
    Ok(if is_well { Answer::Yes } else { Answer::No })
}

/// Gets a token by each side.
fn check(migration: &Migration, environment: Option<&Environment>) -> Result<Vec<Check>, Failure> {
    let (before, after) = (migration.service_account().clone(), migration.server_to_server()?);
    let sides = [("service account (JWT)", before), ("OAuth Server-to-Server", after)];
    let mut checks = Vec::new();
    for (side, credentials) in sides {
        let failure = get_token(credentials, environment).err();
        let reason = failure.map(|failure| failure.into_parts().0);
        checks.push(Check { side, ok: reason.is_none(), reason });
    }
    Ok(checks)
}

/// Gets a token and drops it.
fn get_token(credentials: Credentials, environment: Option<&Environment>) -> Result<(), Failure> {
    let credentials = match environment {
        Some(environment) => credentials.with_environment(environment.clone()),
        None => credentials,
    };
    let transport = transport::transport(credentials.environment())?;
    let client = Client::builder(&credentials).with_transport(transport).build()?;
    block_on(async {
        let token = client.access_token().await;
        token.map_err(|error| Failure::from(error).asking(client.environment()))
    })?;
    Ok(())
}

/// Fails if there is a file at `path`, which may hold credentials that someone needs.
fn expect_free(path: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() {
        let message = format!("{} exists already", ims_files::shown(path));
        return Err(Failure::person(message).named("file_not_used").hint(ANOTHER_FILE));
    }
    Ok(())
}

/// The option by which the scopes are given, beginning with those that are known.
fn scopes_option(known: &[Scope]) -> String {
    if known.is_empty() {
        return "for example: --scopes openid,AdobeID,…".to_owned();
    }
    let known: Vec<&str> = known.iter().map(Scope::as_str).collect();
    format!("for example: --scopes {},…", known.join(","))
}

fn print(data: &Data<'_>, migration: &Migration) -> Result<(), Failure> {
    for change in &data.changes {
        output::line(&format!("- {change}"))?;
    }
    for Check { side, reason, .. } in &data.checks {
        let outcome = reason
            .as_ref()
            .map_or("gets a token".to_owned(), |reason| format!("gets no token: {reason}"));
        output::line(&format!("- the {side} side {outcome}"))?;
    }
    if let Some(path) = data.file {
        let secret = if migration.holds_secret() { ", with the client secret" } else { "" };
        output::note(
            "done",
            &format!("the new credentials are in {}{secret}", ims_files::shown(path)),
        );
    }
    Ok(())
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        let failure = Self::from(Report::from(&error));
        match error {
            MigrationError::UnknownScopes { known, .. } => failure.hint(scopes_option(&known)),
            MigrationError::Unwritable(FileError::Exists { .. }) => failure.hint(ANOTHER_FILE),
            _ => failure,
        }
    }
}

const ANOTHER_FILE: &str = "name another file with --out, or move this one away";
