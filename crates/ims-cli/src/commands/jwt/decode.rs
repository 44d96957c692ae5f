//! `ims jwt decode`: what a JWT says.

use std::path::PathBuf;

use clap::Args;
use ims::claims::{AccessTokenPayload, ClaimsSet, CompactJwt, JsonObject, JwtError};
use serde::Serialize;

use crate::{
    failure::Failure,
    given_token::{self, Form},
    output::{self, Answer},
    when,
};

/// Show what a JWT says, without verifying it.
///
/// Shows the header and the payload of a JWT. Nothing is verified: anyone can write anything into a JWT.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file of the JWT, - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    header: &'a JsonObject,
    payload: &'a JsonObject,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let text = given_token::read(&arguments.file, None, Form::Recognizable)?;
    let no_jwt = |error: JwtError| Failure::usage("this is not a JWT").because(error);
    let jwt = CompactJwt::parse(&text).map_err(no_jwt)?;
    let payload = jwt.payload_object().map_err(no_jwt)?;
    let data = Data { header: jwt.header(), payload: &payload };
    if arguments.json {
        output::json(&data)?;
    } else {
        output::pretty_json(&data)?;
    }
    output::note("note", &format!("not verified; {}", describe(&payload)));
    Ok(Answer::Yes)
}

/// What the payload is, and whether it is over.
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
        Err(error) => format!("no assertion that IMS would take: {error}"),
    }
}
