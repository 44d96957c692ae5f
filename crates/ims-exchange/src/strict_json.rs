//! JSON in which no member is named twice, at any level. For members that it does not know, `serde_json` silently keeps the
//! last of two. Two readers of one answer could then see different things.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{
    Deserialize,
    de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};

use crate::message::Response;

/// Reads `json` as `T`, `None` if it is not that. The depth is bounded by `serde_json`, to 128 levels.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    // JSON is UTF-8 (RFC 8259 §8.1). Checked here, because each pass would check it again.
    let json = str::from_utf8(json).ok()?;
    // Two passes over at most 64 KiB: the first keeps nothing, so that no copy of a token is left in memory.
    let _: Checked = serde_json::from_str(json).ok()?;
    serde_json::from_str(json).ok()
}

/// Reads the body of `response` as `T`, `None` if it is not that or is longer than a response of IMS. Transports promise
/// that it is not longer, but a program may have its own transport.
pub(crate) fn body<T: DeserializeOwned>(response: &Response) -> Option<T> {
    if response.body().len() > Response::MAX_BODY {
        return None;
    }
    read(response.body())
}

/// A value that was only checked.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, Self)) = members.next_entry::<Name<'de>, Self>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(self)
    }
}

/// The name of a member, borrowed where it has no escapes.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn a_member_named_twice_is_refused_at_any_level_and_however_spelled() {
        for json in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":1,"b":2}]}"#, r#"[{"a":1,"\u0061":2}]"#] {
            assert_eq!(read::<Value>(json.as_bytes()), None, "{json}");
        }
        for json in [r#"{"a":1,"A":1}"#, r#"[{"a":1},{"a":1}]"#, r#"{"a":{"a":1}}"#] {
            assert!(read::<Value>(json.as_bytes()).is_some(), "{json}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        for levels in [200, 30_000] {
            let json = "[".repeat(levels) + &"]".repeat(levels);
            assert_eq!(read::<Value>(json.as_bytes()), None, "{levels}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(json in r#"\{("[a-d]":([1-9][0-9]{0,2}|-7|true|null|"x"|\[1,\{\}\])(,"[e-h]":1\.5)?)?\}"#) {
            prop_assert_eq!(read::<Value>(json.as_bytes()), Some(serde_json::from_str(&json)?));
        }
    }
}
