//! The members of a credentials file, each read with an error that names it and never repeats its value.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use ims_claims::FormatError;
use ims_exchange::ClientSecret;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::{CredentialsError, secret_file::can_be_path};

/// A credentials file that was read. Its texts are wiped from memory when it is dropped.
pub(super) struct Document(Value);

impl Document {
    /// Reads JSON if the text begins like JSON, else TOML.
    pub(super) fn parse(text: &str) -> Result<Self, CredentialsError> {
        let text = text.trim_start_matches('\u{feff}');
        let value = if text.trim_start().starts_with(['{', '[']) {
            serde_json::from_str(text).map_err(|error| CredentialsError::Syntax {
                language: "JSON",
                line: error.line(),
                column: error.column(),
            })
        } else {
            toml::from_str(text).map_err(|error| toml_syntax(text, &error))
        };
        value.map(Self)
    }

    /// The members of the file.
    pub(super) fn fields(&self) -> Result<Fields<'_>, CredentialsError> {
        let object =
            self.0.as_object().ok_or(CredentialsError::Unrecognized { members: String::new() })?;
        Ok(Fields { object, path: String::new() })
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn toml_syntax(text: &str, error: &toml::de::Error) -> CredentialsError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    CredentialsError::Syntax { language: "TOML", line, column }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// One object of a file, with the path that leads to it.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The names of all members, separated by commas.
    pub(super) fn names(&self) -> String {
        self.object.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Refuses a member that is not in `known`, since it is likely a name mistyped.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), CredentialsError> {
        match self.object.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(CredentialsError::UnknownMember {
                name: self.path_of(name),
                known: known.join(", "),
            }),
        }
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, CredentialsError> {
        let text =
            |value: &'a Value| value.as_str().ok_or_else(|| self.wrong_type(name, "a string"));
        self.value(name).map(text).transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, CredentialsError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn client_secret(&self, name: &str) -> Result<ClientSecret, CredentialsError> {
        Ok(ClientSecret::new(self.text(name)?.to_owned()))
    }

    /// A path, which begins at `folder` if it is relative. A key that stands in the place of its path is not repeated.
    pub(super) fn path(
        &self,
        name: &str,
        folder: &Path,
    ) -> Result<Option<PathBuf>, CredentialsError> {
        match self.optional_text(name)? {
            Some(text) if !can_be_path(text) => Err(self.wrong_type(name, "a path")),
            text => Ok(text.map(|text| folder.join(text))),
        }
    }

    pub(super) fn optional<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, CredentialsError> {
        self.optional_text(name)?.map(|text| self.parse(name, text)).transpose()
    }

    pub(super) fn required<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<T, CredentialsError> {
        self.parse(name, self.text(name)?)
    }

    /// A list, as it is met in the wild: an array, one string separated by commas or spaces, or an array in a string.
    pub(super) fn list<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, CredentialsError> {
        let value = self.value(name).ok_or_else(|| self.missing(name))?;
        let texts = texts(value).ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
        texts.iter().map(|text| self.parse(name, text)).collect()
    }

    /// The first string of an array, if there is such an array.
    pub(super) fn first_text(&self, name: &str) -> Result<Option<&'a str>, CredentialsError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let first = value.as_array().and_then(|values| values.first()?.as_str());
        first.map(Some).ok_or_else(|| self.wrong_type(name, "a list of strings"))
    }

    /// A text that may be given as an array of its lines.
    pub(super) fn lines(&self, name: &str) -> Result<Zeroizing<String>, CredentialsError> {
        match self.value(name) {
            Some(Value::Array(lines)) => {
                let lines: Option<Vec<_>> = lines.iter().map(Value::as_str).collect();
                let lines = lines.ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
                Ok(Zeroizing::new(lines.join("\n")))
            }
            _ => Ok(Zeroizing::new(self.text(name)?.to_owned())),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, CredentialsError> {
        let flag =
            |value: &Value| value.as_bool().ok_or_else(|| self.wrong_type(name, "true or false"));
        self.value(name).map_or(Ok(false), flag)
    }

    pub(super) fn object(&self, name: &str) -> Result<Fields<'a>, CredentialsError> {
        let value = self.value(name).ok_or_else(|| self.missing(name))?;
        let object = value.as_object().ok_or_else(|| self.wrong_type(name, "an object"))?;
        Ok(Fields { object, path: self.path_of(name) })
    }

    /// The objects of an array.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, CredentialsError> {
        let wrong_type = || self.wrong_type(name, "a list of objects");
        let values = self
            .value(name)
            .ok_or_else(|| self.missing(name))?
            .as_array()
            .ok_or_else(wrong_type)?;
        let fields = |(index, value): (usize, &'a Value)| {
            let path = format!("{}[{index}]", self.path_of(name));
            value.as_object().map(|object| Fields { object, path }).ok_or_else(wrong_type)
        };
        values.iter().enumerate().map(fields).collect()
    }

    /// The objects that are the members of this one, with their names.
    pub(super) fn members(&self) -> Vec<(&'a str, Fields<'a>)> {
        let fields = |(name, value): (&'a String, &'a Value)| {
            let fields = Fields { object: value.as_object()?, path: self.path_of(name) };
            Some((name.as_str(), fields))
        };
        self.object.iter().filter_map(fields).collect()
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn parse<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
        text: &str,
    ) -> Result<T, CredentialsError> {
        text.parse().map_err(|source| CredentialsError::Format { name: self.path_of(name), source })
    }

    pub(super) fn missing(&self, name: &str) -> CredentialsError {
        CredentialsError::Missing { name: self.path_of(name) }
    }

    pub(super) fn wrong_type(&self, name: &str, expected: &'static str) -> CredentialsError {
        CredentialsError::WrongType { name: self.path_of(name), expected }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        }
        Value::String(text) if text.trim_start().starts_with('[') => {
            texts(&serde_json::from_str(text).ok()?)
        }
        Value::String(text) => Some(split_list(text).map(str::to_owned).collect()),
        _ => None,
    }
}

/// The words of a list that is separated by commas or white space.
pub(super) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_claims::{ClientId, Metascope};

    #[track_caller]
    fn said<T>(result: Result<T, CredentialsError>) -> String {
        result.err().expect("an error").to_string()
    }

    #[test]
    fn lists_are_read_in_every_spelling() {
        for list in [
            r#"["a","b"]"#,
            r#""a,b""#,
            r#""a b""#,
            r#""a, b""#,
            r#""[\"a\",\"b\"]""#,
            r#""/s/a,https://x/s/b""#,
        ] {
            let document = Document::parse(&format!(r#"{{"list":{list}}}"#)).unwrap();
            let metascopes: Vec<Metascope> = document.fields().unwrap().list("list").unwrap();
            assert_eq!(
                metascopes.iter().map(Metascope::as_str).collect::<Vec<_>>(),
                ["a", "b"],
                "{list}"
            );
        }
    }

    #[test]
    fn an_error_names_the_member_and_not_its_value() {
        let document =
            Document::parse(r#"{"a":{"b":"can ary","c":["canary"],"d":[{"e":1}]},"f":null}"#)
                .unwrap();
        let fields = document.fields().unwrap();
        let a = fields.object("a").unwrap();
        assert_eq!(said(a.required::<ClientId>("b")), "a.b is wrong");
        assert_eq!(said(a.text("c")), "a.c is not a string");
        assert_eq!(said(a.text("x")), "a.x is missing");
        assert_eq!(said(a.objects("d").unwrap()[0].text("e")), "a.d[0].e is not a string");
        assert_eq!(said(fields.text("f")), "f is missing");
        assert_eq!(
            said(a.only(&["b", "c"])),
            "a.d is not a member that is known here; known are b, c"
        );
    }

    #[test]
    fn what_is_no_data_is_refused_with_its_place() {
        #[rustfmt::skip]
        let table = [
            ("{\"a\": canary}",    "not JSON (line 1, column 7)"),
            ("a = 1\nb = canary",  "not TOML (line 2, column 5)"),
            ("canary",             "not TOML (line 1, column 7)"),
        ];
        for (text, said) in table {
            assert_eq!(Document::parse(text).err().unwrap().to_string(), said, "{text}");
        }
    }

    #[test]
    fn toml_reads_like_json() {
        let document =
            Document::parse("client_id = \"client\"\nscopes = [\"a\"]\njti = true").unwrap();
        let fields = document.fields().unwrap();
        assert_eq!(
            (fields.text("client_id").unwrap(), fields.flag("jti").unwrap()),
            ("client", true)
        );
    }
}
