//! What is kept of a sign-in: the refresh token, and the file of credentials of a public client, which has no secret.

use std::{fs, path::Path};

use ims::{
    RefreshTokens, SignInError, SignedIn, UserCredential, claims::Environment, exchange::Scope,
};
use serde::Serialize;

use crate::{
    failure::{Failure, with_causes},
    output,
    storage::SignInPlace,
};

/// Keeps the refresh token, if there is one: in the keyring, else in the file.
pub(super) async fn keep(
    signed_in: &SignedIn,
    place: &SignInPlace,
) -> Result<Option<RefreshTokens>, Failure> {
    let (new, obstacle) = place.of_new();
    // The stored tokens belong to an earlier sign-in, perhaps of another person.
    if let Err(failure) = place.forget().await {
        let (message, ..) = failure.into_parts();
        output::note("warning", &format!("of an earlier sign-in: {message}"));
    }
    if let Some(error) = obstacle {
        output::note("note", &format!("the keyring is not used: {}", with_causes(&error)));
    }
    let file = place.in_file();
    let is_file = new.place() == file.place();
    let (kept, place) = match signed_in.keep_in(&new).await {
        Err(SignInError::NotKept(error)) if !is_file => {
            output::note("note", &format!("the keyring is not used: {}", with_causes(&error)));
            (signed_in.keep_in(&file).await, file)
        }
        kept => (kept, new),
    };
    match kept {
        Ok(()) => Ok(Some(place)),
        Err(SignInError::NoRefreshToken) => Ok(None),
        Err(error) => Err((&error).into()),
    }
}

/// Our own form.
#[derive(Serialize)]
struct Members<'a> {
    user: bool,
    client_id: &'a str,
    scopes: Vec<&'a str>,
    ims_url: &'a str,
}

/// Refuses a file that is there: it may be someone's credentials.
pub(super) fn expect_free(path: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(Failure::usage(format!("{} is there already", ims_files::shown(path)))
            .hint(format!("to sign in with it: ims login -c {}", ims_files::shown(path))));
    }
    Ok(())
}

pub(super) fn write_credentials(
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
