//! `ims jwt`: assertions and other JSON Web Tokens.

mod verify;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use ims::{
    Credential, Report,
    claims::{AccessTokenPayload, AssertionLifetime, ClaimsSet, CompactJwt, JsonObject, JwtError},
    sign::{SignError, sign_assertion},
};
use serde::Serialize;

use crate::{
    failure::Failure,
    given_token::{self, Form},
    integration::IntegrationOptions,
    output::{self, Answer},
    process::block_on_unless_ready,
    signing_key, when,
};
pub(crate) use verify::Arguments as VerifyArguments;

/// The commands about JWTs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sign(SignArguments),
    Decode(DecodeArguments),
    Verify(VerifyArguments),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Sign(arguments) => sign(&arguments),
        Command::Decode(arguments) => decode(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
    }
}

/// Sign an assertion for the integration and print it.
///
/// Signs an assertion with the integration's private key and prints it: what IMS accepts as `jwt_token`, together with the
/// client id and the client secret.
#[derive(Debug, Args)]
pub(crate) struct SignArguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Lifetime of the assertion: 1s to 24h
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = lifetime)]
    lifetime: AssertionLifetime,

    /// Print one line of JSON: the assertion as `jwt_token`, and the client id that is sent with it
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct SignedData<'a> {
    jwt_token: &'a str,
    client_id: &'a str,
}

fn sign(arguments: &SignArguments) -> Result<Answer, Failure> {
    let credentials = arguments.integration.credentials()?;
    let Credential::ServiceAccount(credential) = credentials.credential() else {
        return Err(Failure::person(
            "these credentials do not belong to a service account with a key: they sign nothing",
        )
        .hint("they get tokens without an assertion: ims token"));
    };
    let signer = signing_key::of_credentials(&credential.signing_keys.first().signing_key)?;
    let (environment, lifetime) = (credentials.environment(), arguments.lifetime);
    let claims = credential.claims(environment, when::now(), lifetime);
    let assertion = block_on_unless_ready(async {
        sign_assertion(&claims, &signer).await.map_err(|error| unsigned(&error))
    })?;
    let jwt_token = assertion.expose_secret();
    if arguments.json {
        let client_id = credential.account.client_id().as_str();
        output::json(&SignedData { jwt_token, client_id })?;
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

/// Show a JWT, without verifying it.
///
/// Shows the header and the payload of a JWT. Nothing is verified: anyone can write such a JWT.
#[derive(Debug, Args)]
pub(crate) struct DecodeArguments {
    /// The file of the JWT, - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct DecodedData<'a> {
    header: &'a JsonObject,
    payload: &'a JsonObject,
}

fn decode(arguments: &DecodeArguments) -> Result<Answer, Failure> {
    let text = given_token::read(&arguments.file, None, Form::Recognizable)?;
    let no_jwt = |error: JwtError| Failure::usage("this is not a JWT").because(error);
    let jwt = CompactJwt::parse(&text).map_err(no_jwt)?;
    let payload = jwt.payload_object().map_err(no_jwt)?;
    let data = DecodedData { header: jwt.header(), payload: &payload };
    if arguments.json {
        output::json(&data)?;
    } else {
        output::pretty_json(&data)?;
    }
    output::note("note", &format!("not verified; {}", describe(&payload)));
    Ok(Answer::Yes)
}

/// What the payload is, and whether it has expired.
fn describe(payload: &JsonObject) -> String {
    let now = when::now();
    let state = |expires_at| if expires_at <= now { "expired at" } else { "expires at" };
    if let Ok(token) = AccessTokenPayload::from_object(payload.clone()) {
        let expires_at = token.expires_at();
        return format!("a token of IMS that {} {}", state(expires_at), when::rfc3339(expires_at));
    }
    match ClaimsSet::from_object(payload) {
        Ok(claims) => {
            let expires_at = claims.expires_at();
            format!("an assertion for IMS that {} {}", state(expires_at), when::rfc3339(expires_at))
        }
        Err(error) => format!("not an assertion that IMS would accept: {error}"),
    }
}
