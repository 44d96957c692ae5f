//! The compressed data of a product context, in base64.

use std::io::Read;

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::strict_json;

/// The longest data of one profile, decompressed, in bytes. The data that was seen has some dozens of bytes.
pub(crate) const MAX_DECOMPRESSED: usize = 256 * 1024;

/// The data is longer than the rest of the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Decodes `text` from base64, gzip and JSON, `None` if it is not that: some products use another form. The result may have
/// up to `room` bytes, and `room` is reduced by its length. Source: adobe/imscli, `ims/profile.go`.
pub(crate) fn decode(text: &str, room: &mut usize) -> Result<Option<Value>, TooLong> {
    // Some are in additional quotation marks.
    let Ok(compressed) = BASE64_STANDARD.decode(text.trim_matches('"')) else { return Ok(None) };
    let mut json = Vec::new();
    let limit = *room as u64 + 1;
    let whole = GzDecoder::new(compressed.as_slice()).take(limit).read_to_end(&mut json);
    *room = room.checked_sub(json.len()).ok_or(TooLong)?;
    Ok(whole.ok().and_then(|_| strict_json::read(&json)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    pub(crate) fn encoded(json: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(json).unwrap();
        BASE64_STANDARD.encode(encoder.finish().unwrap())
    }

    #[track_caller]
    fn decoded(text: &str) -> Option<Value> {
        decode(text, &mut { MAX_DECOMPRESSED }).unwrap()
    }

    #[test]
    fn what_python_wrote_is_read() {
        // python3 -c 'import base64, gzip; print(base64.b64encode(gzip.compress(b"{\"iid\":\"a-1\"}", mtime=0)).decode())'
        let text = "H4sIAAAAAAACA6tWysxMUbJSStQ1VKoFAH9BJgYNAAAA";
        assert_eq!(decoded(text), Some(serde_json::json!({"iid": "a-1"})));
        assert_eq!(decoded(&format!("\"{text}\"")), Some(serde_json::json!({"iid": "a-1"})));
    }

    #[test]
    fn what_is_encoded_otherwise_is_left_alone() {
        let whole = encoded(br#"{"iid":"a"}"#);
        let truncated = BASE64_STANDARD.encode(&BASE64_STANDARD.decode(&whole).unwrap()[..20]);
        for text in [
            "",
            r#"{"region":"va7"}"#,
            "aWlk",
            truncated.as_str(),
            encoded(b"text").as_str(),
            encoded(br#"{"iid":1,"iid":2}"#).as_str(),
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn a_decompression_bomb_is_an_error_and_the_bound_is_for_all_together() {
        let spaces = |length| encoded(" ".repeat(length).as_bytes());
        assert_eq!(decode(&spaces(50 << 20), &mut { MAX_DECOMPRESSED }), Err(TooLong));
        let mut room = MAX_DECOMPRESSED;
        let half = spaces(128 * 1024);
        assert_eq!(decode(&half, &mut room), Ok(None));
        assert_eq!(decode(&half, &mut room), Ok(None));
        assert_eq!(room, 0);
        assert_eq!(decode(&encoded(b"{}"), &mut room), Err(TooLong));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], octets.as_slice()].concat();
            for text in [BASE64_STANDARD.encode(&octets), BASE64_STANDARD.encode(gzip)] {
                let _ = decode(&text, &mut { 100 });
            }
        }
    }
}
