//! Each rule with a tree that breaks it and a tree that follows it.

use std::fs;

use tempfile::TempDir;

use super::{banned_code::BANS, *};

/// A workspace of a few empty crates that follows every rule.
struct Workspace(TempDir);

const CRATES: &[&str] = &[
    "ims-bench",
    "ims-claims",
    "ims-cli",
    "ims-emulator",
    "ims-exchange",
    "ims-testkit",
    "ims-token",
];

const ROOT: &str = r#"[workspace]
resolver = "3"
members = ["crates/*"]
[workspace.lints.rust]
unsafe_code = "forbid"
[workspace.dependencies]
ims-claims = { path = "crates/ims-claims" }
ims-emulator = { path = "crates/ims-emulator" }
ims-exchange = { path = "crates/ims-exchange" }
ims-testkit = { path = "crates/ims-testkit" }
ims-token = { path = "crates/ims-token" }
"#;

/// What the measurements import, so that every dependency of the workspace has a user.
const IMPORTS: &str = "[dependencies]\nims-claims.workspace = true\nims-emulator.workspace = true\n\
    ims-exchange.workspace = true\nims-testkit.workspace = true\nims-token.workspace = true\n";

/// Names every dependency that a manifest in these tests declares.
const USES: &str =
    "//! It.\nuse {ims_claims, ims_emulator, ims_exchange, ims_testkit, ims_token, libc, serde};\n";

const INCLUDED: &str = "#![doc = include_str!(\"../README.md\")]\n";

impl Workspace {
    fn new() -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        workspace.put("Cargo.toml", Some(ROOT));
        for name in CRATES {
            let root = if ["ims-bench", "ims-cli"].contains(name) { "main" } else { "lib" };
            workspace.put(&format!("crates/{name}/Cargo.toml"), Some(&manifest(name, "")));
            workspace.put(&format!("crates/{name}/README.md"), Some("# A crate\n"));
            workspace.put(&format!("crates/{name}/src/{root}.rs"), Some(INCLUDED));
            workspace.put(&format!("crates/{name}/tests/uses.rs"), Some(USES));
        }
        workspace
    }

    /// Writes a file, or removes it.
    fn put(&self, path: &str, text: Option<&str>) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match text {
            Some(text) => fs::write(path, text).unwrap(),
            None => drop(fs::remove_file(path)),
        }
    }

    #[track_caller]
    fn findings(&self) -> Vec<String> {
        findings(self.0.path()).unwrap().iter().map(ToString::to_string).collect()
    }
}

/// A manifest that follows the rules, with `more` at its end.
fn manifest(name: &str, more: &str) -> String {
    let imports = if name == "ims-bench" { IMPORTS } else { "" };
    let publish = if name == "ims-bench" { "publish = false\n" } else { "" };
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{publish}[lints]\nworkspace = true\n{imports}{more}"
    )
}

/// Writes each text into the file at `path`: the wrong text gives the finding, the right text gives none.
#[track_caller]
fn check(path: &str, table: &[(Option<&str>, &str, Option<&str>)]) {
    let workspace = Workspace::new();
    for (wrong, found, right) in table {
        workspace.put(path, *wrong);
        assert_eq!(workspace.findings(), [*found], "{wrong:?}");
        workspace.put(path, *right);
        assert_eq!(workspace.findings(), [""; 0], "{right:?}");
    }
}

#[test]
fn a_crate_imports_only_from_layers_below_it() {
    let imports = |name: &str, more: &str| manifest(name, &format!("{more}\n"));
    let token = |more: &str| imports("ims-token", more);
    check(
        "crates/ims-token/Cargo.toml",
        &[
            (
                Some(&token("[dependencies]\nims-emulator.workspace = true")),
                "crates/ims-token/Cargo.toml:8: ims-token imports ims-emulator, but may import ims-claims, ims-exchange, ims-files: \
                 move the code to the layer it belongs to",
                Some(&token("[dependencies]\nims-exchange.workspace = true")),
            ),
            (
                Some(&token("[dependencies]\nims-testkit.workspace = true")),
                "crates/ims-token/Cargo.toml:8: ims-token imports ims-testkit, but may import ims-claims, ims-exchange, ims-files: \
                 move the code to the layer it belongs to",
                Some(&token("[dev-dependencies]\nims-testkit.workspace = true")),
            ),
            (
                Some(&token("[dev-dependencies]\nims-emulator.workspace = true")),
                "crates/ims-token/Cargo.toml:8: ims-token imports ims-emulator, but may import ims-claims, ims-exchange, ims-files: \
                 move the code to the layer it belongs to",
                Some(&token("[dev-dependencies]\nims-token.workspace = true")),
            ),
        ],
    );
    let emulator = |more: &str| imports("ims-emulator", more);
    check(
        "crates/ims-emulator/Cargo.toml",
        &[(
            Some(&emulator("[dev-dependencies]\nims-exchange.workspace = true")),
            "crates/ims-emulator/Cargo.toml:8: ims-emulator imports ims-exchange, but may import ims-claims, ims-files: \
             move the code to the layer it belongs to",
            Some(&emulator("[dependencies]\nims-claims.workspace = true")),
        )],
    );
}

#[test]
fn a_crate_without_a_layer_is_found() {
    check(
        "crates/ims-claims/Cargo.toml",
        &[(
            Some(&manifest("ims-claim", "")),
            "crates/ims-claims/Cargo.toml:2: ims-claim has no layer: give it one in xtask/src/tidy/layers.rs",
            Some(&manifest("ims-claims", "")),
        )],
    );
}

#[test]
fn a_manifest_inherits_lints_and_dependencies() {
    const NOT_INHERITED: &str = "is not inherited: move it to [workspace.dependencies] and write";
    let claims = |more: &str| manifest("ims-claims", more);
    let bench = manifest("ims-bench", "");
    check(
        "crates/ims-claims/Cargo.toml",
        &[
            (
                Some(&claims("").replace("[lints]\nworkspace = true\n", "")),
                "crates/ims-claims/Cargo.toml:4: the lints of the workspace do not apply: write `[lints]`, `workspace = true`",
                Some(&claims("")),
            ),
            (
                Some(&claims("[build-dependencies]\nserde = \"1.0\"\n")),
                &format!(
                    "crates/ims-claims/Cargo.toml:8: serde {NOT_INHERITED} `serde.workspace = true`"
                ),
                Some(&claims("[build-dependencies]\n")),
            ),
            (
                Some(&claims(
                    "[target.'cfg(unix)'.dependencies]\nlibc = { version = \"0.2\", optional = true }\n",
                )),
                &format!(
                    "crates/ims-claims/Cargo.toml:8: libc {NOT_INHERITED} `libc.workspace = true`"
                ),
                Some(&claims("[dev-dependencies]\nims-testkit = { workspace = true }\n")),
            ),
            (
                Some(&claims("").replace("[lints]", "publish = false\n[lints]")),
                "crates/ims-claims/Cargo.toml:5: is for everyone: remove `publish = false`, or list it in \
                 xtask/src/tidy/manifests.rs",
                Some(&claims("")),
            ),
        ],
    );
    check(
        "crates/ims-bench/Cargo.toml",
        &[(
            Some(&bench.replace("publish = false\n", "")),
            "crates/ims-bench/Cargo.toml:12: is for this workspace only: write `publish = false`",
            Some(&bench),
        )],
    );
}

#[test]
fn a_readme_is_there_and_is_the_documentation() {
    check(
        "crates/ims-claims/README.md",
        &[(
            None,
            "crates/ims-claims/README.md:1: ims-claims has no README: write one",
            Some("# A crate\n"),
        )],
    );
    check(
        "crates/ims-cli/src/main.rs",
        &[(
            Some("//! The command.\n"),
            "crates/ims-cli/src/main.rs:1: the README is not the documentation: begin with \
             `#![doc = include_str!(\"../README.md\")]`",
            Some(INCLUDED),
        )],
    );
}

#[test]
fn a_file_begins_with_its_documentation_and_has_the_name_of_its_module() {
    const FILE: &str = "crates/ims-claims/src/environment.rs";
    #[rustfmt::skip]
    let table = [
        (Some("use core::fmt;\n"),  "crates/ims-claims/src/environment.rs:1: the file has no documentation: begin with `//!`", Some("//! It.\n")),
        (Some("\n//! It.\n"),       "crates/ims-claims/src/environment.rs:1: the file has no documentation: begin with `//!`", None),
        (Some("//! It.\nfn f( {"),  "crates/ims-claims/src/environment.rs:1: not valid Rust (cannot parse string into token stream): correct it", Some("//! It.\nfn f() {}")),
    ];
    check(FILE, &table);
    check(
        "crates/ims-claims/src/environment/mod.rs",
        &[(
            Some("//! It.\n"),
            "crates/ims-claims/src/environment/mod.rs:1: the file does not have the name of its module: move it to \
             crates/ims-claims/src/environment.rs",
            None,
        )],
    );
}

#[test]
fn a_closure_that_is_used_once_has_no_name() {
    const FOUND: Option<&str> = Some(
        "crates/ims-claims/src/environment.rs:2: the closure `f` is used once: write it there, or make it a function",
    );
    let once = "//! It.\nfn g() { let f = |x: u8| x + 1; f(1); }";
    let moved = "//! It.\nfn g() { let f = move |x| x; f(1); self.f(); }";
    let twice = "//! It.\nfn g() { let f = |x: u8| x + 1; f(1); f(2); }";
    let test = "//! It.\n#[cfg(test)]\nmod tests { fn g() { let f = |x: u8| x; f(1); } }";
    check(
        "crates/ims-claims/src/environment.rs",
        &[(Some(once), FOUND.unwrap(), Some(twice)), (Some(moved), FOUND.unwrap(), Some(test))],
    );
}

#[test]
fn a_file_is_too_long_by_its_code_and_not_by_its_tests() {
    const FILE: &str = "crates/ims-claims/src/environment.rs";
    let code = |lines: usize| format!("//! It.\n{}", "const X: u8 = 0;\n".repeat(lines - 1));
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    const X: u8 = 0;\n".repeat(600));
    let found = |lines: usize, path: &str| {
        format!(
            "{path}:600: {lines} lines without tests, at most 600 are allowed: split it by concept, or list it with a \
             reason in xtask/src/tidy/layout.rs"
        )
    };
    check(
        FILE,
        &[
            (Some(&code(601)), &found(601, FILE), Some(&code(600))),
            (Some(&(code(601) + &tests)), &found(601, FILE), Some(&(code(600) + &tests))),
            (
                Some(&(code(1) + &tests.replace("(test)", "(unix)"))),
                &found(604, FILE),
                Some(&(code(1) + &tests)),
            ),
        ],
    );
}

#[test]
fn a_readme_reads_well_without_rustdoc() {
    const FILE: &str = "crates/ims-claims/README.md";
    const HIDDEN: &str =
        "a hidden line is visible on a forge: remove `# `, or make the example simpler";
    const NO_LINK: &str = "is not a link on a forge: remove the brackets, or add a target";
    check(
        FILE,
        &[
            (
                Some("# It\n\n```no_run\n# use x;\nf();\n```\n"),
                &format!("{FILE}:4: {HIDDEN}"),
                Some("# It\n\n```sh\n# A comment.\nls\n```\n\n## Part\n"),
            ),
            (
                Some("# It\n\nSee [`Name`].\n"),
                &format!("{FILE}:3: [`Name`] {NO_LINK}"),
                Some(
                    "# It\n\nSee [`Name`], [`Other`](https://example.com).\n\n[`Name`]: https://example.com\n",
                ),
            ),
        ],
    );
}

#[test]
fn a_link_leads_to_a_file_of_the_repository() {
    check(
        "docs/notes.md",
        &[
            (
                Some("See [this](../crates/ims-claims/NOTES.md#part).\n"),
                "docs/notes.md:1: `../crates/ims-claims/NOTES.md#part` leads to no file: correct the link",
                Some(
                    "See [this](../crates/ims-claims/README.md#a-crate) and [that](https://example.com/x.md).\n",
                ),
            ),
            (
                Some("[one](notes.md), [two](gone/x)\n"),
                "docs/notes.md:1: `gone/x` leads to no file: correct the link",
                Some(
                    "# Part\n\n[one](notes.md), [crates](../crates), [`Item`](crate::Item), [part](#part)\n",
                ),
            ),
        ],
    );
}

#[test]
fn no_comment_leaves_work_for_later_and_no_path_is_of_one_machine() {
    let file = "crates/ims-claims/src/environment.rs";
    let note = concat!("//! It.\n// FIX", "ME: later\n");
    check(
        file,
        &[(
            Some(note),
            concat!(
                "crates/ims-claims/src/environment.rs:2: `FIX",
                "ME` leaves work for later: do it now or remove the comment"
            ),
            Some("//! It.\n// Done.\n"),
        )],
    );
    let absolute = concat!("See /", "home/somebody/notes.md\n");
    let relative = concat!(
        "https://example.com/",
        "home/x y_/",
        "work/z ./",
        "root/x ~/",
        "work/y ${DIR}/",
        "home/z\n"
    );
    check(
        "docs/notes.md",
        &[(
            Some(absolute),
            concat!(
                "docs/notes.md:1: `/",
                "home/` exists on one machine only: write a relative path or remove it"
            ),
            Some(relative),
        )],
    );
}

/// Where each banned pattern is wrong, and something like it that is right.
#[rustfmt::skip]
const BANNED: &[(&str, &str, &str, &str)] = &[
    ("ims-cli/src/x.rs",    "#[ignore",          "#[test] #[ignore = \"slow\"] fn f() {}",   "#[test] fn ignore() {}"),
    ("ims-cli/src/x.rs",    "#[should_panic",    "#[test] #[should_panic] fn f() {}",        "#[test] fn should_panic() {}"),
    ("ims-claims/src/x.rs", "pub use…*",         "pub use foo::{a::*, b};",                  "use foo::*; pub use foo::Bar; fn f() -> u8 { 2 * 3 }"),
    ("ims-claims/src/x.rs", "pub(crate)use…*",   "pub(crate) use foo::*;",                   "pub(crate) use foo::Bar;"),
    ("ims-claims/src/x.rs", "pub(super)use…*",   "pub(super) use foo::*;",                   "pub(super) use foo::Bar;"),
    ("ims-claims/src/x.rs", "mod utils",         "mod utils;",                               "mod util_rate;"),
    ("ims-claims/src/x.rs", "mod common",        "pub mod common;",                          "use common::x;"),
    ("ims-claims/src/x.rs", "mod types",         "mod types {}",                             "mod type_url;"),
    ("ims-claims/src/x.rs", "mod misc",          "mod misc;",                                "mod miscount;"),
    ("ims-claims/src/x.rs", "mod helpers",       "mod helpers;",                             "fn helpers() {}"),
    ("ims-token/src/x.rs",  "SystemTime::now",   "fn f() { std::time::SystemTime::now(); }", "fn f(now: SystemTime) { now() }"),
    ("ims-token/src/x.rs",  "Instant::now",      "fn f() { Instant :: now(); }",             "#[cfg(test)] mod tests { fn f() { Instant::now(); } }"),
    ("ims-token/src/x.rs",  "env::",             "fn f() { std::env::var(\"X\"); }",         "fn f() { env!(\"X\"); } #[cfg(test)] fn g() { env::vars(); }"),
    ("ims-token/src/x.rs",  "env;",              "use std::env;",                            "#[cfg(test)] use std::env;"),
    ("ims-token/src/x.rs",  "env,",              "use std::{env, fs};",                      "use std::{fs, io};"),
    ("ims-token/src/x.rs",  "env}",              "use std::{fs, env};",                      "#[cfg(target_env = \"msvc\")] fn f() {}"),
    ("ims-token/src/x.rs",  "env as",            "use std::env as e;",                       "fn f(x: u8) { x as u16; }"),
    ("ims-cli/src/x.rs",    ".display()",        "fn f(p: &Path) { p.display(); }",          "fn display() {} #[cfg(test)] mod tests { fn f(p: &Path) { p.display(); } }"),
];

#[test]
fn banned_code_is_found_and_what_only_looks_like_it_is_not() {
    for (file, pattern, wrong, right) in BANNED {
        let path = format!("crates/{file}");
        let ban = BANS.iter().find(|ban| ban.patterns.contains(pattern)).unwrap();
        let [wrong, right] = [wrong, right].map(|code| format!("//! It.\n\n{code}\n"));
        check(
            &path,
            &[(Some(&wrong), &format!("{path}:3: `{pattern}` {}", ban.reason), Some(&right))],
        );
    }
}

#[test]
fn every_banned_pattern_is_tested() {
    let tested: Vec<_> = BANNED.iter().map(|(_, pattern, ..)| *pattern).collect();
    let banned: Vec<_> = BANS.iter().flat_map(|ban| ban.patterns).copied().collect();
    assert_eq!(tested, banned);
}

#[test]
fn a_ban_holds_in_its_own_part_of_the_tree_only() {
    let workspace = Workspace::new();
    #[rustfmt::skip]
    let table = [
        ("crates/ims-token/src/clock.rs",       "fn f() { SystemTime::now(); }"),
        ("crates/ims-token/src/clock/tests.rs", "fn f() { Instant::now(); env::vars(); println!(); }"),
        ("crates/ims-token/tests/fleet.rs",     "fn f() { Instant::now(); env::vars(); println!(); }"),
        ("crates/ims-token/examples/x.rs",      "fn f() { Instant::now(); env::vars(); println!(); }"),
        ("crates/ims-token/build.rs",           "fn f() { env::vars(); println!(); }"),
        ("crates/ims-emulator/src/x.rs",        "fn f() { env::vars(); }"),
        ("crates/ims-cli/src/x.rs",             "fn f() { env::vars(); println!(); }"),
        ("xtask/src/x.rs",                      "fn f() { Instant::now(); env::vars(); println!(); }"),
        ("crates/ims-bench/src/x.rs",           "fn f() { Instant::now(); env::vars(); println!(); }"),
        ("target/debug/x.rs",                   "not ( Rust"),
    ];
    for (path, code) in table {
        workspace.put(path, Some(&format!("//! It.\n{code}\n")));
        assert_eq!(workspace.findings(), [""; 0], "{path}");
    }
}

#[test]
fn a_dependency_that_nothing_uses_is_found() {
    let root = |more: &str| format!("{ROOT}{more}");
    check(
        "Cargo.toml",
        &[(
            Some(&root("serde = \"1.0\"\n")),
            "Cargo.toml:12: no crate uses serde: remove it",
            Some(&root("")),
        )],
    );
    let workspace = Workspace::new();
    let imports = manifest("ims-token", "[dependencies]\nims-claims.workspace = true\n");
    workspace.put("crates/ims-token/Cargo.toml", Some(&imports));
    #[rustfmt::skip]
    let table = [
        ("//! It.\n// ims_claims::X\nfn ims() { \"ims_claims\"; }\n",  false),
        ("//! It.\nuse ims_claims::X;\n",                               true),
        ("//! It.\n//! ```\n//! use ims_claims::X;\n//! ```\n",         true),
    ];
    for (code, is_used) in table {
        workspace.put("crates/ims-token/tests/uses.rs", Some(code));
        let found = "crates/ims-token/Cargo.toml:8: ims-claims is not used: remove it, or list it with its reason in \
                     xtask/src/tidy/manifests.rs";
        let expected = if is_used { vec![] } else { vec![found.to_owned()] };
        assert_eq!(workspace.findings(), expected, "{code}");
    }
}

#[test]
fn two_files_that_import_each_other_are_found() {
    const ONE: &str = "crates/ims-claims/src/one.rs";
    let workspace = Workspace::new();
    #[rustfmt::skip]
    let table = [
        ("use crate::two::Two;",                              "use crate::one::One;",                       true),
        ("use crate::{three, two::{Two, deep::X}};",          "use super::{one::{self, One}, three};",      true),
        ("mod inline { use super::super::two::X; }",          "use crate::one;",                            true),
        ("use crate::two::Two;",                              "#[cfg(test)] mod tests { use crate::one; }", false),
        ("use crate::two::Two;",                              "pub(crate) use crate::one::One;",            false),
        ("use crate::two::Two;",                              "mod one { use super::X; } use self::one::X;", false),
        ("use crate::two::Two;",                              "use serde::one; use core::one;",             false),
        ("use crate::two::Two;",                              "use crate::three::Three;",                   false),
        ("fn f(x: crate::two::Two) {}",                       "fn g() { super::one::f(Two) }",              true),
        ("use crate::two::Two;",                              "fn g() { other::crate_one::f() }",           false),
        ("use crate::two::Two;",                              "#[cfg(test)] mod tests { fn g() { crate::one::f() } }", false),
    ];
    for (one, two, is_circle) in table {
        workspace.put(ONE, Some(&format!("//! It.\n{one}\n")));
        workspace.put("crates/ims-claims/src/two.rs", Some(&format!("//! It.\n{two}\n")));
        workspace.put("crates/ims-claims/src/three.rs", Some("//! It.\n"));
        let found = "crates/ims-claims/src/one.rs:2: imports crates/ims-claims/src/two.rs, which imports this file: move \
                     what they need to another file, or make one of them";
        let expected = if is_circle { vec![found.to_owned()] } else { vec![] };
        assert_eq!(workspace.findings(), expected, "{one} {two}");
    }
}

#[test]
fn a_circle_of_three_files_is_found_once() {
    let workspace = Workspace::new();
    for (file, imports) in [("one", "two"), ("two", "three"), ("three", "one")] {
        let text = format!("//! It.\nuse crate::{imports}::X;\n");
        workspace.put(&format!("crates/ims-claims/src/{file}.rs"), Some(&text));
    }
    let found = "crates/ims-claims/src/one.rs:2: imports crates/ims-claims/src/two.rs, which imports \
                 crates/ims-claims/src/three.rs, which imports this file: move what they need to another file, or make one of \
                 them";
    assert_eq!(workspace.findings(), [found]);
}

#[test]
fn a_parent_and_its_child_that_import_each_other_are_found() {
    let workspace = Workspace::new();
    workspace.put("crates/ims-claims/src/a.rs", Some("//! It.\nmod b;\nuse b::X;\n"));
    workspace.put("crates/ims-claims/src/a/b.rs", Some("//! It.\nuse super::Y;\n"));
    let found = "crates/ims-claims/src/a.rs:3: imports crates/ims-claims/src/a/b.rs, which imports this file: move what \
                 they need to another file, or make one of them";
    assert_eq!(workspace.findings(), [found]);
}

#[test]
fn an_import_through_the_crate_root_is_found() {
    const MESSAGE: &str = "comes through the crate root: import it from the module that defines it";
    check(
        "crates/ims-claims/src/environment.rs",
        &[
            (
                Some("//! It.\nuse crate::OrgId;\n"),
                &format!("crates/ims-claims/src/environment.rs:2: `crate::OrgId` {MESSAGE}"),
                Some("//! It.\nuse crate::environment::OrgId;\n"),
            ),
            (
                Some("//! It.\nuse super::OrgId;\n"),
                &format!("crates/ims-claims/src/environment.rs:2: `crate::OrgId` {MESSAGE}"),
                Some("//! It.\n#[cfg(test)]\nmod tests { use crate::OrgId; }\n"),
            ),
        ],
    );
}

#[test]
fn a_word_of_the_glossary_is_found_in_names_comments_messages_and_documents() {
    let workspace = Workspace::new();
    #[rustfmt::skip]
    let table = [
        ("docs/x.md",                      "It lies there.",                    Some("`lies` is not plain English here: write is")),
        ("docs/x.md",                      "Families, relies and lie.",         None),
        ("docs/x.md",                      "A key of\nits own.",                Some("`of its own` is not plain English here: write its own")),
        ("docs/x.md",                      "A part of its owner.",              None),
        ("docs/x.md",                      "No more.",                          Some("`no more` is not plain English here: write no longer")),
        ("docs/x.md",                      "No more than two. No, more.",       None),
        ("docs/x.md",                      "Add bindings.",                     Some("`bindings` is not plain English here: write integrations")),
        ("docs/x.md",                      "Not any of the\nbindings",          None),
        ("docs/x.md",                      "Besides, it stands for a key.",     None),
        ("docs/x.lock",                    "It lies there.",                    None),
        ("crates/ims-cli/src/x.rs",        "//! It.\nfn nobody_waits() {}",     Some("`nobody` is not plain English here: write no one, or anyone who")),
        ("crates/ims-cli/src/x.rs",        "//! It.\n/// Of\n/// its own.\nfn f() {}", Some("`of its own` is not plain English here: write its own")),
        ("crates/ims-cli/src/x.rs",        "//! It.\nfn f() { \"Asked anew\"; }", Some("`anew` is not plain English here: write again")),
        ("crates/ims-cli/src/x.rs",        "//! It.\nstruct Pilot;",            Some("`Pilot` is not plain English here: write Leader")),
        ("crates/ims-cli/src/x.rs",        "//! Line.\nfn f() { \"Pilot\"; PilotLight }", None),
    ];
    for (path, text, found) in table {
        workspace.put(path, Some(&format!("{text}\n")));
        let findings = workspace.findings();
        let messages: Vec<_> = findings
            .iter()
            .filter_map(|it| it.splitn(3, ':').nth(2))
            .map(str::trim_start)
            .collect();
        assert_eq!(messages, found.into_iter().collect::<Vec<_>>(), "{text}");
        workspace.put(path, None);
    }
}
