//! The state of a rotation between two runs of the command. No secret is in it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use ims::{
    Discovered,
    claims::NumericDate,
    exchange::{ClientSecret, ConsoleCredential, NewSecret},
};
use serde::{Deserialize, Serialize};

use super::place::file_of;
use crate::failure::Failure;

/// A state has some 500 bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A rotation that is in progress, or the last one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    console_org: String,
    console_credential: String,
    /// The secrets that were there before.
    pub(super) old_ids: Vec<String>,
    /// When it began, in Unix time.
    pub(super) began_at: i64,
    /// The secret that was added.
    pub(super) new: Option<New>,
    /// Whether the new secret was given to a person or a command, which may still have it.
    #[serde(default)]
    pub(super) is_handed_over: bool,
    /// When the new secret replaced the old one, in Unix time.
    pub(super) switched_at: Option<i64>,
    /// When the old secret was deleted, in Unix time.
    pub(super) finished_at: Option<i64>,
}

/// How to recognise the secret that was added.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    pub(super) id: String,
    /// When it was added, by the clock of the API and by ours, in Unix time.
    pub(super) created_at: i64,
    pub(super) added_at: i64,
    /// A secret is long and random, so its digest reveals nothing about it.
    sha256: String,
}

impl New {
    pub(super) fn of(new: &NewSecret, now: NumericDate) -> Self {
        Self {
            id: new.info.id.as_str().to_owned(),
            created_at: new.info.created_at.as_secs(),
            added_at: now.as_secs(),
            sha256: sha256(&new.client_secret),
        }
    }

    /// Whether it is this secret.
    pub(super) fn is(&self, client_secret: &ClientSecret) -> bool {
        self.sha256 == sha256(client_secret)
    }
}

fn sha256(client_secret: &ClientSecret) -> String {
    let digest = digest(&SHA256, client_secret.expose_secret().as_bytes());
    let (first, second) = digest.as_ref().split_at(16);
    let number =
        |half: &[u8]| half.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{:032x}{:032x}", number(first), number(second))
}

/// Where the state of the rotation of these credentials is: next to their file, else in the folder of the contexts.
pub(super) fn state_file(found: &Discovered) -> Result<PathBuf, Failure> {
    let client_id = found.credentials.client_id();
    if let Some(path) = file_of(&found.source)? {
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let mut name = path.file_name().map(OsString::from).unwrap_or_default();
        // One file may hold several credentials.
        name.push(format!(".{client_id}.rotation.json"));
        return Ok(path.with_file_name(name));
    }
    let contexts = ims::contexts_file();
    let contexts =
        contexts.ok_or_else(|| Failure::person("the home folder is unknown").hint("set HOME"))?;
    Ok(contexts.with_file_name(format!("{client_id}.rotation.json")))
}

impl State {
    pub(super) fn begin(
        credential: &ConsoleCredential,
        old_ids: Vec<String>,
        now: NumericDate,
    ) -> Self {
        Self {
            console_org: credential.org().as_str().to_owned(),
            console_credential: credential.credential().as_str().to_owned(),
            old_ids,
            began_at: now.as_secs(),
            new: None,
            is_handed_over: false,
            switched_at: None,
            finished_at: None,
        }
    }

    pub(super) fn load(path: &Path) -> Result<Option<Self>, Failure> {
        let contents = match ims_files::read(path, MAX_BYTES) {
            Ok(contents) => contents.bytes,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&contents).map(Some).map_err(|error| {
            Failure::person(format!("{} is not the state of a rotation", ims_files::shown(path)))
                .because(error)
        })
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).expect("texts and numbers are always JSON");
        Ok(ims_files::replace(path, format!("{text}\n").as_bytes())?)
    }

    /// The credential as the Developer Console numbers it.
    pub(super) fn console_credential(&self) -> Option<ConsoleCredential> {
        let (org, credential) = (self.console_org.parse(), self.console_credential.parse());
        Some(ConsoleCredential::new(org.ok()?, credential.ok()?))
    }

    pub(super) fn is_in_progress(&self) -> bool {
        self.finished_at.is_none()
    }
}
