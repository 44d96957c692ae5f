//! The input of the emulator, in scenarios, through the API and on the page: one reader with one form of error.

mod error;
mod form;
mod tree;

pub use self::error::InputError;
pub(crate) use self::form::{Form, Member, ObjectForm, any_text};

use self::form::Reading;

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
    // If a name was mistyped, another member is missing: the mistyped name is the reason.
    if reading.errors.iter().any(InputError::is_about_unknown) {
        reading.errors.retain(|error| !error.is_about_missing());
    }
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
            ("\nnane = \"a\"",                         "line 2: unknown field `nane`, did you mean `name`?"),
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
