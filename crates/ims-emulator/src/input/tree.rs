//! TOML and JSON as one tree, in which each value has its line.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::error::{InputError, Problem};

/// A value and where it is.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Number(serde_json::Number),
    Text(String),
    /// A date of TOML, which no member has.
    Date,
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Value {
    /// Its name for a person.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Date => "a date",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// How deeply lists and objects may be nested. No input has more than six levels.
const MAX_DEPTH: usize = 32;

/// Reads TOML.
pub(super) fn of_toml(text: &str) -> Result<Node, InputError> {
    let table = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        syntax_error("TOML", line_at(text, start), error.message())
    })?;
    let line = line_at(text, table.span().start);
    Ok(Node { line, value: toml_table(text, table.into_inner()) })
}

fn toml_table(text: &str, table: DeTable<'_>) -> Value {
    let mut members = Vec::with_capacity(table.len());
    for (name, value) in table {
        // A separate table begins at its header, which may be far from its parent.
        let line = line_at(text, name.span().start);
        let node = Node { line, ..toml_value(text, value) };
        members.push((name.into_inner().into_owned(), node));
    }
    Value::Object(members)
}

fn toml_value(text: &str, spanned: Spanned<DeValue<'_>>) -> Node {
    let line = line_at(text, spanned.span().start);
    let value = match spanned.into_inner() {
        DeValue::String(string) => Value::Text(string.into_owned()),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Integer(integer) => {
            let digits = integer.as_str().replace('_', "");
            let digits = digits.strip_prefix('+').unwrap_or(&digits);
            match i64::from_str_radix(digits, integer.radix()) {
                Ok(number) => Value::Number(number.into()),
                // Longer than any number that is needed.
                Err(_) => Value::Number(u64::MAX.into()),
            }
        }
        DeValue::Float(float) => {
            let number = float.as_str().replace('_', "").parse::<f64>().ok();
            number.and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number)
        }
        DeValue::Array(array) => {
            let mut nodes = Vec::with_capacity(array.len());
            for value in array {
                nodes.push(toml_value(text, value));
            }
            Value::List(nodes)
        }
        DeValue::Table(table) => toml_table(text, table),
    };
    Node { line, value }
}

/// Reads JSON.
pub(super) fn of_json(text: &str) -> Result<Node, InputError> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        // The message of a syntax error names what was expected, and ends with its line and column.
        let message = error.to_string();
        let reason = message.split(" at line ").next().unwrap_or_default();
        syntax_error("JSON", error.line(), reason)
    })?;
    json_node(text, raw, 0)
}

fn json_node(text: &str, raw: &RawValue, depth: usize) -> Result<Node, InputError> {
    let source = raw.get();
    // `raw` is a part of `text`, so that its place follows from the two addresses.
    let line = line_at(text, source.as_ptr().addr().saturating_sub(text.as_ptr().addr()));
    if depth > MAX_DEPTH {
        return Err(syntax_error("a scenario", line, "lists and objects are nested too deeply"));
    }
    let unreadable =
        |_: serde_json::Error| syntax_error("JSON", line, "a value that cannot be read");
    let value = match source.as_bytes().first() {
        Some(b'{') => {
            let RawMembers(raw_members) = serde_json::from_str(source).map_err(unreadable)?;
            let mut members = Vec::with_capacity(raw_members.len());
            for (name, raw) in raw_members {
                members.push((name, json_node(text, raw, depth + 1)?));
            }
            Value::Object(members)
        }
        Some(b'[') => {
            let raw_items: Vec<&RawValue> = serde_json::from_str(source).map_err(unreadable)?;
            let mut nodes = Vec::with_capacity(raw_items.len());
            for raw in raw_items {
                nodes.push(json_node(text, raw, depth + 1)?);
            }
            Value::List(nodes)
        }
        Some(b'"') => Value::Text(serde_json::from_str(source).map_err(unreadable)?),
        Some(b't') => Value::Boolean(true),
        Some(b'f') => Value::Boolean(false),
        Some(b'n') => Value::Null,
        _ => Value::Number(serde_json::from_str(source).map_err(unreadable)?),
    };
    Ok(Node { line, value })
}

/// The members of an object as they are written, those that are there twice included.
struct RawMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

fn syntax_error(language: &'static str, line: usize, reason: &str) -> InputError {
    let reason = reason.to_owned();
    let problem = Box::new(Problem::Syntax { language, reason });
    InputError { member: String::new(), line, problem }
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.split(|octet| *octet == b'\n').count()
}
