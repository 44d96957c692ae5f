//! Reading an answer of IMS that is JSON.

use http::header::CONTENT_TYPE;
use ims_claims::{JsonObject, NumericDate};
use serde::de::DeserializeOwned;

use crate::{ExchangeError, Refusal, Response, refusal::Presented, strict_json};

/// Reads a success as `T`, and all else as the refusal that it is. `secrets` are what was sent, which no error may repeat.
pub(crate) fn json<T: DeserializeOwned>(
    response: &Response,
    presented: Presented,
    now: Option<NumericDate>,
    secrets: &[&str],
) -> Result<T, ExchangeError> {
    if !response.status().is_success() {
        return Err(Refusal::read(response, presented, now, secrets));
    }
    let body = is_json(response).then(|| members(response)).flatten();
    body.ok_or_else(|| unrecognized(response))
}

/// Reads the body as `T`, `None` if it is not that or is longer than an answer of IMS. Transports promise that it is not, but
/// some are strangers'.
pub(crate) fn members<T: DeserializeOwned>(response: &Response) -> Option<T> {
    let is_short = response.body().len() <= Response::MAX_BODY;
    is_short.then(|| strict_json::read(response.body())).flatten()
}

/// Reads a success that says nothing: an empty body or a JSON object. A page is no success, whatever its status: behind it
/// nothing was done.
pub(crate) fn nothing(
    response: &Response,
    presented: Presented,
    secrets: &[&str],
) -> Result<(), ExchangeError> {
    if response.status().is_success() && response.body().trim_ascii().is_empty() {
        return Ok(());
    }
    let _: JsonObject = json(response, presented, None, secrets)?;
    Ok(())
}

/// A success that is not of the form that this endpoint has.
pub(crate) fn unrecognized(response: &Response) -> ExchangeError {
    ExchangeError::Unrecognized(Refusal::unexplained(response))
}

/// Whether the answer says that it is JSON, or says nothing of what it is. Another type is a page of something that stands
/// between here and IMS, however it may look.
fn is_json(response: &Response) -> bool {
    let Some(media_type) = response.headers().get(CONTENT_TYPE) else { return true };
    let essence = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode};

    #[test]
    fn an_answer_of_another_type_is_not_read() {
        #[rustfmt::skip]
        let table = [
            ("application/json",               true),
            ("application/json;charset=UTF-8", true),
            ("Application/JSON ; charset=x",   true),
            ("application/jwk-set+json",       true),
            ("text/html",                      false),
            ("text/html; application/json",    false),
            ("text/plain",                     false),
            ("text/x+json",                    false),
            ("application/jsonp",              false),
            ("",                               false),
        ];
        for (media_type, is_read) in table {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            let response = Response::new(StatusCode::OK, headers, b"{}".to_vec());
            let read = json::<serde_json::Value>(&response, Presented::Client, None, &[]);
            assert_eq!(read.is_ok(), is_read, "{media_type}");
        }
    }

    #[test]
    fn an_answer_that_says_nothing_is_empty_or_an_object() {
        #[rustfmt::skip]
        let table = [
            (200, "", true), (200, " \r\n", true), (200, "{}", true), (204, "", true), (200, r#"{"a":1}"#, true),
            (200, "<html>", false), (200, "[]", false), (200, "null", false), (200, r#"{"a":1,"a":1}"#, false),
            (302, "", false), (400, "", false), (404, "{}", false),
        ];
        for (status, body, is_done) in table {
            let read = nothing(&Response::json(status, body), Presented::Client, &[]);
            assert_eq!(read.is_ok(), is_done, "{status} {body}");
        }
    }
}
