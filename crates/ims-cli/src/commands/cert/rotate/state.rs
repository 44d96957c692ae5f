//! What a rotation has to remember from one run of the command to the next. How far it has come, the files themselves say.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    commands::cert::new_files::{draft, put},
    failure::Failure,
};
use ims_files::{Existing, Readers};

/// A state has some 200 bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A rotation that is under way, or the last one. There is no secret in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The folder of the new key and certificate, next to the credentials.
    pub(super) folder: String,
    /// The fingerprint of the certificate that is replaced, which the console shows, if it is known.
    pub(super) old_sha1_fingerprint: Option<String>,
    /// When the new key became the first in the credentials, in Unix time.
    pub(super) switched_at: Option<i64>,
    /// The subject of the new certificate, if it is not that of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    /// When the old key was taken out of the credentials, in Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finished_at: Option<i64>,
}

/// Where the state of the rotation of `credentials` is.
pub(super) fn path(credentials: &Path) -> PathBuf {
    let mut name = credentials.file_name().map(OsString::from).unwrap_or_default();
    name.push(".rotation.json");
    credentials.with_file_name(name)
}

impl State {
    pub(super) fn load(credentials: &Path) -> Result<Option<Self>, Failure> {
        let path = path(credentials);
        let contents = match ims_files::read(&path, MAX_BYTES) {
            Ok(contents) => contents.bytes,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&contents).map(Some).map_err(|error| {
            Failure::person(format!("{} is not the state of a rotation", path.display()))
                .because(error)
        })
    }

    pub(super) fn save(&self, credentials: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).expect("texts and numbers are always JSON");
        let file = draft(&path(credentials), Readers::Everyone, &format!("{text}\n"))?;
        put(vec![file], Existing::Replace)
    }
}
