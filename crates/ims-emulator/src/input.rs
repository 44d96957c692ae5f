//! What people write for the emulator, in scenarios, through the API and on the page: one reader with one shape of error.

mod form;
mod tree;

pub(crate) use self::form::{Form, Member, ObjectForm, any_text};

use std::{borrow::Cow, fmt};

use self::form::Reading;

/// A text that says something that it cannot.
///
/// It names the member, its line, and the form that was expected. It never repeats a value, for that may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    pub(crate) member: String,
    pub(crate) line: usize,
    pub(crate) problem: Box<Problem>,
}

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The text is not in its language at all.
    Syntax { language: &'static str, reason: String },
    /// There is no such member.
    Unknown { name: String, nearest: Option<&'static str>, known: Vec<&'static str> },
    /// The member is there twice.
    Twice,
    /// A member that must be there is not.
    Missing { expected: Cow<'static, str> },
    /// The value has another form.
    Malformed {
        expected: Cow<'static, str>,
        found: Cow<'static, str>,
        nearest: Option<&'static str>,
    },
}

impl InputError {
    /// A member that is known, but not accepted where the text comes from.
    pub(crate) fn not_here(member: &str, instead: &'static str) -> Self {
        let found = "files, which only a scenario in a file may name".into();
        let problem = Problem::Malformed { expected: instead.into(), found, nearest: None };
        Self { member: member.to_owned(), line: 1, problem: Box::new(problem) }
    }

    /// Which member it is about, such as `integrations[0].org_id`; empty for the whole text.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// In which line it is, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What was expected, if it is about the value of a known member.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        match &*self.problem {
            Problem::Missing { expected } | Problem::Malformed { expected, .. } => Some(expected),
            _ => None,
        }
    }

    /// The known name that is nearest to the one that was written.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        match &*self.problem {
            Problem::Unknown { nearest, .. } | Problem::Malformed { nearest, .. } => *nearest,
            _ => None,
        }
    }
}

impl std::error::Error for InputError {}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, line, problem } = self;
        write!(f, "line {line}: ")?;
        match &**problem {
            Problem::Syntax { language, reason } => write!(f, "this is not {language}: {reason}"),
            Problem::Unknown { name, nearest, known } => {
                if !member.is_empty() {
                    write!(f, "{member}: ")?;
                }
                write!(f, "unknown field `{}`", shown_name(name))?;
                match nearest {
                    Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
                    None => write!(f, "; known are {}", known.join(", ")),
                }
            }
            Problem::Twice => write!(f, "{member} is there twice"),
            Problem::Missing { expected } => write!(f, "{member} is missing: expected {expected}"),
            Problem::Malformed { expected, found, nearest } => {
                if !member.is_empty() {
                    write!(f, "{member}: ")?;
                }
                write!(f, "expected {expected}, got {found}")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The name of a member, as far as it is one: a secret in its place is not repeated.
fn shown_name(name: &str) -> &str {
    let is_name = (1..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if is_name { name } else { "…" }
}

/// A text in which every member has its form.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) value: serde_json::Value,
    /// What is accepted but should be written in another way.
    pub(crate) notes: Vec<String>,
}

/// Reads `text`: JSON if its first character is a brace, else TOML.
pub(crate) fn read(text: &str, form: &'static Form) -> Result<Checked, InputError> {
    if text.trim_start().starts_with('{') {
        return read_json(text, form);
    }
    read_toml(text, form)
}

pub(crate) fn read_toml(text: &str, form: &'static Form) -> Result<Checked, InputError> {
    check(tree::of_toml(text)?, form)
}

pub(crate) fn read_json(text: &str, form: &'static Form) -> Result<Checked, InputError> {
    check(tree::of_json(text)?, form)
}

fn check(root: tree::Node, form: &'static Form) -> Result<Checked, InputError> {
    let mut reading = Reading::default();
    let value = form.read(root, "", &mut reading);
    // A table is read by name, so the first error that was found need not be the first in the text.
    match reading.errors.into_iter().min_by_key(|error| error.line) {
        Some(error) => Err(error),
        None => Ok(Checked { value, notes: reading.notes }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static FORM: Form = Form::Object(&ObjectForm {
        members: &[
            Member::required("name", Form::Text("a name", any_text), "What it is called."),
            Member::optional("count", Form::Integer("a number", 0..=9), "How many."),
            Member::optional("kind", Form::OneOf(&["first", "second"]), "Which.")
                .formerly(&["sort"]),
            Member::optional("parts", Form::List(&PART), "Its parts."),
        ],
        requires: &[("kind", "second", "count")],
    });
    static PART: Form = Form::Object(&ObjectForm {
        members: &[Member::required("id", Form::Text("an id", any_text), "Its id.")],
        requires: &[],
    });

    #[track_caller]
    fn message(text: &str) -> String {
        read(text, &FORM).map_or_else(|error| error.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn an_error_names_the_member_the_form_the_nearest_name_and_the_line() {
        #[rustfmt::skip]
        let table = [
            ("name = \"a\"",                           "fine"),
            ("{\"name\": \"a\", \"parts\": [{\"id\": \"b\"}]}", "fine"),
            ("count = 1\n",                            "line 1: name is missing: expected a name"),
            ("name = \"a\"\nnane = 1",                 "line 2: unknown field `nane`, did you mean `name`?"),
            ("name = \"a\"\nzzzzzzzz = 1",             "line 2: unknown field `zzzzzzzz`; known are name, count, kind, parts"),
            ("name = 1",                               "line 1: name: expected a name, got a number"),
            ("{\n\"name\":\n[]}",                      "line 3: name: expected a name, got a list"),
            ("name = \"a\"\n\ncount = 10",             "line 3: count: expected a number, got another number"),
            ("name = \"a\"\nkind = \"secnd\"",         "line 2: kind: expected one of first, second, got another text; did you mean `second`?"),
            ("name = \"a\"\nkind = \"second\"",        "line 1: count is missing: expected a number, since kind is second"),
            ("{\"name\":\"a\",\n\"name\":\"b\"}",      "line 2: name is there twice"),
            ("name = \"a\"\n[[parts]]\nid = \"x\"\n[[parts]]\n", "line 4: parts[1].id is missing: expected an id"),
            ("name = \"a\"\n[[parts]]\nid = \"x\"\nidd = 1", "line 4: parts[0]: unknown field `idd`, did you mean `id`?"),
            ("[]",                                     "line 1: this is not TOML: unclosed array table, expected `]`"),
        ];
        for (text, expected) in table {
            let message = message(text);
            if expected.contains("this is not") {
                assert!(message.starts_with("line 1: this is not TOML"), "{text}: {message}");
            } else {
                assert_eq!(message, expected, "{text}");
            }
        }
        let error = read("name = \"a\"\nnane = 1", &FORM).unwrap_err();
        assert_eq!((error.line(), error.nearest(), error.expected()), (2, Some("name"), None));
    }

    #[test]
    fn a_former_name_is_read_with_a_note() {
        let read = read("name = \"a\"\nsort = \"first\"", &FORM).unwrap();
        assert_eq!(read.value["kind"], "first");
        assert_eq!(read.notes, ["line 2: `sort` is called `kind` now"]);
    }

    #[test]
    fn nothing_that_may_be_a_secret_is_repeated() {
        for text in [
            "{\"name\": \"canary",
            "name = canary",
            "name = [\"canary\"]",
            "kind = \"canary\"",
            "\"canary secret\" = 1",
            "{\"canary=secret\": 1}",
        ] {
            let message = message(text);
            assert!(!message.contains("canary"), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\[\\[parts\\]\\]\n|name = \"c\"\n|\\{\"name\":|[\\[\\]{}\",:]|[a-z]+ = |\\PC){0,20}") {
            let _ = read_toml(&text, &FORM);
            let _ = read_json(&text, &FORM);
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_costs_anything() {
        for depth in [100, 10_000] {
            let json = format!("{{\"parts\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
            assert!(read_json(&json, &FORM).is_err());
        }
    }
}
