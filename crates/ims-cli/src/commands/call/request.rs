//! The request that `ims call` sends.

use std::{convert::Infallible, path::PathBuf, str::FromStr};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION},
};
use reqwest_middleware::reqwest::Url;
use serde::de::IgnoredAny;

use crate::{failure::Failure, files};

/// A header field that holds no secret: every user of the machine can read the arguments of a process.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    name: HeaderName,
    value: HeaderValue,
}

impl FromStr for Header {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) =
            text.split_once(':').ok_or("a header field is written as \"Name: value\"")?;
        let name: HeaderName =
            name.trim().parse().map_err(|_| "this is no name of a header field")?;
        if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name) {
            return Err(
                "a secret does not belong on the command line; the token is added by itself",
            );
        }
        let value = value.trim().parse().map_err(|_| "this is no value of a header field")?;
        Ok(Self { name, value })
    }
}

/// Where a body comes from.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    File(PathBuf),
    Text(String),
}

impl FromStr for Data {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Self::File(path.into()),
            None if text == "-" => Self::File(text.into()),
            None => Self::Text(text.to_owned()),
        })
    }
}

impl Data {
    pub(super) fn read(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::File(path) => files::read(path).map(|contents| contents.to_vec()),
            Self::Text(text) => Ok(text.clone().into_bytes()),
        }
    }
}

/// A URL without a user and a password in it, which would be a secret on the command line.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it does not begin with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or a password does not belong on the command line".to_owned());
    }
    Ok(url)
}

/// The header fields of the request, without those of the token.
pub(super) fn headers(given: &[Header], body: Option<&[u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for Header { name, value } in given {
        headers.append(name, value.clone());
    }
    if body.is_some_and(is_json) {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    headers
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}
