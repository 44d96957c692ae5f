//! One request that was read: the input of every endpoint.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method, header::AUTHORIZATION, uri::Authority};
use ims_claims::NumericDate;

use crate::{clock::date, endpoint_table::EndpointVersion, host, parameters::Parameters};

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A request whose host, path, method and body are in order.
pub(crate) struct Call {
    pub(crate) version: &'static EndpointVersion,
    pub(crate) method: Method,
    /// The path, without a slash at its end.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) parameters: Parameters,
    /// The body if it is JSON, and empty if it has parameters.
    pub(crate) json: Bytes,
    pub(crate) scheme: Scheme,
    /// The host, and perhaps the port, that the client uses for this IMS.
    pub(crate) authority: Authority,
    /// When it came, on the emulator's clock, in milliseconds since 1970.
    pub(crate) now_ms: u64,
    /// The answer's `X-Debug-Id`, which no other answer has.
    pub(crate) debug_id: String,
}

impl Call {
    pub(crate) fn now(&self) -> NumericDate {
        date(self.now_ms)
    }

    /// The value of a header; an empty one counts as none, as a parameter does.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
    }

    /// The base URL that the client uses for this IMS.
    pub(crate) fn base_url(&self) -> String {
        if host::is_adobe_ims(self.authority.host()) {
            format!("https://{}", self.authority.host())
        } else {
            format!("{}://{}", self.scheme.name(), self.authority)
        }
    }

    /// The client id that the request names outside of Basic authentication.
    pub(crate) fn named_client(&self) -> Option<&str> {
        let header = self.header("x-ims-clientid").or(self.header("x-api-key"));
        self.parameters.get("client_id").or(header)
    }

    /// The client id that the request names anywhere.
    pub(crate) fn client_id_of_any_kind(&self) -> Option<String> {
        let named = self.named_client().map(str::to_owned);
        named.or_else(|| self.basic().map(|basic| basic.urldecoded.0))
    }

    /// The token of `Authorization: Bearer` (RFC 6750 §2.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    /// Client id and secret of `Authorization: Basic` in the two forms in which clients send them: urlencoded, as RFC 6749
    /// §2.3.1 requires and openid-client, oauth4webapi and others do, and unencoded.
    pub(crate) fn basic(&self) -> Option<BasicCredentials> {
        let octets = BASE64_STANDARD.decode(self.authorization("basic")?).ok()?;
        let text = String::from_utf8(octets).ok()?;
        let (client_id, client_secret) = text.split_once(':')?;
        Some(BasicCredentials {
            urldecoded: (urldecoded(client_id), urldecoded(client_secret)),
            as_sent: (client_id.to_owned(), client_secret.to_owned()),
        })
    }

    fn authorization(&self, scheme: &str) -> Option<&str> {
        let (given, credentials) =
            self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
    }
}

/// Client id and secret in the two readings of one header.
pub(crate) struct BasicCredentials {
    pub(crate) as_sent: (String, String),
    pub(crate) urldecoded: (String, String),
}

fn urldecoded(text: &str) -> String {
    // The name comes first, so a separator within the text cannot begin another pair.
    let pair = format!("x={text}");
    let first = form_urlencoded::parse(pair.as_bytes()).next();
    first.map(|(_, value)| value.into_owned()).unwrap_or_default()
}
