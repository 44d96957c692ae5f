//! `ims logout`: ends a person's sign-in.

use clap::Args;
use ims::{
    Credential, Credentials, UserCredential,
    exchange::{InvalidateToken, RefreshToken},
};

use crate::{
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
    process::block_on,
    question,
    storage::SignInPlace,
    transport,
};

/// Sign out: revoke the refresh token and remove the stored tokens.
///
/// Revokes the refresh token of `ims login` and all tokens that came from it, and removes them from this machine. They are
/// removed even if IMS does not answer; then the exit code is 3, and the refresh token stays valid until it expires.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let credentials = arguments.integration.credentials()?;
    let Credential::User(credential) = credentials.credential() else {
        return Err(Failure::usage(
            "these credentials are not for people: no one signs in to them",
        )
        .hint("to revoke their access token: ims revoke, with the same credentials"));
    };
    block_on(sign_out(&credentials, credential))
}

async fn sign_out(
    credentials: &Credentials,
    credential: &UserCredential,
) -> Result<Answer, Failure> {
    let place = SignInPlace::of(credentials.environment(), &credential.client_id)?;
    let loaded = place.of_current().load().await;
    let revoked = match &loaded {
        Ok(Some(refresh_token)) => revoke(credentials, refresh_token).await,
        _ => Ok(()),
    };
    place.forget().await?;
    let loaded = loaded.map_err(|error| {
        Failure::person("the sign-in is removed from this machine, but not revoked").because(error)
    })?;
    revoked.map_err(|failure| {
        failure.about("the sign-in is removed from this machine, but not revoked")
    })?;
    let said = if loaded.is_some() {
        "signed out; the refresh token and the access tokens in the cache are removed"
    } else {
        "no one was signed in"
    };
    output::note("note", said);
    Ok(Answer::Yes)
}

async fn revoke(credentials: &Credentials, refresh_token: &RefreshToken) -> Result<(), Failure> {
    let connection = transport::connection(credentials.environment())?;
    let call = InvalidateToken::new(credentials.client_id(), refresh_token).with_cascading();
    question::ask(&connection, &call).await
}
