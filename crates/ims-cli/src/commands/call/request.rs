//! The request that `ims call` sends.

use std::str::FromStr;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION},
};
use reqwest_middleware::reqwest::Url;

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
            name.trim().parse().map_err(|_| "this is not a name of a header field")?;
        if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name) {
            return Err(
                "a secret does not belong on the command line; the token is added by itself",
            );
        }
        let value = value.trim().parse().map_err(|_| "this is not a value of a header field")?;
        Ok(Self { name, value })
    }
}

/// Where the request goes.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Url(Url),
    /// A path below the base URL, beginning with a slash.
    Path(String),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return parse_url(text).map(Self::Url);
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        let first = path.split(['/', '?']).next().unwrap_or_default();
        // A host without https:// in front, which must not become a path of another host.
        if !text.starts_with('/') && first.contains(['.', ':', '@']) {
            return Err("a URL begins with https://, and a path with /".to_owned());
        }
        Ok(Self::Path(format!("/{path}")))
    }
}

/// The URL of `path` below `base`, whose own path is kept.
pub(super) fn below(base: &Url, path: &str) -> Result<Url, String> {
    let prefix = base.path().trim_end_matches('/');
    let url = format!("{}{prefix}{path}", base.origin().ascii_serialization());
    let url = parse_url(&url)?;
    if url.origin() == base.origin() { Ok(url) } else { Err("it leaves the host".to_owned()) }
}

/// A URL without a user and a password in it, which would be a secret on the command line.
pub(crate) fn parse_url(text: &str) -> Result<Url, String> {
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
pub(super) fn headers(given: &[Header], has_json: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for Header { name, value } in given {
        headers.append(name, value.clone());
    }
    if has_json {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_at_the_host_of_its_base() {
        #[rustfmt::skip]
        let table = [
            ("https://platform.adobe.io",       "/data/x?a=b",          "https://platform.adobe.io/data/x?a=b"),
            ("https://platform.adobe.io/",      "data/x",               "https://platform.adobe.io/data/x"),
            ("https://platform.adobe.io/data/", "/x",                   "https://platform.adobe.io/data/x"),
            ("https://platform.adobe.io",       "//evil.example/x",     "https://platform.adobe.io//evil.example/x"),
            ("https://platform.adobe.io",       "/\\evil.example",      "https://platform.adobe.io//evil.example"),
            ("https://platform.adobe.io",       "/@evil.example/",      "https://platform.adobe.io/@evil.example/"),
            ("https://platform.adobe.io/data",  "/../other",            "https://platform.adobe.io/other"),
        ];
        for (base, path, expected) in table {
            let Target::Path(path) = path.parse().unwrap() else { panic!("{path}") };
            assert_eq!(below(&base.parse().unwrap(), &path).unwrap().as_str(), expected);
        }
        for text in ["platform.adobe.io/data", "localhost:80/x", "user@host/x", "ftp://host/"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
