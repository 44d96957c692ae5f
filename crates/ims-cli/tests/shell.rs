//! What packagers install with the command, and how it behaves in a pipeline.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

use std::{fs, io, path::Path, process::Command};

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::{Finished, Sandbox};

/// The names in the first column of `ims help`.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.run("help").stdout;
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let rows = list.take_while(|line| line.starts_with("  "));
    let names = rows.filter_map(|row| row.strip_prefix("  ")?.split(' ').next().map(str::to_owned));
    // A description that is too long for its line goes on in the next one, below the first.
    names.filter(|name| !name.is_empty() && name != "help").collect()
}

/// Runs `script` in bash, with this command first in the path.
fn bash(sandbox: &Sandbox, script: &str) -> Finished {
    let folder = Path::new(env!("CARGO_BIN_EXE_ims")).parent().unwrap();
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!("PATH={}:$PATH; {script}", folder.display()));
    command.current_dir(sandbox.path(""));
    command.output().unwrap().into()
}

#[test]
fn bash_completes_commands_and_options() {
    let sandbox = Sandbox::new();
    for (words, last, expected) in
        [("ims", "tok", "token"), ("ims cert", "che", "check"), ("ims token", "--fr", "--fresh")]
    {
        let script = format!(
            "eval \"$(ims completions bash)\"; COMP_WORDS=({words} {last}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _ims ims {last} previous; echo \"${{COMPREPLY[@]}}\""
        );
        assert_eq!(bash(&sandbox, &script).stdout.trim_end(), expected, "{words} {last}");
    }
}

#[test]
fn each_shell_completes_each_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(&format!("completions {shell}"));
        assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""), "{shell}");
        for command in commands(&sandbox) {
            assert!(script.stdout.contains(&command), "{shell} does not know {command}");
        }
    }
}

#[test]
fn each_command_has_its_manual_page_and_none_tells_what_is_in_the_environment() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("man1")).unwrap();
    let mut man = sandbox.ims("man --out man1");
    man.envs([("IMS_CREDENTIALS", "canary"), ("IMS_URL", "https://canary.example")]);
    assert_eq!(man.output().unwrap().status.code(), Some(0));
    for command in commands(&sandbox).iter().chain([&"cert-check".to_owned()]) {
        let page = fs::read_to_string(sandbox.path(&format!("man1/ims-{command}.1")));
        let page = page.unwrap_or_else(|error| panic!("{command}: {error}"));
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
        assert!(!page.contains("canary"), "{page}");
    }
}

#[test]
fn a_folder_that_is_not_there_gets_no_manual_pages() {
    let end = Sandbox::new().run("man --out nowhere");
    assert_eq!(end.code, Some(4));
    assert!(end.stderr.starts_with("error: nowhere cannot be written to: "), "{}", end.stderr);
}

#[test]
fn when_no_one_reads_the_output_nothing_is_said_and_the_exit_code_is_that_of_a_closed_pipe() {
    let sandbox = Sandbox::new();
    // A check whose answer is no must not end as if it were yes.
    for command in ["completions zsh", "cert check certificate_pub.crt --within 36500d"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let end: Finished = sandbox.ims(command).stdout(writer).output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(141), ""), "{command}");
    }
}
