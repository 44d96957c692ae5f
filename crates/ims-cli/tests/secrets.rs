//! No secret in any output, whatever the command does and whatever goes wrong, and none in its arguments.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

use std::{fs, net::TcpListener};

use ims_testkit::{PASSPHRASE, keys};
use serde_json::json;

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_SECRET, Finished, Sandbox};

/// Every secret that the files of a sandbox hold, the keys line by line.
fn canaries() -> Vec<&'static str> {
    let key_lines = [keys::FIRST, keys::FIRST_PBES2_AES256_SHA256]
        .into_iter()
        .flat_map(|pem| pem.lines().filter(|line| !line.starts_with("-----")))
        // 16 characters of base64 hold 96 bits, so they are nowhere by chance.
        .flat_map(|line| line.as_bytes().chunks_exact(16))
        .map(|chunk| std::str::from_utf8(chunk).unwrap());
    key_lines.chain([CLIENT_SECRET, PASSPHRASE, "canary-wrong"]).collect()
}

#[track_caller]
fn assert_silent(what: &str, output: &str) {
    for canary in canaries() {
        assert!(!output.contains(canary), "{what}: {canary} is in {output}");
    }
}

/// Runs the command and looks for canaries in what it says.
#[track_caller]
fn run_silently(sandbox: &Sandbox, arguments: &str) -> Finished {
    let end = sandbox.run(arguments);
    assert_silent(arguments, &end.stdout);
    assert_silent(arguments, &end.stderr);
    end
}

#[test]
fn no_success_tells_a_secret() {
    let sandbox = Sandbox::new();
    sandbox.write("encrypted.key", keys::FIRST_PBES2_AES256_SHA256);
    sandbox.write("passphrase", PASSPHRASE);
    let encrypted =
        json!({"private_key_file": "encrypted.key", "private_key_passphrase_file": "passphrase"});
    sandbox.write_credentials("encrypted.json", encrypted);
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json --json");
    assert_eq!(run_silently(&sandbox, "demo").code, Some(0));
    let mut tokens = Vec::new();
    for file in ["credentials.json", "encrypted.json"] {
        let jwt = run_silently(&sandbox, &format!("jwt sign -c {file}"));
        assert_eq!((jwt.code, jwt.stderr.as_str()), (Some(0), ""), "{file}");
        let arguments = format!("token --fresh -c {file} --url {}", emulator.url());
        let token = run_silently(&sandbox, &arguments);
        assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""), "{file}");
        tokens.push(token.stdout.trim_end().to_owned());
    }
    assert_eq!(emulator.exchanges(), 2);
    let said = emulator.terminate();
    assert!(said.stdout.contains("exchange_jwt"), "{}", said.stdout);
    for text in [&said.stdout, &said.stderr] {
        assert_silent("emulator", text);
        assert!(tokens.iter().all(|token| !text.contains(token)), "a token is in {text}");
    }
}

#[test]
fn no_failure_tells_a_secret() {
    let sandbox = Sandbox::new();
    let truncated = &keys::FIRST[..keys::FIRST.len() / 2];
    sandbox.write("truncated.key", truncated);
    sandbox.write("encrypted.key", keys::FIRST_PBES2_AES256_SHA256);
    sandbox.write("passphrase", "canary-wrong");
    sandbox.write("broken.json", format!(r#"{{"client_secret": "{CLIENT_SECRET}" oops"#));
    sandbox.write("broken.toml", format!("client_secret = \"{CLIENT_SECRET}\noops"));
    sandbox.write("key.json", json!(keys::FIRST).to_string());
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = emulator.url();
    #[rustfmt::skip]
    let wrong_members = [
        json!({"client_secret": [CLIENT_SECRET]}),
        json!({"client_secret": {"a": CLIENT_SECRET}}),
        json!({"client_secret": "canary-wrong"}),
        json!({"metascopes": {"canary-wrong": 1}, "client_id": 7}),
        json!({"private_key_file": keys::FIRST}),
        json!({"private_key_file": [keys::FIRST]}),
        json!({"certificate_file": keys::FIRST}),
        json!({"certificate_file": "private.key"}),
        json!({"private_key_file": "truncated.key"}),
        json!({"private_key_file": "encrypted.key"}),
        json!({"private_key_file": "encrypted.key", "private_key_passphrase_file": "passphrase"}),
        json!({"private_key_file": "certificate_pub.crt"}),
        json!({"signer": keys::FIRST, "private_key_file": null}),
        json!({"client_secret": null, "client_secret_file": "nowhere"}),
        json!({"org_id": null}),
        json!({"ims_url": format!("https://user:{CLIENT_SECRET}@127.0.0.1")}),
        json!({"org_id": CLIENT_SECRET}),
    ];
    for changes in wrong_members {
        sandbox.write_credentials("wrong.json", changes.clone());
        for arguments in [
            &format!("token -c wrong.json --url {url}"),
            "emulator -c wrong.json --listen 0.0.0.0:0",
        ] {
            let end = run_silently(&sandbox, arguments);
            assert_eq!(end.code, Some(4), "{changes}: {arguments}: {end:?}");
        }
    }
    for arguments in [
        "token -c private.key",
        "token -c key.json",
        "token -c broken.json",
        "token -c broken.toml",
        "jwt sign -c private.key",
        "jwt decode private.key",
        "jwt verify --key private.key private.key",
        "jwt verify --jwks private.key credentials.json",
        "emulator --config private.key",
        "emulator --config broken.toml",
        "emulator --config key.json",
    ] {
        let end = run_silently(&sandbox, arguments);
        assert_ne!(end.code, Some(0), "{arguments}");
    }
    let unreachable =
        run_silently(&sandbox, &format!("token -c credentials.json --url http://{deaf}"));
    assert_eq!(unreachable.code, Some(3));
}

#[test]
fn no_command_about_tokens_and_credentials_tells_a_secret_or_a_token() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json --json");
    let url = emulator.url().to_owned();
    let token = sandbox.run(&format!("token -c credentials.json --url {url}")).stdout;
    sandbox.write("token.txt", &token);
    let wrong =
        json!({"client_secret": "canary-wrong", "technical_account_id": "6@techacct.adobe.com"});
    sandbox.write_credentials("wrong.json", wrong);
    for (arguments, code) in [
        ("validate -c credentials.json", Some(0)),
        ("validate token.txt --local", Some(0)),
        ("userinfo token.txt --json", Some(0)),
        ("profile token.txt", Some(0)),
        ("organizations token.txt", Some(0)),
        ("call -c credentials.json --allow-host localhost -i URL/echo", Some(0)),
        ("call -c wrong.json --allow-host localhost URL/echo", Some(4)),
        ("exchange cluster -c credentials.json --user-id A1@AdobeID token.txt", Some(0)),
        ("exchange on-behalf-of -c wrong.json --scopes openid token.txt", Some(4)),
        ("exchange on-behalf-of -c credentials.json --scopes openid private.key", Some(2)),
        ("revoke -c wrong.json --client-id unknown token.txt", Some(4)),
        ("revoke token.txt", Some(0)),
        ("userinfo token.txt", Some(4)),
        ("validate private.key", Some(2)),
        ("validate private.key -c credentials.json", Some(2)),
        ("migrate -c credentials.json --scopes openid --check --out new.json", Some(1)),
    ] {
        let end =
            run_silently(&sandbox, &format!("{} --url {url}", arguments.replace("URL", &url)));
        assert_eq!(end.code, code, "{arguments}: {end:?}");
        for text in [&end.stdout, &end.stderr] {
            assert!(!text.contains(token.trim_end()), "{arguments}: the token is in {text}");
        }
    }
    for arguments in ["context add all -c credentials.json", "context show", "context list --json"]
    {
        assert_eq!(run_silently(&sandbox, arguments).code, Some(0), "{arguments}");
    }
    let said = emulator.terminate();
    assert!(!said.stdout.contains(token.trim_end()), "the token is in {}", said.stdout);
    assert_silent("emulator", &said.stdout);
}

#[cfg(unix)]
#[test]
fn no_secret_is_in_the_arguments_of_the_process_or_of_one_it_starts() {
    let sandbox = Sandbox::new();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let mut child = sandbox.ims(&format!("token -c credentials.json --url {url}")).spawn().unwrap();
    // The connection comes once the credentials are read and the assertion is signed.
    let connection = mute.accept().unwrap();
    let process = format!("/proc/{}", child.id());
    let arguments = fs::read_to_string(format!("{process}/cmdline")).unwrap();
    let children = fs::read_to_string(format!("{process}/task/{}/children", child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(connection);
    assert!(arguments.contains("credentials.json"), "{arguments}");
    assert_silent("/proc/PID/cmdline", &arguments);
    assert_eq!(children.unwrap_or_default(), "");
}
