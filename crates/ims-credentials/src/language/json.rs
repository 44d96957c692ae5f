//! JSON (RFC 8259), read into one tree in which no object has a member twice.
//!
//! `serde_json` only finds out where each value begins and ends. It would unescape the text of a private key in a buffer
//! that it does not wipe, so texts are unescaped here, right into the tree, whose owner wipes it.

use std::fmt;

use serde_core::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, map::Entry, value::RawValue};
use zeroize::{Zeroize, Zeroizing};

use super::text_fault::TextFault;

/// Reads one value. If there is none, what was read before the fault is wiped.
pub(crate) fn parse(text: &str) -> Result<Value, TextFault> {
    let whole: &RawValue = serde_json::from_str(text)
        .map_err(|error| TextFault::Syntax { line: error.line(), column: error.column() })?;
    let mut root = Value::Null;
    match (Reader { text }).read(whole.get(), DEEPEST, &mut root) {
        Ok(()) => Ok(root),
        Err(fault) => {
            wipe(&mut root);
            Err(fault)
        }
    }
}

/// Wipes the texts of a tree.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The levels that `serde_json` follows, too.
const DEEPEST: usize = 128;

#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads `raw`, a part of the text that is one value, into `place`.
    fn read(self, raw: &str, levels_left: usize, place: &mut Value) -> Result<(), TextFault> {
        let Some(levels_left) = levels_left.checked_sub(1) else {
            return Err(self.fault_at(raw));
        };
        match raw.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = self.parsed(raw)?;
                *place = Value::Object(Map::new());
                for (name, raw) in members {
                    let Value::Object(object) = place else { break };
                    match object.entry(name) {
                        Entry::Vacant(vacant) => {
                            self.read(raw.get(), levels_left, vacant.insert(Value::Null))?;
                        }
                        Entry::Occupied(_) => {
                            let line = TextFault::line_after(self.before(raw.get()));
                            return Err(TextFault::Repeated { line });
                        }
                    }
                }
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = self.parsed(raw)?;
                let mut array = vec![Value::Null; elements.len()];
                for (raw, place) in elements.into_iter().zip(&mut array) {
                    if let Err(fault) = self.read(raw.get(), levels_left, place) {
                        array.iter_mut().for_each(wipe);
                        return Err(fault);
                    }
                }
                *place = Value::Array(array);
            }
            Some(b'"') => {
                let text = unescaped(raw).ok_or_else(|| self.fault_at(raw))?;
                *place = Value::String(text);
            }
            _ => *place = self.parsed(raw)?,
        }
        Ok(())
    }

    fn parsed<'r, T: Deserialize<'r>>(self, raw: &'r str) -> Result<T, TextFault> {
        serde_json::from_str(raw).map_err(|_| self.fault_at(raw))
    }

    fn fault_at(self, raw: &str) -> TextFault {
        TextFault::after(self.before(raw))
    }

    /// The text before `raw`, which is a part of it.
    fn before(self, raw: &str) -> &'a str {
        let length = raw.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.text.get(..length).unwrap_or_default()
    }
}

/// The members of an object, including repeated ones. Their values are not read yet.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// The text of a string in quotation marks (RFC 8259 §7); `None` for half of a surrogate pair, which is not a character.
fn unescaped(raw: &str) -> Option<String> {
    let mut rest = raw.strip_prefix('"')?.strip_suffix('"')?;
    // An escape is longer than its character, so the text fits, and is never moved.
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (character, after) = escape(&rest[at + 1..])?;
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Some(std::mem::take(&mut *text))
}

/// The character of an escape, and the rest of the text.
fn escape(text: &str) -> Option<(char, &str)> {
    let (letter, rest) = text.split_at_checked(1)?;
    let character = match letter {
        "\"" => '"',
        "\\" => '\\',
        "/" => '/',
        "b" => '\u{8}',
        "f" => '\u{c}',
        "n" => '\n',
        "r" => '\r',
        "t" => '\t',
        "u" => return unicode(rest),
        _ => return None,
    };
    Some((character, rest))
}

/// The character of four hexadecimal digits, a code unit of UTF-16, or of the two of a surrogate pair, and the rest of the
/// text.
pub(super) fn unicode(text: &str) -> Option<(char, &str)> {
    let (first, rest) = code_unit(text)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, rest));
    }
    let (second, rest) = code_unit(rest.strip_prefix("\\u")?)?;
    if !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    let character = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    Some((char::from_u32(character)?, rest))
}

fn code_unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::fmt::Write;

    #[test]
    fn texts_are_unescaped_and_half_a_pair_is_not_a_character() {
        #[rustfmt::skip]
        let table = [
            (r#""""#,                       Some("")),
            (r#""a\/\"\\\b\f\n\r\t""#, Some("a/\"\\\u{8}\u{c}\n\r\t")),
            (r#""\u00e9\u00E9é""#,          Some("ééé")),
            (r#""\u0000""#,                 Some("\0")),
            (r#""\uD83D\uDD11""#,           Some("\u{1f511}")),
            (r#""-----BEGIN\nMII\n""#,      Some("-----BEGIN\nMII\n")),
            (r#""\uD83D""#,                 None),
            (r#""\uD83Dx""#,                None),
            (r#""\uD83D\u0041""#,           None),
            (r#""\uDD11\uD83D""#,           None),
            (r#""\u+041""#,                 None),
            (r#""\x41""#,                   None),
            ("\"a\nb\"",                   None),
        ];
        for (raw, text) in table {
            let read = parse(raw).ok();
            assert_eq!(read.as_ref().and_then(Value::as_str), text, "{raw}");
        }
    }

    #[test]
    fn what_is_wiped_has_no_text_left() {
        let mut value = json!({ "a": "canary", "b": ["canary", { "c": "canary" }], "d": 1 });
        wipe(&mut value);
        assert_eq!(value, json!({ "a": "", "b": ["", { "c": "" }], "d": 1 }));
    }

    #[test]
    fn a_fault_is_named_by_its_place_in_the_whole_text() {
        let deep = format!("{{\n\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let repeated = TextFault::Repeated { line: 3 };
        #[rustfmt::skip]
        let table = [
            ("{\n\"a\": [1,\n \"\\ud800\"]}",           TextFault::Syntax { line: 3, column: 2 }),
            ("{\n\"a\": [1,\n 1e999]}",                 TextFault::Syntax { line: 3, column: 2 }),
            ("{\"a\":1,\n\"b\":2,\n\"a\":3}",           repeated),
            ("{\"x\":{\"a\":1,\n\n\"\\u0061\":[3]}}",   repeated),
            (deep.as_str(),                             TextFault::Syntax { line: 2, column: 132 }),
        ];
        for (text, fault) in table {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        for text in ["", "{", "{}{}", "{\"a\":}", "[1,]", "nul", "'a'"] {
            assert!(matches!(parse(text), Err(TextFault::Syntax { .. })), "{text}");
        }
        assert_eq!(
            parse(" {\"a\":{\"a\":[{}, null, -1.5]}} "),
            Ok(json!({"a":{"a":[{}, null, -1.5]}}))
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(text: String, number: f64, name in "[a-z]{1,4}") {
            let value = json!({ name: [text, { "number": number, "text": text }], "": text });
            for written in [value.to_string(), format!("{value:#}")] {
                let expected: Value = serde_json::from_str(&written)?;
                prop_assert_eq!(parse(&written), Ok(expected));
            }
            let mut escaped = String::from("\"");
            for unit in text.encode_utf16() {
                write!(escaped, "\\u{unit:04x}")?;
            }
            prop_assert_eq!(parse(&(escaped + "\"")), Ok(Value::String(text)));
        }
    }
}
