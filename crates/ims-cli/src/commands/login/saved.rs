//! The file of credentials of a public client, which has no secret.

use std::{fs, path::Path};

use ims::{UserCredential, claims::Environment, exchange::Scope};
use serde::Serialize;

use crate::failure::Failure;

/// Our own form.
#[derive(Serialize)]
struct Members<'a> {
    user: bool,
    client_id: &'a str,
    scopes: Vec<&'a str>,
    ims_url: &'a str,
}

/// Refuses a file that is there: it may be somebody's credentials.
pub(super) fn expect_free(path: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(Failure::usage(format!("{} is there already", path.display()))
            .hint(format!("to sign in with it: ims login -c {}", path.display())));
    }
    Ok(())
}

pub(super) fn write(
    path: &Path,
    environment: &Environment,
    credential: &UserCredential,
) -> Result<(), Failure> {
    let members = Members {
        user: true,
        client_id: credential.client_id.as_str(),
        scopes: credential.scopes.iter().map(Scope::as_str).collect(),
        ims_url: environment.base_url(),
    };
    let text = serde_json::to_string_pretty(&members).expect("a struct of strings is always JSON");
    Ok(ims_files::create_new(path, format!("{text}\n").as_bytes())?)
}
