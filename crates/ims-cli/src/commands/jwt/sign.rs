//! `ims jwt sign`: an assertion, as the exchange would send it.

use std::time::Duration;

use clap::Args;
use ims::{
    Credential, Report, assertion_claims,
    claims::AssertionLifetime,
    sign::{SignError, sign_assertion},
};
use serde::Serialize;

use crate::{
    commands::block_on,
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
    passphrase, when,
};

/// Sign an assertion for the integration and print it.
///
/// Signs an assertion with the integration's private key and prints it: what IMS takes as `jwt_token`, together with the
/// client id and the client secret.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// How long the assertion can be exchanged: 1s to 24h
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = lifetime)]
    lifetime: AssertionLifetime,

    /// Print one line of JSON: the assertion as `jwt_token`, and the client id that is sent with it
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    jwt_token: &'a str,
    client_id: &'a str,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let credentials = arguments.integration.credentials()?;
    let Credential::ServiceAccount(credential) = credentials.credential() else {
        return Err(Failure::person(
            "these credentials are none of a service account: they sign nothing",
        )
        .hint("where they get tokens, they do it without an assertion: ims token"));
    };
    let signer = passphrase::open(&credential.signing_keys.first().signing_key)?;
    let (environment, lifetime) = (credentials.environment(), arguments.lifetime);
    let claims = assertion_claims(credential, environment, lifetime, when::now());
    let assertion = block_on(async {
        sign_assertion(&claims, &signer).await.map_err(|error| unsigned(&error))
    })?;
    let jwt_token = assertion.expose_secret();
    if arguments.json {
        let client_id = credential.account.client_id().as_str();
        output::json(&Data { jwt_token, client_id })?;
    } else {
        output::line(jwt_token)?;
    }
    Ok(Answer::Yes)
}

fn unsigned(error: &SignError) -> Failure {
    Report::from(error).into()
}

fn lifetime(text: &str) -> Result<AssertionLifetime, String> {
    let duration: Duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    AssertionLifetime::new(duration).map_err(|error| error.to_string())
}
