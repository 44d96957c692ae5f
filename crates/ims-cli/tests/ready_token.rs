//! Commands with a ready token, and with a key in a PKCS#12 file.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::process::Command;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_testkit::PASSPHRASE;
use serde_json::json;

#[path = "support/api.rs"]
mod api;
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/terminal.rs"]
mod terminal;

use api::{Api, answer};
use running_emulator::RunningEmulator;
use sandbox::{Finished, Sandbox};
use terminal::Terminal;

/// A token that was issued at this time, in seconds, for a day.
fn token_of(created_at: u64) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let payload = json!({
        "type": "access_token", "client_id": "dev-console", "user_id": "canary@AdobeID",
        "created_at": format!("{created_at}000"), "expires_in": "86400000",
    });
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&payload.to_string()), part("signature"))
}

/// The last day of 9998, so that the token is valid in every run of the tests.
fn lasting() -> String {
    token_of(253_370_678_400)
}

#[test]
fn a_local_development_token_of_aem_is_sent_as_it_is_and_ims_is_not_asked() {
    let sandbox = Sandbox::new();
    let token = lasting();
    sandbox.write(
        "dev.json",
        json!({ "ok": true, "statusCode": 200, "accessToken": token }).to_string(),
    );
    let api = Api::start([&answer("200 OK", "hello")]);
    let line = format!("call -c dev.json --allow-host localhost {}/a", api.url());
    let end = sandbox.run(&line);
    assert_eq!((end.code, end.stdout.as_str(), end.stderr.as_str()), (Some(0), "hello", ""));
    let request = &api.requests()[0];
    assert!(request.contains(&format!("\r\nauthorization: Bearer {token}\r\n")), "{request}");
    assert!(request.contains("\r\nx-api-key: dev-console\r\n"), "{request}");

    let end = sandbox.run("exec -c dev.json -- /usr/bin/env");
    assert!(end.stdout.contains(&format!("IMS_ACCESS_TOKEN={token}\n")), "{end:?}");
    let end = sandbox.run("token -c dev.json");
    assert_eq!((end.code, end.stdout), (Some(0), format!("{token}\n")));
    assert!(!sandbox.path("cache").exists(), "a token that was given is not cached");
    assert_eq!(sandbox.run("token -c dev.json --fresh").code, Some(2));
}

#[test]
fn a_program_of_exec_can_call_ims_itself_with_the_token_that_it_got() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.ims("token");
    let token = lasting();
    let end: Finished = command.env("IMS_ACCESS_TOKEN", &token).output().unwrap().into();
    assert_eq!((end.code, end.stdout), (Some(0), format!("{token}\n")), "{}", end.stderr);
    let mut command = sandbox.ims("exec -- /usr/bin/env");
    let end: Finished = command.env("IMS_CREDENTIALS", &token).output().unwrap().into();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(!end.stdout.contains("IMS_CREDENTIALS"), "{end:?}");
}

#[test]
fn an_expired_token_is_an_error_that_says_when_and_does_not_repeat_it() {
    let sandbox = Sandbox::new();
    let token = token_of(1_550_001_138);
    sandbox.write("old.txt", format!("Bearer {token}\n"));
    for command in
        ["token -c old.txt", "exec -c old.txt -- true", "call -c old.txt https://x.adobe.io/"]
    {
        let end = sandbox.run(command);
        assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""), "{command}");
        assert!(
            end.stderr.contains("expired at 2019-02-13T19:52:18Z"),
            "{command}: {}",
            end.stderr
        );
        assert!(!end.stderr.contains(&token) && !end.stderr.contains("canary"), "{}", end.stderr);
    }
    let end = sandbox.run("doctor --offline -c old.txt");
    assert_ne!(end.code, Some(0), "{end:?}");
    assert!(end.stdout.contains("expired at 2019-02-13T19:52:18Z"), "{end:?}");
}

/// Writes `key.p12`, and `p12.json`, credentials that name it and these members.
fn write_pkcs12(sandbox: &Sandbox, members: &serde_json::Value) {
    let mut changes = json!({ "private_key_file": "key.p12", "certificate_file": null });
    changes.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    sandbox.write_credentials("p12.json", changes);
    let pass = format!("pass:{PASSPHRASE}");
    let output = Command::new("openssl")
        .current_dir(sandbox.path(""))
        .args(["pkcs12", "-export", "-inkey", "private.key", "-in", "certificate_pub.crt"])
        .args(["-passout", &pass])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    sandbox.write("key.p12", output.stdout);
}

#[test]
fn key_and_certificate_come_from_a_pkcs12_file() {
    let sandbox = Sandbox::new();
    sandbox.write("pass", PASSPHRASE);
    write_pkcs12(&sandbox, &json!({ "private_key_passphrase_file": "pass" }));
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let end = sandbox.run(&format!("token -c p12.json --url {}", emulator.url()));
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    assert!(end.stdout.starts_with("eyJ"));
    assert_eq!(emulator.exchanges(), 1);
    assert_eq!(emulator.terminate().code, Some(0));
    let end = sandbox.run("cert check p12.json --json");
    let own = sandbox.run("cert check credentials.json --json");
    let fingerprint = |end: &Finished| {
        let data: serde_json::Value = serde_json::from_str(&end.stdout).unwrap();
        data["certificates"][0]["sha256_fingerprint"].clone()
    };
    assert!(fingerprint(&end).is_string(), "{end:?}");
    assert_eq!(fingerprint(&end), fingerprint(&own));
}

#[test]
fn a_missing_pass_phrase_is_reported_and_on_a_terminal_asked_for_without_echo() {
    let sandbox = Sandbox::new();
    write_pkcs12(&sandbox, &json!({}));
    let end = sandbox.run("jwt sign -c p12.json");
    assert_eq!(end.code, Some(4), "{end:?}");
    assert!(end.stderr.contains("private_key_passphrase_file"), "{end:?}");

    let mut terminal = Terminal::start(&sandbox, "jwt sign -c p12.json");
    terminal.wait_for("Pass phrase of the private key: ");
    terminal.type_line(PASSPHRASE, "-echo");
    let (code, said) = terminal.finish();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("eyJ") && !said.contains(PASSPHRASE), "{said}");
}
