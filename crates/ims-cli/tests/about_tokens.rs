//! The commands about one token, and those that exchange tokens and register clients, against `ims emulator` and against
//! answers that IMS never gives.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{fs, io::Write, process::Stdio};

use serde_json::{Value, json};

#[path = "support/api.rs"]
mod api;
#[path = "support/private.rs"]
mod private;
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use api::{Api, answer};
use private::is_private;
use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};

const SCENARIO: &str = r#"
[[integrations]]
client_id = "a64f5f10849a410a97ffdac8ae1"
client_secrets = ["canary-client-secret"]
org_id = "C74F69D7594880280@AdobeOrg"
technical_account_id = "6657031C5C095BB40A4@techacct.adobe.com"
scopes = ["openid", "AdobeID", "profile", "email", "read_organizations", "additional_info.projectedProductContext"]
service_code = "canary-service-code"
products = [{ service_code = "dma_aem_cloud", fulfillable_data = { iid = "a-1" } }]
"#;

/// The commands that show what IMS says about a token.
const ABOUT: [&str; 5] = ["validate", "revoke", "userinfo", "profile", "organizations"];

/// An integration of OAuth Server-to-Server, an emulator that knows it, and `token.txt`.
struct Served {
    sandbox: Sandbox,
    emulator: RunningEmulator,
}

impl Served {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("scenario.toml", SCENARIO);
        let service_account =
            ["technical_account_id", "metascopes", "private_key_file", "certificate_file"];
        let mut changes: Value =
            service_account.iter().map(|&name| (name.to_owned(), Value::Null)).collect();
        changes["scopes"] = json!(
            "openid,AdobeID,profile,email,read_organizations,additional_info.projectedProductContext"
        );
        sandbox.write_credentials("credentials.json", changes);
        let emulator = RunningEmulator::start(&sandbox, "--config scenario.toml");
        let served = Self { sandbox, emulator };
        let token = served.run("token -c credentials.json");
        assert_eq!(token.code, Some(0), "{token:?}");
        served.sandbox.write("token.txt", token.stdout);
        served
    }

    fn run(&self, arguments: &str) -> Finished {
        self.sandbox.run(&format!("{arguments} --url {}", self.emulator.url()))
    }

    /// Commands about JWTs ask no IMS.
    fn run_where_it_fits(&self, arguments: &str) -> Finished {
        if arguments.starts_with("jwt") { self.sandbox.run(arguments) } else { self.run(arguments) }
    }

    #[track_caller]
    fn json(&self, arguments: &str) -> Value {
        let end = self.run(&format!("{arguments} --json"));
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{arguments}: {end:?}");
        serde_json::from_str(&end.stdout).unwrap()
    }
}

#[test]
fn a_token_comes_from_a_file_from_standard_input_or_by_the_credentials() {
    let served = Served::new();
    for arguments in ["token.txt", "- -c credentials.json", "-c credentials.json", "-"] {
        let line = format!("validate {arguments} --url {}", served.emulator.url());
        let mut child = served.sandbox.ims(&line).stdin(Stdio::piped()).spawn().unwrap();
        let token = fs::read(served.sandbox.path("token.txt")).unwrap();
        // If the command does not read standard input, writing to it may fail.
        let _ = child.stdin.take().unwrap().write_all(&token);
        let end: Finished = child.wait_with_output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{arguments}");
        assert!(end.stdout.starts_with("valid\ntype        access_token\n"), "{}", end.stdout);
    }
}

#[test]
fn a_token_is_valid_until_it_is_revoked() {
    let mut served = Served::new();
    assert_eq!(served.json("validate token.txt")["token"]["client_id"], CLIENT_ID);
    assert_eq!(served.json("validate token.txt --local")["valid"], true);
    let done = served.json("revoke token.txt --cascading");
    assert_eq!(done, json!({"revoked": true, "type": "access_token", "removed_from_cache": 1}));
    let end = served.run("validate token.txt --json");
    assert_eq!(
        (end.code, end.stdout.trim_end()),
        (Some(1), r#"{"valid":false,"reason":"revoked"}"#)
    );
    // The keys do not show a revocation.
    assert_eq!(served.run("validate token.txt --local").code, Some(0));
    for command in ["userinfo", "profile", "organizations"] {
        let end = served.run(&format!("{command} token.txt"));
        assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""), "{command}");
        assert!(end.stderr.contains("(401 invalid_token)"), "{}", end.stderr);
    }
    served.emulator.terminate();
}

#[test]
fn a_token_that_is_revoked_leaves_the_cache() {
    for revoke in ["revoke -c credentials.json", "revoke token.txt"] {
        let served = Served::new();
        let end = served.run(revoke);
        assert_eq!((end.code, end.stdout.as_str()), (Some(0), ""));
        assert!(end.stderr.contains("note: it is removed from the cache"), "{}", end.stderr);
        let next = served.run("token -c credentials.json");
        assert_eq!(next.code, Some(0));
        assert_ne!(next.stdout, fs::read_to_string(served.sandbox.path("token.txt")).unwrap());
        assert_eq!(served.run("validate -c credentials.json").code, Some(0));
        let again = served.json(revoke);
        let is_own = revoke.contains("-c");
        assert_eq!(again["removed_from_cache"], u64::from(is_own), "{again}");
    }
}

#[test]
fn a_token_is_accepted_in_the_forms_that_people_have_and_nothing_else_gets_a_verdict() {
    let served = Served::new();
    let token = fs::read_to_string(served.sandbox.path("token.txt")).unwrap();
    let token = token.trim_end();
    let json = served.run("token -c credentials.json --json").stdout;
    let (first, rest) = token.split_at(70);
    for text in [
        json,
        format!("Bearer {token}"),
        format!("Authorization: Bearer {token}\r\n"),
        format!("\"{token}\"\n"),
        format!("{first}\n  {rest}\n"),
    ] {
        served.sandbox.write("given.txt", &text);
        for (command, code) in [
            ("validate given.txt", 0),
            ("validate given.txt --local", 0),
            ("userinfo given.txt", 0),
            ("jwt decode given.txt", 0),
        ] {
            let end = served.run_where_it_fits(command);
            assert_eq!(end.code, Some(code), "{command} of {text}: {end:?}");
        }
    }
    for text in ["hello\n", "", "{}", r#"{"access_token":"hello"}"#, "Bearer hello", "a.b.c"] {
        served.sandbox.write("given.txt", text);
        for command in [
            "revoke given.txt",
            "revoke --type refresh_token given.txt -c credentials.json",
            "validate given.txt -c credentials.json",
            "validate given.txt --local",
            "userinfo given.txt",
            "profile given.txt",
            "organizations given.txt",
            "jwt decode given.txt",
            "jwt verify --cert certificate_pub.crt given.txt",
        ] {
            let end = served.run_where_it_fits(command);
            let said = if text.is_empty() { "given.txt is empty" } else { "holds no token" };
            assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{command}: {end:?}");
            assert!(end.stderr.contains(said), "{command}: {}", end.stderr);
        }
    }
    // The token that was not named is still valid.
    assert_eq!(served.run("validate token.txt").code, Some(0));
}

#[test]
fn a_text_that_is_not_a_token_is_not_valid_and_only_the_client_of_a_token_may_revoke_it() {
    let served = Served::new();
    let token = fs::read_to_string(served.sandbox.path("token.txt")).unwrap();
    let (head, signature) = token.trim_end().rsplit_once('.').unwrap();
    served.sandbox.write("forged.txt", format!("{head}.{}", "A".repeat(signature.len())));
    served.sandbox.write("none.txt", "nothing of the kind\n");
    served.sandbox.write("empty.txt", "\n");
    #[rustfmt::skip]
    let table = [
        ("validate forged.txt",                              1, "not valid"),
        ("validate forged.txt --local",                      1, "not valid: its signature cannot be trusted"),
        ("validate token.txt --local --client-id other",     1, "not valid: its client is not allowed here"),
        ("validate none.txt --local",                        2, ""),
        ("validate none.txt -c credentials.json",            2, ""),
        ("validate none.txt",                                2, ""),
        ("validate empty.txt",                               2, ""),
        ("validate token.txt --client-id other",             4, ""),
        ("userinfo none.txt",                                2, ""),
        ("validate nowhere.txt",                             4, ""),
        ("validate",                                         2, ""),
    ];
    for (arguments, code, said) in table {
        let end = served.run(arguments);
        assert_eq!(end.code, Some(code), "{arguments}: {end:?}");
        assert!(end.stdout.starts_with(said), "{arguments}: {}", end.stdout);
        assert_eq!(end.stdout.is_empty(), said.is_empty(), "{arguments}: {}", end.stdout);
    }
}

#[test]
fn the_user_the_products_and_the_organizations_of_a_token_are_shown() {
    let served = Served::new();
    let sub = "6657031C5C095BB40A4@techacct.adobe.com";
    assert_eq!(served.json("userinfo token.txt")["sub"], sub);
    let profile = served.json("profile token.txt --api-version 3");
    let product = &profile["projectedProductContext"][0]["prodCtx"];
    assert_eq!(product["fulfillable_data"]["iid"], "a-1", "{profile}");
    let organizations = served.json("organizations token.txt --api-version 5");
    assert_eq!(organizations[0]["orgRef"]["ident"], "C74F69D7594880280");
    let end = served.run("organizations token.txt");
    assert_eq!(end.stdout, "C74F69D7594880280@AdobeOrg  C74F69D7594880280\n");
    let end = served.run("userinfo token.txt");
    assert!(end.stdout.contains(&format!("\nsub             {sub}\n")), "{}", end.stdout);
}

#[test]
fn the_published_keys_verify_what_ims_signed() {
    let served = Served::new();
    let keys = served.run("keys");
    assert_eq!((keys.code, keys.stderr.as_str()), (Some(0), ""));
    served.sandbox.write("keys.json", keys.stdout);
    let end = served.sandbox.run("jwt verify --jwks keys.json token.txt");
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), "valid\n"), "{}", end.stderr);
    assert_eq!(served.json("keys")["keys"][0]["kty"], "RSA");
    assert_eq!(served.emulator.exchanges(), 0);
}

#[test]
fn ims_says_where_its_endpoints_are() {
    let served = Served::new();
    let url = served.emulator.url();
    assert_eq!(served.json("discovery")["jwks_uri"], format!("{url}/ims/keys"));
    let end = served.run("discovery");
    assert!(end.stdout.contains(&format!("  {url}/ims/keys\n")), "{}", end.stdout);
}

#[test]
fn a_token_is_exchanged_on_behalf_of_its_user_and_for_another_account() {
    let served = Served::new();
    for (way, kind) in [
        ("on-behalf-of --scopes openid", "6657031C5C095BB40A4@techacct.adobe.com"),
        ("cluster --user-id B6@AdobeID --scopes openid", "B6@AdobeID"),
    ] {
        let token = served.json(&format!("exchange {way} -c credentials.json token.txt"));
        assert_eq!(token["client_id"], CLIENT_ID);
        served.sandbox.write("new.txt", token["access_token"].as_str().unwrap());
        let claims = &served.json("validate new.txt")["token"];
        assert_eq!(
            (&claims["user_id"], &claims["scope"]),
            (&json!(kind), &json!("openid")),
            "{way}"
        );
    }
    for (arguments, code) in [
        ("on-behalf-of token.txt", 2),
        ("cluster token.txt", 2),
        ("cluster --user-id a --org-id 1@AdobeOrg token.txt", 2),
        ("on-behalf-of --scopes openid --resource relative token.txt", 2),
        ("on-behalf-of --scopes nothing token.txt", 4),
        ("on-behalf-of --scopes openid nowhere.txt", 4),
    ] {
        let end = served.run(&format!("exchange {arguments} -c credentials.json"));
        assert_eq!(
            (end.code, end.stdout.as_str()),
            (Some(code), ""),
            "{arguments}: {}",
            end.stderr
        );
    }
}

#[test]
fn a_refresh_token_from_elsewhere_is_replaced_by_the_one_that_ims_gives() {
    let sandbox = Sandbox::new();
    let app = json!({"user": true, "client_id": "app", "scopes": ["openid"]});
    sandbox.write("app.json", app.to_string());
    sandbox.write("refresh.txt", "first\n");
    let granted = |more: &str| format!(r#"{{"access_token":"granted","expires_in":86399{more}}}"#);
    #[rustfmt::skip]
    let table = [
        (answer("200 OK", &granted(r#","refresh_token":"second""#)),      "first",  0, "second\n"),
        (answer("200 OK", &granted("")),                                  "second", 0, "second\n"),
        (answer("200 OK", &granted(r#","refresh_token":"\u0007""#)),     "second", 4, "second\n"),
        (answer("400 Bad Request", r#"{"error":"invalid_grant"}"#),       "second", 4, "second\n"),
        (answer("503 Service Unavailable", ""),                           "second", 3, "second\n"),
    ];
    for (given, sent, code, kept) in table {
        let ims = Api::start([&given]);
        let line = format!("exchange refresh-token -c app.json refresh.txt --url {}", ims.url());
        let end = sandbox.run(&line);
        let printed = if code == 0 { "granted\n" } else { "" };
        assert_eq!(
            (end.code, end.stdout.as_str()),
            (Some(code), printed),
            "{given}: {}",
            end.stderr
        );
        let request = &ims.requests()[0];
        assert!(request.contains(&format!("refresh_token={sent}")), "{request}");
        assert_eq!(fs::read_to_string(sandbox.path("refresh.txt")).unwrap(), kept, "{given}");
        assert!(is_private(&sandbox.path("refresh.txt")), "{given}");
    }
    let end = sandbox.run("exchange refresh-token -c app.json -");
    assert_eq!(end.code, Some(2), "{}", end.stderr);
}

#[test]
fn a_service_gets_its_token_by_its_permanent_code_and_asks_about_any_user() {
    let served = Served::new();
    served.sandbox.write("code.txt", "canary-service-code\n");
    let end = served.run("exchange service-token -c credentials.json code.txt");
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    served.sandbox.write("service.txt", end.stdout);
    let about =
        "-c credentials.json --guid 6657031C5C095BB40A4 --auth-src techacct.adobe.com service.txt";
    for call in ["profile", "organizations --api-version 6"] {
        let end = served.run(&format!("admin {call} {about}"));
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{call}");
        assert!(!end.stdout.is_empty(), "{call}");
    }
    assert_eq!(
        served.json(&format!("admin profile {about}"))["userId"],
        "6657031C5C095BB40A4@techacct.adobe.com"
    );
    for (arguments, code) in [
        ("admin profile -c credentials.json --guid B6 token.txt", 4),
        ("admin profile -c credentials.json --guid B6 private.key", 2),
        ("admin profile service.txt --guid B6", 2),
        ("exchange service-token -c credentials.json token.txt", 4),
    ] {
        let end = served.run(arguments);
        assert_eq!(
            (end.code, end.stdout.as_str()),
            (Some(code), ""),
            "{arguments}: {}",
            end.stderr
        );
    }
}

#[test]
fn a_promise_gives_tokens_and_the_next_promise_is_always_saved() {
    let served = Served::new();
    let read = |name| fs::read_to_string(served.sandbox.path(name)).unwrap();
    let end = served.run(
        "exchange promise -c credentials.json --definition any --scopes openid,AdobeID token.txt",
    );
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    served.sandbox.write("promise.txt", &end.stdout);
    let asked = served
        .json("exchange promise -c credentials.json --definition any --scopes openid token.txt");
    assert_eq!(asked["client_id"], CLIENT_ID);
    assert!(asked["expires_in"].as_u64().unwrap() > 2_591_000, "{asked}");
    let exchange = "exchange promised -c credentials.json --scopes openid";
    let mut held = vec![end.stdout];
    // The place of the next promise after each exchange. The promise before it is no longer valid.
    for (arguments, at) in [
        ("promise.txt", "promise.txt"),
        ("promise.txt --as-header --promise-out ./promise.txt", "promise.txt"),
        ("promise.txt --promise-out second.txt", "second.txt"),
        ("second.txt", "second.txt"),
    ] {
        let end = served.run(&format!("{exchange} {arguments}"));
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{arguments}");
        let token = end.stdout.strip_prefix("Authorization: Bearer ").unwrap_or(&end.stdout);
        served.sandbox.write("new.txt", token);
        assert_eq!(served.json("validate new.txt")["token"]["scope"], "openid", "{arguments}");
        let next = read(at);
        assert!(!held.contains(&next), "{arguments}");
        held.push(next);
        assert!(is_private(&served.sandbox.path(at)), "{arguments}");
    }
    let both = served.json(&format!("{exchange} second.txt"));
    assert_eq!(both["promise_token"], read("second.txt").trim_end());
    served.sandbox.write("new.txt", both["access_token"].as_str().unwrap());
    assert_eq!(served.json("validate new.txt")["valid"], true);
    let kept = (read("promise.txt"), read("second.txt"));
    let url = served.emulator.url();
    #[rustfmt::skip]
    let table = [
        ("promised --scopes openid promise.txt",                             4),
        ("promised --scopes openid second.txt --promise-out promise.txt",    4),
        ("promised --scopes openid second.txt --promise-out no/such/folder", 4),
        ("promised --scopes nothing second.txt",                             4),
        ("promised --scopes openid token.txt",                               4),
        ("promised --scopes openid -",                                       2),
        ("promised --scopes openid --json --as-header second.txt",              2),
        ("promised second.txt",                                              2),
        ("promise --definition any token.txt",                               2),
        ("promise --scopes openid token.txt",                                2),
        ("promise --definition= --scopes openid token.txt",                  2),
        ("promise --definition any --scopes openid second.txt",              4),
    ];
    for (arguments, code) in table {
        let end = served.run(&format!("exchange {arguments} -c credentials.json"));
        let found = (end.code, end.stdout.as_str());
        assert_eq!(found, (Some(code), ""), "{arguments}: {}", end.stderr);
        for token in &held {
            assert!(!end.stderr.contains(token.trim_end()), "{arguments}: {}", end.stderr);
        }
        assert_eq!((read("promise.txt"), read("second.txt")), kept, "{arguments}");
    }
    // With standard input there is no file for the next one, unless one is named.
    for more in ["--json", "--promise-out third.txt"] {
        let mut child = served.sandbox.ims(&format!("{exchange} - {more} --url {url}"));
        let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(read("second.txt").as_bytes()).unwrap();
        let end: Finished = child.wait_with_output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{more}");
        if more == "--json" {
            let both: Value = serde_json::from_str(&end.stdout).unwrap();
            served.sandbox.write("second.txt", both["promise_token"].as_str().unwrap());
        }
    }
    assert_eq!(served.run(&format!("{exchange} third.txt")).code, Some(0));
}

#[test]
fn a_new_promise_is_kept_even_if_the_access_token_with_it_is_invalid() {
    let sandbox = Sandbox::new();
    let promised = |more: &str| format!(r#"{{"expires_in":86399{more}}}"#);
    let next = r#","promise_token":"second","promise_token_expires_in":60"#;
    let good = r#","access_token":"granted""#;
    #[rustfmt::skip]
    let table = [
        (answer("200 OK", &promised(&format!("{good}{next}"))),      0, "second\n"),
        (answer("200 OK", &promised(next)),                          4, "second\n"),
        (answer("200 OK", &promised(good)),                          0, "first\n"),
        (answer("400 Bad Request", r#"{"error":"invalid_grant"}"#), 4, "first\n"),
        (answer("503 Service Unavailable", ""),                      3, "first\n"),
    ];
    for (given, code, kept) in table {
        sandbox.write("promise.txt", "first\n");
        let ims = Api::start([&given]);
        let line = "exchange promised -c credentials.json --scopes openid promise.txt";
        let end = sandbox.run(&format!("{line} --url {}", ims.url()));
        let printed = if code == 0 { "granted\n" } else { "" };
        let found = (end.code, end.stdout.as_str());
        assert_eq!(found, (Some(code), printed), "{given}: {}", end.stderr);
        assert_eq!(end.stderr.contains("keep the old one"), code == 0 && kept == "first\n");
        assert!(ims.requests()[0].contains("promise_token=first"), "{given}");
        assert_eq!(fs::read_to_string(sandbox.path("promise.txt")).unwrap(), kept, "{given}");
        let left = fs::read_dir(sandbox.path(".")).unwrap();
        let mut names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.all(|name| !name.starts_with(".tmp")), "{given}");
    }
}

#[test]
fn a_client_that_registers_leaves_its_secret_in_a_private_file_alone() {
    let served = Served::new();
    let line = "register --name tool --redirect-uri http://127.0.0.1:8400/callback --scopes openid,profile --out app.json";
    let told = served.json(line);
    let text = fs::read_to_string(served.sandbox.path("app.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told, json!({"client_id": file["client_id"], "file": "app.json"}));
    assert_eq!(file["scopes"], json!(["openid", "profile"]));
    assert!(is_private(&served.sandbox.path("app.json")));
    let end = served.run(line);
    assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""));
    assert_eq!(fs::read_to_string(served.sandbox.path("app.json")).unwrap(), text);
    let end =
        served.run("register --name tool --redirect-uri http://nowhere.example --out other.json");
    assert_eq!(end.code, Some(4), "{}", end.stderr);
    assert!(!served.sandbox.path("other.json").exists());
}

#[test]
fn an_answer_that_ims_never_gives_is_an_error_without_the_token() {
    let served = Served::new();
    let token = fs::read_to_string(served.sandbox.path("token.txt")).unwrap();
    let token = token.trim_end();
    let too_long = format!("{{\"a\":\"{}\"}}", "a".repeat(64 * 1024));
    let repeated = format!("{{\"error\":\"{token}\",\"error_description\":\"{token}\"}}");
    #[rustfmt::skip]
    let hostile = [
        answer("200 OK", "<html>hello</html>"),
        answer("200 OK", "{\"valid\":tr"),
        answer("200 OK", &too_long),
        answer("200 OK", "{\"valid\":1,\"sub\":2,\"userId\":[3],\"user\":null,\"sub\":4}"),
        answer("400 Bad Request", &repeated),
        answer("500 Internal Server Error", &repeated),
        format!("HTTP/1.1 302 Found\r\nlocation: /elsewhere?token={token}\r\nconnection: close\r\n\r\n"),
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned(),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
    ];
    for command in ABOUT {
        for answer in &hostile {
            // The answer to `revoke` is only a status.
            if command == "revoke" && answer.starts_with("HTTP/1.1 200") {
                continue;
            }
            let ims = Api::start([answer]);
            let end = served.sandbox.run(&format!("{command} token.txt --url {}", ims.url()));
            assert!(matches!(end.code, Some(3 | 4)), "{command} {answer}: {end:?}");
            assert_eq!(end.stdout, "", "{command} {answer}");
            for secret in [token, CLIENT_SECRET] {
                assert!(!end.stderr.contains(secret), "{command} {answer}: {}", end.stderr);
            }
            assert_eq!(ims.requests().len(), 1, "{command} {answer}");
        }
    }
}

#[test]
fn control_characters_are_shown_in_another_way() {
    let served = Served::new();
    let name = "\\u001b]0;owned\\u0007\\u009b2J";
    #[rustfmt::skip]
    let table = [
        ("userinfo",         format!(r#"{{"sub":"a","name":"{name}"}}"#)),
        ("userinfo --json",  format!(r#"{{"sub":"a","name":"{name}"}}"#)),
        ("profile",          format!(r#"{{"userId":"a","{name}":"{name}"}}"#)),
        ("organizations",    format!(r#"[{{"orgName":"{name}","orgRef":{{"ident":"a","authSrc":"{name}"}}}}]"#)),
        ("validate",         format!(r#"{{"valid":false,"reason":"{name}"}}"#)),
        ("validate",         format!(r#"{{"valid":true,"token":{{"user_id":"{name}"}}}}"#)),
        ("discovery",        format!(r#"{{"issuer":"{name}","authorization_endpoint":"","token_endpoint":"","jwks_uri":""}}"#)),
        ("keys",             format!(r#"{{"keys":[{{"kty":"{}"}}]}}"#, name.replace("\\u009b", "\u{9b}"))),
    ];
    for (command, body) in table {
        let ims = Api::start([&answer("200 OK", &body)]);
        let file = if ["keys", "discovery"].contains(&command) { "" } else { "token.txt" };
        let end = served.sandbox.run(&format!("{command} {file} --url {}", ims.url()));
        assert!(end.stdout.contains("owned"), "{command}: {end:?}");
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!end.stdout.contains(obeyed), "{command}: {:?}", end.stdout);
    }
}
