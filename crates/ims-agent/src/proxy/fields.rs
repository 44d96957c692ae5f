//! Header fields: which of them are for one connection alone, and so end at the proxy.

use http::{
    HeaderMap, HeaderName,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
    },
};

use crate::answer::Fault;

/// Prepares the fields of a request for the API. What the client itself sends as `Authorization` is replaced.
pub(crate) fn prepare_request(headers: &mut HeaderMap) -> Result<(), Fault> {
    let upgrades = headers.get_all(UPGRADE).iter();
    // A client that offers HTTP/2 must expect an answer without it.
    if upgrades.into_iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"h2c")) {
        return Err(Fault::UPGRADE);
    }
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Fault::TWO_LENGTHS);
    }
    remove_hop_by_hop(headers);
    // The HTTP client sets its own, and the server has answered what was expected.
    for name in [HOST, CONTENT_LENGTH, EXPECT, AUTHORIZATION, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
    // RFC 9110 §7.6.3.
    headers.append(VIA, http::HeaderValue::from_static("1.1 ims"));
    Ok(())
}

/// Removes the fields that are for one connection: those that are known for it, and those that `Connection` names (RFC 9110
/// §7.6.1).
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let mut for_connection = Vec::new();
    for value in headers.get_all(CONNECTION) {
        let names = value.to_str().unwrap_or_default().split(',');
        for_connection.extend(names.filter_map(|name| name.trim().parse::<HeaderName>().ok()));
    }
    for name in for_connection {
        headers.remove(name);
    }
    for name in [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, PROXY_AUTHENTICATE] {
        headers.remove(name);
    }
    for name in ["keep-alive", "proxy-connection", "http2-settings"] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_what_is_for_the_api_is_passed_on() {
        let mut fields = headers(&[
            ("host", "localhost:80"),
            ("authorization", "Bearer of the client"),
            ("proxy-authorization", "Bearer canary"),
            ("connection", "keep-alive, X-Only-Here"),
            ("connection", "another"),
            ("x-only-here", "1"),
            ("another", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABk"),
            ("expect", "100-continue"),
            ("accept", "*/*"),
            ("x-api-key", "of the client"),
        ]);
        prepare_request(&mut fields).unwrap();
        let mut left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "via", "x-api-key"]);
    }

    #[test]
    fn an_upgrade_and_a_body_of_two_lengths_are_refused() {
        #[rustfmt::skip]
        let table = [
            (headers(&[("upgrade", "websocket"), ("connection", "upgrade")]),           Err(Fault::UPGRADE)),
            (headers(&[("upgrade", "h2c"), ("upgrade", "websocket")]),                  Err(Fault::UPGRADE)),
            (headers(&[("upgrade", "h2c, websocket")]),                                 Err(Fault::UPGRADE)),
            (headers(&[("transfer-encoding", "chunked"), ("content-length", "5")]),     Err(Fault::TWO_LENGTHS)),
            (headers(&[("content-length", "5")]),                                       Ok(())),
        ];
        for (mut fields, expected) in table {
            assert_eq!(prepare_request(&mut fields), expected, "{fields:?}");
        }
    }
}
