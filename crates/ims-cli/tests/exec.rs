//! `ims exec`: what the program gets, and what it does not.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use std::process::Command;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};

#[test]
fn the_program_gets_the_token_and_not_the_credentials() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let line = format!("exec -c credentials.json --url {} -- /usr/bin/env", emulator.url());
    let mut command = sandbox.ims(&line);
    let secrets = ["IMS_CLIENT_SECRET", "AIO_ims_contexts_x_client__secret", "aio_client_secret"];
    command.envs(secrets.map(|name| (name, CLIENT_SECRET))).env("OTHER", "kept");
    let end: Finished = command.output().unwrap().into();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = end.stdout.lines().collect();
    for expected in [
        &format!("IMS_CLIENT_ID={CLIENT_ID}"),
        "IMS_ORG_ID=C74F69D7594880280@AdobeOrg",
        "OTHER=kept",
    ] {
        assert!(lines.contains(&expected), "{expected} is not in {}", end.stdout);
    }
    assert!(lines.iter().any(|line| line.starts_with("IMS_ACCESS_TOKEN=eyJ")), "{}", end.stdout);
    assert!(!end.stdout.contains(CLIENT_SECRET), "{}", end.stdout);
    assert_eq!(emulator.exchanges(), 1);
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn the_exit_code_is_that_of_the_program_or_that_of_env() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let exec = format!("exec -c credentials.json --url {} --", emulator.url());
    assert_eq!(sandbox.run(&format!("{exec} /bin/sh no-such-script")).code, Some(2));
    sandbox.write("no-program", "only its owner can read this");
    for (program, code, part) in [
        ("/no/such/program", 127, "error: /no/such/program: no such program"),
        ("no-such-program", 127, "error: no-such-program: no such program"),
        ("./no-program", 126, "error: ./no-program cannot be run: Permission denied"),
        ("./tmp", 126, "error: ./tmp cannot be run: Permission denied"),
    ] {
        let env = Command::new("env").arg(program).current_dir(sandbox.path("")).output().unwrap();
        let end = sandbox.run(&format!("{exec} {program}"));
        assert_eq!((end.code, end.code), (Some(code), env.status.code()), "{program}");
        assert!(end.stderr.starts_with(part), "{}", end.stderr);
    }
}

#[test]
fn the_program_gets_no_variable_that_the_credentials_name_and_no_document() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let changes = serde_json::json!({ "client_secret": null, "client_secret_env": "MY_SECRET" });
    sandbox.write_credentials("by-variable.json", changes);
    let document = std::fs::read_to_string(sandbox.path("by-variable.json")).unwrap();
    for (arguments, credentials) in
        [("-c by-variable.json", "by-variable.json"), ("", document.as_str())]
    {
        let line = format!("exec {arguments} --url {} -- /usr/bin/env", emulator.url());
        let mut command = sandbox.ims(&line);
        command.env("MY_SECRET", CLIENT_SECRET).env("IMS_CREDENTIALS", credentials);
        let end: Finished = command.output().unwrap().into();
        assert_eq!(end.code, Some(0), "{end:?}");
        assert!(end.stdout.contains("IMS_ACCESS_TOKEN=eyJ"), "{end:?}");
        assert!(!end.stdout.contains("MY_SECRET="), "{}", end.stdout);
        assert!(!end.stdout.contains(CLIENT_SECRET), "{}", end.stdout);
        // The name of a file stays: it is not a secret.
        let is_file = !credentials.starts_with('{');
        assert_eq!(end.stdout.contains("IMS_CREDENTIALS="), is_file, "{}", end.stdout);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_command_makes_no_core_dump_and_its_program_may() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    // What the command itself starts shares its limit.
    let script = format!("ulimit -c > limit; echo {CLIENT_SECRET}");
    let changes = serde_json::json!({
        "client_secret": null, "client_secret_command": ["sh", "-c", script],
    });
    sandbox.write_credentials("by-command.json", changes);
    let end = sandbox.run(&format!("token -c by-command.json --url {}", emulator.url()));
    assert_eq!(end.code, Some(0), "{end:?}");
    assert_eq!(std::fs::read_to_string(sandbox.path("limit")).unwrap(), "0\n");
    let own = Command::new("sh").args(["-c", "ulimit -c"]).output().unwrap();
    let line = format!("exec -c credentials.json --url {} -- /bin/sh -c", emulator.url());
    let end: Finished = sandbox.ims(&line).arg("ulimit -c").output().unwrap().into();
    assert_eq!(end.stdout.as_bytes(), own.stdout, "{end:?}");
}

/// Runs `ims token` in a shell with this limit.
fn token_within(sandbox: &Sandbox, url: &str, limit: &str) -> Finished {
    let script = format!("ulimit {limit}; exec \"$0\" token -c credentials.json --url {url}");
    let ims = sandbox.ims("");
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).arg(ims.get_program()).current_dir(sandbox.path(""));
    for (name, value) in ims.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.output().unwrap().into()
}

#[test]
fn a_process_that_may_open_few_files_gets_an_error_or_its_token() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    for files in 4..24 {
        let end = token_within(&sandbox, emulator.url(), &format!("-n {files}"));
        assert!(!end.stderr.contains("panicked"), "{files}: {end:?}");
        match end.code {
            Some(0) => assert!(end.stdout.starts_with("eyJ"), "{files}: {end:?}"),
            Some(3 | 4) => assert!(end.stderr.contains("error: "), "{files}: {end:?}"),
            // With fewer files than that, the system cannot even load the program.
            other => assert!(files < 6, "{files}: {other:?} {end:?}"),
        }
    }
}

#[test]
fn a_token_that_cannot_be_cached_is_printed() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let end = token_within(&sandbox, emulator.url(), "-f 0");
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(end.stdout.starts_with("eyJ"), "{end:?}");
}
