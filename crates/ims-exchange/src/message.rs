//! One request and one answer of a transport. Both may hold secrets, so neither shows its body.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use ims_claims::{ClientId, WipedBytes};
use serde::Serialize;

use crate::{access_token::BearerToken, secret_text::MAX_TOKEN};

/// A complete request to IMS. Secrets are in its body and never in its URL.
pub struct Request {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: WipedBytes,
}

impl Request {
    /// A form, urlencoded (RFC 6749 §4.4.2), to be posted to `url`.
    pub(crate) fn post_form(url: String, form: &[(&str, &str)]) -> Self {
        let body = urlencoded(form).into_bytes();
        Self::new(Method::POST, url, Some("application/x-www-form-urlencoded"), body)
    }

    /// A GET request to `url`, without a body.
    pub(crate) fn get(url: String) -> Self {
        Self::new(Method::GET, url, None, Vec::new())
    }

    /// A DELETE request to `url`, without a body.
    pub(crate) fn delete(url: String) -> Self {
        Self::new(Method::DELETE, url, None, Vec::new())
    }

    /// A POST request to `url`, without a body.
    pub(crate) fn post(url: String) -> Self {
        Self::new(Method::POST, url, None, Vec::new())
    }

    /// `value` as JSON, to be posted to `url`.
    pub(crate) fn post_json(url: String, value: &impl Serialize) -> Self {
        let body =
            serde_json::to_vec(value).expect("all names are texts, and every value can be written");
        Self::new(Method::POST, url, Some("application/json"), body)
    }

    /// The same with `value` in the header field `name`.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same with `token` as bearer (RFC 6750 §2.1).
    pub(crate) fn with_bearer(self, token: &BearerToken) -> Self {
        self.with_header(header::AUTHORIZATION, token.authorization().clone())
    }

    /// The same with the header `X-IMS-ClientId`, which "will be mandatory in the future". Source: adobe/ims-go,
    /// `ims/validate_token.go`.
    pub(crate) fn with_client_id(self, client_id: &ClientId) -> Self {
        let value = HeaderValue::from_str(client_id.as_str());
        let value = value.expect("a client id is visible ASCII, which every header can carry");
        self.with_header(HeaderName::from_static("x-ims-clientid"), value)
    }

    /// The same with the header `x-api-key`, by which the gateway in front of Adobe's APIs identifies the client.
    pub(crate) fn with_api_key(self, client_id: &ClientId) -> Self {
        let value = HeaderValue::from_str(client_id.as_str());
        let value = value.expect("a client id is visible ASCII, which every header can carry");
        self.with_header(HeaderName::from_static("x-api-key"), value)
    }

    fn new(method: Method, url: String, media_type: Option<&'static str>, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let media_type = media_type.map(HeaderValue::from_static);
        headers.extend(media_type.map(|value| (header::CONTENT_TYPE, value)));
        Self { method, url, headers, body: WipedBytes::new(body) }
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

    /// The body. It holds secrets: send it, and never log it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Method, URL, header fields and body, for a transport whose library takes them over: that saves a copy of the secrets,
    /// but the library does not wipe them.
    #[must_use]
    pub fn into_parts(self) -> (Method, String, HeaderMap, Vec<u8>) {
        (self.method, self.url, self.headers, self.body.into_vec())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.url)
    }
}

/// `pairs` as a form or a query (RFC 6749, appendix B).
pub(crate) fn urlencoded(pairs: &[(&str, &str)]) -> String {
    let length: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    let marks = 2 * pairs.len();
    // A buffer that grows would leave copies of secrets in freed memory.
    if !pairs.iter().all(|(name, value)| is_plain(name) && is_plain(value)) {
        // Escaping replaces one byte by at most three.
        let text = String::with_capacity(length * 3 + marks);
        return form_urlencoded::Serializer::new(text).extend_pairs(pairs).finish();
    }
    // A JWT is long and needs no escapes, and a search for bytes to escape would take most of the time.
    let mut text = String::with_capacity(length + marks);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// Whether `text` stays as it is when it is urlencoded (URL standard, application/x-www-form-urlencoded percent-encode set).
fn is_plain(text: &str) -> bool {
    // It does not stop at the first other byte, so that the compiler can check many bytes at once.
    text.bytes().fold(true, |all, byte| all & is_plain_byte(byte))
}

fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_' || byte == b'*'
}

/// An answer of IMS, whole.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use ims_exchange::Response;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // What a transport of yours makes of an answer.
/// let body = br#"{"access_token":"eyJ","expires_in":86399}"#.to_vec();
/// let response = Response::new(StatusCode::OK, HeaderMap::new(), body);
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: WipedBytes,
}

impl Response {
    /// The most bytes of a body that a transport reads. A token answer has some 2 KiB.
    pub const MAX_BODY: usize = MAX_TOKEN;

    /// Makes an answer, as a transport does.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body: WipedBytes::new(body) }
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

#[cfg(test)]
impl Response {
    /// An answer of `status` with a JSON `body`.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self::new(StatusCode::from_u16(status).unwrap(), headers, body.as_bytes().to_vec())
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
    use proptest::prelude::*;

    /// A text with or without parts that must be escaped.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[ -~]{0,40}", "[-.*_0-9A-Za-z]{0,40}"]
    }

    proptest! {
        #[test]
        fn a_form_is_what_the_url_standard_says(
            pairs in proptest::collection::vec(("[a-z &]{1,9}", text()), 0..5)
        ) {
            let expected = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
            prop_assert_eq!(urlencoded(&pairs), expected);
        }
    }

    #[test]
    fn a_byte_stays_as_it_is_if_the_url_standard_says_so() {
        for byte in 0..=u8::MAX {
            let escaped: String = form_urlencoded::byte_serialize(&[byte]).collect();
            assert_eq!(is_plain_byte(byte), escaped.as_bytes() == [byte], "{byte}");
        }
    }

    #[test]
    fn a_form_is_written_into_a_buffer_that_never_grows_and_has_no_more_than_it_may_need() {
        #[rustfmt::skip]
        let table: [&[(&str, &str)]; 5] = [
            &[],
            &[("\u{e4}", "&&&&&")],
            &[("&&&", "")],
            &[("a", ""), ("b", "eyJ.x-_*")],
            &[("\u{e4}", "&&&&&"), ("&", "=======")],
        ];
        for pairs in table {
            let form = urlencoded(pairs);
            // Every byte is escaped here, or none. Only after the last pair there is no `&`.
            let unused = usize::from(!pairs.is_empty());
            assert_eq!(form.capacity(), form.len() + unused, "{form}");
        }
    }

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
