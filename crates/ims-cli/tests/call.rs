//! `ims call`: a request with a token, to allowed hosts and to no other.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

use std::{io::Write, net::TcpListener, process::Stdio};

use serde_json::{Value, json};

#[path = "support/api.rs"]
mod api;
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use api::{Api, answer};
use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, Finished, Sandbox};

/// A sandbox, and an emulator that knows its integration.
fn served() -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    (sandbox, emulator)
}

fn call(sandbox: &Sandbox, emulator: &RunningEmulator, arguments: &str) -> Finished {
    let url = emulator.url();
    sandbox.run(&format!("call -c credentials.json --url {url} --allow-host localhost {arguments}"))
}

#[track_caller]
fn token(sandbox: &Sandbox, emulator: &RunningEmulator) -> String {
    let end = sandbox.run(&format!("token -c credentials.json --url {}", emulator.url()));
    assert_eq!(end.code, Some(0), "{end:?}");
    end.stdout.trim_end().to_owned()
}

#[test]
fn the_request_carries_the_token_and_the_header_fields_of_adobes_apis() {
    let (sandbox, emulator) = served();
    let api = Api::start([&answer("200 OK", "hello")]);
    let end = call(&sandbox, &emulator, &format!("{}/a?b=c", api.url()));
    assert_eq!((end.code, end.stdout.as_str(), end.stderr.as_str()), (Some(0), "hello", ""));
    let request = &api.requests()[0];
    let token = token(&sandbox, &emulator);
    for part in [
        "GET /a?b=c HTTP/1.1\r\n",
        &format!("\r\nauthorization: Bearer {token}\r\n"),
        &format!("\r\nx-api-key: {CLIENT_ID}\r\n"),
        "\r\nx-gw-ims-org-id: C74F69D7594880280@AdobeOrg\r\n",
    ] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
    assert_eq!(emulator.exchanges(), 1);
}

#[test]
fn an_api_key_alone_is_sent_as_such_and_ims_is_not_asked() {
    let (sandbox, emulator) = served();
    sandbox.write("key.json", r#"{"api_key":"public-key","org_id":"C74F69D7594880280@AdobeOrg"}"#);
    let api = Api::start([&answer("200 OK", "hello")]);
    let options = format!("--allow-host 127.0.0.1 --url {}", emulator.url());
    let end = sandbox.run(&format!("call -c key.json {options} {}", api.url()));
    assert_eq!((end.code, end.stdout.as_str(), end.stderr.as_str()), (Some(0), "hello", ""));
    let request = &api.requests()[0];
    for part in ["x-api-key: public-key\r\n", "x-gw-ims-org-id: C74F69D7594880280@AdobeOrg\r\n"] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
    assert!(!request.contains("authorization:"), "{request}");
    assert_eq!(emulator.exchanges(), 0);
}

#[test]
fn the_emulator_takes_the_token() {
    let (sandbox, mut emulator) = served();
    let end = call(&sandbox, &emulator, &format!("{}/echo", emulator.url()));
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{}", end.stdout);
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn a_body_is_sent_from_the_text_a_file_or_standard_input() {
    let (sandbox, emulator) = served();
    sandbox.write("body.json", r#"{"a":1}"#);
    #[rustfmt::skip]
    let table = [
        (r#"-d {"a":1}"#,                          "POST", "application/json"),
        ("-d @body.json",                          "POST", "application/json"),
        ("-d -",                                   "POST", "application/json"),
        ("-X PATCH -d @- -H content-type:text/x",  "PATCH", "text/x"),
    ];
    for (options, method, content_type) in table {
        let api = Api::start([&answer("201 Created", "")]);
        let options = format!("{options} {}", api.url());
        let url = emulator.url();
        let line = format!("call -c credentials.json --url {url} --allow-host localhost {options}");
        let mut child = sandbox.ims(&line).stdin(Stdio::piped()).spawn().unwrap();
        // Where the command reads no standard input, no one may be there to read this.
        let _ = child.stdin.take().unwrap().write_all(br#"{"a":1}"#);
        let end: Finished = child.wait_with_output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{options}");
        let request = &api.requests()[0];
        assert!(request.starts_with(&format!("{method} / ")), "{request}");
        assert!(request.contains(&format!("\r\ncontent-type: {content_type}\r\n")), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    }
}

#[test]
fn the_status_decides_how_the_command_ends() {
    let (sandbox, emulator) = served();
    #[rustfmt::skip]
    let table = [
        ("204 No Content",            0, ""),
        ("304 Not Modified",          1, "note: the API answered 304 Not Modified\n"),
        ("403 Forbidden",             1, "note: the API answered 403 Forbidden\n"),
        ("404 Not Found",             1, "note: the API answered 404 Not Found\n"),
        ("429 Too Many Requests",     3, "note: the API answered 429 Too Many Requests\n"),
        ("503 Service Unavailable",   3, "note: the API answered 503 Service Unavailable\n"),
    ];
    for (status, code, note) in table {
        let api = Api::start([&answer(status, "")]);
        let end = call(&sandbox, &emulator, api.url());
        assert_eq!((end.code, end.stderr.as_str()), (Some(code), note), "{status}");
    }
}

#[test]
fn a_rejected_token_is_replaced_once() {
    let (sandbox, emulator) = served();
    let rejected = token(&sandbox, &emulator);
    let api = Api::start([&answer("401 Unauthorized", ""), &answer("200 OK", "hello")]);
    let end = call(&sandbox, &emulator, &format!("-d text {}", api.url()));
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), "hello"), "{}", end.stderr);
    let requests = api.requests();
    assert!(requests[0].contains(&rejected) && !requests[1].contains(&rejected), "{requests:?}");
    assert!(requests.iter().all(|request| request.ends_with("\r\n\r\ntext")), "{requests:?}");
    assert_ne!(token(&sandbox, &emulator), rejected);

    let api = Api::start([&answer("401 Unauthorized", ""), &answer("401 Unauthorized", "no")]);
    let end = call(&sandbox, &emulator, api.url());
    assert_eq!((end.code, end.stdout.as_str()), (Some(1), "no"), "{}", end.stderr);
    assert_eq!(api.requests().len(), 2);
}

#[test]
fn a_redirect_is_shown_and_not_followed() {
    let (sandbox, emulator) = served();
    let redirect =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\x1b[2J\r\nconnection: close\r\n\r\n";
    let api = Api::start([&redirect.replace('\x1b', "\u{9b}")]);
    let end = call(&sandbox, &emulator, api.url());
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("it leads to http://127.0.0.1:1/"), "{}", end.stderr);
    assert!(!end.stderr.contains('\u{9b}'), "{}", end.stderr);
    assert_eq!(api.requests().len(), 1);
}

#[test]
fn no_strange_host_gets_the_token() {
    let (sandbox, emulator) = served();
    let strange = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = strange.local_addr().unwrap().port();
    #[rustfmt::skip]
    let table = [
        (format!("http://127.0.0.1:{port}"),                         "may not have the token"),
        (format!("http://localhost:{port}"),                         "may not have the token"),
        ("https://evil-adobe.io".to_owned(),                         "may not have the token"),
        ("http://platform.adobe.io".to_owned(),                      "may not have the token"),
        ("--allow-host api.example https://example".to_owned(),      "may not have the token"),
        ("--allow-host 192.0.2.1 https://192.0.2.1".to_owned(),      "--allow-host 192.0.2.1: not a domain"),
        ("https://user:password@platform.adobe.io".to_owned(),       "does not belong on the command line"),
        ("-H Authorization:x https://platform.adobe.io".to_owned(),  "does not belong on the command line"),
        ("-H cookie:x https://platform.adobe.io".to_owned(),         "does not belong on the command line"),
        ("ftp://platform.adobe.io".to_owned(),                       "does not begin with https://"),
    ];
    for (arguments, said) in table {
        let url = emulator.url();
        let end = sandbox.run(&format!("call -c credentials.json --url {url} {arguments}"));
        assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{arguments}: {}", end.stderr);
        assert!(end.stderr.contains(said), "{arguments}: {}", end.stderr);
    }
    assert_eq!(emulator.exchanges(), 0);
    strange.set_nonblocking(true).unwrap();
    assert!(strange.accept().is_err(), "somebody has connected");
}

#[test]
fn the_head_of_the_answer_is_printed_on_demand_and_json_has_it_all() {
    let (sandbox, emulator) = served();
    let body = r#"{"a":[1]}"#;
    let api = Api::start([
        &answer("200 OK", body),
        &answer("200 OK", body),
        &answer("200 OK", "\u{9b}text"),
    ]);
    let end = call(&sandbox, &emulator, &format!("-i {}", api.url()));
    let expected = format!("HTTP/1.1 200 OK\ncontent-length: 9\nconnection: close\n\n{body}");
    assert_eq!((end.code, end.stdout), (Some(0), expected));
    let end = call(&sandbox, &emulator, &format!("--json {}", api.url()));
    let data: Value = serde_json::from_str(&end.stdout).unwrap();
    let headers = json!({"connection": ["close"], "content-length": ["9"]});
    assert_eq!(data, json!({"status": 200, "headers": headers, "body": {"a": [1]}}));
    let end = call(&sandbox, &emulator, &format!("--json {}", api.url()));
    assert!(end.stdout.contains(r#""body":"\u009btext""#), "{}", end.stdout);
}

#[test]
fn who_does_not_answer_is_named() {
    let (sandbox, emulator) = served();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let end = call(&sandbox, &emulator, &format!("http://{deaf}"));
    assert_eq!(end.code, Some(3));
    assert!(end.stderr.starts_with("error: the API did not answer: "), "{}", end.stderr);
    let end = sandbox.run(&format!("token --fresh -c credentials.json --url http://{deaf}"));
    assert_eq!(end.code, Some(3));
    assert!(end.stderr.contains(&format!("\n       asked: http://{deaf}")), "{}", end.stderr);
}
