//! `ims token` against `ims emulator`.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

#[cfg(unix)]
use base64::Engine;
use ims_testkit::keys;
use serde_json::{Value, json};

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, Finished, Sandbox};

/// A sandbox, and an emulator that knows its integration.
fn served() -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    (sandbox, emulator)
}

#[track_caller]
fn token(sandbox: &Sandbox, emulator: &RunningEmulator, options: &str) -> String {
    let url = emulator.url();
    let end = sandbox.run(&format!("token -c credentials.json --url {url} {options}"));
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{options}");
    let lines: Vec<&str> = end.stdout.lines().collect();
    assert!(lines.len() == 1 && end.stdout.ends_with('\n'), "not one line: {}", end.stdout);
    lines[0].to_owned()
}

#[track_caller]
fn assert_failed(end: &Finished, code: i32, parts: &[&str]) {
    assert_eq!((end.code, end.stdout.as_str()), (Some(code), ""), "{end:?}");
    assert!(end.stderr.starts_with("error: "), "{}", end.stderr);
    for part in parts {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
}

#[test]
fn the_token_comes_from_ims_once_and_then_from_the_cache() {
    let (sandbox, mut emulator) = served();
    let first = token(&sandbox, &emulator, "");
    assert_eq!(first.split('.').count(), 3, "{first}");
    assert_eq!(token(&sandbox, &emulator, ""), first);
    assert_eq!(emulator.exchanges(), 1);
    emulator.terminate();
    assert_eq!(token(&sandbox, &emulator, ""), first);
}

/// A proxy that answers every request so. It counts them.
fn proxy(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            counted.fetch_add(1, Ordering::Relaxed);
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, asked)
}

#[test]
fn a_proxy_that_does_not_connect_is_named_and_only_its_own_trouble_is_tried_again() {
    let sandbox = Sandbox::new();
    #[rustfmt::skip]
    let table = [
        ("HTTP/1.1 403 Forbidden\r\n\r\n",           4, "answered 403 Forbidden"),
        ("HTTP/1.1 407 No\r\n\r\n",                  4, "answered 407 Proxy Authentication Required"),
        ("HTTP/1.1 302 Found\r\n\r\n",               4, "answered 302 Found"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n",         3, "answered 502 Bad Gateway"),
    ];
    for (answer, code, said) in table {
        let (address, asked) = proxy(answer);
        let mut token = sandbox.ims("token -c credentials.json");
        token.env("HTTPS_PROXY", format!("http://user:canary@{address}"));
        token.env("SSL_CERT_FILE", sandbox.path("certificate_pub.crt"));
        let end: Finished = token.output().unwrap().into();
        let said = format!("the proxy {address} (HTTPS_PROXY) {said}");
        assert_failed(&end, code, &[&said, "hint: "]);
        assert!(!end.stderr.contains("canary"), "{end:?}");
        // One for the token, and one for the reason.
        let is_tried_again = asked.load(Ordering::Relaxed) > 2;
        assert_eq!(is_tried_again, code == 3, "{answer}");
    }
}

// Windows itself verifies certificates, and looks at no such variable.
#[cfg(unix)]
#[test]
fn the_file_of_ca_certificates_may_be_der_or_begin_with_a_byte_order_mark_and_a_bad_one_is_named() {
    let sandbox = Sandbox::new();
    let proxy = RunningEmulator::start(&sandbox, "-c credentials.json --ca-dir authority");
    let address = proxy.url().rsplit('/').next().unwrap().to_owned();
    let pem = std::fs::read_to_string(sandbox.path("authority/ca.pem")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    let run = |name: &str, contents: Option<&[u8]>| -> Finished {
        if let Some(contents) = contents {
            sandbox.write(name, contents);
        }
        let mut token = sandbox.ims("token -c credentials.json --fresh");
        token.env("HTTPS_PROXY", format!("http://{address}"));
        token.env("SSL_CERT_FILE", sandbox.path(name));
        token.output().unwrap().into()
    };
    let marked = format!("\u{feff}{pem}");
    for (name, contents) in [("ca.der", der.as_slice()), ("marked.pem", marked.as_bytes())] {
        let end = run(name, Some(contents));
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{name}");
    }
    #[rustfmt::skip]
    let table: [(&str, Option<&[u8]>, &str); 4] = [
        ("missing.pem", None,                "No such file or directory"),
        ("empty.pem",   Some(b""),           "it is empty"),
        ("page.pem",    Some(b"<html>"),     "it holds no certificate, neither PEM nor DER"),
        ("half.der",    Some(&der[..200]),   "it is damaged"),
    ];
    for (name, contents, said) in table {
        let end = run(name, contents);
        let path = sandbox.path(name);
        assert_failed(&end, 4, &["SSL_CERT_FILE", path.to_str().unwrap(), said]);
    }
}

#[test]
fn a_fresh_token_is_asked_for_and_replaces_the_one_in_the_cache() {
    let (sandbox, emulator) = served();
    let first = token(&sandbox, &emulator, "");
    let fresh = token(&sandbox, &emulator, "--fresh");
    assert_ne!(fresh, first);
    assert_eq!(emulator.exchanges(), 2);
    assert_eq!(token(&sandbox, &emulator, ""), fresh);
    assert_eq!(emulator.exchanges(), 2);
}

#[test]
fn the_token_is_printed_as_data_or_as_a_header_field_too() {
    let (sandbox, emulator) = served();
    let bare = token(&sandbox, &emulator, "");
    assert_eq!(token(&sandbox, &emulator, "--as-header"), format!("Authorization: Bearer {bare}"));
    let data: Value = serde_json::from_str(&token(&sandbox, &emulator, "--json")).unwrap();
    let mut members: Vec<&String> = data.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["access_token", "client_id", "expires_at", "expires_in", "token_type"]);
    assert_eq!(data["access_token"], bare);
    assert_eq!(data["client_id"], CLIENT_ID);
    assert_eq!(data["token_type"], "bearer");
    // IMS answers 86399999 milliseconds; read as seconds they would be years.
    assert!((86_000..=86_400).contains(&data["expires_in"].as_u64().unwrap()), "{data}");
    assert!(data["expires_at"].as_str().unwrap().ends_with('Z'), "{data}");
}

#[test]
fn sixty_four_processes_with_an_empty_cache_make_one_exchange() {
    let (sandbox, emulator) = served();
    let arguments = format!("token -c credentials.json --url {}", emulator.url());
    let children: Vec<_> = (0..64).map(|_| sandbox.ims(&arguments).spawn().unwrap()).collect();
    let mut tokens: Vec<String> = children
        .into_iter()
        .map(|child| Finished::from(child.wait_with_output().unwrap()))
        .inspect(|end| assert_eq!((end.code, end.stderr.as_str()), (Some(0), "")))
        .map(|end| end.stdout)
        .collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(emulator.exchanges(), 1);
}

#[test]
fn one_answer_that_ims_was_busy_does_not_end_a_command_that_asks_once() {
    let sandbox = Sandbox::new();
    sandbox.write("busy.toml", "[[faults]]\nfault = \"unavailable\"\ntimes = 1\n");
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json --config busy.toml");
    token(&sandbox, &emulator, "");
    assert_eq!(emulator.exchanges(), 2);
}

#[test]
fn the_environment_names_the_integration_as_the_options_do() {
    let (sandbox, emulator) = served();
    let mut command = sandbox.ims("token");
    command.env("IMS_CREDENTIALS", "credentials.json").env("IMS_URL", emulator.url());
    let by_file = Finished::from(command.output().unwrap());
    assert_eq!((by_file.code, by_file.stderr.as_str()), (Some(0), ""));
    let variables = [
        ("IMS_CLIENT_ID", CLIENT_ID),
        ("IMS_CLIENT_SECRET", sandbox::CLIENT_SECRET),
        ("IMS_ORG_ID", "C74F69D7594880280@AdobeOrg"),
        ("IMS_TECHNICAL_ACCOUNT_ID", "6657031C5C095BB40A4@techacct.adobe.com"),
        ("IMS_METASCOPES", "ent_dataservices_sdk"),
        ("IMS_PRIVATE_KEY", keys::FIRST),
        ("IMS_URL", emulator.url()),
    ];
    let by_variables =
        Finished::from(sandbox.ims("token --fresh").envs(variables).output().unwrap());
    assert_eq!((by_variables.code, by_variables.stderr.as_str()), (Some(0), ""));
    assert_eq!(emulator.exchanges(), 2);
}

#[test]
fn an_error_that_a_person_must_fix_ends_with_4_and_hints() {
    let (sandbox, emulator) = served();
    sandbox.write("second.key", keys::SECOND);
    #[rustfmt::skip]
    let table = [
        (json!({"client_secret": "another"}),           "(401 invalid_client)"),
        (json!({"private_key_file": "second.key"}),     "(400 invalid_signature)"),
        (json!({"client_id": "another"}),               "(400 invalid_client)"),
        (json!({"metascopes": ["ent_user_sdk"]}),       "(400 invalid_scope)"),
        (json!({"metascopes": ["ent_nothing_sdk"]}),    "(400 invalid_scope)"),
    ];
    for (changes, refusal) in table {
        sandbox.write_credentials("wrong.json", changes);
        let end = sandbox.run(&format!("token -c wrong.json --url {}", emulator.url()));
        assert_failed(&end, 4, &[refusal, "IMS says: ", "X-Debug-Id: ", "\n hint: "]);
    }
}

#[test]
fn what_the_certificate_says_comes_before_what_ims_says() {
    let (sandbox, emulator) = served();
    sandbox.write("second.key", keys::SECOND);
    sandbox.write_credentials("wrong.json", json!({"private_key_file": "second.key"}));
    let end = sandbox.run(&format!("token -c wrong.json --url {}", emulator.url()));
    let error =
        "error: the certificate is not that of the key that signs: IMS refused the integration: ";
    assert!(end.stderr.starts_with(error), "{}", end.stderr);
    let hint = end.stderr.lines().find(|line| line.starts_with(" hint: "));
    assert!(
        hint.is_some_and(|hint| hint.starts_with(" hint: sign with the key")),
        "{}",
        end.stderr
    );
}

#[test]
fn an_error_that_passes_ends_with_3() {
    let sandbox = Sandbox::new();
    let fault = r#"faults = [{ fault = "too_many_requests", retry_after_seconds = 60 }]"#;
    sandbox.write("busy.toml", fault);
    let busy = RunningEmulator::start(&sandbox, "-c credentials.json --config busy.toml");
    let end = sandbox.run(&format!("token -c credentials.json --url {}", busy.url()));
    assert_failed(&end, 3, &[" hint: try again in 1 min"]);

    let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let end = sandbox.run(&format!("token -c credentials.json --url http://{deaf}"));
    assert_failed(&end, 3, &["cannot connect to 127.0.0.1"]);
}

#[test]
fn what_the_command_was_not_given_ends_with_2() {
    let sandbox = Sandbox::new();
    assert_failed(&sandbox.run("token"), 2, &["no credentials are given", " hint: "]);
    let plain = sandbox.run("token -c credentials.json --url http://ims.example");
    assert_failed(&plain, 2, &["--ims-url"]);
    let both = sandbox.run("token --json --as-header");
    assert_eq!((both.code, both.stdout.as_str()), (Some(2), ""));
    assert!(both.stderr.contains("--as-header"), "{}", both.stderr);
}

#[cfg(unix)]
#[test]
fn a_private_key_that_others_can_read_is_refused_with_the_line_that_helps() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let sandbox = Sandbox::new();
    let readable = fs::Permissions::from_mode(0o644);
    fs::set_permissions(sandbox.path("private.key"), readable).unwrap();
    let end = sandbox.run("token -c credentials.json");
    assert_failed(&end, 4, &["0644", " hint: chmod 600 private.key"]);
}

#[test]
fn a_cache_that_cannot_be_used_is_named_once_and_the_token_is_printed() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    sandbox.write("file", "");
    let mut command = sandbox.ims("token -c credentials.json --url");
    command.arg(emulator.url()).env("IMS_CACHE_DIR", sandbox.path("file/cache"));
    let end: Finished = command.output().unwrap().into();
    assert_eq!((end.code, end.stdout.starts_with("eyJ")), (Some(0), true), "{end:?}");
    let said = "warning: the token is not kept for the next command: ";
    assert_eq!(end.stderr.matches(said).count(), 1, "{end:?}");
    assert_eq!(end.stderr.lines().count(), 1, "{end:?}");
    assert_eq!(emulator.terminate().code, Some(0));
}
