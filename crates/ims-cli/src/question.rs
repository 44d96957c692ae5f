//! The shared part of the commands that send one request to IMS and print the answer.

use ims::{
    Connection,
    exchange::{BearerToken, Call, Reason},
    token::Alternative,
};
use serde::Serialize;

use crate::{
    failure::Failure,
    integration::{IntegrationOptions, tell_other_accepted},
    output::{self, Answer},
    process::block_on,
    token_in_question::TokenOptions,
    transport,
};

/// Sends one call. A failure says which IMS was asked, if that did not answer.
pub(crate) async fn ask<C: Call>(connection: &Connection, call: &C) -> Result<C::Answer, Failure> {
    let answer = connection.send(call).await;
    answer.map_err(|error| Failure::from(&error).asking(connection.environment()))
}

/// Sends the call that `question` makes with each client secret, until IMS accepts one or refuses for another reason.
pub(crate) async fn ask_by_each_secret<Secret: Copy, C: Call>(
    connection: &Connection,
    client_secrets: &[Secret],
    question: impl Fn(Secret) -> C,
) -> Result<C::Answer, Failure> {
    let mut wrong = None;
    for client_secret in client_secrets {
        match connection.send(&question(*client_secret)).await {
            Ok(answer) => {
                if wrong.is_some() {
                    tell_other_accepted(Alternative::ClientSecret);
                }
                return Ok(answer);
            }
            Err(error) if error.reason().is_some_and(Reason::is_about_the_secret) => {
                wrong = wrong.or(Some(error));
            }
            Err(error) => return Err(Failure::from(&error).asking(connection.environment())),
        }
    }
    match wrong {
        Some(error) => Err(Failure::from(&error).asking(connection.environment())),
        None => Err(Failure::person("the credentials have no client secret")),
    }
}

/// Asks the IMS of the options something that needs no credentials.
pub(crate) fn ask_openly<C: Call>(
    integration: &IntegrationOptions,
    call: &C,
) -> Result<C::Answer, Failure> {
    let credentials = integration.credentials_if_any()?;
    let connection = transport::connection(&integration.environment(credentials.as_ref()))?;
    block_on(ask(&connection, call))
}

/// Sends the call that `question` makes with the token of the options.
pub(crate) fn ask_with_token<C: Call>(
    options: &TokenOptions,
    question: impl FnOnce(&BearerToken) -> C,
) -> Result<C::Answer, Failure> {
    block_on(async {
        let token = options.read(None).await?;
        let call = question(&token.bearer_token()?);
        ask(&token.connection, &call).await
    })
}

/// Prints an object: its members in two columns, or one line of JSON.
pub(crate) fn print(answer: &impl Serialize, as_json: bool) -> Result<Answer, Failure> {
    if as_json {
        output::json(answer)?;
    } else {
        output::members(answer)?;
    }
    Ok(Answer::Yes)
}
