//! What each language means, and that no error repeats what it could not read.

use serde_json::{Value, json};

use super::*;

/// What `text` says, in the first of its languages that can read it.
#[track_caller]
fn read(language: Language, text: &str) -> Value {
    let document = language.parse(text).unwrap();
    let fields = document.fields().unwrap();
    fields.values().map(|(name, value)| (name.to_owned(), Some(value.clone()))).collect()
}

#[track_caller]
fn refused(language: Language, text: &str) -> String {
    language.parse(text).err().expect("an error").to_string()
}

#[test]
fn json_and_toml_are_refused_with_the_place_and_without_the_text() {
    #[rustfmt::skip]
    let table = [
        (Language::Json, "{\"a\": canary}",    "not JSON (line 1, column 7)"),
        (Language::Toml, "a = 1\nb = canary",  "not TOML (line 2, column 5)"),
        (Language::Toml, "canary",             "not TOML (line 1, column 7)"),
    ];
    for (language, text, said) in table {
        assert_eq!(refused(language, text), said, "{text}");
    }
}

#[test]
fn toml_reads_like_json() {
    let toml = "client_id = \"client\"\nscopes = [\"a\"]\njti = true";
    let json = json!({ "client_id": "client", "scopes": ["a"], "jti": true });
    assert_eq!(read(Language::Toml, toml), json);
    assert_eq!(read(Language::Json, &json.to_string()), json);
}

#[cfg(feature = "formats")]
mod formats {
    use super::*;

    #[test]
    fn the_ending_of_the_name_decides_and_without_one_the_first_line() {
        use Language::{Dotenv, Hjson, Ini, Json, Properties, Toml, Yaml};

        #[rustfmt::skip]
        let table: [(&str, &str, &[Language]); 28] = [
            ("{}",                         "config",        &[Json, Hjson]),
            ("// aio\n{}",                 ".aio",          &[Json, Hjson]),
            ("[]",                         "config",        &[Json]),
            ("# umapi\n[server]\n",        "config",        &[Ini, Toml]),
            ("a = 1",                      "config",        &[Toml, Dotenv, Properties, Yaml]),
            ("url=https\\://x",            "config",        &[Toml, Properties, Dotenv, Yaml]),
            ("{ a: 1 }",                   "a.json",        &[Json]),
            ("a = 1",                      "a.toml",        &[Toml]),
            ("a = 1",                      "a.properties",  &[Properties]),
            ("A=1",                        ".env",          &[Dotenv]),
            ("A=1",                        ".env.stage",    &[Dotenv]),
            ("server:",                    "umapi.yml",     &[Yaml]),
            ("server:",                    "umapi.yaml",    &[Yaml]),
            ("a = 1",                      "a.tfvars",      &[Toml]),
            ("a = 1",                      "a.ini",         &[Ini]),
            ("a = 1",                      "a.hjson",       &[Hjson]),
            ("A=1",                        "stage.env",     &[Dotenv]),
            ("A=1",                        "a.ps1",         &[Dotenv]),
            ("A=1",                        "a.cmd",         &[Dotenv]),
            ("A=1",                        "a.bat",         &[Dotenv]),
            ("A=1",                        "env",           &[Toml, Dotenv, Properties, Yaml]),
            ("a\\=b=1",                   "config",        &[Toml, Properties, Dotenv, Yaml]),
            ("; x\n! y\n\n{}",             "config",        &[Json, Hjson]),
            ("/ x\n{}",                    "config",        &[Toml, Dotenv, Properties, Yaml]),
            ("[\"a\"]",                    "config",        &[Json]),
            ("[1",                         "config",        &[Ini, Toml]),
            ("",                           "config",        &[Toml, Dotenv, Properties, Yaml]),
            ("# {}",                       "config",        &[Toml, Dotenv, Properties, Yaml]),
        ];
        for (text, name, languages) in table {
            assert_eq!(Language::candidates(text, Path::new(name)), languages, "{name} {text}");
        }
    }

    #[test]
    fn a_brace_and_a_name_in_quotation_marks_look_like_json() {
        for (text, expected) in [
            ("{", true),
            (" {\n", true),
            ("{}", true),
            ("{ \"a\": canary", true),
            ("{ a: 1 }", false),
            ("\"a\": 1", false),
            ("", false),
            ("[{}]", false),
        ] {
            assert_eq!(looks_like_json(text), expected, "{text}");
        }
    }

    #[test]
    fn dotenv_is_read_as_shells_and_node_write_it() {
        let text = concat!(
            "\u{20}# a comment\r\n\r\nPLAIN = a b # comment\nexport QUOTED='a # b $HOME'\n",
            "DOUBLE=\"a\\nb\"\nEMPTY=\nKEY=\"-----BEGIN\nsecond\n-----END\" # comment\nLAST=a=b#c",
        );
        let said = json!({
            "PLAIN": "a b", "QUOTED": "a # b $HOME", "DOUBLE": "a\nb", "EMPTY": "",
            "KEY": "-----BEGIN\nsecond\n-----END", "LAST": "a=b#c",
        });
        assert_eq!(read(Language::Dotenv, text), said);
        for (text, line) in [("A=1\ncanary", 2), ("A=\"canary", 1), ("a canary=1", 1), ("=x", 1)] {
            let said = format!("not lines of NAME=value (line {line}, column 1)");
            assert_eq!(refused(Language::Dotenv, text), said, "{text}");
        }
    }

    #[test]
    fn properties_are_read_as_java_reads_them() {
        let text = concat!(
            "# comment\n! comment\n  plain = a b \nwith\\ blank: c\nbare d\nlong=a\\\n   b\\\n  c\n",
            "escaped=a\\tb\\u00e9\\\\\nodd\\:name=e\nempty",
        );
        let said = json!({
            "plain": "a b ", "with blank": "c", "bare": "d", "long": "abc",
            "escaped": "a\tb\u{e9}\\", "odd:name": "e", "empty": "",
        });
        assert_eq!(read(Language::Properties, text), said);
        for text in ["a=1\nb=\\u12", "a=1\nb=\\ud800", "a=1\nb=\\uécana"] {
            assert_eq!(
                refused(Language::Properties, text),
                "not Java properties (line 2, column 1)",
                "{text}"
            );
        }
    }

    #[test]
    fn ini_is_read_as_python_reads_it() {
        let text =
            "; comment\n[server]\nHost = a.b:443\n\n[enterprise]\nkey: a\n  b\n# c\norg_id=d=e";
        let said = json!({
            "server": { "host": "a.b:443" }, "enterprise": { "key": "a\nb", "org_id": "d=e" },
        });
        assert_eq!(read(Language::Ini, text), said);
        for (text, line) in [("[a]\ncanary", 2), ("canary = 1", 1), ("[a\ncanary = 1", 1)] {
            let said = format!("not INI (line {line}, column 1)");
            assert_eq!(refused(Language::Ini, text), said, "{text}");
        }
    }

    #[test]
    fn hjson_is_json_for_people() {
        let text = r#"{
  # a comment
  // another
  ims: { /* and one
    more */
    plain: 5a/b+c== # no comment
    url: https://x/y
    dash: -----BEGIN KEY-----
    numbers: [1, -2.5e1
      3]
    words: [
      true
      false, null
      trueish
      5a
    ]
    "quoted": "a\"\u00e9\\", 'single': 'a"b\'c'
    many: '''
      first
        second
      '''
    empty: {}, list: [],
  }
}
"#;
        let said = json!({ "ims": {
            "plain": "5a/b+c== # no comment", "url": "https://x/y", "dash": "-----BEGIN KEY-----",
            "numbers": [1, -25.0, 3], "words": [true, false, null, "trueish", "5a"],
            "quoted": "a\"\u{e9}\\", "single": "a\"b'c", "many": "first\nsecond", "empty": {}, "list": [],
        }});
        assert_eq!(read(Language::Hjson, text), said);
        assert_eq!(read(Language::Hjson, &said.to_string()), said);
        let slashes = json!({ "a": "5/6", "b": 1, "c": 2, "d": "7 8" });
        assert_eq!(read(Language::Hjson, "{ a: 5/6\n b: 1/* x */ c: 2// y\n d: 7 8\n}"), slashes);
        #[rustfmt::skip]
        let table = [
            ("{\n a: [canary\n",        "line 3, column 1"),
            ("{ a: \"canary }",         "line 1, column 6"),
            ("{ a b: canary }",         "line 1, column 5"),
            ("{ a: '''canary }",        "line 1, column 6"),
            ("{ : canary }",            "line 1, column 3"),
            ("{ a: 1 } canary",         "line 1, column 10"),
            ("{ a: , b: canary }",      "line 1, column 6"),
            ("{ a: 1 ]",                "line 1, column 8"),
            ("",                        "line 1, column 1"),
        ];
        for (text, place) in table {
            assert_eq!(refused(Language::Hjson, text), format!("not Hjson ({place})"), "{text}");
        }
        assert!(refused(Language::Hjson, &"[".repeat(100_000)).starts_with("not Hjson (line 1"));
        assert!(refused(Language::Hjson, &"{a:".repeat(100_000)).starts_with("not Hjson (line 1"));
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_in_every_language() {
        use Language::{Dotenv, Hjson, Ini, Json, Properties, Toml, Yaml};

        #[rustfmt::skip]
        let table = [
            (Json,       "{\"a\":\"canary\",\n\"a\":\"canary\"}", 2),
            (Json,       "{\"o\":{\"a\":1,\"a\":2}}",                1),
            (Toml,       "a = 1\nb = 2\na = \"canary\"",             3),
            (Hjson,      "{\n  a: canary\n  a: canary\n}",          3),
            (Yaml,       "a: canary\nb: 1\na: canary",              3),
            (Ini,        "[s]\na=canary\na=canary",                 3),
            (Ini,        "[s]\na=canary\n[s]\nb=1",                 3),
            (Properties, "a=canary\n\na=canary",                    3),
            (Dotenv,     "A=canary\nA=canary",                      2),
        ];
        for (language, text, line) in table {
            let said = format!("a member occurs twice in one object (line {line})");
            assert_eq!(refused(language, text), said, "{text}");
        }
    }

    #[test]
    fn a_reader_of_lines_takes_exactly_the_secret_that_is_written_there() {
        use Language::{Dotenv, Ini, Properties};

        for text in ["A=\"se\"cret567", "A='se'cret", "A=\"back\\\"", "A=\"a\"b # c"] {
            let said = "not lines of NAME=value (line 1, column 1)";
            assert_eq!(refused(Dotenv, text), said, "{text}");
        }
        #[rustfmt::skip]
        let table = [
            (Dotenv,     "a=\"back\\\\\"",        "back\\"),
            (Dotenv,     "a=\"x\" # comment",      "x"),
            (Dotenv,     "a=\u{a0}x",              "\u{a0}x"),
            (Properties, "a=\\ud83d\\udd11",       "\u{1f511}"),
            (Properties, "a=\u{a0}x ",             "\u{a0}x "),
        ];
        for (language, text, value) in table {
            assert_eq!(read(language, text), json!({ "a": value }), "{text}");
        }
        assert_eq!(read(Ini, "[s]\na = \u{a0}x "), json!({ "s": { "a": "\u{a0}x" } }));
        for text in ["a=\\ud83d", "a=\\ud83dx", "a=\\udd11", "a=\\u+123"] {
            assert_eq!(
                refused(Properties, text),
                "not Java properties (line 1, column 1)",
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in "[ -~\n\u{e9}]{0,60}", marks in "[\\[{}:,'\"#/\\\\=\n a1\\]-]{0,40}") {
            use Language::{Dotenv, Hjson, Ini, Json, Properties, Toml, Yaml};

            for language in [Json, Toml, Hjson, Yaml, Ini, Properties, Dotenv] {
                for text in [&text, &marks, &format!("{{{marks}}}")] {
                    if let Err(error) = language.parse(text) {
                        let is_syntax = matches!(
                            error,
                            CredentialsError::Syntax { .. } | CredentialsError::Repeated { .. }
                        );
                        proptest::prop_assert!(is_syntax);
                    }
                }
            }
        }
    }

    #[test]
    fn yaml_is_read_and_bombs_are_not() {
        let text = "# comment\nserver:\nenterprise:\n  org_id: a@AdobeOrg # comment\n  key: |\n    a\n    b\n";
        let said = json!({
            "server": null, "enterprise": { "org_id": "a@AdobeOrg", "key": "a\nb\n" },
        });
        assert_eq!(read(Language::Yaml, text), said);
        let refused = |text: &str| {
            let said = refused(Language::Yaml, text);
            assert!(said.starts_with("not YAML (line ") && !said.contains("canary"), "{said}");
        };
        let alias = |n: i32| vec![format!("*a{}", n - 1); 9].join(", ");
        let lines = (1..30).map(|n| format!("a{n}: &a{n} [{}]", alias(n)));
        let first = "a0: &a0 [canary, canary, canary]".to_owned();
        let bomb = std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n");
        refused(&bomb);
        let alias = |n: i32| format!("{{p: *a{0}, q: *a{0}, r: *a{0}}}", n - 1);
        let lines = (1..40).map(|n| format!("a{n}: &a{n} {}", alias(n)));
        let first = "a0: &a0 {p: canary}".to_owned();
        let bomb = std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n");
        refused(&bomb);
        let text = "a: &x {b: [c]}\nd: *x\ne: !!str 12\nf: '12'\ng: 12e5\nh: 0x1F\ni: p8e-1\nj: .\nk: 1_0\nl: .5";
        let said = json!({
            "a": { "b": ["c"] }, "d": { "b": ["c"] }, "e": "12", "f": "12", "g": 12e5, "h": 0, "i": "p8e-1", "j": ".",
            "k": 0, "l": 0,
        });
        assert_eq!(read(Language::Yaml, text), said);
    }

    #[test]
    fn an_error_in_yaml_names_the_line_and_the_column_where_it_is() {
        let deep = |levels: usize| format!("a: {}{}", "[".repeat(levels), "]".repeat(levels));
        let (deepest, too_deep) = (deep(31), deep(32));
        let endless = format!("a: {}", "[".repeat(100_000));
        #[rustfmt::skip]
        let table = [
            ("a: [canary",                      "line 1, column 4"),
            ("a: 1\n  b: canary",               "line 2, column 4"),
            ("a: 1\n<<: {b: canary}",           "line 2, column 1"),
            ("b: {a: 1, <<: canary}",           "line 1, column 11"),
            ("? [canary]\n: 1",                 "line 1, column 3"),
            ("--- {a: 1}\n--- {a: canary}",     "line 2, column 5"),
            ("--- {a: 1}\n--- canary",          "line 2, column 5"),
            ("--- {a: 1}\n--- ''",              "line 2, column 5"),
            // There are 32 levels: the object, and 31 brackets.
            (&too_deep,                         "line 1, column 35"),
            (&endless,                          "line 1, column 259"),
        ];
        for (text, place) in table {
            assert_eq!(refused(Language::Yaml, text), format!("not YAML ({place})"), "{text:.40}");
        }
        read(Language::Yaml, &deepest);
        // What comes after the document says nothing.
        for text in ["--- {a: 1}\n---\n", "--- {a: 1}\n--- ~\n...\n"] {
            assert_eq!(read(Language::Yaml, text), json!({ "a": 1 }), "{text}");
        }
    }

    #[test]
    fn yaml_has_at_most_ten_thousand_values_and_an_alias_is_as_many_as_it_repeats() {
        // The object, the two lists, and what is in them.
        let list = |count: usize| format!("a: [{}]\nb: []", vec!["x"; count].join(", "));
        let aliases = |first: &str, count: usize| {
            format!("a: &a {first}\nb: [{}]", vec!["*a"; count].join(", "))
        };
        for first in ["[x, y]", "{p: x, q: y}"] {
            // Each alias counts one, and the three that it repeats.
            read(Language::Yaml, &aliases(first, 2498));
            let said = format!("not YAML (line 2, column {})", 5 + 4 * 2498);
            assert_eq!(refused(Language::Yaml, &aliases(first, 2499)), said, "{first}");
        }
        read(Language::Yaml, &list(9997));
        assert_eq!(refused(Language::Yaml, &list(9998)), "not YAML (line 2, column 4)");
    }
}
