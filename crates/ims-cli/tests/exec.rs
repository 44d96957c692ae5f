//! `ims exec`: what the program gets, and what it does not.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};

#[test]
fn the_program_gets_the_token_and_not_what_got_it() {
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
fn the_exit_code_is_that_of_the_program() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let exec = format!("exec -c credentials.json --url {} --", emulator.url());
    assert_eq!(sandbox.run(&format!("{exec} /bin/sh no-such-script")).code, Some(2));
    let end = sandbox.run(&format!("{exec} /no/such/program"));
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("/no/such/program cannot be run"), "{}", end.stderr);
}
