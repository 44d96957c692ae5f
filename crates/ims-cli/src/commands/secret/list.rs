//! `ims secret list`: which client secrets there are, how old, and when each was used last.

use clap::Args;
use ims::{
    claims::NumericDate,
    exchange::{SecretId, SecretInfo},
};
use serde::Serialize;

use super::{
    console::{Console, ConsoleOptions, server_to_server},
    state::{State, state_file},
};
use crate::{
    failure::Failure,
    integration::announce,
    output::{self, Answer},
    process::block_on,
    when,
};

/// List the client secrets of a credential: age, last use and id.
///
/// Adobe never shows the secrets themselves again. The project of the credential must have the I/O Management API.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ims secret list -c creds.json --page URL   # the address of the credential's page\n  \
    ims secret list -c creds.json --json | jq '.[].age_seconds'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    console: ConsoleOptions,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    id: &'a str,
    created_at: String,
    age_seconds: u64,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<&'static str>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let found = arguments.console.integration.discovered()?;
    announce(&found.credentials);
    server_to_server(&found.credentials)?;
    let state = State::load(&state_file(&found)?)?;
    let credential = arguments.console.credential(&found, state.as_ref())?;
    let secrets = block_on(async {
        let console = Console::open(&found.credentials, credential).await?;
        console.list().await
    })?;
    let now = when::now();
    if arguments.json {
        let data: Vec<_> = secrets.iter().map(|it| data(it, state.as_ref(), now)).collect();
        output::json(&data)?;
    } else {
        let rows: Vec<_> = secrets.iter().map(|it| row(it, state.as_ref(), now)).collect();
        output::rows(&rows)?;
    }
    Ok(Answer::Yes)
}

fn data<'a>(secret: &'a SecretInfo, state: Option<&State>, now: NumericDate) -> Data<'a> {
    Data {
        id: secret.id.as_str(),
        created_at: when::rfc3339(secret.created_at),
        age_seconds: now.since(secret.created_at).as_secs(),
        expires_at: secret.expires_at.map(when::rfc3339),
        last_used_at: secret.last_used_at.map(when::rfc3339),
        rotation: rotation(&secret.id, state),
    }
}

fn row<'a>(secret: &'a SecretInfo, state: Option<&State>, now: NumericDate) -> (&'a str, String) {
    let age = when::days(now.since(secret.created_at).as_secs());
    let mut parts = vec![format!("created {} ({age})", when::rfc3339(secret.created_at))];
    parts.push(match secret.last_used_at {
        Some(at) => format!("last used {}", when::rfc3339(at)),
        None => "never used".to_owned(),
    });
    parts.extend(secret.expires_at.map(|at| format!("expires {}", when::rfc3339(at))));
    parts.extend(rotation(&secret.id, state).map(str::to_owned));
    (secret.id.as_str(), parts.join("  "))
}

/// The state of the secret in a rotation.
fn rotation(id: &SecretId, state: Option<&State>) -> Option<&'static str> {
    let state = state?;
    if state.new.as_ref().is_some_and(|new| new.id == id.as_str()) {
        return state.switched_at.map(|_| "new");
    }
    let is_old = state.old_ids.iter().any(|old| old == id.as_str());
    (is_old && state.finished_at.is_none()).then_some("old")
}
