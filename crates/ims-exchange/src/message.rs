//! One request and one answer, as they pass through a transport. Both may hold secrets, so neither shows its body.

use std::fmt;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use zeroize::Zeroizing;

/// A request to IMS, whole. Secrets are in its body and never in its URL.
pub struct Request {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Request {
    /// A form, urlencoded (RFC 6749 §4.4.2), to be posted to `url`.
    pub(crate) fn post_form(url: String, form: &[(&str, &str)]) -> Self {
        // Three bytes for each, the most that escaping makes of one: growing would leave copies of secrets behind.
        let room = form.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
        let mut serializer = form_urlencoded::Serializer::new(String::with_capacity(room));
        let body = Zeroizing::new(serializer.extend_pairs(form).finish().into_bytes());
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Self { method: Method::POST, url, headers, body }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URL, which holds no secret.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The header fields that the body needs; a transport adds its own.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body: secrets, for the wire and for nothing that is logged.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Method, URL, header fields and body, for a transport whose library takes them over: that saves a copy of the secrets,
    /// but the library does not wipe them.
    #[must_use]
    pub fn into_parts(mut self) -> (Method, String, HeaderMap, Vec<u8>) {
        (self.method, self.url, self.headers, std::mem::take(&mut *self.body))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.url)
    }
}

/// An answer of IMS, whole.
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// The most that a transport takes of a body, in bytes. A token answer has some 2 KiB.
    pub const MAX_BODY: usize = 64 * 1024;

    /// Puts an answer together, as a transport does.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body: Zeroizing::new(body) }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body: it may hold a token, so it is for reading and for nothing that is logged.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({})", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_body_nor_header() {
        let request =
            Request::post_form("https://ims.example/x".to_owned(), &[("client_secret", "canary")]);
        assert_eq!(format!("{request:?}"), "Request(POST https://ims.example/x)");
        let mut headers = HeaderMap::new();
        headers.insert("x-canary", HeaderValue::from_static("canary"));
        let response = Response::new(StatusCode::OK, headers, b"canary".to_vec());
        assert_eq!(format!("{response:?}"), "Response(200 OK)");
    }
}
