//! What packagers install with the command, and how it behaves in a pipeline.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{fs, io, path::Path, process::Command};

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::{Finished, Sandbox};

/// The commands in the groups of `ims help`.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.run("help").stdout;
    let (_, groups) = help.split_once("Get a token:\n").unwrap();
    let (groups, _) = groups.split_once("\nOptions:\n").unwrap();
    let rows = groups.lines().filter_map(|line| line.strip_prefix("  "));
    let names: Vec<String> =
        rows.filter_map(|row| row.split(' ').next().map(str::to_owned)).collect();
    assert!(names.len() > 25 && names.contains(&"cert".to_owned()), "{names:?}");
    names
}

/// Runs `script` in bash, with this command first in the path.
fn bash(sandbox: &Sandbox, script: &str) -> Finished {
    let folder = Path::new(env!("CARGO_BIN_EXE_ims")).parent().unwrap();
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!("PATH={}:$PATH; {script}", folder.display()));
    command.current_dir(sandbox.path(""));
    command.output().unwrap().into()
}

/// What bash completes when the words so far are these and the tabulator key is hit.
fn completed(sandbox: &Sandbox, words: &str, last: &str) -> Vec<String> {
    let script = format!(
        "export HOME={}; eval \"$(ims completions bash)\"; COMP_WORDS=({words} {last}); \
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _clap_complete_ims ims {last} previous; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        sandbox.path("home").display()
    );
    bash(sandbox, &script).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_options() {
    let sandbox = Sandbox::new();
    for (words, last, expected) in
        [("ims", "tok", "token"), ("ims cert", "che", "check"), ("ims token", "--fr", "--fresh")]
    {
        assert_eq!(completed(&sandbox, words, last), [expected], "{words} {last}");
    }
}

#[test]
fn bash_completes_contexts_and_files_by_their_kind() {
    let sandbox = Sandbox::new();
    for name in ["stage", "production"] {
        let end = sandbox.run(&format!("context add {name} -c credentials.json"));
        assert_eq!(end.code, Some(0), "{}", end.stderr);
    }
    fs::create_dir(sandbox.path("folder")).unwrap();
    let context = r#"{"client_id":"x","client_secret":"canary","scopes":["openid"]}"#;
    let aio = format!(r#"{{"ims":{{"contexts":{{"first":{context},"second":{context}}}}}}}"#);
    sandbox.write("several.txt", aio);
    #[rustfmt::skip]
    let table: [(&str, &str, &[&str]); 10] = [
        ("ims token --context",         "''",   &["production", "stage"]),
        ("ims token --context",         "pro",  &["production"]),
        ("ims context use",             "st",   &["stage"]),
        ("ims cert check --context",    "st",   &["stage"]),
        ("ims doctor -c",               "c",    &["credentials.json"]),
        ("ims cert csr --key",          "p",    &["private.key"]),
        ("ims cert inspect",            "c",    &["certificate_pub.crt", "credentials.json"]),
        ("ims cert new --out",          "fo",   &["folder/"]),
        ("ims token -c several.txt --credential", "''", &["first", "second"]),
        ("ims token --credentials=several.txt --credential", "se", &["second"]),
    ];
    for (words, last, expected) in table {
        let mut found = completed(&sandbox, words, last);
        found.sort_unstable();
        assert_eq!(found, expected, "{words} {last}");
    }
}

#[test]
fn options_are_offered_among_values_and_subcommands_only_after_a_hyphen() {
    let sandbox = Sandbox::new();
    let end = sandbox.run("context add stage -c credentials.json");
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(completed(&sandbox, "ims context use", "''"), ["stage"]);
    assert!(completed(&sandbox, "ims context use", "--").contains(&"--help".to_owned()));
    let subcommands = completed(&sandbox, "ims cert", "''");
    assert!(subcommands.contains(&"check".to_owned()), "{subcommands:?}");
    assert!(!subcommands.iter().any(|word| word.starts_with('-')), "{subcommands:?}");
    // This command has only options.
    assert!(completed(&sandbox, "ims token", "''").contains(&"--fresh".to_owned()));
    for shell in ["fish", "zsh", "elvish", "powershell"] {
        let mut command = sandbox.ims("-- ims context use");
        command.arg("").env("IMS_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "3");
        let end: Finished = command.output().unwrap().into();
        let lines: Vec<&str> = end.stdout.lines().collect();
        assert_eq!((lines.len(), lines[0].starts_with("stage")), (1, true), "{shell}: {lines:?}");
    }
}

#[test]
fn each_shell_has_a_script_that_asks_ims() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(&format!("completions {shell}"));
        assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(script.stdout.contains("IMS_COMPLETE"), "{shell}: {}", script.stdout);
    }
    for (shell, asks) in [("fish", "cert che"), ("zsh", "cert che"), ("elvish", "cert che")] {
        let mut command = sandbox.ims(&format!("-- ims {asks}"));
        command.env("IMS_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "2");
        let end: Finished = command.output().unwrap().into();
        assert!(end.stdout.starts_with("check"), "{shell}: {}{}", end.stdout, end.stderr);
    }
}

#[test]
fn each_command_has_its_manual_page_and_none_shows_values_of_the_environment() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("man1")).unwrap();
    let mut man = sandbox.ims("man --out man1");
    man.envs([("IMS_CREDENTIALS", "canary"), ("IMS_URL", "https://canary.example")]);
    assert_eq!(man.output().unwrap().status.code(), Some(0));
    for command in commands(&sandbox).iter().chain([&"cert-check".to_owned()]) {
        let page = fs::read_to_string(sandbox.path(&format!("man1/ims-{command}.1")));
        let page = page.unwrap_or_else(|error| panic!("{command}: {error}"));
        for section in ["SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
            assert!(
                page.contains(&format!(".SH \"{section}\""))
                    || page.contains(&format!(".SH {section}")),
                "{section}: {page}"
            );
        }
        assert!(!page.contains("canary"), "{page}");
    }
}

#[test]
fn the_help_shows_no_value_of_the_environment() {
    let sandbox = Sandbox::new();
    for line in ["token --help", "doctor -h", "cert rotate --help"] {
        let mut help = sandbox.ims(line);
        help.env("IMS_URL", "https://user:canary@canary.example");
        let end: Finished = help.output().unwrap().into();
        assert!(
            end.stdout.contains("--ims-url") && !end.stdout.contains("canary"),
            "{}",
            end.stdout
        );
    }
}

#[test]
fn a_folder_that_is_not_there_gets_no_manual_pages() {
    let end = Sandbox::new().run("man --out nowhere");
    assert_eq!(end.code, Some(4));
    assert!(end.stderr.starts_with("error: nowhere cannot be written to: "), "{}", end.stderr);
}

#[test]
fn when_no_one_reads_the_output_no_error_is_printed_and_the_exit_code_is_that_of_a_closed_pipe() {
    let sandbox = Sandbox::new();
    // A check whose answer is no must not end as if it were yes.
    for command in ["completions zsh", "cert check certificate_pub.crt --within 36500d"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let end: Finished = sandbox.ims(command).stdout(writer).output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(141), ""), "{command}");
    }
}

#[test]
fn the_version_can_be_asked_for_with_a_word() {
    let sandbox = Sandbox::new();
    let version = sandbox.run("--version");
    assert_eq!((version.code, version.stdout.starts_with("ims ")), (Some(0), true), "{version:?}");
    assert_eq!(sandbox.run("version").stdout, version.stdout);
}
