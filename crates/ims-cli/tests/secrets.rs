//! No secret in any output, whatever the command does and whatever goes wrong, and none in its arguments.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[cfg(unix)]
use std::fs;
use std::net::TcpListener;

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
fn no_success_shows_a_secret() {
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
fn no_failure_shows_a_secret() {
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
fn no_command_about_tokens_and_credentials_shows_a_secret_or_a_token() {
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

/// Wherever something can be given on the command line, a secret is given instead: as a value, as a file, as an option and
/// as a command, in every form in which people have one.
#[test]
#[rustfmt::skip]
fn a_secret_in_any_place_of_the_command_line_is_not_repeated() {
    let sandbox = Sandbox::new();
    sandbox.write("token.txt", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
    let places = [
        "CANARY", "-c CANARY", "--CANARY", "token -c CANARY", "token --context CANARY", "token --ims-url CANARY",
        "token -c credentials.json --credential CANARY", "doctor -c CANARY", "doctor --offline -c CANARY", "exec -c CANARY -- true",
        "call CANARY -c credentials.json", "call https://adobe.io/ -c CANARY", "call https://adobe.io/ --allow-host CANARY -c credentials.json",
        "validate CANARY", "validate token.txt --client-id CANARY --ims-url http://127.0.0.1:1", "revoke CANARY", "userinfo CANARY",
        "profile CANARY", "organizations CANARY", "admin profile --guid a --auth-src b CANARY",
        "exchange on-behalf-of -c CANARY --scopes openid token.txt", "exchange on-behalf-of -c credentials.json --scopes openid CANARY",
        "exchange refresh-token -c credentials.json CANARY", "register -c CANARY --name x --redirect-uri https://x.example/ --out new.json",
        "keys --ims-url CANARY", "discovery --ims-url CANARY", "context add name -c CANARY", "context use CANARY", "context remove CANARY",
        "context show CANARY", "status -c CANARY", "cache remove CANARY", "migrate -c CANARY", "jwt sign -c CANARY",
        "jwt sign -c credentials.json --lifetime CANARY", "jwt decode CANARY", "jwt verify --key CANARY token.txt",
        "jwt verify --jwks CANARY token.txt", "cert inspect CANARY", "cert check CANARY", "cert match CANARY certificate_pub.crt",
        "cert match private.key CANARY", "cert new --out CANARY/a --days 0", "cert csr --key CANARY --subject /CN=x --out x.csr",
        "cert rotate -c CANARY", "secret list -c CANARY", "secret rotate -c CANARY", "key inspect CANARY",
        "hsm keys CANARY", "emulator --listen CANARY", "emulator --config CANARY", "emulator -c CANARY --listen 0.0.0.0:0",
        "emulator --ca-dir CANARY --listen 0.0.0.0:0", "login -c CANARY", "logout -c CANARY", "completions CANARY",
    ];
    let secrets = [
        r#"{"client_secret":"canary-in-json"}"#,
        "client_secret=canary-in-an-assignment",
        "eyJhbGciOiJSUzI1NiJ9.canary-in-a-token.c2lnbmF0dXJl",
        "p8e-canaryABCDEFGHIJKLMNOP",
        "https://user:canary-in-a-url@ims.example",
        "user:canary-in-a-host@ims.example",
        "-----BEGIN-PRIVATE-KEY-----canary",
    ];
    // Every place gets a document and one other secret, and the levels take turns, so that some hundred runs are enough.
    for (number, place) in places.iter().enumerate() {
        let other = secrets[1 + number % (secrets.len() - 1)];
        let level = ["", "-v", "-vv", "--json"][number % 4];
        for secret in [secrets[0], other] {
            // Each is one argument, like "$(cat file)" in a shell.
            let words: Vec<String> = place.split(' ').map(|word| word.replace("CANARY", secret)).collect();
            let end = Finished::from(sandbox.ims(level).args(&words).output().unwrap());
            for text in [&end.stdout, &end.stderr] {
                assert!(!text.contains("canary"), "{level} {words:?}: {end:?}");
                assert!(!text.contains("panicked"), "{level} {words:?}: {end:?}");
            }
        }
    }
}

/// Every variable that is read holds a secret in the wrong form; except for scopes, which are lists of any words.
#[test]
#[rustfmt::skip]
fn a_secret_in_any_variable_is_not_repeated() {
    let sandbox = Sandbox::new();
    let variables = [
        "IMS_CREDENTIALS", "IMS_CONTEXT", "IMS_CLIENT_ID", "IMS_CLIENT_SECRET", "IMS_ORG_ID", "IMS_TECHNICAL_ACCOUNT_ID",
        "IMS_PRIVATE_KEY", "IMS_PRIVATE_KEY_FILE", "IMS_PRIVATE_KEY_PASSPHRASE",
        "IMS_CERTIFICATE_FILE", "IMS_URL", "IMS_ACCESS_TOKEN", "AIO_CONFIG_FILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "IMS_CACHE_DIR", "XDG_CONFIG_HOME", "HOME", "RUST_LOG",
    ];
    let secrets = [
        r#"{"client_id":"a","client_secret":"canary-in-json"}"#,
        "client_secret=canary-in-an-assignment",
        "https://user:canary-in-a-url@ims.example",
        "canary\nin\nlines",
        "eyJhbGciOiJSUzI1NiJ9.canary-in-a-token.c2lnbmF0dXJl",
    ];
    let complete = [
        ("IMS_CLIENT_ID", "client"), ("IMS_CLIENT_SECRET", "canary-secret"), ("IMS_ORG_ID", "A@AdobeOrg"), ("IMS_SCOPES", "openid"),
        ("IMS_URL", "http://127.0.0.1:1"),
    ];
    let commands = ["token -v", "doctor --offline", "status", "jwt sign", "context list"];
    for (number, variable) in variables.iter().enumerate() {
        for (turn, secret) in secrets.iter().enumerate() {
            let command = commands[(number + turn) % commands.len()];
            let mut ims = sandbox.ims(command);
            ims.envs(complete).env(variable, secret);
            let end = Finished::from(ims.output().unwrap());
            for text in [&end.stdout, &end.stderr] {
                assert!(!text.contains("canary"), "{variable}={secret} {command}: {end:?}");
                assert!(!text.contains("panicked"), "{variable} {command}: {end:?}");
            }
        }
    }
}
