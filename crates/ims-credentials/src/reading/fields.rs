//! The members of a credentials file, each read with an error that names it and never repeats its value.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use ims_claims::{Environment, FormatError};
use ims_files::can_be_path;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{
    client_secrets::ClientSecrets, error::CredentialsError, language::json, reading::secret_text,
};

/// A file of credentials that was read. Its texts are wiped from memory when it is dropped.
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    /// The same as a file of JSON.
    pub(crate) fn to_json(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{:#}\n", self.0))
    }

    /// The members of the file.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, CredentialsError> {
        let object =
            self.0.as_object().ok_or(CredentialsError::Unrecognized { members: String::new() })?;
        Ok(Fields::new(object))
    }
}

impl FromIterator<(String, Value)> for Document {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(members: T) -> Self {
        Self(members.into_iter().collect::<Map<_, _>>().into())
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        json::wipe(&mut self.0);
    }
}

fn visit(name: &str, value: &Value, visitor: &mut dyn FnMut(&str, &Value)) {
    visitor(name, value);
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                visit(name, value, visitor);
            }
        }
        Value::Array(values) => {
            for value in values {
                visit(name, value, visitor);
            }
        }
        _ => {}
    }
}

/// One object of a file, with the path that leads to it.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    /// The members of a whole file.
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, path: String::new() }
    }

    /// The same members under names in lower case, for the forms in which the case of a name does not matter.
    pub(crate) fn in_lower_case(&self) -> Document {
        self.object.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect()
    }

    /// The name of the member that is there, of several names for the same. If none is there, the first name.
    pub(crate) fn name_of<'n>(&self, names: &[&'n str]) -> &'n str {
        names.iter().copied().find(|name| self.has(name)).unwrap_or(names[0])
    }

    /// The same members, with `name` before their paths.
    pub(crate) fn within(self, name: &str) -> Self {
        Self { path: name.to_owned(), ..self }
    }

    /// The names and values of all members.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.object.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Shows `visitor` each member, and the members of the objects and lists in it.
    pub(crate) fn visit(&self, visitor: &mut dyn FnMut(&str, &Value)) {
        for (name, value) in self.values() {
            visit(name, value, visitor);
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Refuses a member that is not in `known`, since it is probably a mistyped name.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), CredentialsError> {
        match self.object.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(CredentialsError::UnknownMember {
                name: self.path_of(name),
                suggestion: most_like(name, known).map(str::to_owned),
                known: known.join(", "),
            }),
        }
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, CredentialsError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(_) | Value::Bool(_)) => {
                Err(CredentialsError::NotQuoted { name: self.path_of(name) })
            }
            Some(_) => Err(self.wrong_type(name, "a string")),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, CredentialsError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    /// One secret, or a list of them, of which each may be the valid one.
    pub(crate) fn client_secrets(&self, name: &str) -> Result<ClientSecrets, CredentialsError> {
        let value = self.value(name).ok_or_else(|| self.missing(name))?;
        let texts = match value {
            // A secret may begin with a bracket, so a text that is not an array is one secret.
            Value::String(text) => written_list(text).unwrap_or_else(|| vec![text.clone()]),
            Value::Array(_) => {
                texts(value).ok_or_else(|| self.wrong_type(name, "a list of strings"))?
            }
            _ => vec![self.text(name)?.to_owned()],
        };
        let texts = Zeroizing::new(texts);
        let mut secrets = Vec::new();
        for text in texts.iter() {
            secrets.push(secret_text::client_secret(&self.path_of(name), text)?);
        }
        ClientSecrets::from_list(secrets).ok_or_else(|| self.missing(name))
    }

    /// The IMS of a URL or of a host without a scheme. Production if there is none.
    pub(crate) fn environment(&self, name: &str) -> Result<Environment, CredentialsError> {
        let Some(text) = self.optional_text(name)? else { return Ok(Environment::production()) };
        if text.contains("://") {
            self.parse(name, text)
        } else {
            self.parse(name, &format!("https://{text}"))
        }
    }

    /// A path, which begins at `folder` if it is relative. If the value is a key instead of its path, the error does not repeat it.
    pub(crate) fn path(
        &self,
        name: &str,
        folder: &Path,
    ) -> Result<Option<PathBuf>, CredentialsError> {
        match self.optional_text(name)? {
            Some(text) if !can_be_path(text) => Err(self.wrong_type(name, "a path")),
            text => Ok(text.map(|text| folder.join(text))),
        }
    }

    pub(crate) fn optional<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, CredentialsError> {
        self.optional_text(name)?.map(|text| self.parse(name, text)).transpose()
    }

    pub(crate) fn required<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<T, CredentialsError> {
        self.parse(name, self.text(name)?)
    }

    /// A list, in the forms that files have: an array, one string separated by commas or spaces, or an array in a string.
    pub(crate) fn list<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, CredentialsError> {
        let value = self.value(name).ok_or_else(|| self.missing(name))?;
        let texts = texts(value).ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
        // An element may be a list again, as in what a person pasted between the brackets of a template.
        let words = texts.iter().flat_map(|text| split_list(text));
        words.map(|text| self.parse(name, text)).collect()
    }

    /// A text that may be given as an array of its lines.
    pub(crate) fn lines(&self, name: &str) -> Result<Zeroizing<String>, CredentialsError> {
        match self.value(name) {
            Some(value) if is_list(value) => {
                let lines = texts(value).map(Zeroizing::new);
                let lines = lines.ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
                Ok(Zeroizing::new(lines.join("\n")))
            }
            _ => Ok(Zeroizing::new(self.text(name)?.to_owned())),
        }
    }

    /// The same, if the member is there.
    pub(crate) fn lines_if_any(
        &self,
        name: &str,
    ) -> Result<Option<Zeroizing<String>>, CredentialsError> {
        if self.has(name) { self.lines(name).map(Some) } else { Ok(None) }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, CredentialsError> {
        let Some(value) = self.value(name) else {
            return Ok(false);
        };
        value.as_bool().ok_or_else(|| self.wrong_type(name, "true or false"))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Fields<'a>, CredentialsError> {
        let value = self.value(name).ok_or_else(|| self.missing(name))?;
        let object = value.as_object().ok_or_else(|| self.wrong_type(name, "an object"))?;
        Ok(Fields { object, path: self.path_of(name) })
    }

    /// The objects of an array.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, CredentialsError> {
        let wrong_type = || self.wrong_type(name, "a list of objects");
        let values = self
            .value(name)
            .ok_or_else(|| self.missing(name))?
            .as_array()
            .ok_or_else(wrong_type)?;
        let mut objects = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let object = value.as_object().ok_or_else(wrong_type)?;
            objects.push(Fields { object, path: format!("{}[{index}]", self.path_of(name)) });
        }
        Ok(objects)
    }

    /// The objects that are the members of this one, with their names.
    pub(crate) fn members(&self) -> Vec<(&'a str, Fields<'a>)> {
        let mut members = Vec::new();
        for (name, value) in self.object {
            if let Some(object) = value.as_object() {
                members.push((name.as_str(), Fields { object, path: self.path_of(name) }));
            }
        }
        members
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn parse<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
        text: &str,
    ) -> Result<T, CredentialsError> {
        // White space around an identifier can only be an accident.
        let text = text.trim();
        if secret_text::is_placeholder(text) {
            return Err(CredentialsError::Placeholder { name: self.path_of(name) });
        }
        text.parse()
            .map_err(|problem| CredentialsError::Format { name: self.path_of(name), problem })
    }

    pub(crate) fn missing(&self, name: &str) -> CredentialsError {
        CredentialsError::Missing { name: self.path_of(name) }
    }

    pub(crate) fn wrong_type(&self, name: &str, expected: &'static str) -> CredentialsError {
        CredentialsError::WrongType { name: self.path_of(name), expected }
    }
}

/// Whether `value` is an array, or a string in which an array is written down.
fn is_list(value: &Value) -> bool {
    value.is_array() || value.as_str().is_some_and(|text| text.trim_start().starts_with('['))
}

/// The strings of an array that is written down in a string.
fn written_list(text: &str) -> Option<Vec<String>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let list = Document::new(json::parse(text).ok()?);
    strings(list.0.as_array()?)
}

/// The known name that is most like `name`: one that begins with it, or that differs by at most two letters.
pub(crate) fn most_like<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let name = name.to_lowercase();
    if let Some(known) = known.iter().find(|known| known.to_lowercase() == name) {
        return Some(known);
    }
    let continues = known.iter().find(|known| known.starts_with(&format!("{name}_")));
    if let Some(known) = continues {
        return Some(known);
    }
    let nearest = known.iter().min_by_key(|known| distance(&name, known))?;
    (distance(&name, nearest) <= 2).then_some(*nearest)
}

/// How many letters must be added, removed or replaced to turn one word into the other (Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, against) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *against);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => strings(values),
        Value::String(text) if is_list(value) => written_list(text),
        Value::String(text) => Some(split_list(text).map(str::to_owned).collect()),
        _ => None,
    }
}

fn strings(values: &[Value]) -> Option<Vec<String>> {
    values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The words of a list that is separated by commas or white space.
pub(crate) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_claims::{ClientId, Metascope};

    fn parsed(json: &str) -> Document {
        Document::new(serde_json::from_str(json).unwrap())
    }

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
            let document = parsed(&format!(r#"{{"list":{list}}}"#));
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
        let document = parsed(r#"{"a":{"b":"can ary","c":["canary"],"d":[{"e":1}]},"f":null}"#);
        let fields = document.fields().unwrap();
        let a = fields.object("a").unwrap();
        let wrong = said(a.required::<ClientId>("b"));
        assert!(wrong.starts_with("a.b is wrong: not a client id: "), "{wrong}");
        assert!(!wrong.contains("can ary"), "{wrong}");
        assert_eq!(said(a.text("c")), "a.c is not a string");
        assert_eq!(said(a.text("x")), "a.x is missing");
        assert_eq!(
            said(a.objects("d").unwrap()[0].text("e")),
            "a.d[0].e is a number or true or false, not a string"
        );
        assert_eq!(said(fields.text("f")), "f is missing");
        assert_eq!(said(a.only(&["b", "c"])), "unknown member a.d, did you mean b?");
    }

    #[test]
    fn the_name_that_was_meant_is_the_one_with_fewest_changes_and_no_other() {
        let known = ["client_id", "client_secret", "org_id", "private_key_file"];
        #[rustfmt::skip]
        let table = [
            ("CLIENT_ID",     Some("client_id")),
            ("client-id",     Some("client_id")),
            ("clientid",      Some("client_id")),
            ("cliient_id",    Some("client_id")),
            ("lient_id",      Some("client_id")),
            ("cleint_id",     Some("client_id")),
            ("oorg_idd",      Some("org_id")),
            ("rg_i",          Some("org_id")),
            ("private_key",   Some("private_key_file")),
            ("oorg_iddd",     None),
            ("g_i",           None),
            ("xlixnx_id",     None),
            ("",              None),
        ];
        for (name, meant) in table {
            assert_eq!(most_like(name, &known), meant, "{name}");
        }
        #[rustfmt::skip]
        let distances = [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "bc", 1),
            ("abc", "ab", 1), ("ab", "ba", 2), ("kitten", "sitting", 3), ("saturday", "sunday", 3),
        ];
        for (one, other, changes) in distances {
            assert_eq!(distance(one, other), changes, "{one} {other}");
            assert_eq!(distance(other, one), changes, "{other} {one}");
        }
    }

    #[test]
    fn secrets_are_one_or_a_list_in_any_spelling() {
        for (value, count) in [
            (r#""p8e-a b,c""#, 1),
            (r#"["one"]"#, 1),
            (r#"["one","two"]"#, 2),
            (r#""[\"one\",\"two\"]""#, 2),
            (r#""[p8e-begins-with-a-bracket""#, 1),
        ] {
            let document = parsed(&format!(r#"{{"secret":{value}}}"#));
            let secrets = document.fields().unwrap().client_secrets("secret").unwrap();
            assert_eq!(secrets.iter().count(), count, "{value}");
        }
        for (value, wrong) in [
            ("[]", "secret is missing"),
            ("[1]", "secret is not a list of strings"),
            ("12345678", "secret is a number or true or false, not a string"),
            ("[\" \"]", "secret is empty"),
            ("\"\"", "secret is empty"),
        ] {
            let document = parsed(&format!(r#"{{"secret":{value}}}"#));
            assert_eq!(said(document.fields().unwrap().client_secrets("secret")), wrong, "{value}");
        }
    }
}
