//! Header fields for a single connection, which each server on the way removes.

use http::{
    HeaderMap, HeaderName,
    header::{CONNECTION, PROXY_AUTHENTICATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};

/// Removes the fields that are for one connection alone (RFC 9110 §7.6.1): those that are known for it, and those that
/// `Connection` names. For a program that passes on requests and answers.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, x-trace"));
/// headers.insert("x-trace", HeaderValue::from_static("1"));
/// headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
/// ims_middleware::remove_hop_by_hop(&mut headers);
/// assert_eq!(headers.len(), 1, "Accept is for the API");
/// ```
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let mut for_connection = Vec::new();
    for value in headers.get_all(CONNECTION) {
        let names = value.as_bytes().split(|byte| *byte == b',');
        let names = names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
        for_connection.extend(names);
    }
    for name in for_connection {
        headers.remove(name);
    }
    for name in [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, PROXY_AUTHENTICATE] {
        headers.remove(name);
    }
    // Names of other standards, and names without a standard.
    for name in ["keep-alive", "proxy-connection", "http2-settings"] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_known_and_what_the_connection_names_is_removed_and_all_else_stays() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Only-Here ,,"),
            ("connection", "ö,another"),
            ("x-only-here", "1"),
            ("another", "1"),
            ("another", "2"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABk"),
            ("accept", "*/*"),
            ("x-api-key", "a"),
        ] {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        remove_hop_by_hop(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "x-api-key"]);
    }
}
