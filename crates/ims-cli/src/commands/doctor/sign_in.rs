//! Whether a person has signed in, where the other commands look for it.

use ims::{UserCredential, claims::Environment};

use super::checklist::Check;
use crate::{commands::block_on, failure::Failure, sign_in_place::SignInPlace};

/// Looks for the refresh token of `ims login`, which without the network is all that can be known of it.
pub(super) fn check(environment: &Environment, credential: &UserCredential) -> Check {
    match place(environment, credential) {
        Ok(place) => Check::ok("sign-in", format!("the refresh token is in {place}")),
        Err(failure) => Check::from_failure("sign-in", failure),
    }
}

fn place(environment: &Environment, credential: &UserCredential) -> Result<String, Failure> {
    let refresh_tokens = SignInPlace::of(environment, &credential.client_id)?.of_current();
    let place = refresh_tokens.place();
    let refresh_token = block_on(async {
        let loaded = refresh_tokens.load().await;
        loaded.map_err(|error| Failure::person("the sign-in cannot be read").because(error))
    })?;
    if refresh_token.is_some() {
        return Ok(place);
    }
    let problem = format!("no one is signed in: there is no refresh token in {place}");
    Err(Failure::person(problem).hint("sign in: ims login, with the same credentials"))
}
