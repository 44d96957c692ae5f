//! Reading a JWT in compact serialization, strictly. Nothing is verified here: no signature, no claim.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use base64::Engine;

use crate::{
    assertion::Signature,
    base64url::engine,
    error::{JwtError, MAX_JWT_LENGTH},
    strict_json::{JsonObject, strict_object},
};

/// A JWT in compact serialization, taken apart (RFC 7515 §7.1, RFC 7519 §3).
///
/// Three parts of canonical base64url without padding; the header is one JSON object without duplicate members.
/// Who sent it and whether it is signed at all is still to be verified.
///
/// `Debug` shows the header and two lengths, never the token: it may be valid.
///
/// ```
/// use ims_claims::CompactJwt;
///
/// let jwt = CompactJwt::parse("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl")?;
/// assert_eq!(jwt.header()["alg"], "RS256");
/// assert_eq!(jwt.payload_object()?["sub"], "x");
/// # Ok::<(), ims_claims::JwtError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct CompactJwt<'a> {
    signing_input: &'a str,
    header: JwtHeader,
    payload: Vec<u8>,
    signature: Signature,
}

/// The header of a JWT. A clone shares it.
///
/// Nearly all tokens that one key has signed begin with the same text, so a program that reads many of them can keep the
/// header of a valid one, and read the next one faster by [`CompactJwt::parse_after`].
#[derive(Clone)]
pub struct JwtHeader(Arc<HeaderParts>);

struct HeaderParts {
    base64: Box<str>,
    members: JsonObject,
}

impl JwtHeader {
    fn read(base64: &str) -> Result<Self, JwtError> {
        let members = strict_object(&decode(base64, "header")?, "header")?;
        Ok(Self(Arc::new(HeaderParts { base64: base64.into(), members })))
    }

    /// This header, and the payload that follows its text in `signing_input`, if that begins with it.
    fn before<'a>(&self, signing_input: &'a str) -> Option<(Self, &'a str)> {
        let payload = signing_input.strip_prefix(&*self.0.base64)?.strip_prefix('.')?;
        Some((self.clone(), payload))
    }
}

impl PartialEq for JwtHeader {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.base64 == other.0.base64
    }
}

impl fmt::Debug for JwtHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.members.fmt(f)
    }
}

impl<'a> CompactJwt<'a> {
    /// The longest JWT that is read, in bytes: as long as the longest answer that is accepted from IMS.
    pub const MAX_LENGTH: usize = MAX_JWT_LENGTH;

    /// Takes `text` apart. White space around it is an error too.
    ///
    /// # Errors
    /// [`JwtError`], for the first rule of RFC 7515 that is broken.
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        Self::parse_with(text, None)
    }

    /// The same as [`parse`](Self::parse). If `text` begins with the very text of `header`, that is shared and not read again.
    ///
    /// ```
    /// use ims_claims::CompactJwt;
    ///
    /// let first = CompactJwt::parse("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl")?;
    /// let next = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ5In0.c2lnbmF0dXJl";
    /// let next = CompactJwt::parse_after(first.shared_header(), next)?;
    /// assert_eq!(next.header()["alg"], "RS256");
    /// # Ok::<(), ims_claims::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub fn parse_after(header: &JwtHeader, text: &'a str) -> Result<Self, JwtError> {
        Self::parse_with(text, Some(header))
    }

    fn parse_with(text: &'a str, known: Option<&JwtHeader>) -> Result<Self, JwtError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(JwtError::TooLong);
        }
        let usual = usual_signature(text);
        let (signing_input, signature) = if let Some((signing_input, signature)) = usual {
            (signing_input, Ok(signature))
        } else {
            let (rest, last) = text.rsplit_once('.').ok_or(JwtError::NotThreeParts)?;
            (rest, decode(last, "signature"))
        };
        let split = known.and_then(|known| known.before(signing_input));
        let (header, payload) = split.map_or_else(|| read_header(signing_input), Ok)?;
        let payload = match decode(payload, "payload") {
            Ok(decoded) => decoded,
            Err(error) => return Err(expect_no_dot(payload).err().unwrap_or(error)),
        };
        let signature = Signature::from_bytes(signature?);
        Ok(Self { signing_input, header, payload, signature })
    }

    /// The header, as it was sent: nothing in it can be trusted before the signature is verified.
    #[must_use]
    pub fn header(&self) -> &JsonObject {
        &self.header.0.members
    }

    /// The header, to read other tokens with [`parse_after`](Self::parse_after).
    #[must_use]
    pub fn shared_header(&self) -> &JwtHeader {
        &self.header
    }

    /// The payload's bytes. A JWS may carry anything here.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload's bytes, without a copy.
    #[must_use]
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// The payload as a JWT must have it: one JSON object without duplicate members.
    ///
    /// # Errors
    /// [`JwtError::NotAnObject`], [`JwtError::DuplicateMember`] and [`JwtError::TooDeep`].
    pub fn payload_object(&self) -> Result<JsonObject, JwtError> {
        strict_object(&self.payload, "payload")
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The text that the signature is made over.
    #[must_use]
    pub fn signing_input(&self) -> &'a str {
        self.signing_input
    }
}

impl fmt::Debug for CompactJwt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactJwt")
            .field("header", &self.header)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("signature", &self.signature)
            .finish()
    }
}

fn read_header(signing_input: &str) -> Result<(JwtHeader, &str), JwtError> {
    let (header, payload) = signing_input.split_once('.').ok_or(JwtError::NotThreeParts)?;
    expect_no_dot(payload)?;
    Ok((JwtHeader::read(header)?, payload))
}

/// The signing input and the signature, if that is as long as one by a key of 2048 bits. The signature is not searched for
/// dots: with a dot in it, it cannot be decoded.
fn usual_signature(text: &str) -> Option<(&str, Vec<u8>)> {
    let (signing_input, signature) = text.split_at_checked(text.len().checked_sub(342)?)?;
    let signing_input = signing_input.strip_suffix('.')?;
    Some((signing_input, decode(signature, "signature").ok()?))
}

fn expect_no_dot(payload: &str) -> Result<(), JwtError> {
    if payload.contains('.') { Err(JwtError::NotThreeParts) } else { Ok(()) }
}

fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, JwtError> {
    // The memory is not filled with zeros first, which would take longer.
    let mut decoded = Vec::with_capacity(base64::decoded_len_estimate(text.len()));
    engine().decode_vec(text, &mut decoded).map_err(|_| JwtError::Base64 { part })?;
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    /// RFC 7515, appendix A.2, the header and payload; the signature is verified in ims-sign.
    const RFC_7515: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB";

    #[test]
    fn the_example_of_rfc_7515_is_taken_apart() {
        let jwt = CompactJwt::parse(RFC_7515).unwrap();
        assert_eq!(jwt.header().get("alg"), Some(&"RS256".into()));
        assert_eq!(jwt.payload_object().unwrap().get("exp"), Some(&1_300_819_380.into()));
        assert!(RFC_7515.starts_with(jwt.signing_input()));
    }

    #[test]
    fn each_rule_of_the_form_is_enforced() {
        #[rustfmt::skip]
        let table = [
            ("",                     JwtError::NotThreeParts),
            ("e30",                  JwtError::NotThreeParts),
            ("e30.e30",              JwtError::NotThreeParts),
            ("e30.e30.AA.AA",        JwtError::NotThreeParts),
            ("e30=.e30.AA",          JwtError::Base64 { part: "header" }),
            ("e30.e30.AA==",         JwtError::Base64 { part: "signature" }),
            ("e30.e31.AB",           JwtError::Base64 { part: "payload" }),
            ("e30.e30.A+",           JwtError::Base64 { part: "signature" }),
            (" e30.e30.AA",          JwtError::Base64 { part: "header" }),
            ("e30.e30.AA\n",         JwtError::Base64 { part: "signature" }),
            (".e30.AA",              JwtError::NotAnObject { part: "header" }),
            ("W10.e30.AA",           JwtError::NotAnObject { part: "header" }),
            ("eyJhIjoxLCJhIjoxfQ.e30.AA", JwtError::DuplicateMember { part: "header" }),
        ];
        for (text, fault) in table {
            assert_eq!(CompactJwt::parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn an_unsigned_jws_with_any_payload_is_still_taken_apart() {
        let jwt = CompactJwt::parse("eyJhbGciOiJub25lIn0.Zm9v.").unwrap();
        assert_eq!((jwt.payload(), jwt.signature().as_bytes()), (&b"foo"[..], &b""[..]));
        assert_eq!(jwt.payload_object(), Err(JwtError::NotAnObject { part: "payload" }));
    }

    #[test]
    fn the_longest_jwt_is_64_kib() {
        let of_length = |length: usize| format!("e30.{}.AAAA", "A".repeat(length - 9));
        assert_eq!(CompactJwt::MAX_LENGTH, 65_536);
        assert!(CompactJwt::parse(&of_length(CompactJwt::MAX_LENGTH)).is_ok());
        assert_eq!(
            CompactJwt::parse(&of_length(CompactJwt::MAX_LENGTH + 1)),
            Err(JwtError::TooLong)
        );
    }

    #[test]
    fn with_a_known_header_the_result_is_the_same() {
        let known = CompactJwt::parse(RFC_7515).unwrap();
        let other_header = "eyJhbGciOiJub25lIn0.e30.AA";
        let longer = RFC_7515.replacen('.', "A.", 1);
        for text in [RFC_7515, other_header, &longer, "", ".e30.AA", "e30.e30.AA.AA", "e30.e31.AB"]
        {
            let read = CompactJwt::parse_after(known.shared_header(), text);
            assert_eq!(read, CompactJwt::parse(text), "{text}");
            let is_shared = read.is_ok_and(|jwt| Arc::ptr_eq(&jwt.header.0, &known.header.0));
            assert_eq!(is_shared, text == RFC_7515, "{text}");
        }
    }

    #[test]
    fn headers_are_equal_if_they_are_written_in_the_same_way() {
        let header = |text: &str| CompactJwt::parse(text).unwrap().shared_header().clone();
        let known = header(RFC_7515);
        assert_eq!(known, known.clone());
        assert_eq!(known, header("eyJhbGciOiJSUzI1NiJ9.e30.AA"));
        assert_ne!(known, header("eyJhbGciOiJub25lIn0.e30.AA"));
        // The same members in another text: `{"alg" :"RS256"}`.
        let spaced = header("eyJhbGciIDoiUlMyNTYifQ.e30.AA");
        assert_eq!(spaced.0.members, known.0.members);
        assert_ne!(known, spaced);
    }

    #[test]
    fn a_signature_of_any_length_is_found_and_its_dots_are_not_part_of_it() {
        let signature_length = |payload: usize, signature: usize| {
            let jwt = format!("e30.{}.{}", "A".repeat(payload), "A".repeat(signature));
            CompactJwt::parse(&jwt).map(|jwt| jwt.signature().as_bytes().len())
        };
        for (signature, octets) in [(200, 150), (340, 255), (342, 256), (344, 258), (684, 513)] {
            assert_eq!(signature_length(140, signature), Ok(octets));
        }
        let malformed = Err(JwtError::Base64 { part: "signature" });
        assert_eq!(signature_length(140, 341), malformed);
        // The 342 last characters begin after a dot, and have another one among them.
        assert_eq!(signature_length(141, 200), Err(JwtError::Base64 { part: "payload" }));
        let four_parts = format!("e30.e30.{}.{}", "A".repeat(141), "A".repeat(200));
        assert_eq!(CompactJwt::parse(&four_parts), Err(JwtError::NotThreeParts));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_=.-]{0,60}|\\PC{0,40}") {
            let _ = CompactJwt::parse(&text);
        }

        #[test]
        fn each_value_has_one_spelling(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let part = BASE64_URL_SAFE_NO_PAD.encode(&payload);
            let text = format!("e30.{part}.AA");
            let jwt = CompactJwt::parse(&text)?;
            prop_assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(jwt.payload()), part);
        }

        #[test]
        fn one_wrong_octet_anywhere_is_found_however_many_are_read_at_a_time(
            payload in "[A-Za-z0-9_-]{1,50}([A-Za-z0-9_-]{4}){0,30}",
            place in any::<proptest::sample::Index>(),
            wrong in "[^A-Za-z0-9_-]",
        ) {
            let mut octets: Vec<char> = payload.chars().collect();
            octets[place.index(payload.len())] = wrong.chars().next().unwrap_or_default();
            let changed: String = octets.into_iter().collect();
            let fault = if wrong == "." { JwtError::NotThreeParts } else { JwtError::Base64 { part: "payload" } };
            let text = format!("e30.{changed}.AA");
            prop_assert_eq!(CompactJwt::parse(&text), Err(fault));
            let known = CompactJwt::parse("e30.e30.AA")?;
            prop_assert_eq!(CompactJwt::parse_after(known.shared_header(), &text), Err(fault));
        }
    }
}
