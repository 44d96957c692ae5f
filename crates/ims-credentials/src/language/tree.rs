//! JSON (RFC 8259) and TOML, read into one tree in which no object has a member twice.

use std::fmt;

use serde_core::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::language::text_fault::TextFault;

pub(super) fn json(text: &str) -> Result<Value, TextFault> {
    let tree: Result<Tree, _> = serde_json::from_str(text);
    match tree {
        Ok(Tree(value)) => Ok(value),
        Err(error) if error.to_string().starts_with(REPEATED) => {
            Err(TextFault::Repeated { line: error.line() })
        }
        Err(error) => Err(TextFault::Syntax { line: error.line(), column: error.column() }),
    }
}

#[cfg(feature = "toml")]
pub(super) fn toml(text: &str) -> Result<Value, TextFault> {
    ::toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        if error.message().contains("duplicate key") {
            TextFault::Repeated { line: TextFault::line_after(before) }
        } else {
            TextFault::after(before)
        }
    })
}

/// What the error says by which a repeated member is recognised. It names no member: a key pasted into the wrong place
/// would be one.
const REPEATED: &str = "a member occurs twice";

/// A value in which no object has a member twice. `serde_json::Value` would take the last and drop the others.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
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
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Tree(value)) = elements.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Tree(value))) = entries.next_entry::<String, Tree>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(members.into())
    }
}
