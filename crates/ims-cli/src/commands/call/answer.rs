//! What `ims call` says about the answer.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use http::{
    HeaderMap, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
use reqwest_middleware::reqwest::{self, Response};
use serde::{Serialize, de::IgnoredAny};
use serde_json::Value;

use super::gateway::{self, GatewayError};
use crate::{
    failure::Failure,
    jq::Filter,
    json_text,
    output::{self, Answer},
    terminal_text::TerminalText,
};

/// How the answer is printed.
#[derive(Debug)]
pub(super) enum Form {
    /// The body as it came, on a terminal JSON over several lines; before it the head, if it is wanted.
    Body { with_head: bool },
    /// All of it in one line of JSON.
    Json,
    /// The result of a filter of the body.
    Filtered(Filter),
}

#[derive(Serialize)]
struct Data {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
    /// JSON as it is, otherwise the text.
    body: Value,
    /// What an error of Adobe's gateway means.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<GatewayError>,
}

impl Form {
    /// Prints the answer, and says on standard error what is not in the body.
    pub(super) async fn print(&self, response: Response) -> Result<Answer, Failure> {
        let status = response.status();
        note_status(status, response.headers());
        if let Self::Json = self {
            return print_json(response).await;
        }
        if let Self::Body { with_head: true } = self {
            print_head(&response)?;
        }
        let headers = response.headers().clone();
        let kept = match self {
            Self::Filtered(filter) if status.is_success() => {
                output::filtered(filter, &body(response).await?)?;
                return Ok(answer(status));
            }
            // A program that reads the output expects the result of the filter, and not an error.
            Self::Filtered(_) => {
                let body = body(response).await?;
                output::note("body", &shortened(&body));
                body
            }
            _ => print_body(response).await?,
        };
        if !status.is_success()
            && let Some(error) = gateway::explain(&kept)
        {
            note_error(&error, &headers);
            if error.is_temporary() {
                return Ok(Answer::Later);
            }
        }
        Ok(answer(status))
    }
}

/// Writes the body and returns its beginning: at a terminal in a form for people, otherwise unchanged.
async fn print_body(response: Response) -> Result<Vec<u8>, Failure> {
    if io::stdout().is_terminal() {
        let body = body(response).await?;
        let text = String::from_utf8_lossy(&body);
        if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
            output::line(TerminalText::of_json(&json_text::indented(&text)))?;
        } else {
            output::write(&*text)?;
        }
        return Ok(body);
    }
    let mut response = response;
    let mut kept = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        output::write_bytes(&chunk)?;
        let room = LONGEST_ERROR.saturating_sub(kept.len());
        kept.extend(&chunk[..chunk.len().min(room)]);
    }
    Ok(kept)
}

async fn body(response: Response) -> Result<Vec<u8>, Failure> {
    Ok(response.bytes().await.map_err(unanswered)?.to_vec())
}

/// Writes all of it in one line.
async fn print_json(response: Response) -> Result<Answer, Failure> {
    let status = response.status();
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in response.headers() {
        headers.entry(name.to_string()).or_default().push(text(value.as_bytes()));
    }
    let body = body(response).await?;
    let explanation = if status.is_success() { None } else { gateway::explain(&body) };
    let is_temporary = explanation.as_ref().is_some_and(GatewayError::is_temporary);
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| Value::from(text(&body)));
    output::json(&Data { status: status.as_u16(), headers, body, explanation })?;
    Ok(if is_temporary { Answer::Later } else { answer(status) })
}

fn print_head(response: &Response) -> Result<(), Failure> {
    output::line(&format!("{:?} {}", response.version(), response.status()))?;
    for (name, value) in response.headers() {
        output::line(&format!("{name}: {}", text(value.as_bytes())))?;
    }
    output::line("")
}

/// Reports on standard error that the answer is not a success: the body may not show it.
fn note_status(status: StatusCode, headers: &HeaderMap) {
    if status.is_success() {
        return;
    }
    output::note("note", &format!("the API answered {status}"));
    if let Some(location) = headers.get(LOCATION).filter(|_| status.is_redirection()) {
        let location = text(location.as_bytes());
        output::note("note", &format!("it leads to {location}, which was not followed"));
    }
}

/// Says what an error of the gateway means, and what to do.
fn note_error(error: &GatewayError, headers: &HeaderMap) {
    output::note("note", &format!("{}: {}", error.code, error.meaning.cause));
    for remedy in error.meaning.remedies {
        output::note("hint", remedy);
    }
    if let Some(wait) = headers.get(RETRY_AFTER) {
        output::note("note", &format!("Retry-After: {}", text(wait.as_bytes())));
    }
}

fn shortened(body: &[u8]) -> String {
    let body = text(body);
    match body.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &body[..end]),
        None => body,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn answer(status: StatusCode) -> Answer {
    match status.as_u16() {
        200..=299 => Answer::Yes,
        408 | 429 | 500.. => Answer::Later,
        _ => Answer::No,
    }
}

/// The error of the network without the URL, whose query may be secret.
pub(super) fn unanswered(error: reqwest::Error) -> Failure {
    Failure::later("the API did not answer").because(error.without_url())
}

/// No error of the gateway is longer.
const LONGEST_ERROR: usize = 64 * 1024;

const SHOWN_CHARACTERS: usize = 2_000;
