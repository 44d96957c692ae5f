//! What the commands share that ask IMS one question and print what it answers.

use ims::{
    Connection,
    exchange::{BearerToken, Call},
};
use serde::Serialize;

use crate::{
    failure::Failure,
    integration::IntegrationOptions,
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

/// Asks the IMS of the options something that needs no credentials.
pub(crate) fn ask_openly<C: Call>(
    integration: &IntegrationOptions,
    call: &C,
) -> Result<C::Answer, Failure> {
    let credentials = integration.credentials_if_any()?;
    let connection = transport::connection(&integration.environment(credentials.as_ref()))?;
    block_on(ask(&connection, call))
}

/// Asks with the token of the options what `question` makes of it.
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
