//! What is sent back: IMS's shape of an answer, and the shape of the gateway in front of Adobe's APIs.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE},
};
use http_body_util::Full;
use serde::Serialize;

use crate::{Endpoint, Refusal};

/// An answer before it is put on the wire: JSON, with an HTTP status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: String,
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
    /// `200` with `body` as JSON.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self { status: StatusCode::OK, body: json(body) }
    }

    /// `200` with `body`, which is JSON already.
    pub(crate) fn ok_json(body: String) -> Self {
        Self { status: StatusCode::OK, body }
    }

    /// What the client sees of `refusal`, under the code `error`.
    pub(crate) fn refused(refusal: Refusal, error: &str, endpoint: Option<Endpoint>) -> Self {
        let description = refusal.description();
        let body = if endpoint == Some(Endpoint::Echo) {
            json(&GatewayError { error_code: error, message: description })
        } else {
            json(&ImsError { error, error_description: description })
        };
        let status =
            StatusCode::from_u16(refusal.status()).expect("the table has HTTP statuses only");
        Self { status, body }
    }

    /// The HTTP response. After a refusal of its body the connection is of no more use.
    pub(crate) fn into_response(
        self,
        debug_id: &str,
        refusal: Option<Refusal>,
        endpoint: Option<Endpoint>,
    ) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.into()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let debug_id = HeaderValue::from_str(debug_id).expect("hexadecimal digits and a hyphen");
        headers.insert("x-debug-id", debug_id);
        if let (Some(Refusal::MethodNotAllowed), Some(endpoint)) = (refusal, endpoint) {
            headers.insert(ALLOW, HeaderValue::from_static(endpoint.methods()));
        }
        if matches!(refusal, Some(Refusal::BodyTooLarge | Refusal::BodyTooSlow)) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("structs of strings, numbers and maps are always JSON")
}
