//! The forms that members can have: what is checked, what an error says, and what the JSON Schema says.

use std::{borrow::Cow, ops::RangeInclusive};

use serde_json::json;

use super::{
    error::{InputError, Problem},
    tree::{Node, Value},
};

/// What a value must be.
pub(crate) enum Form {
    /// A text that passes the check: what is expected, and why the text is not that.
    Text(&'static str, fn(&str) -> Result<(), Cow<'static, str>>),
    /// An integer within limits: what is expected.
    Integer(&'static str, RangeInclusive<i64>),
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of such values.
    List(&'static Form),
    /// An object with these members and no others.
    Object(&'static ObjectForm),
    /// An object with any members.
    AnyObject,
}

/// The members of an object.
pub(crate) struct ObjectForm {
    pub(crate) members: &'static [Member],
    /// Members that must be there if another has a certain value: the other, its value, and the member.
    pub(crate) requires: &'static [(&'static str, &'static str, &'static str)],
}

/// One member of an object.
pub(crate) struct Member {
    name: &'static str,
    form: Form,
    is_required: bool,
    description: &'static str,
    former_names: &'static [&'static str],
}

impl Member {
    pub(crate) const fn required(
        name: &'static str,
        form: Form,
        description: &'static str,
    ) -> Self {
        Self { name, form, is_required: true, description, former_names: &[] }
    }

    pub(crate) const fn optional(
        name: &'static str,
        form: Form,
        description: &'static str,
    ) -> Self {
        Self { name, form, is_required: false, description, former_names: &[] }
    }

    /// The same member, which is read under its former names as well.
    pub(crate) const fn formerly(mut self, names: &'static [&'static str]) -> Self {
        self.former_names = names;
        self
    }
}

/// What was found while a document was read.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) errors: Vec<InputError>,
    pub(super) notes: Vec<String>,
}

impl Reading {
    fn error(&mut self, member: &str, line: usize, problem: Problem) -> serde_json::Value {
        let problem = Box::new(problem);
        self.errors.push(InputError { member: member.to_owned(), line, problem });
        serde_json::Value::Null
    }
}

impl Form {
    /// Checks `node` and gives it as JSON. Errors are collected, so that the first of the text can be reported.
    pub(super) fn read(&self, node: Node, path: &str, reading: &mut Reading) -> serde_json::Value {
        let Node { line, value } = node;
        let kind = value.kind();
        let mut malformed = |found: Cow<'static, str>, nearest| {
            let problem = Problem::Malformed { expected: self.expected(), found, nearest };
            reading.error(path, line, problem)
        };
        match (self, value) {
            (Self::Text(_, check), Value::Text(text)) => match check(&text) {
                Ok(()) => text.into(),
                Err(found) => malformed(found, None),
            },
            (Self::OneOf(words), Value::Text(text)) => {
                if words.contains(&text.as_str()) {
                    return text.into();
                }
                malformed("another text".into(), nearest(&text, words.iter().copied()))
            }
            (Self::Integer(_, limits), Value::Number(number)) => {
                if number.as_i64().is_some_and(|number| limits.contains(&number)) {
                    return number.into();
                }
                malformed("another number".into(), None)
            }
            (Self::Boolean, Value::Boolean(boolean)) => boolean.into(),
            (Self::List(form), Value::List(nodes)) => {
                let mut values = Vec::with_capacity(nodes.len());
                for (place, node) in nodes.into_iter().enumerate() {
                    values.push(form.read(node, &format!("{path}[{place}]"), reading));
                }
                values.into()
            }
            (Self::Object(form), Value::Object(members)) => form.read(members, line, path, reading),
            (Self::AnyObject, value @ Value::Object(_)) => plain(value),
            _ => malformed(kind.into(), None),
        }
    }

    /// What a person should write.
    fn expected(&self) -> Cow<'static, str> {
        match self {
            Self::Text(expected, _) | Self::Integer(expected, _) => (*expected).into(),
            Self::Boolean => "true or false".into(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")).into(),
            Self::List(form) => format!("a list, each {}", form.expected()).into(),
            Self::Object(_) | Self::AnyObject => "an object".into(),
        }
    }

    /// The form as a JSON Schema (draft 2020-12).
    pub(crate) fn schema(&self) -> serde_json::Value {
        match self {
            Self::Text(expected, _) => json!({ "type": "string", "description": expected }),
            Self::Integer(expected, limits) => json!({
                "type": "integer",
                "description": expected,
                "minimum": limits.start(),
                "maximum": limits.end(),
            }),
            Self::Boolean => json!({ "type": "boolean" }),
            Self::OneOf(words) => json!({ "enum": words }),
            Self::List(form) => json!({ "type": "array", "items": form.schema() }),
            Self::Object(form) => form.schema(),
            Self::AnyObject => json!({ "type": "object" }),
        }
    }
}

impl ObjectForm {
    fn read(
        &self,
        members: Vec<(String, Node)>,
        line: usize,
        path: &str,
        reading: &mut Reading,
    ) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        for (name, node) in members {
            let Some(member) = self.member(&name) else {
                let known: Vec<&str> = self.members.iter().map(|member| member.name).collect();
                let nearest = nearest(&name, known.iter().copied());
                reading.error(path, node.line, Problem::Unknown { name, nearest, known });
                continue;
            };
            if name != member.name {
                let line = node.line;
                let note = format!("line {line}: `{name}` is called `{}` now", member.name);
                reading.notes.push(note);
            }
            let path = joined(path, member.name);
            if object.contains_key(member.name) {
                reading.error(&path, node.line, Problem::Twice);
                continue;
            }
            let value = member.form.read(node, &path, reading);
            object.insert(member.name.to_owned(), value);
        }
        self.check_missing(&object, line, path, reading);
        object.into()
    }

    fn check_missing(
        &self,
        object: &serde_json::Map<String, serde_json::Value>,
        line: usize,
        path: &str,
        reading: &mut Reading,
    ) {
        for member in self.members {
            if object.contains_key(member.name) {
                continue;
            }
            let mut reason = None;
            for (other, value, required) in self.requires {
                let is_so = object.get(*other).is_some_and(|given| given == value);
                if is_so && *required == member.name {
                    reason = Some(format!("{}, since {other} is {value}", member.form.expected()));
                }
            }
            let expected = match reason {
                Some(reason) => reason.into(),
                None if member.is_required => member.form.expected(),
                None => continue,
            };
            reading.error(&joined(path, member.name), line, Problem::Missing { expected });
        }
    }

    fn member(&self, name: &str) -> Option<&'static Member> {
        self.members
            .iter()
            .find(|member| member.name == name || member.former_names.contains(&name))
    }

    fn schema(&self) -> serde_json::Value {
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        for member in self.members {
            let mut schema = member.form.schema();
            schema["description"] = match schema.get("description").and_then(|one| one.as_str()) {
                Some(expected) => format!("{} Expected: {expected}.", member.description).into(),
                None => member.description.into(),
            };
            properties.insert(member.name.to_owned(), schema);
            if member.is_required {
                required.push(member.name);
            }
        }
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The known name that is most like `name`, if one is alike at all.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let mut nearest = None;
    let mut highest = 0.8;
    for known in known {
        let likeness = strsim::jaro_winkler(&name.to_ascii_lowercase(), known);
        if likeness > highest {
            (nearest, highest) = (Some(known), likeness);
        }
    }
    nearest
}

/// A value of which only the language is checked.
fn plain(value: Value) -> serde_json::Value {
    match value {
        Value::Null | Value::Date => serde_json::Value::Null,
        Value::Boolean(boolean) => boolean.into(),
        Value::Number(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::List(nodes) => nodes.into_iter().map(|node| plain(node.value)).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, node)| (name, plain(node.value)));
            members.collect::<serde_json::Map<_, _>>().into()
        }
    }
}

/// The check for a text that may be anything.
#[expect(clippy::unnecessary_wraps, reason = "it has the form of the other checks")]
pub(crate) fn any_text(_: &str) -> Result<(), Cow<'static, str>> {
    Ok(())
}
