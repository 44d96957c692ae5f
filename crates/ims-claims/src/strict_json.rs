//! JSON as JOSE requires it: one object, no member named twice, no deep nesting. `serde_json` alone keeps the last
//! of two members silently, and two readers of one JWT could then see different claims.

use alloc::{string::String, vec::Vec};
use core::{cell::Cell, fmt};

use serde_core::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::JwtError;

/// The members of a JSON object.
pub type JsonObject = Map<String, Value>;

/// An assertion has one level, a header with an embedded key four.
pub(crate) const MAX_DEPTH: u8 = 16;

/// Reads `json` as JOSE requires it: one object in UTF-8, no member named twice, at most 16 levels. `part` names it in
/// errors.
///
/// `serde_json` alone keeps the last of two members silently, and two readers of one document could then see
/// different things (RFC 7515 §4, RFC 7517 §4).
///
/// ```
/// use ims_claims::{JwtError, strict_object};
///
/// let twice = strict_object(br#"{"kty":"RSA","kty":"EC"}"#, "JWK");
/// assert_eq!(twice, Err(JwtError::DuplicateMember { part: "JWK" }));
/// ```
///
/// # Errors
/// [`JwtError::NotAnObject`], [`JwtError::DuplicateMember`] and [`JwtError::TooDeep`].
pub fn strict_object(json: &[u8], part: &'static str) -> Result<JsonObject, JwtError> {
    let fault = Cell::new(JwtError::NotAnObject { part });
    // All bytes are checked at once, which is faster than the check of each text in serde_json.
    let json = core::str::from_utf8(json).map_err(|_| JwtError::NotAnObject { part })?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let seed = Strict { levels_left: MAX_DEPTH, part, fault: &fault };
    let value = seed.deserialize(&mut deserializer).map_err(|_| fault.get())?;
    match (value, deserializer.end()) {
        (Value::Object(members), Ok(())) => Ok(members),
        _ => Err(JwtError::NotAnObject { part }),
    }
}

/// Reads one value. serde's errors are texts only, so the reason of a refusal is left in `fault`.
#[derive(Clone, Copy)]
struct Strict<'a> {
    levels_left: u8,
    part: &'static str,
    fault: &'a Cell<JwtError>,
}

impl Strict<'_> {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left, ..self }),
            None => Err(self.refuse(JwtError::TooDeep { part: self.part })),
        }
    }

    fn refuse<E: de::Error>(self, fault: JwtError) -> E {
        self.fault.set(fault);
        E::custom(fault)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(self.refuse(JwtError::DuplicateMember { part: self.part }));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[track_caller]
    fn fault(json: &str) -> JwtError {
        strict_object(json.as_bytes(), "header").unwrap_err()
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for json in
            ["", "[]", "null", "1", "{", "{}{}", "{} x", "\u{feff}{}", "{\"a\":NaN}", "{'a':1}"]
        {
            assert_eq!(fault(json), JwtError::NotAnObject { part: "header" }, "{json:?}");
        }
        let no_utf_8 = strict_object(b"{\"a\":\"\xff\"}", "header");
        assert_eq!(no_utf_8, Err(JwtError::NotAnObject { part: "header" }));
    }

    #[test]
    fn a_member_named_twice_is_refused_at_any_level_and_however_spelled() {
        for json in [r#"{"alg":1,"alg":1}"#, r#"{"a":[{"b":1,"b":2}]}"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(fault(json), JwtError::DuplicateMember { part: "header" }, "{json}");
        }
    }

    #[test]
    fn sixteen_levels_are_read_and_seventeen_refused() {
        let nested = |levels: usize| {
            format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        assert!(strict_object(nested(16).as_bytes(), "header").is_ok());
        assert_eq!(fault(&nested(17)), JwtError::TooDeep { part: "header" });
        assert_eq!(fault(&nested(100_000)), JwtError::TooDeep { part: "header" });
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(json in r#"\{("[a-d]":([1-9][0-9]{0,2}|-7|true|null|"x"|\[1,\{\}\])(,"[e-h]":1\.5)?)?\}"#) {
            let expected: Value = serde_json::from_str(&json)?;
            prop_assert_eq!(strict_object(json.as_bytes(), "payload").map(Value::Object), Ok(expected));
        }
    }
}
