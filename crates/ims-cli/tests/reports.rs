//! What the command prints when something fails: the cause, what IMS said, and what to do about exactly this cause.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
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
        (json_answer("400 Bad Request", &said("invalid_scope", "ent_dataservices_sdk is not granted")),  4, "metascope_not_granted", "IMS refused the integration: the metascope ent_dataservices_sdk is not granted to the integration (400 invalid_scope)", "add its API to the integration"),
        (json_answer("403 Forbidden", &said("unauthorized_client", "invalid client_secret")),            4, "wrong_secret",          "the client secret is wrong (403 unauthorized_client)",      "Developer Console"),
        (answer("200 OK", "content-type: application/json\r\n", ""),                                     4, "other",                 "the answer is empty (200)",                                 "newest version"),
        (answer("200 OK", "content-type: application/json\r\n", "{\"access"),                            4, "other",                 "the answer is not JSON, or it is cut off (200)",             "ims_url"),
        (answer("200 OK", "content-type: application/json\r\n", "{\"hello\":1}"),                        4, "other",                 "does not have the members that IMS documents (200)",        "ims_url"),
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
        // A second request would get the same answer, except after a temporary failure.
        let attempts = if code == 3 { 3 } else { 1 };
        assert_eq!(api.requests().len(), attempts, "{message}");
    }
}

#[test]
fn the_message_names_the_scope_that_ims_names_or_else_all_that_were_asked_for() {
    let sandbox = Sandbox::new();
    write_server_to_server(&sandbox, json!({}));
    #[rustfmt::skip]
    let table = [
        ("Invalid scope: AdobeID",                      "the scope AdobeID is not granted to the credential (400 invalid_scope)"),
        ("The client does not have all of the scopes.", "one of the scopes openid, AdobeID is not granted to the credential (400 invalid_scope)"),
    ];
    for (text, message) in table {
        let body = json!({ "error": "invalid_scope", "error_description": text });
        let api = Api::start([json_answer("400 Bad Request", &body).as_str()]);
        let end = sandbox.run(&format!("token -c s2s.json --url {} --json", api.url()));
        let error = failure(&end);
        assert_eq!(error["message"], format!("IMS refused the integration: {message}"));
        assert!(remedies(&error).contains("compare the scopes"), "{error}");
    }
}

#[test]
fn the_second_secret_is_tried_at_every_status_and_the_command_says_so() {
    let sandbox = Sandbox::new();
    write_server_to_server(
        &sandbox,
        json!({ "client_secret": null, "client_secrets": ["canary-old", CLIENT_SECRET] }),
    );
    sandbox.write("user.jwt", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
    let body = json!({ "error": "invalid_client", "error_description": "invalid client_secret parameter" });
    let token = json_answer(
        "200 OK",
        &json!({ "access_token": "eyJ.a.b", "token_type": "bearer", "expires_in": 86_399 }),
    );
    for status in ["400 Bad Request", "401 Unauthorized", "403 Forbidden"] {
        for command in [
            "token --fresh -c s2s.json",
            "exchange on-behalf-of -c s2s.json --scopes openid user.jwt",
            "exchange cluster -c s2s.json --user-id A1@AdobeID user.jwt",
        ] {
            let api = Api::start([json_answer(status, &body).as_str(), token.as_str()]);
            let end = sandbox.run(&format!("{command} --url {}", api.url()));
            assert_eq!(
                (end.code, end.stdout.as_str()),
                (Some(0), "eyJ.a.b\n"),
                "{status}: {end:?}"
            );
            assert_eq!(
                end.stderr,
                "warning: IMS refuses the first client secret and accepts another: remove the first from the credentials\n"
            );
        }
    }
    // Both are wrong: the report is of the first, and nothing else is tried.
    let refusal = json_answer("400 Bad Request", &body);
    for command in ["token --fresh -c s2s.json", "revoke -c s2s.json user.jwt"] {
        let api = Api::start([refusal.as_str(), refusal.as_str()]);
        let end = sandbox.run(&format!("{command} --json --url {}", api.url()));
        assert_eq!(failure(&end)["reason"], "wrong_secret", "{command}");
        assert_eq!(api.requests().len(), 2, "{command}");
    }
}

/// The credentials of OAuth Server-to-Server, with these changes.
fn write_server_to_server(sandbox: &Sandbox, changes: Value) {
    let mut members = json!({
        "scopes": ["openid", "AdobeID"], "metascopes": null, "private_key_file": null,
        "certificate_file": null, "technical_account_id": null,
    });
    let (Value::Object(all), Value::Object(changes)) = (&mut members, changes) else {
        panic!("members are an object")
    };
    all.extend(changes);
    sandbox.write_credentials("s2s.json", members);
}

#[test]
fn a_proxy_that_does_not_connect_is_named_with_its_answer_whatever_is_asked() {
    let sandbox = Sandbox::new();
    sandbox.write("token.jwt", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
    #[rustfmt::skip]
    let table = [
        ("403 Forbidden",                     4, "answered 403 Forbidden",                     "allow connections to IMS"),
        ("407 Proxy Authentication Required", 4, "answered 407 Proxy Authentication Required", "USER:PASSWORD"),
        ("302 Found",                         4, "answered 302 Found",                         "sign in to the network"),
        ("502 Bad Gateway",                   3, "answered 502 Bad Gateway",                   "whether it can connect"),
        ("503 Service Unavailable",           3, "answered 503 Service Unavailable",           "whether it can connect"),
    ];
    for (status, code, message, remedy) in table {
        for command in ["token -c credentials.json", "userinfo token.jwt", "keys"] {
            let refusal = answer(status, "location: http://portal.example/\r\n", "");
            let api = Api::start([refusal.as_str(); 6]);
            let proxy = api.url().replace("http://", "http://user:canary-password@");
            let mut ims = sandbox.ims(&format!("{command} --json"));
            let end = Finished::from(ims.env("HTTPS_PROXY", proxy).output().unwrap());
            let error = failure(&end);
            assert_eq!(
                (end.code, &error["reason"]),
                (Some(code), &json!("proxy_refused")),
                "{end:?}"
            );
            let name =
                format!("the proxy {} (HTTPS_PROXY) {message}", &api.url()["http://".len()..]);
            assert!(error["message"].as_str().unwrap().ends_with(&name), "{name}: {error}");
            assert!(remedies(&error).contains(remedy), "{remedy}: {error}");
            assert!(!end.stderr.contains("canary"), "{end:?}");
            // The proxy is asked again only after a temporary failure.
            assert!(code == 3 || api.requests().len() <= 2, "{status}: {:?}", api.requests());
        }
    }
}

#[test]
fn a_file_of_ca_certificates_is_read_in_any_form_or_named_with_why_it_gives_none() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json --ca-dir authority");
    let address = emulator.url().rsplit('/').next().unwrap().to_owned();
    let pem = std::fs::read_to_string(sandbox.path("authority/ca.pem")).unwrap();
    sandbox.write("bom.pem", format!("\u{feff}{pem}"));
    sandbox.write("lines.pem", pem.replace('\n', "\r\n"));
    let mut openssl = std::process::Command::new("openssl");
    openssl.args("x509 -in authority/ca.pem -outform DER -out ca.der".split(' '));
    assert!(openssl.current_dir(sandbox.path("")).status().unwrap().success());
    sandbox.write("empty.pem", "");
    sandbox.write("half.pem", &pem[..pem.len() / 2]);
    #[rustfmt::skip]
    let table = [
        ("authority/ca.pem", None),
        ("bom.pem",          None),
        ("lines.pem",        None),
        ("ca.der",           None),
        ("missing.pem",      Some("cannot read")),
        ("empty.pem",        Some("it is empty")),
        ("half.pem",         Some("it is damaged")),
        ("private.key",      Some("it holds no certificate")),
        ("authority",        Some("is a folder")),
    ];
    for (file, problem) in table {
        let mut ims = sandbox.ims("token --fresh -c credentials.json --json");
        ims.env("HTTPS_PROXY", format!("http://{address}"));
        let path = sandbox.path(file);
        let end = Finished::from(ims.env("SSL_CERT_FILE", &path).output().unwrap());
        let Some(problem) = problem else {
            assert_eq!(end.code, Some(0), "{file}: {end:?}");
            continue;
        };
        let error = failure(&end);
        assert_eq!(end.code, Some(4), "{file}: {end:?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(path.to_str().unwrap()) && message.contains(problem), "{error}");
        assert!(remedies(&error).contains("SSL_CERT_FILE"), "{error}");
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
         hint: copy the client secret from the Developer Console; if it was rotated, use the new one\n"
    );
}

#[test]
fn a_wait_that_ims_asks_for_is_a_number_of_seconds_with_a_limit() {
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
fn a_token_without_a_lifetime_has_the_one_in_its_own_claims_and_otherwise_is_refused() {
    let sandbox = Sandbox::new();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let created_at = now.as_millis().to_string();
    let payload =
        json!({ "type": "access_token", "created_at": created_at, "expires_in": "3600000" });
    let payload = BASE64_URL_SAFE_NO_PAD.encode(payload.to_string());
    let own = format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln");
    for body in [json!({ "access_token": own }), json!({ "access_token": own, "expires_in": null })]
    {
        let api = Api::start([json_answer("200 OK", &body).as_str()]);
        let end =
            sandbox.run(&format!("token --fresh --json -c credentials.json --url {}", api.url()));
        assert_eq!(end.code, Some(0), "{end:?}");
        let token: Value = serde_json::from_str(&end.stdout).unwrap();
        let lifetime = token["expires_in"].as_i64().unwrap();
        assert!((3_000..=3_600).contains(&lifetime), "{token}");
    }
    #[rustfmt::skip]
    let table = [
        (json!({ "access_token": "eyJ.a.b" }),                             "other",               "does not say how long its token lives"),
        (json!({ "access_token": "eyJ.a.b", "expires_in": "soon" }),       "other",               "does not have the members"),
        (json!({ "access_token": "eyJ.a.b", "expires_in": -1 }),           "impossible_lifetime", "impossible expires_in"),
        (json!({ "access_token": "eyJ.a.b", "expires_in": 10_i64.pow(18) }), "impossible_lifetime", "impossible expires_in"),
    ];
    for (body, reason, message) in table {
        let api = Api::start([json_answer("200 OK", &body).as_str()]);
        let end =
            sandbox.run(&format!("token --fresh --json -c credentials.json --url {}", api.url()));
        let error = failure(&end);
        assert_eq!((end.code, &error["reason"]), (Some(4), &json!(reason)), "{end:?}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert!(!remedies(&error).is_empty(), "{error}");
        // Each further request would create another token that no one uses.
        assert_eq!(api.requests().len(), 1, "{body}");
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
fn a_usage_error_is_json_too_if_json_is_asked_for() {
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
fn on_a_terminal_a_person_sees_what_the_command_waits_for_and_how_long() {
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

    // Without a terminal, only the token is printed.
    let api = Api::start([busy.as_str(), json_answer("200 OK", &token).as_str()]);
    let end = sandbox.run(&format!("token --fresh -c credentials.json --url {}", api.url()));
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{end:?}");
}
