//! `ims emulator`, started as a test suite in another language starts it.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
#[cfg(unix)]
use sandbox::CLIENT_ID;
use sandbox::Sandbox;

#[cfg(unix)]
#[test]
fn its_first_line_is_its_base_url_and_a_signal_ends_it_with_success() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let port = emulator.first_line().strip_prefix("http://127.0.0.1:").unwrap();
    assert_ne!(port.parse::<u16>().unwrap(), 0);
    assert_eq!(emulator.exchanges(), 0);
    let end = emulator.terminate();
    assert_eq!((end.code, end.stdout.as_str(), end.stderr.as_str()), (Some(0), "", ""));
}

// On Windows it is ended before it has written that.
#[cfg(unix)]
#[test]
fn a_refusal_is_reported_on_standard_error_with_its_remedy() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    sandbox.write_credentials("wrong.json", json!({"client_secret": "another"}));
    sandbox.run(&format!("token -c wrong.json --url {}", emulator.url()));
    let end = emulator.terminate();
    assert_eq!(end.stdout, "");
    for part in ["→ 401 invalid_client", CLIENT_ID, "FAIL ", "remedy: "] {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
}

#[test]
fn a_request_is_one_line_and_with_verbose_every_check_and_with_quiet_nothing() {
    let sandbox = Sandbox::new();
    for (option, lines, has_checks) in [("", 1, false), ("-v", 30, true), ("--quiet", 0, false)] {
        let mut emulator =
            RunningEmulator::start(&sandbox, &format!("-c credentials.json {option}"));
        let end =
            sandbox.run(&format!("token --fresh -c credentials.json --url {}", emulator.url()));
        assert_eq!(end.code, Some(0), "{end:?}");
        let end = emulator.terminate();
        let count = end.stderr.lines().count();
        let is_so = if has_checks { count >= lines } else { count == lines };
        assert!(is_so, "{option}: {count} {}", end.stderr);
        assert_eq!(end.stderr.contains("\n  ok   "), has_checks, "{option}: {}", end.stderr);
    }
}

#[test]
fn it_prints_its_endpoints_and_the_schema_of_scenarios() {
    let sandbox = Sandbox::new();
    let table = sandbox.run("emulator endpoints");
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), ""));
    for line in ["/ims/exchange/jwt ", "/ims/token ", "/ims/organizations/{org}/v2 "] {
        assert!(table.stdout.lines().any(|one| one.starts_with(line)), "{line}: {}", table.stdout);
    }
    let json = sandbox.run("emulator endpoints --json");
    let rows: Value = serde_json::from_str(&json.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let old = rows.iter().find(|row| row["path"] == "/ims/token").unwrap();
    assert_eq!((&old["unit"], &old["methods"]), (&json!("milliseconds"), &json!("POST")));
    assert!(old["source"].as_str().is_some_and(|source| source.contains("OAuth.md")));
    let schema = sandbox.run("emulator schema");
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    let required = &schema["properties"]["integrations"]["items"]["required"];
    assert_eq!(required, &json!(["client_id", "org_id", "technical_account_id"]));
}

#[test]
fn as_observed_applies_to_a_scenario_too_and_a_former_name_is_noted() {
    let sandbox = Sandbox::new();
    sandbox.write("scenario.toml", "clock_offset_seconds = 0\nbindings = []\n");
    let mut emulator = RunningEmulator::start(
        &sandbox,
        "-c credentials.json --as-observed --config scenario.toml --json",
    );
    let other = json!({"technical_account_id": "OTHER@techacct.adobe.com"});
    sandbox.write_credentials("wrong.json", other);
    sandbox.run(&format!("token --fresh -c wrong.json --url {}", emulator.url()));
    let end = emulator.terminate();
    let verdict: Value = serde_json::from_str(end.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(verdict["error"], "invalid_token", "{verdict}");
    assert_eq!(end.stderr, "note: line 2: `bindings` is called `integrations` now\n");
}

#[test]
fn with_json_each_line_is_json_first_the_url_then_a_verdict_for_each_request() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json --json");
    let first: Value = serde_json::from_str(emulator.first_line()).unwrap();
    assert_eq!(first, json!({"url": emulator.url()}));
    sandbox.write_credentials("wrong.json", json!({"client_secret": "another"}));
    for file in ["credentials.json", "wrong.json"] {
        sandbox.run(&format!("token --fresh -c {file} --url {}", emulator.url()));
    }
    let end = emulator.terminate();
    let verdicts: Vec<Value> =
        end.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [granted, refused] = &verdicts[..] else { panic!("{}", end.stdout) };
    assert_eq!((&granted["status"], &granted["refusal"]), (&json!(200), &Value::Null));
    assert_eq!((&refused["status"], &refused["error"]), (&json!(401), &json!("invalid_client")));
    assert!(refused["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{refused}");
    assert_eq!(end.stderr, "");
}

#[test]
fn it_continues_to_serve_when_its_verdicts_are_no_longer_read() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.ims("emulator -c credentials.json --json");
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let started: Value = serde_json::from_str(&line).unwrap();
    let url = started["url"].as_str().unwrap();
    let codes = [(); 3]
        .map(|()| sandbox.run(&format!("token --fresh -c credentials.json --url {url}")).code);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(codes, [Some(0); 3]);
}

#[test]
fn it_continues_to_serve_when_its_verdicts_fill_a_pipe_that_is_not_read() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.ims("emulator -c credentials.json").spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let address = url.trim_end().strip_prefix("http://").unwrap();
    // A verdict on such a request has more than 100 bytes, and so all of them more than a pipe holds.
    for _ in 0..2000 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /nowhere HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 404"), "{answer}");
    }
    running_emulator::end(&mut child);
    child.wait().unwrap();
    let mut verdicts = String::new();
    child.stderr.take().unwrap().read_to_string(&mut verdicts).unwrap();
    let (time, first) = verdicts.split_once(' ').unwrap();
    assert_eq!(time.len(), "00:00:00".len(), "{verdicts}");
    assert!(first.starts_with("#1 GET /nowhere → 404 not_found\n"), "{verdicts}");
}

#[test]
fn every_integration_that_is_given_is_registered() {
    let sandbox = Sandbox::new();
    sandbox
        .write_credentials("other.json", json!({"client_id": "other", "certificate_file": null}));
    let server_to_server = json!({
        "client_id": "server", "metascopes": null, "private_key_file": null, "certificate_file": null,
        "technical_account_id": null, "scopes": ["openid", "AdobeID"],
    });
    sandbox.write_credentials("server.json", server_to_server);
    let files = ["credentials.json", "other.json", "server.json"];
    let emulator =
        RunningEmulator::start(&sandbox, &files.map(|file| format!("-c {file}")).join(" "));
    for file in files {
        let token = sandbox.run(&format!("token -c {file} --url {}", emulator.url()));
        assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""), "{file}");
    }
    assert_eq!(emulator.exchanges(), 2);
}

#[test]
fn an_invalid_configuration_is_refused_at_once_with_the_reason() {
    let sandbox = Sandbox::new();
    sandbox.write("scenario.toml", "faults = 1");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let at_taken = format!("emulator --listen {address}");
    let taken_port = format!("emulator --port {}", address.port());
    let in_use = format!("cannot listen at {address}");
    #[rustfmt::skip]
    let table = [
        ("emulator -c nowhere.json",                 4, "nowhere.json"),
        ("emulator -c private.key",                  4, "private.key"),
        ("emulator --config scenario.toml",          4, "faults: expected a list"),
        ("emulator --listen 0.0.0.0:0",              4, "--expose"),
        ("emulator --listen nowhere",                2, "--listen"),
        ("emulator --listen 8080",                   2, "use --port"),
        ("emulator --port 65536",                    2, "a number from 0 to 65535"),
        ("emulator --port 127.0.0.1:0",              2, "use --listen"),
        ("emulator --port 0 --listen 127.0.0.1:0",   2, "cannot be used with"),
        (at_taken.as_str(),                          4, in_use.as_str()),
        (taken_port.as_str(),                        4, in_use.as_str()),
        (taken_port.as_str(),                        4, "--port 0"),
    ];
    for (arguments, code, reason) in table {
        let end = sandbox.run(arguments);
        assert_eq!((end.code, end.stdout.as_str()), (Some(code), ""), "{arguments}: {end:?}");
        assert!(end.stderr.starts_with("error: "), "{arguments}: {}", end.stderr);
        assert!(end.stderr.contains(reason), "{arguments}: {}", end.stderr);
    }
}

#[cfg(unix)]
#[test]
fn the_environment_of_a_client_is_printed_for_a_shell() {
    let sandbox = Sandbox::new();
    let env = sandbox.run("emulator env --url http://127.0.0.1:8080 --ca-dir ca");
    assert_eq!((env.code, env.stderr.as_str()), (Some(0), ""));
    assert!(
        env.stdout.starts_with(
            "export HTTPS_PROXY='http://127.0.0.1:8080'\nexport https_proxy='http://127.0.0.1:8080'\n"
        ),
        "{}",
        env.stdout
    );
    assert!(env.stdout.contains("export SSL_CERT_FILE='/"), "{}", env.stdout);
}

#[test]
fn the_credentials_of_people_register_an_application_if_they_have_a_redirect_uri() {
    let sandbox = Sandbox::new();
    let mut app = json!({"user": true, "client_id": "app", "scopes": ["openid"]});
    sandbox.write("nowhere.json", app.to_string());
    app["redirect_uri"] = "http://127.0.0.1:8400/callback".into();
    sandbox.write("app.json", app.to_string());
    sandbox.write("none.txt", "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl");
    let end = sandbox.run("emulator -c nowhere.json");
    assert_eq!(end.code, Some(4));
    assert!(end.stderr.contains(" hint: name it as redirect_uri in the credentials"), "{end:?}");
    let emulator = RunningEmulator::start(&sandbox, "-c app.json");
    let ask = |file: &str| {
        sandbox.run(&format!("validate none.txt -c {file} --url {}", emulator.url())).code
    };
    // IMS answers that a token is not valid to its own clients only.
    assert_eq!((ask("app.json"), ask("credentials.json")), (Some(1), Some(4)));
    // No one pastes anything.
    let end = sandbox.run(&format!("login --paste -c app.json --url {}", emulator.url()));
    let redirect_uri = "redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2Fcallback&";
    assert_eq!(end.code, Some(4));
    assert!(end.stderr.contains(redirect_uri), "{}", end.stderr);
}

#[test]
fn it_listens_at_the_address_in_credentials_for_this_machine() {
    let sandbox = Sandbox::new();
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    sandbox.write_credentials("local.json", json!({"ims_url": url}));
    let mut emulator = RunningEmulator::start(&sandbox, "-c local.json");
    assert_eq!(emulator.first_line(), url);
    assert_eq!(sandbox.run("token -c local.json").code, Some(0));
    emulator.terminate();
    // A port that was asked for is used instead.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let arguments = format!("-c local.json --port {}", address.port());
    let emulator = RunningEmulator::start(&sandbox, &arguments);
    assert_eq!(emulator.first_line(), format!("http://{address}"));
    for free in ["--port 0", "--listen localhost:0"] {
        let emulator = RunningEmulator::start(&sandbox, &format!("-c local.json {free}"));
        let port = emulator.url().strip_prefix("http://127.0.0.1:").unwrap();
        assert_ne!(port.parse::<u16>().unwrap(), 0, "{free}");
    }
}

#[test]
fn a_missing_context_is_made_for_the_emulator_and_the_next_one_uses_it_again() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "--context local");
    let url = emulator.url().to_owned();
    let token = sandbox.run("token --context local");
    assert_eq!(token.code, Some(0), "{token:?}");
    let end = emulator.terminate();
    assert!(end.stderr.contains("ims token --context local"), "{end:?}");
    // The next one listens where the context looks for it.
    let mut emulator = RunningEmulator::start(&sandbox, "--context local");
    assert_eq!(emulator.url(), url);
    let token = sandbox.run("token --context local --fresh");
    assert_eq!(token.code, Some(0), "{token:?}");
    assert_eq!(emulator.terminate().code, Some(0));
}
