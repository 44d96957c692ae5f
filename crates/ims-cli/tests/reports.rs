//! What a person or a program learns when something fails: the cause, what IMS said, and what to do about this cause alone.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

use serde_json::{Value, json};

#[path = "support/api.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod api;
#[path = "support/person.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod person;
#[path = "support/running_emulator.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use api::Api;
use person::Login;
use running_emulator::RunningEmulator;
use sandbox::{CLIENT_SECRET, Finished, Sandbox};

/// What must never be seen: the words of the HTTP library and of the parser's, layers around a cause, and secrets.
const NEVER: &[&str] = &[
    "error sending request",
    "client error",
    "tunnel error",
    "os error",
    "no access token for now",
    "a person must act",
    CLIENT_SECRET,
];

/// One answer over the wire, with these header fields besides the length.
fn answer(status: &str, header_fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{header_fields}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn json_answer(status: &str, body: &Value) -> String {
    answer(status, "content-type: application/json\r\n", &body.to_string())
}

/// The one line of JSON that a failure is.
#[track_caller]
fn failure(end: &Finished) -> Value {
    assert_eq!(end.stdout, "", "{end:?}");
    let lines: Vec<&str> = end.stderr.lines().collect();
    let said: Value = serde_json::from_str(lines.last().unwrap_or(&"")).unwrap_or_default();
    assert!(said["error"].is_object(), "{end:?}");
    assert_eq!(said["error"]["exit_code"].as_i64(), end.code.map(i64::from), "{end:?}");
    for text in NEVER {
        assert!(!end.stderr.contains(text), "{text}: {}", end.stderr);
    }
    said["error"].clone()
}

fn remedies(error: &Value) -> String {
    let remedies = error["remedies"].as_array().unwrap();
    remedies.iter().map(|remedy| remedy.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_answer_of_ims_is_reported_with_its_cause_and_the_remedies_of_that_cause() {
    let sandbox = Sandbox::new();
    let said = |code: &str, text: &str| json!({ "error": code, "error_description": text });
    let not_granted =
        "The metascopes in the JWT are not a subset of the metascopes in the binding.";
    let html = "content-type: text/html\r\n";
    #[rustfmt::skip]
    let table = [
        (json_answer("401 Unauthorized", &said("invalid_client", "invalid client_secret parameter")),    4, "wrong_secret",          "the client secret is wrong (401 invalid_client)",           "Developer Console"),
        (json_answer("400 Bad Request", &said("invalid_client", "invalid client_secret parameter")),     4, "wrong_secret",          "the client secret is wrong (400 invalid_client)",           "Developer Console"),
        (json_answer("500 Internal Server Error", &said("internal_error", "")),                          3, "migrated_or_failing",   "IMS has trouble, or the JWT credential was migrated",       "ims migrate -c FILE"),
        (json_answer("400 Bad Request", &said("invalid_signature", "")),                                 4, "certificate_unknown",   "no certificate that matches the signature",                 "expired or was removed"),
        (json_answer("400 Bad Request", &said("invalid_signature", "")),                                 4, "certificate_unknown",   "no certificate that matches the signature",                 "not its e-mail address"),
        (json_answer("400 Bad Request", &said("invalid_scope", not_granted)),                            4, "metascope_not_granted", "the metascope ent_dataservices_sdk is not granted",         "add its API to the integration"),
        (json_answer("400 Bad Request", &said("invalid_scope", "a scope that does not exist")),          4, "metascope_unknown",     "the metascope ent_dataservices_sdk is not known to IMS",    "spelling"),
        (answer("200 OK", html, "<html>Sign in to the hotel</html>"),                                    4, "not_ims",               "a page answered instead of IMS (200)",                      "HTTPS_PROXY"),
        (answer("403 Forbidden", html, "<html>blocked</html>"),                                          4, "not_ims",               "a page answered instead of IMS (403)",                      "ims_url"),
        (answer("302 Found", "location: https://portal.example/?secret=1\r\n", ""),                      4, "not_ims",               "a redirect to portal.example answered instead of IMS (302)", "the person who runs the network"),
        (answer("404 Not Found", "content-type: text/plain\r\n", "nothing"),                             4, "not_ims",               "nothing at this path",                                      "ims_url"),
        (answer("407 Proxy Authentication Required", "", ""),                                            4, "not_ims",               "a proxy that asks for a user name and a password",          "HTTPS_PROXY"),
    ];
    for (answer, code, reason, message, remedy) in table {
        let api = Api::start([answer.as_str(), answer.as_str(), answer.as_str()]);
        let token = format!("token -c credentials.json --url {}", api.url());
        let end = sandbox.run(&format!("{token} --json"));
        let error = failure(&end);
        assert_eq!((end.code, error["reason"].as_str()), (Some(code), Some(reason)), "{end:?}");
        assert!(error["message"].as_str().unwrap().contains(message), "{message}: {error}");
        assert!(remedies(&error).contains(remedy), "{remedy}: {error}");
        assert!(error["ims"]["status"].is_u64(), "{error}");
    }
}

#[test]
fn to_a_person_the_cause_comes_first_and_then_what_to_do() {
    let sandbox = Sandbox::new();
    let body = json!({ "error": "invalid_client", "error_description": "invalid client_secret parameter" });
    let fields = "content-type: application/json\r\nx-debug-id: 4b1d\r\n";
    let refusal = answer("401 Unauthorized", fields, &body.to_string());
    let api = Api::start([refusal.as_str()]);
    let end = sandbox.run(&format!("token -c credentials.json --url {}", api.url()));
    assert_eq!(
        end.stderr,
        "error: IMS refused the integration: the client secret is wrong (401 invalid_client)\n       \
         IMS says: invalid client_secret parameter\n       \
         X-Debug-Id: 4b1d (for Adobe's support)\n \
         hint: copy the client secret from the Developer Console; if it was rotated, take the new one\n"
    );
}

#[test]
fn a_wait_that_ims_asks_for_is_a_number_of_seconds_and_has_a_longest() {
    let sandbox = Sandbox::new();
    let busy = |wait: &str| {
        let fields = format!("content-type: application/json\r\nretry-after: {wait}\r\n");
        answer("429 Too Many Requests", &fields, r#"{"error":"too_many_requests"}"#)
    };
    for (wait, seconds) in [("60", 50..=61), ("18446744073709551616", 3_500..=3_601)] {
        let api = Api::start([busy(wait).as_str()]);
        let folder = format!("cache-{wait}");
        let mut token =
            sandbox.ims(&format!("token -c credentials.json --url {} --json", api.url()));
        let end =
            Finished::from(token.env("IMS_CACHE_DIR", sandbox.path(&folder)).output().unwrap());
        let error = failure(&end);
        assert_eq!((end.code, error["reason"].as_str()), (Some(3), Some("throttled")), "{end:?}");
        assert!(seconds.contains(&error["retry_after"].as_u64().unwrap()), "{error}");
    }
}

#[test]
fn a_lifetime_in_digits_and_json_of_another_media_type_are_read() {
    let sandbox = Sandbox::new();
    let token = |expires_in: Value| json!({ "access_token": "eyJ.canary.token", "token_type": "bearer", "expires_in": expires_in });
    let digits = json_answer("200 OK", &token(json!("86399999")));
    let plain =
        answer("200 OK", "content-type: text/plain\r\n", &token(json!(86_399_999)).to_string());
    for good in [digits, plain] {
        let api = Api::start([good.as_str()]);
        let end = sandbox.run(&format!("token --fresh -c credentials.json --url {}", api.url()));
        assert_eq!((end.code, end.stdout.as_str()), (Some(0), "eyJ.canary.token\n"), "{end:?}");
    }
}

#[test]
fn each_code_of_a_refused_sign_in_has_its_own_remedy() {
    #[rustfmt::skip]
    let table = [
        ("access_denied",             4, "allow what is asked for"),
        ("invalid_scope",             4, "compare the scopes"),
        ("invalid_request",           4, "compare the redirect URI"),
        ("unauthorized_client",       4, "OAuth Web App"),
        ("unsupported_response_type", 4, "which kind of credential"),
        ("server_error",              3, "wait"),
        ("temporarily_unavailable",   3, "wait"),
        ("login_required",            4, "with a dialog"),
        ("consent_required",          4, "with a dialog"),
        ("request_not_supported",     4, "by themselves"),
        ("new_in_2030",               4, "support"),
    ];
    let sandbox = Sandbox::new();
    for (code, exit_code, remedy) in table {
        let options = "login --client-id people --save saved.json --paste --json";
        let mut login = Login::start(sandbox.ims(options));
        let state = login.parameter("state");
        login.paste(&format!("http://127.0.0.1/callback?error={code}&state={state}"));
        let end = login.end();
        let error = failure(&end);
        assert_eq!(end.code, Some(exit_code), "{code}: {end:?}");
        assert_eq!(error["ims"]["code"], code, "{error}");
        assert!(remedies(&error).contains(remedy), "{code}: {error}");
        assert!(code == "access_denied" || !remedies(&error).contains("allow what"), "{error}");
    }
}

#[test]
fn a_proxy_variable_that_names_no_proxy_is_named_and_nothing_is_sent() {
    let sandbox = Sandbox::new();
    for (variable, value) in [
        ("HTTPS_PROXY", ":::"),
        ("HTTPS_PROXY", "http://"),
        ("https_proxy", "ftp://h:1"),
        ("ALL_PROXY", "foo://bar"),
        ("HTTPS_PROXY", "http://bad host"),
        ("ALL_PROXY", "socks5://canary-password@h:1080"),
    ] {
        for command in ["token -c credentials.json", "validate token.jwt", "keys"] {
            sandbox.write("token.jwt", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
            let mut command = sandbox.ims(&format!("{command} --json"));
            let end = Finished::from(command.env(variable, value).output().unwrap());
            let error = failure(&end);
            assert_eq!(
                (end.code, &error["reason"]),
                (Some(4), &json!("proxy_malformed")),
                "{end:?}"
            );
            assert!(error["message"].as_str().unwrap().contains(variable), "{error}");
            assert!(!end.stderr.contains("canary-password"), "{error}");
        }
    }
}

#[test]
fn what_the_parser_refuses_is_json_too_if_json_is_asked_for() {
    let sandbox = Sandbox::new();
    for arguments in [
        "token --json --no-such-option",
        "token --json",
        "keys --json --url http://ims.example",
        "jwt sign --json -c",
        "cert inspect --json",
        "no-such-command --json",
    ] {
        let end = sandbox.run(arguments);
        let error = failure(&end);
        assert_eq!((end.code, &error["reason"]), (Some(2), &json!("usage")), "{end:?}");
        assert!(error["ims"].is_null(), "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains("--help"), "{error}");
    }
    let text = sandbox.run("token --no-such-option");
    assert!(text.code == Some(2) && text.stderr.starts_with("error: "), "{text:?}");
}

#[test]
fn verbose_shows_each_request_without_anything_secret() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    for (option, parts) in [
        (
            "-v",
            &["request: POST http://127.0.0.1:", "/ims/exchange/jwt -> 200 OK, ", " ms, debug id "]
                [..],
        ),
        ("-vv", &["sent: ", "content-type", "received: "][..]),
    ] {
        let url = emulator.url();
        let end = sandbox.run(&format!("token {option} --fresh -c credentials.json --url {url}"));
        assert_eq!(end.code, Some(0), "{end:?}");
        for part in parts {
            assert!(end.stderr.contains(part), "{part}: {}", end.stderr);
        }
        assert!(!end.stderr.contains(CLIENT_SECRET), "{}", end.stderr);
        assert!(!end.stderr.contains(end.stdout.trim()), "{}", end.stderr);
        assert!(!end.stderr.contains("eyJ"), "{}", end.stderr);
    }
    // A server that repeats what it was sent.
    let secret = answer("401 Unauthorized", &format!("x-debug-id: {CLIENT_SECRET}\r\n"), "{}");
    let api = Api::start([secret.as_str()]);
    let end = sandbox.run(&format!("-vv token -c credentials.json --url {}", api.url()));
    assert!(end.stderr.contains("401 Unauthorized"), "{end:?}");
    assert!(!end.stderr.contains(CLIENT_SECRET), "{}", end.stderr);
}

/// `script` gives the command a terminal; its options are those of util-linux.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_a_person_sees_what_is_waited_for_and_how_long() {
    let sandbox = Sandbox::new();
    let busy = answer(
        "429 Too Many Requests",
        "content-type: application/json\r\nretry-after: 2\r\n",
        r#"{"error":"too_many_requests"}"#,
    );
    let token =
        json!({ "access_token": "eyJ.a.b", "token_type": "bearer", "expires_in": 86_399_999 });
    let api = Api::start([busy.as_str(), json_answer("200 OK", &token).as_str()]);
    let ims = env!("CARGO_BIN_EXE_ims");
    let line = format!("{ims} token -c credentials.json --url {}", api.url());
    let mut script = sandbox.ims("");
    let environment: Vec<_> = script
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.unwrap().to_owned()))
        .collect();
    script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env_clear().envs(environment).env("TERM", "xterm");
    script.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").current_dir(sandbox.path(""));
    let Ok(output) = script.stdin(std::process::Stdio::null()).output() else {
        eprintln!("SKIPPED: script is not here");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("IMS asks to wait 2 s (attempt 2 of 3)"), "{shown:?}");
    assert!(shown.contains("eyJ.a.b"), "{shown:?}");

    // Without a terminal, nothing but the token is said.
    let api = Api::start([busy.as_str(), json_answer("200 OK", &token).as_str()]);
    let end = sandbox.run(&format!("token --fresh -c credentials.json --url {}", api.url()));
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{end:?}");
}
