//! The last answer of the API about client secrets, for `ims status`. Only `ims secret` asks the API itself. No secret is in
//! it.

use std::{fs, path::PathBuf};

use ims::{
    Credentials,
    claims::{ClientId, Environment, NumericDate},
    exchange::SecretInfo,
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, output, storage, when};

/// A list of two secrets has some 400 bytes.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    client_id: String,
    ims_url: String,
    /// When the API was asked, and all other times, in Unix time.
    asked_at: i64,
    secrets: Vec<KnownSecret>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownSecret {
    id: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

/// One secret as `ims status` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct SecretData {
    client_id: String,
    ims_url: String,
    id: String,
    created_at: String,
    age_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    /// The time of that answer.
    asked_at: String,
}

/// Saves the answer of the API. A failure matters only for `ims status`.
pub(super) fn remember(environment: &Environment, client_id: &ClientId, secrets: &[SecretInfo]) {
    let mut kept = Vec::new();
    for secret in secrets {
        kept.push(KnownSecret {
            id: secret.id.as_str().to_owned(),
            created_at: secret.created_at.as_secs(),
            last_used_at: secret.last_used_at.map(NumericDate::as_secs),
        });
    }
    let known = Known {
        client_id: client_id.to_string(),
        ims_url: environment.base_url().to_owned(),
        asked_at: when::now().as_secs(),
        secrets: kept,
    };
    let text = serde_json::to_string(&known).expect("texts and numbers are always JSON");
    let kept = file_of(environment, client_id)
        .and_then(|path| Ok(ims_files::replace(&path, text.as_bytes())?));
    if kept.is_err() {
        output::note("warning", "the ages of the secrets cannot be kept for ims status");
    }
}

/// What is known about the secrets of these credentials: nothing if the file cannot be read.
pub(crate) fn of(credentials: &Credentials) -> Vec<SecretData> {
    let path = file_of(credentials.environment(), credentials.client_id()).ok();
    let contents = path.and_then(|path| ims_files::read(&path, MAX_BYTES).ok());
    let known = contents.and_then(|contents| serde_json::from_slice::<Known>(&contents.bytes).ok());
    let Some(known) = known else { return Vec::new() };
    let now = when::now();
    let mut secrets = Vec::new();
    for secret in known.secrets {
        let created_at = NumericDate::from_secs(secret.created_at);
        secrets.push(SecretData {
            client_id: known.client_id.clone(),
            ims_url: known.ims_url.clone(),
            id: secret.id,
            created_at: when::rfc3339(created_at),
            age_seconds: now.since(created_at).as_secs(),
            last_used_at: secret.last_used_at.map(NumericDate::from_secs).map(when::rfc3339),
            asked_at: when::rfc3339(NumericDate::from_secs(known.asked_at)),
        });
    }
    secrets
}

fn file_of(environment: &Environment, client_id: &ClientId) -> Result<PathBuf, Failure> {
    let name = format!("{client_id}@{}", environment.base_url());
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    Ok(storage::cache_folder()?.join("client-secrets").join(format!("{name}.json")))
}

impl SecretData {
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.id == other.id && self.ims_url == other.ims_url
    }

    /// One line, for people.
    pub(crate) fn line(&self) -> String {
        let Self { client_id, id, created_at, asked_at, .. } = self;
        let age = when::days(self.age_seconds);
        let used = match &self.last_used_at {
            Some(at) => format!("last used {at}"),
            None => "never used".to_owned(),
        };
        format!("{client_id}  {id}  created {created_at} ({age})  {used}  (asked {asked_at})")
    }
}

/// Forgets all of it, with the tokens of the cache.
pub(crate) fn forget_all() -> Result<(), Failure> {
    match fs::remove_dir_all(storage::cache_folder()?.join("client-secrets")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::person("what is known about client secrets cannot be removed")
                .because(error))
        }
        _ => Ok(()),
    }
}
