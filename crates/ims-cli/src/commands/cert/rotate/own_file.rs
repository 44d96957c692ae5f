//! Credentials in our own form, JSON or TOML, in which the keys are changed and everything else stays as it is written.

use std::path::Path;

use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, value::RawValue};
use toml_edit::DocumentMut;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    files::{self, draft, put},
};
use ims_files::{Existing, Readers};

/// The members that name one key and its certificate.
pub(super) type KeyEntry = Map<String, Value>;

/// The file, and the keys that it names.
pub(super) struct OwnFile<'a> {
    path: &'a Path,
    document: Document,
    pub(super) keys: Vec<KeyEntry>,
}

enum Document {
    Json(Members),
    Toml(DocumentMut),
}

impl<'a> OwnFile<'a> {
    pub(super) fn read(path: &'a Path) -> Result<Self, Failure> {
        let text = files::read_text(path)?;
        let document = Document::parse(&text);
        let document = document
            .ok_or_else(|| Failure::person(format!("{} has changed", ims_files::shown(path))))?;
        let keys = document.keys();
        Ok(Self { path, document, keys })
    }

    /// Replaces the keys in the file, at once and with the same mode: one key by the members themselves, two by the list
    /// `keys`.
    pub(super) fn write_keys(mut self, keys: &[KeyEntry]) -> Result<(), Failure> {
        let members = match keys {
            [one] => one.clone(),
            several => {
                let list = several.iter().cloned().map(Value::Object).collect();
                Map::from_iter([(LIST.to_owned(), Value::Array(list))])
            }
        };
        let text = Zeroizing::new(self.document.with_keys(&members));
        put(vec![draft(self.path, Readers::AsBefore, &text)?], Existing::Replace)
    }
}

impl Document {
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with('{') {
            serde_json::from_str(text).ok().map(Self::Json)
        } else {
            text.parse().ok().map(Self::Toml)
        }
    }

    fn keys(&self) -> Vec<KeyEntry> {
        let members: Map<String, Value> = match self {
            Self::Json(Members(members)) => members
                .iter()
                .filter_map(|(name, raw)| {
                    Some((name.clone(), serde_json::from_str(raw.get()).ok()?))
                })
                .collect(),
            Self::Toml(document) => table_members(document.as_table()),
        };
        match members.get(LIST).and_then(Value::as_array) {
            Some(list) => list.iter().filter_map(|key| key.as_object().cloned()).collect(),
            None => vec![members.into_iter().filter(|(name, _)| is_of_key(name)).collect()],
        }
    }

    /// The text in which these members replace those that name keys.
    fn with_keys(&mut self, new: &KeyEntry) -> String {
        match self {
            Self::Json(Members(members)) => {
                let place = members.iter().position(|(name, _)| is_of_key(name));
                members.retain(|(name, _)| !is_of_key(name));
                let place = place.unwrap_or(members.len());
                let new = new.iter().map(|(name, value)| (name.clone(), raw(value)));
                members.splice(place..place, new);
                let lines =
                    members.iter().map(|(name, value)| format!("  {}: {value}", json(name)));
                format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
            }
            Self::Toml(document) => {
                let comments = take_out_keys(document.as_table_mut());
                let mut comments = Some(comments);
                for (name, value) in new {
                    document.insert(name, toml_edit::value(toml(value)));
                    if let (Some(mut key), Some(comments)) =
                        (document.key_mut(name), comments.take())
                    {
                        key.leaf_decor_mut().set_prefix(comments);
                    }
                }
                document.to_string()
            }
        }
    }
}

/// Removes the members that name keys from the table, and returns the comments before them.
fn take_out_keys(table: &mut toml_edit::Table) -> String {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    let mut comments = String::new();
    for name in names.iter().filter(|name| is_of_key(name)) {
        let prefix = table.key(name).and_then(|key| key.leaf_decor().prefix()?.as_str());
        comments.push_str(prefix.unwrap_or_default());
        table.remove(name);
    }
    comments
}

const LIST: &str = "keys";

fn is_of_key(name: &str) -> bool {
    name == LIST
        || name == "signer"
        || name.starts_with("private_key")
        || name.starts_with("certificate")
}

/// The members of a JSON object in their order, each value as it is written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("a JSON value is always JSON")
}

fn json(name: &str) -> String {
    Value::from(name).to_string()
}

/// The members of a table that names a key: texts, lists of texts, and tables.
fn table_members(table: &dyn toml_edit::TableLike) -> Map<String, Value> {
    table.iter().filter_map(|(name, item)| Some((name.to_owned(), from_toml(item)?))).collect()
}

fn from_toml(item: &toml_edit::Item) -> Option<Value> {
    if let Some(text) = item.as_str() {
        return Some(text.into());
    }
    if let Some(table) = item.as_table_like() {
        return Some(Value::Object(table_members(table)));
    }
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables.iter().map(|table| Value::Object(table_members(table)));
        return Some(Value::Array(tables.collect()));
    }
    let list = item.as_array()?.iter();
    let list = list.map(|value| from_toml(&toml_edit::Item::Value(value.clone())));
    list.collect::<Option<Vec<_>>>().map(Value::Array)
}

fn toml(value: &Value) -> toml_edit::Value {
    match value {
        Value::Array(values) => values.iter().map(toml).collect::<toml_edit::Array>().into(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.as_str(), toml(value)));
            members.collect::<toml_edit::InlineTable>().into()
        }
        Value::String(text) => text.as_str().into(),
        // A key is named by texts, lists and tables alone.
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &str) -> KeyEntry {
        Map::from_iter([("private_key_file".to_owned(), format!("{folder}/private.key").into())])
    }

    /// The text after the keys were replaced by these.
    fn rewritten(text: &str, keys: &[KeyEntry]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, text).unwrap();
        OwnFile::read(&path).unwrap().write_keys(keys).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    const JSON: &str = r#"{
  "client_secret": "s", "metascopes": [ "b", "a" ],
  "private_key_file": "old/private.key",
  "certificate_file": "c", "client_id": "i" }"#;

    const TOML: &str = "\
# The integration of the shop.
client_id = \"i\"   # as in the console

# Made in spring.
private_key_file = \"old/private.key\"
metascopes = [\"b\", \"a\"] # both
";

    #[test]
    fn json_keeps_its_order_and_its_values_as_they_are_written() {
        let both = rewritten(JSON, &[entry("old"), entry("new")]);
        assert_eq!(
            both,
            "{\n  \"client_secret\": \"s\",\n  \"metascopes\": [ \"b\", \"a\" ],\n  \"keys\": \
             [{\"private_key_file\":\"old/private.key\"},{\"private_key_file\":\"new/private.key\"}],\n  \
             \"client_id\": \"i\"\n}\n"
        );
        let one = rewritten(&both, &[entry("new")]);
        assert!(one.contains("\n  \"private_key_file\": \"new/private.key\",\n"), "{one}");
        assert!(!one.contains("keys"), "{one}");
    }

    #[test]
    fn toml_keeps_its_comments() {
        let both = rewritten(TOML, &[entry("old"), entry("new")]);
        let one = rewritten(&both, &[entry("new")]);
        for text in [&both, &one] {
            for comment in
                ["# The integration of the shop.", "# as in", "# Made in spring.", "# both"]
            {
                assert!(text.contains(comment), "{text}");
            }
        }
        assert!(both.contains("{ private_key_file = \"new/private.key\" }"), "{both}");
        assert!(one.contains("\nprivate_key_file = \"new/private.key\"\n"), "{one}");
    }

    #[test]
    fn keys_are_found_wherever_they_are_written() {
        let tables = "client_id = \"i\"\n[[keys]]\nprivate_key_file = \"old/private.key\"\n\
                      [[keys]]\nprivate_key_file = \"new/private.key\"\n";
        let both = rewritten(JSON, &[entry("old"), entry("new")]);
        for text in [&both, tables, &rewritten(TOML, &[entry("old"), entry("new")])] {
            let keys = Document::parse(text).unwrap().keys();
            assert_eq!(keys, [entry("old"), entry("new")], "{text}");
        }
        assert_eq!(Document::parse(TOML).unwrap().keys(), [entry("old")]);
    }
}
