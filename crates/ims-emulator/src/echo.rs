//! `/echo`: a protected resource. It answers as the gateway in front of Adobe's APIs does, so that a client can be
//! tested from the key to the call.

use serde::Serialize;

use crate::{answer::Answer, exchange::Exchange, refusal::Refusal};

/// Who called, as the token says.
#[derive(Serialize)]
struct Echo<'a> {
    method: &'a str,
    client_id: Option<&'a str>,
    user_id: Option<&'a str>,
    org_id: &'a str,
    scope: Vec<&'a str>,
    token_expires_at: i64,
}

/// Examines the token and the API key.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, registered) = exchange.api_caller()?;
    Ok(Answer::ok(&Echo {
        method: exchange.call.method.as_str(),
        client_id: token.client_id(),
        user_id: token.user_id(),
        org_id: registered.integration.org_id().as_str(),
        scope: token.scopes().collect(),
        token_expires_at: token.expires_at().as_secs(),
    }))
}
