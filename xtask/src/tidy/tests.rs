//! Each rule with a tree that breaks it and a tree that keeps it.

use std::fs;

use tempfile::TempDir;

use super::{banned_code::BANS, *};

/// A workspace of a few empty crates that keeps every rule.
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
        }
        workspace
    }

    /// Writes a file, or takes it away.
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

/// A manifest that keeps the rules, with `more` at its end.
fn manifest(name: &str, more: &str) -> String {
    let is_unpublished = ["ims-bench", "ims-testkit"].contains(&name);
    let publish = if is_unpublished { "publish = false\n" } else { "" };
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{publish}[lints]\nworkspace = true\n{more}"
    )
}

/// Puts each text into the file at `path`: the wrong one must be found as it says, the right one not at all.
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
fn an_import_goes_down_only() {
    let imports = |name: &str, more: &str| manifest(name, &format!("{more}\n"));
    let token = |more: &str| imports("ims-token", more);
    check(
        "crates/ims-token/Cargo.toml",
        &[
            (
                Some(&token("[dependencies]\nims-emulator.workspace = true")),
                "crates/ims-token/Cargo.toml:8: ims-token imports ims-emulator, but may import ims-claims, ims-exchange: \
                 move the code to the layer it belongs to",
                Some(&token("[dependencies]\nims-exchange.workspace = true")),
            ),
            (
                Some(&token("[dependencies]\nims-testkit.workspace = true")),
                "crates/ims-token/Cargo.toml:8: ims-token imports ims-testkit, but may import ims-claims, ims-exchange: \
                 move the code to the layer it belongs to",
                Some(&token("[dev-dependencies]\nims-testkit.workspace = true")),
            ),
            (
                Some(&token("[dev-dependencies]\nims-emulator.workspace = true")),
                "crates/ims-token/Cargo.toml:8: ims-token imports ims-emulator, but may import ims-claims, ims-exchange: \
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
            "crates/ims-emulator/Cargo.toml:8: ims-emulator imports ims-exchange, but may import ims-claims: \
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
    let testkit = |more: &str| manifest("ims-testkit", more);
    check(
        "crates/ims-claims/Cargo.toml",
        &[
            (
                Some(&claims("").replace("[lints]\nworkspace = true\n", "")),
                "crates/ims-claims/Cargo.toml:4: the lints of the workspace do not hold here: write `[lints]`, `workspace = true`",
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
                "crates/ims-claims/Cargo.toml:5: is for everybody: take `publish = false` away, or list it in \
                 xtask/src/tidy/manifests.rs",
                Some(&claims("")),
            ),
        ],
    );
    check(
        "crates/ims-testkit/Cargo.toml",
        &[(
            Some(&testkit("").replace("publish = false\n", "")),
            "crates/ims-testkit/Cargo.toml:6: serves this workspace alone: write `publish = false`",
            Some(&testkit("")),
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
fn a_file_says_what_lives_in_it_and_bears_its_name() {
    const FILE: &str = "crates/ims-claims/src/environment.rs";
    #[rustfmt::skip]
    let table = [
        (Some("use core::fmt;\n"),  "crates/ims-claims/src/environment.rs:1: the file does not say what lives in it: begin with `//!`", Some("//! It.\n")),
        (Some("\n//! It.\n"),       "crates/ims-claims/src/environment.rs:1: the file does not say what lives in it: begin with `//!`", None),
        (Some("//! It.\nfn f( {"),  "crates/ims-claims/src/environment.rs:1: not Rust (cannot parse string into token stream): mend it", Some("//! It.\nfn f() {}")),
    ];
    check(FILE, &table);
    check(
        "crates/ims-claims/src/environment/mod.rs",
        &[(
            Some("//! It.\n"),
            "crates/ims-claims/src/environment/mod.rs:1: a mod.rs tells nobody its name: move it to \
             crates/ims-claims/src/environment.rs",
            None,
        )],
    );
}

#[test]
fn a_file_is_too_long_by_its_code_and_not_by_its_tests() {
    const FILE: &str = "crates/ims-claims/src/environment.rs";
    let code = |lines: usize| format!("//! It.\n{}", "const X: u8 = 0;\n".repeat(lines - 1));
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    const X: u8 = 0;\n".repeat(600));
    let found = |lines: usize, path: &str| {
        format!(
            "{path}:600: {lines} lines without tests, at most 600 are allowed: split it by noun, or list it with a \
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
fn nothing_is_left_for_later_and_no_path_is_of_one_machine() {
    let file = "crates/ims-claims/src/environment.rs";
    let note = concat!("//! It.\n// FIX", "ME: later\n");
    check(
        file,
        &[(
            Some(note),
            concat!(
                "crates/ims-claims/src/environment.rs:2: `FIX",
                "ME` is left for later: do it now or leave it out"
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
                "home/` exists on one machine only: write a relative path or take it away"
            ),
            Some(relative),
        )],
    );
}

/// Where each banned pattern is wrong, and something like it that is right.
#[rustfmt::skip]
const BANNED: &[(&str, &str, &str, &str)] = &[
    ("ims-claims/src/x.rs", "#[allow",           "#[allow(dead_code)] fn f() {}",            "#[expect(dead_code, reason = \"#[allow\")] fn f() {}"),
    ("ims-claims/src/x.rs", "#![allow",          "#![allow(dead_code)]",                     "// #![allow(dead_code)]"),
    ("ims-cli/tests/x.rs",  "todo!",             "fn f() { todo!() }",                       "fn todo() {}"),
    ("ims-cli/src/x.rs",    "unimplemented!",    "fn f() { unimplemented!(\"x\") }",         "/// Not unimplemented!()\nfn f() {}"),
    ("ims-cli/src/x.rs",    "dbg!",              "#[cfg(test)] fn f() { dbg!(1); }",         "fn f() { g(\"dbg!\") }"),
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
    ("ims-token/src/x.rs",  "print!",            "fn f() { print!(\"x\"); }",                "fn f() { write!(x, \"print!\"); }"),
    ("ims-token/src/x.rs",  "println!",          "#[cfg(test)] mod tests; fn f() { println!(); }",  "fn println() {}"),
    ("ims-token/src/x.rs",  "eprint!",           "fn f() { eprint!(\"x\"); }",               "#[cfg(test)] mod tests { fn f() { eprint!(); } }"),
    ("ims-token/src/x.rs",  "eprintln!",         "#[cfg(test)] fn g() {} fn f() { eprintln!(); }", "fn f() { 'e'; b'\\''; r#\"eprintln!()\"#; }"),
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
