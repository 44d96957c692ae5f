//! What `ims call` says of the answer.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use http::{HeaderMap, StatusCode, header::LOCATION};
use reqwest_middleware::reqwest::{self, Response};
use serde::Serialize;
use serde_json::Value;

use crate::{
    failure::Failure,
    output::{self, Answer},
};

#[derive(Serialize)]
struct Data {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
    /// JSON as it is, else the text.
    body: Value,
}

/// Writes the body, as it comes, and before it the status and the header fields if they are wanted.
pub(super) async fn print(mut response: Response, with_head: bool) -> Result<Answer, Failure> {
    let status = response.status();
    tell(status, response.headers());
    if with_head {
        print_head(&response)?;
    }
    if io::stdout().is_terminal() {
        let body = response.text().await.map_err(unanswered)?;
        output::write(&body)?;
    } else {
        while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
            output::write_bytes(&chunk)?;
        }
    }
    Ok(answer(status))
}

/// Writes all of it in one line.
pub(super) async fn print_json(response: Response) -> Result<Answer, Failure> {
    let status = response.status();
    tell(status, response.headers());
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in response.headers() {
        headers.entry(name.to_string()).or_default().push(text(value.as_bytes()));
    }
    let body = response.bytes().await.map_err(unanswered)?;
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| Value::from(text(&body)));
    output::json(&Data { status: status.as_u16(), headers, body })?;
    Ok(answer(status))
}

fn print_head(response: &Response) -> Result<(), Failure> {
    output::line(&format!("{:?} {}", response.version(), response.status()))?;
    for (name, value) in response.headers() {
        output::line(&format!("{name}: {}", text(value.as_bytes())))?;
    }
    output::line("")
}

/// Says on standard error what a body alone may not tell: that the answer is no success.
fn tell(status: StatusCode, headers: &HeaderMap) {
    if status.is_success() {
        return;
    }
    output::note("note", &format!("the API answered {status}"));
    if let Some(location) = headers.get(LOCATION).filter(|_| status.is_redirection()) {
        let location = text(location.as_bytes());
        output::note("note", &format!("it leads to {location}, which was not followed"));
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

/// What the network did. The user knows the URL, and its query need not be in a log.
pub(super) fn unanswered(error: reqwest::Error) -> Failure {
    Failure::later("the API did not answer").because(error.without_url())
}
