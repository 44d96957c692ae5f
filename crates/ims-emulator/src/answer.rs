//! What is sent back: IMS's shape of an answer, the shape of the gateway in front of Adobe's APIs, and answers that
//! a fault has changed.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW,
        CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
        RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    },
};
use hyper::body::{Body, Frame, SizeHint};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::{endpoint::Endpoint, endpoint_table::EndpointVersion, fault::Fault, refusal::Refusal};

/// An answer before it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// None without a body: clients parse every body with the type of JSON.
    content_type: Option<&'static str>,
    body: Bytes,
    allow: Option<&'static str>,
    /// The methods that a page of another origin may use.
    allowed_methods: Option<&'static str>,
    retry_after: Option<Duration>,
    location: Option<String>,
    /// Why the request was refused, if the answer does not say it.
    pub(crate) refusal: Option<Refusal>,
    is_last: bool,
    breaks_off: bool,
    /// The permit that is released when the answer has been sent.
    permit: Option<OwnedSemaphorePermit>,
}

#[derive(Serialize)]
struct ImsError<'a> {
    error: &'a str,
    error_description: &'a str,
}

#[derive(Serialize)]
struct GatewayError<'a> {
    error_code: &'a str,
    message: &'a str,
}

impl Answer {
    pub(crate) fn new(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            status,
            content_type: Some(content_type),
            body: body.into(),
            allow: None,
            allowed_methods: None,
            retry_after: None,
            location: None,
            refusal: None,
            is_last: false,
            breaks_off: false,
            permit: None,
        }
    }

    /// The same answer, which holds `permit` until it has been sent.
    pub(crate) fn holding(self, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { permit, ..self }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { content_type: None, ..Self::new(status, "", "") }
    }

    /// The answer to a CORS-preflight for requests by `methods`.
    pub(crate) fn preflight(methods: &'static str) -> Self {
        Self { allowed_methods: Some(methods), ..Self::empty(StatusCode::NO_CONTENT) }
    }

    /// `200` with `body` as JSON.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::ok_json(json(body))
    }

    /// `200` with `body`, which is JSON already.
    pub(crate) fn ok_json(body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, JSON, body)
    }

    /// What the client sees of `refusal`, under the code `error`.
    pub(crate) fn refused(
        refusal: Refusal,
        error: &str,
        version: Option<&'static EndpointVersion>,
    ) -> Self {
        let description = refusal.description();
        let endpoint = version.map(|version| version.endpoint);
        let body = if endpoint.is_some_and(Endpoint::is_behind_gateway) {
            json(&GatewayError { error_code: error, message: description })
        } else {
            json(&ImsError { error, error_description: description })
        };
        let status = StatusCode::from_u16(refusal.status_at(endpoint))
            .expect("the table has HTTP statuses only");
        let is_method = refusal == Refusal::MethodNotAllowed;
        Self {
            allow: version.filter(|_| is_method).map(|version| version.methods),
            // The rest of such a body is not read, so no other request can follow it.
            is_last: matches!(refusal, Refusal::BodyTooLarge | Refusal::BodyTooSlow),
            ..Self::new(status, JSON, body)
        }
    }

    /// Sends a browser to `location`.
    pub(crate) fn redirect(location: &str) -> Self {
        let location = Some(location.to_owned());
        Self { location, ..Self::empty(StatusCode::FOUND) }
    }

    /// The same answer, given because of `refusal`.
    pub(crate) fn because_of(self, refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..self }
    }

    /// The answer, changed by `fault`.
    pub(crate) fn changed_by(self, fault: Fault) -> Self {
        match fault {
            Fault::TooManyRequests { retry_after } | Fault::Unavailable { retry_after } => {
                Self { retry_after, ..self }
            }
            Fault::Html => Self::new(StatusCode::BAD_GATEWAY, "text/html", BAD_GATEWAY),
            Fault::Truncated => Self { breaks_off: true, ..self },
            Fault::WrongContentType => Self { content_type: Some("text/plain"), ..self },
            Fault::Oversized => {
                let padding = "x".repeat(OVERSIZED_BYTES);
                Self::new(self.status, JSON, format!(r#"{{"padding":"{padding}"}}"#))
            }
            Fault::InternalError | Fault::Delay(_) | Fault::Disconnected => self,
        }
    }

    /// The response that opens a tunnel, which has no body and so no length (RFC 9110 §9.3.6).
    pub(crate) fn into_tunnel(self) -> Response<AnswerBody> {
        let mut response = Response::new(AnswerBody::of(self.body, false, None));
        *response.status_mut() = self.status;
        response
    }

    /// The HTTP response.
    pub(crate) fn into_response(self, debug_id: Option<&str>) -> Response<AnswerBody> {
        let length = self.body.len();
        let sent = if self.breaks_off { self.body.slice(..length / 2) } else { self.body };
        let mut response = Response::new(AnswerBody::of(sent, self.breaks_off, self.permit));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        // A 204 has neither (RFC 9110 §8.6).
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(debug_id) = debug_id {
            let debug_id =
                HeaderValue::from_str(debug_id).expect("hexadecimal digits and a hyphen");
            headers.insert(X_DEBUG_ID, debug_id);
        }
        if self.content_type.is_some_and(|text| text.starts_with("text/html")) {
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        // A redirect URI that cannot be in a header is left out: no browser would follow it.
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(LOCATION, location);
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(methods) = self.allowed_methods {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(PAGE_HEADERS));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
        if let Some(retry_after) = self.retry_after {
            headers.insert(RETRY_AFTER, retry_after.as_secs().into());
        }
        if self.is_last {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The headers that a page of another origin may send.
const PAGE_HEADERS: &str = "authorization, content-type, x-api-key, x-ims-clientid";

/// Pages load nothing from another host, and no other page frames them.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                      img-src data:; frame-ancestors 'none'";

const X_DEBUG_ID: HeaderName = HeaderName::from_static("x-debug-id");

/// The type of IMS's answers.
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

/// More than any client should accept as an answer of IMS.
const OVERSIZED_BYTES: usize = 1024 * 1024;

const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n";

fn json(body: &impl Serialize) -> Bytes {
    // An answer with a token has more than a KiB: it grows in one piece.
    let mut json = Vec::with_capacity(2048);
    serde_json::to_writer(&mut json, body)
        .expect("structs of strings, numbers and maps are always JSON");
    json.into()
}

/// The body of an answer, in pieces that are sent one after another. The connection may break off after the last.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    data: Bytes,
    breaks_off: bool,
    is_flushed: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

/// The longest piece, so that only a small part of a long answer is copied before the client reads it.
const PIECE: usize = 32 * 1024;

impl AnswerBody {
    fn of(data: Bytes, breaks_off: bool, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { data, breaks_off, is_flushed: false, _permit: permit }
    }
}

/// The connection breaks, because a fault requires it.
#[derive(Debug, thiserror::Error)]
#[error("the connection breaks off on purpose")]
pub(crate) struct BrokenOff;

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if !self.data.is_empty() {
            let length = self.data.len().min(PIECE);
            let piece = self.data.split_to(length);
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.breaks_off && !self.is_flushed {
            // The server sends what it has while it waits for more. After an error it would send nothing.
            self.is_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.breaks_off.then_some(Err(BrokenOff)))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && !self.breaks_off
    }

    fn size_hint(&self) -> SizeHint {
        if self.breaks_off {
            return SizeHint::new();
        }
        SizeHint::with_exact(self.data.len() as u64)
    }
}
