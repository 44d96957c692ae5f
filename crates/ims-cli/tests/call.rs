//! `ims call`: a request with a token, to allowed hosts and to no other.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[cfg(target_os = "linux")]
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    process::Command,
    thread,
};
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

/// The same answer with another header field.
fn with_field(answer: &str, field: &str) -> String {
    answer.replacen("\r\n", &format!("\r\n{field}\r\n"), 1)
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
        // If the command does not read standard input, writing to it may fail.
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
fn no_foreign_host_gets_the_token() {
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
    assert!(strange.accept().is_err(), "someone has connected");
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
fn a_host_that_does_not_answer_is_named() {
    let (sandbox, emulator) = served();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let end = call(&sandbox, &emulator, &format!("http://{deaf}"));
    assert_eq!(end.code, Some(3));
    assert!(end.stderr.starts_with("error: the API did not answer: "), "{}", end.stderr);
    let end = sandbox.run(&format!("token --fresh -c credentials.json --url http://{deaf}"));
    assert_eq!(end.code, Some(3));
    assert!(end.stderr.contains(&format!("\n       asked: http://{deaf}")), "{}", end.stderr);
}

#[test]
fn a_path_is_below_the_base_or_below_the_url_that_the_context_says() {
    let (sandbox, emulator) = served();
    let ok = answer("200 OK", "hello");
    let api = Api::start([&ok, &ok, &ok]);
    let base = format!("{}/base/", api.url());
    let end = call(&sandbox, &emulator, &format!("--base {base} /a?b=c"));
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), "hello"), "{}", end.stderr);
    let url = emulator.url();
    let add = format!("context add api -c credentials.json --ims-url {url} --api-url {base}");
    assert_eq!(sandbox.run(&add).code, Some(0));
    // The context is the current one; an explicit base has priority over that of the context.
    let end = sandbox.run("call --allow-host localhost a");
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    let end = sandbox.run(&format!("call --allow-host localhost --base {} /c", api.url()));
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    let asked: Vec<String> =
        api.requests().iter().map(|it| it.lines().next().unwrap().to_owned()).collect();
    assert_eq!(asked, ["GET /base/a?b=c HTTP/1.1", "GET /base/a HTTP/1.1", "GET /c HTTP/1.1"]);
    #[rustfmt::skip]
    let table = [
        ("-c credentials.json /a",              "error: it is not known at which host /a is"),
        ("--context api platform.adobe.io/a",   "a URL begins with https://, and a path with /"),
        ("--context api /a",                    "may not have the token"),
    ];
    for (arguments, said) in table {
        let end = sandbox.run(&format!("call {arguments}"));
        assert_eq!(end.code, Some(2), "{arguments}");
        assert!(end.stderr.contains(said), "{arguments}: {}", end.stderr);
    }
}

#[test]
fn a_filter_prints_what_it_makes_of_a_good_answer_alone() {
    let (sandbox, emulator) = served();
    let body = r#"{"items":[{"id":12345678901234567890,"name":"a \u001b b"},{"id":2,"name":"c"}]}"#;
    #[rustfmt::skip]
    let table = [
        (".items[].id",         "12345678901234567890\n2\n"),
        (".items[1].name",      "c\n"),
        (".items[0].name",      "a \u{1b} b\n"),
        (".items[1]",           "{\"id\":2,\"name\":\"c\"}\n"),
        (".items|length",       "2\n"),
        ("empty",               ""),
    ];
    for (filter, expected) in table {
        let api = Api::start([&answer("200 OK", body)]);
        let end = call(&sandbox, &emulator, &format!("--jq {filter} {}", api.url()));
        assert_eq!(
            (end.code, end.stdout.as_str()),
            (Some(0), expected),
            "{filter}: {}",
            end.stderr
        );
    }
    let api = Api::start([
        &answer("200 OK", "<html>"),
        &answer("200 OK", "[1]"),
        &answer("403 Forbidden", r#"{"error_code":"403003"}"#),
    ]);
    for (filter, code, part) in [
        (".a", 4, "error: the answer is not JSON, so --jq cannot filter it"),
        (".a", 2, "error: --jq does not fit the answer: "),
        (".a", 1, "note: 403003: the API does not know this client id"),
    ] {
        let end = call(&sandbox, &emulator, &format!("--jq {filter} {}", api.url()));
        assert_eq!((end.code, end.stdout.as_str()), (Some(code), ""), "{}", end.stderr);
        assert!(end.stderr.contains(part), "{}", end.stderr);
    }
    // A filter that cannot be read is refused before anything is sent.
    let end = call(&sandbox, &emulator, "--jq .a| http://127.0.0.1:1");
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.starts_with("error: --jq: term is expected at the end"), "{}", end.stderr);
}

#[test]
fn all_pages_are_asked_for_at_the_same_host_and_at_no_other() {
    let (sandbox, emulator) = served();
    let page =
        |body: &str, link: &str| with_field(&answer("200 OK", body), &format!("link: {link}"));
    let api = Api::start([
        &page("[1]", "</items?page=2>; rel=\"next\""),
        &page("[2]", "</items>; rel=\"first\", <?page=3>; rel=\"next\""),
        &answer("200 OK", "[3]"),
    ]);
    let line = format!("--paginate --jq .[] {}/items", api.url());
    let end = call(&sandbox, &emulator, &line);
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), "1\n2\n3\n"), "{}", end.stderr);
    let requests = api.requests();
    for (request, line) in requests.iter().zip(["/items ", "/items?page=2 ", "/items?page=3 "]) {
        assert!(request.starts_with(&format!("GET {line}")), "{request}");
        assert!(request.contains("\r\nauthorization: Bearer "), "{request}");
    }
    assert_eq!(emulator.exchanges(), 1);

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", other.local_addr().unwrap());
    let api = Api::start([&page("[1]", &format!("<{elsewhere}/items>; rel=next"))]);
    let end = call(&sandbox, &emulator, &format!("--paginate {}/items", api.url()));
    assert_eq!((end.code, end.stdout.as_str()), (Some(4), "[1]"));
    let said = format!("error: the next page is at {elsewhere}, which gets no token\n");
    assert!(end.stderr.starts_with(&said), "{}", end.stderr);
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "someone has connected");
    let end = call(&sandbox, &emulator, &format!("--paginate -X POST {}", api.url()));
    assert_eq!(end.code, Some(2));
}

#[test]
fn an_error_of_the_gateway_is_explained_with_what_to_do() {
    let (sandbox, emulator) = served();
    #[rustfmt::skip]
    let table = [
        ("403 Forbidden",         "403003", 1, "hint: add the API to the project"),
        ("403 Forbidden",         "403023", 1, "hint: assign a product profile"),
        ("403 Forbidden",         "403025", 1, "hint: assign a product profile"),
        // The gateway says 403 where it could not ask for the profile.
        ("403 Forbidden",         "503020", 3, "hint: try again later"),
        ("504 Gateway Timeout",   "504001", 3, "hint: ask for less at a time"),
        ("429 Too Many Requests", "429050", 3, "hint: send fewer requests"),
    ];
    for (status, error, code, hint) in table {
        let body = format!(r#"{{"error_code":"{error}","message":"canary"}}"#);
        let failure = with_field(&answer(status, &body), "retry-after: 7");
        let api = Api::start([&failure, &failure]);
        let end = call(&sandbox, &emulator, api.url());
        assert_eq!((end.code, end.stdout.as_str()), (Some(code), body.as_str()));
        for part in [&format!("note: {error}: "), hint, "note: Retry-After: 7\n"] {
            assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
        }
        let end = call(&sandbox, &emulator, &format!("--json {}", api.url()));
        let data: Value = serde_json::from_str(&end.stdout).unwrap();
        assert_eq!(data["explanation"]["code"], json!(error));
        assert!(!data["explanation"]["remedies"].as_array().unwrap().is_empty());
    }
}

#[test]
fn verbose_shows_the_request_to_the_api_without_the_token_and_the_query() {
    let (sandbox, emulator) = served();
    let api = Api::start([&answer("200 OK", "hello")]);
    let end = call(&sandbox, &emulator, &format!("-vv {}/a?key=canary-query", api.url()));
    let token = token(&sandbox, &emulator);
    let url = api.url();
    for part in [
        format!("request: GET {url}/a?… -> 200 OK, "),
        format!("x-api-key: {CLIENT_ID}"),
        "authorization: Bearer …".to_owned(),
    ] {
        assert!(end.stderr.contains(&part), "{part} is not in {}", end.stderr);
    }
    assert!(!end.stderr.contains(&token) && !end.stderr.contains("canary-query"), "{}", end.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn json_has_a_line_for_each_member_on_a_terminal_and_is_as_it_came_elsewhere() {
    let (sandbox, emulator) = served();
    let body = r#"{"z":1.0,"a":[]}"#;
    let api = Api::start([&answer("200 OK", body), &answer("200 OK", body)]);
    let url = emulator.url();
    let arguments =
        format!("call -c credentials.json --ims-url {url} --allow-host localhost {}", api.url());
    assert_eq!(sandbox.run(&arguments).stdout, body);
    let ims = sandbox.ims("");
    let line = format!("{} {arguments}", ims.get_program().to_str().unwrap());
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).current_dir(sandbox.path("")).stdin(Stdio::null());
    terminal.env("TERM", "dumb");
    for (name, value) in ims.get_envs() {
        terminal.env(name, value.unwrap());
    }
    let end: Finished = terminal.output().unwrap().into();
    let expected = "{\r\n  \"z\": 1.0,\r\n  \"a\": []\r\n}\r\n";
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), expected));
}

/// A server that reads one request, however long its body is, and tells its head, the length of its body, and how much memory
/// the client with this process id has used.
#[cfg(target_os = "linux")]
fn swallow(listener: &TcpListener, client: impl FnOnce() -> u32) -> (String, u64, u64) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::with_capacity(1 << 20, stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let mut length = 0;
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    if let Some(announced) = announced {
        let mut body = reader.by_ref().take(announced.parse().unwrap());
        length = std::io::copy(&mut body, &mut std::io::sink()).unwrap();
    } else {
        // RFC 9112 §7.1: the length of each chunk is in hexadecimal, and the last has none.
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = u64::from_str_radix(size.trim(), 16).unwrap();
            std::io::copy(&mut reader.by_ref().take(size + 2), &mut std::io::sink()).unwrap();
            length += size;
            if size == 0 {
                break;
            }
        }
    }
    let status = fs::read_to_string(format!("/proc/{}/status", client())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    stream.write_all(answer("201 Created", "").as_bytes()).unwrap();
    (head, length, peak)
}

#[cfg(target_os = "linux")]
#[test]
fn three_hundred_megabytes_are_sent_with_less_than_forty_of_memory() {
    const LENGTH: u64 = 300_000_000;
    const PEAK_KIB: u64 = 40 * 1024;
    let (sandbox, emulator) = served();
    // Without a byte of it on the disk.
    File::create(sandbox.path("long.bin")).unwrap().set_len(LENGTH).unwrap();
    for (data, is_announced) in [("@long.bin", true), ("@-", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let line = format!(
            "call -c credentials.json --ims-url {} --allow-host localhost -X PUT -d {data} {url}",
            emulator.url()
        );
        let input = File::open(sandbox.path("long.bin")).unwrap();
        let child = sandbox.ims(&line).stdin(input).spawn().unwrap();
        let id = child.id();
        let server = thread::spawn(move || swallow(&listener, || id));
        let end: Finished = child.wait_with_output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{data}");
        let (head, length, peak) = server.join().unwrap();
        assert_eq!(length, LENGTH, "{data}: {head}");
        assert_eq!(head.contains("content-length: 300000000\r\n"), is_announced, "{head}");
        assert!(peak < PEAK_KIB, "{data}: {peak} KiB");
    }
}

#[test]
fn a_long_file_is_sent_again_after_a_401_and_standard_input_is_not() {
    let (sandbox, emulator) = served();
    sandbox.write("long.txt", "a".repeat(2_000_000));
    let rejected = token(&sandbox, &emulator);
    let api = Api::start([&answer("401 Unauthorized", ""), &answer("200 OK", "hello")]);
    let end = call(&sandbox, &emulator, &format!("-d @long.txt {}", api.url()));
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), "hello"), "{}", end.stderr);
    let requests = api.requests();
    assert!(requests[0].contains(&rejected) && !requests[1].contains(&rejected));
    assert!(requests.iter().all(|request| request.ends_with(&"a".repeat(2_000_000))));
}
