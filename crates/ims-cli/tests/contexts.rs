//! Which credentials a command works with: files, contexts, variables, and the order among them; and their migration.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{fs, io::Write, process::Stdio};

use serde_json::{Value, json};

#[path = "support/private.rs"]
mod private;
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use private::is_private;
use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};

const CONFIG: &str = "home/.config/ims/config.toml";

/// Runs the command and finds nothing on standard error but what begins with `note`.
#[track_caller]
fn run(sandbox: &Sandbox, arguments: &str) -> String {
    let end = sandbox.run(arguments);
    assert_eq!(end.code, Some(0), "{arguments}: {}", end.stderr);
    end.stdout
}

/// A sandbox with two files of credentials and an emulator that knows both.
fn served() -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    sandbox.write_credentials("second.json", json!({"client_id": "second"}));
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json -c second.json");
    (sandbox, emulator)
}

/// The client id of the token that `ims token` gets.
#[track_caller]
fn client_id(end: &Finished) -> String {
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{end:?}");
    let data: Value = serde_json::from_str(&end.stdout).unwrap();
    data["client_id"].as_str().unwrap().to_owned()
}

#[test]
fn contexts_are_added_listed_used_shown_and_removed() {
    let sandbox = Sandbox::new();
    assert_eq!(run(&sandbox, "context list"), "");
    let end = sandbox.run("context add first -c credentials.json");
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), "note: first is the current context\n"));
    run(&sandbox, "context add second -c credentials.json --url http://127.0.0.1:1");
    let file = sandbox.path("credentials.json").display().to_string();
    let list = format!("* first   {file}\n  second  {file}  ims_url http://127.0.0.1:1\n");
    assert_eq!(run(&sandbox, "context list"), list);
    run(&sandbox, "context use second");
    let listed: Value = serde_json::from_str(&run(&sandbox, "context list --json")).unwrap();
    assert_eq!(listed, json!({"contexts": ["first", "second"], "current": "second"}));
    let shown: Value = serde_json::from_str(&run(&sandbox, "context show --json")).unwrap();
    let path = sandbox.path("credentials.json");
    assert_eq!(shown, json!({"credentials_file": path, "ims_url": "http://127.0.0.1:1"}));
    let expected = format!("credentials_file  {}\n", path.display());
    assert_eq!(run(&sandbox, "context show first"), expected);
    run(&sandbox, "context remove second");
    assert_eq!(run(&sandbox, "context list"), format!("  first  {file}\n"));
    assert!(path.exists());
    assert!(is_private(&sandbox.path(CONFIG)));
}

#[test]
fn what_cannot_be_a_context_changes_nothing() {
    let sandbox = Sandbox::new();
    run(&sandbox, "context add first -c credentials.json");
    let before = fs::read_to_string(sandbox.path(CONFIG)).unwrap();
    #[rustfmt::skip]
    let table = [
        ("context add first -c credentials.json",                    2, "there is a context first already"),
        ("context add a.b -c credentials.json",                      2, "a context cannot have this name"),
        ("context add second -c nowhere.json",                       4, "cannot read nowhere.json"),
        ("context add second -c credentials.json --credential x",    4, "credential"),
        ("context use second",                                       2, "there is no such context; there is first"),
        ("context show second",                                      2, "there is no such context; there is first"),
        ("context remove second",                                    2, "there is no such context; there is first"),
        ("token --context second",                                   2, "there is no such context; there is first"),
        ("token --context first -c credentials.json",                2, "--context"),
    ];
    for (arguments, code, said) in table {
        let end = sandbox.run(arguments);
        assert_eq!(
            (end.code, end.stdout.as_str()),
            (Some(code), ""),
            "{arguments}: {}",
            end.stderr
        );
        assert!(end.stderr.contains(said), "{arguments}: {}", end.stderr);
    }
    assert_eq!(fs::read_to_string(sandbox.path(CONFIG)).unwrap(), before);
}

#[test]
fn options_come_before_variables_and_both_before_the_current_context() {
    let (sandbox, mut emulator) = served();
    let refused = sandbox.run("token");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    run(&sandbox, &format!("context add first -c credentials.json --url {}", emulator.url()));
    run(&sandbox, &format!("context add second -c second.json --url {}", emulator.url()));
    let url = emulator.url();
    let second_file = [("IMS_CREDENTIALS", "second.json"), ("IMS_CONTEXT", ""), ("IMS_URL", url)];
    let second_name = [("IMS_CREDENTIALS", ""), ("IMS_CONTEXT", "second"), ("IMS_URL", url)];
    let nothing = [("IMS_CREDENTIALS", ""), ("IMS_CONTEXT", ""), ("IMS_URL", url)];
    #[rustfmt::skip]
    let table = [
        ("",                     nothing,      CLIENT_ID),
        ("--context second",     nothing,      "second"),
        ("",                     second_name,  "second"),
        ("",                     second_file,  "second"),
        ("--context first",      second_name,  CLIENT_ID),
        ("--context first",      second_file,  CLIENT_ID),
        ("-c credentials.json",  second_file,  CLIENT_ID),
        ("-c credentials.json",  second_name,  CLIENT_ID),
    ];
    for (options, variables, expected) in table {
        let mut command = sandbox.ims(&format!("token --json {options}"));
        let end = command.envs(variables).output().unwrap().into();
        assert_eq!(client_id(&end), expected, "{options} {variables:?}");
    }
    assert_eq!(emulator.exchanges(), 2);
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn one_of_several_credentials_in_a_file_is_selected_by_its_name() {
    let (sandbox, emulator) = served();
    let credential = |client_id: &str| {
        json!({
            "client_id": client_id, "client_secret": CLIENT_SECRET, "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
            "meta_scopes": ["ent_dataservices_sdk"], "ims_org_id": "C74F69D7594880280@AdobeOrg",
            "private_key": ims_testkit::keys::FIRST,
        })
    };
    let contexts = json!({"first": credential(CLIENT_ID), "second": credential("second")});
    sandbox.write("several.json", json!({"ims": {"contexts": contexts}}).to_string());
    let token = format!("token -c several.json --url {}", emulator.url());
    assert_eq!(client_id(&sandbox.run(&format!("{token} --json --credential second"))), "second");
    let end = sandbox.run(&token);
    assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""));
    for part in ["first, second", " hint: to select one: --credential NAME"] {
        assert!(end.stderr.contains(part), "{}", end.stderr);
    }
    run(
        &sandbox,
        &format!("context add both -c several.json --credential second --url {}", emulator.url()),
    );
    assert_eq!(client_id(&sandbox.run("token --json")), "second");
}

#[test]
fn a_service_account_is_migrated_into_a_file_that_works() {
    let sandbox = Sandbox::new();
    sandbox.write_credentials("old.json", json!({"metascopes": ["ent_user_sdk"]}));
    sandbox.write(
        "scenario.toml",
        format!(
            r#"[[integrations]]
client_id = "{CLIENT_ID}"
client_secrets = ["{CLIENT_SECRET}"]
org_id = "C74F69D7594880280@AdobeOrg"
technical_account_id = "6657031C5C095BB40A4@techacct.adobe.com"
certificate_files = ["certificate_pub.crt"]
metascopes = ["ent_user_sdk"]
scopes = ["openid", "AdobeID", "user_management_sdk"]
"#
        ),
    );
    let emulator = RunningEmulator::start(&sandbox, "--config scenario.toml");
    let url = emulator.url();
    let end = sandbox.run(&format!("migrate -c old.json --out new.json --check --url {url}"));
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    for part in [
        "- the metascope ent_user_sdk becomes the scopes openid, AdobeID, user_management_sdk",
        "- the service account (JWT) side gets a token",
        "- the OAuth Server-to-Server side gets a token",
    ] {
        assert!(end.stdout.contains(part), "{part} is not in {}", end.stdout);
    }
    assert_eq!(end.stderr, "done: the new credentials are in new.json, with the client secret\n");
    assert!(!end.stdout.contains(CLIENT_SECRET));
    assert!(is_private(&sandbox.path("new.json")));
    let token = sandbox.run(&format!("token --json -c new.json --url {url}"));
    assert_eq!(client_id(&token), CLIENT_ID);
    assert_eq!(emulator.exchanges(), 1);
    // If the file cannot be written, IMS is not asked and nothing is printed.
    let again = sandbox.run("migrate -c old.json --out new.json --check --url http://127.0.0.1:1");
    assert_eq!((again.code, again.stdout.as_str()), (Some(4), ""));
    let expected = "error: new.json exists already\n \
                    hint: name another file with --out, or move this one away\n";
    assert_eq!(again.stderr, expected);
}

#[test]
fn the_credentials_that_a_command_changes_can_be_named_by_a_context() {
    let (sandbox, emulator) = served();
    sandbox.write_credentials("old.json", json!({"metascopes": ["ent_user_sdk"]}));
    run(&sandbox, &format!("context add old -c old.json --ims-url {}", emulator.url()));
    run(&sandbox, "migrate --context old --out new.json");
    let not_due = run(&sandbox, "cert rotate --context old --within 1d --json");
    let data: Value = serde_json::from_str(&not_due).unwrap();
    assert_eq!(data["due"], json!(false));
    // The IMS of the context is asked: this one does not know the new key.
    let end = sandbox.run("cert rotate --context old --wait 0s");
    assert_eq!(end.code, Some(3), "{}", end.stderr);
    assert!(end.stderr.contains("IMS does not accept the new key yet"), "{}", end.stderr);
    let mut piped = sandbox.ims("cert rotate -c -");
    let mut child = piped.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"api_key\":\"x\"}").unwrap();
    let end: Finished = child.wait_with_output().unwrap().into();
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("error: these credentials are in no file"), "{}", end.stderr);
    assert!(end.stderr.contains(" hint: put them into a file, and name it: -c FILE"));
}

#[test]
fn a_metascope_whose_scopes_are_not_known_makes_no_incomplete_file() {
    let sandbox = Sandbox::new();
    let metascopes = json!({"metascopes": ["ent_user_sdk", "ent_brand_portal_sdk"]});
    sandbox.write_credentials("old.json", metascopes);
    let end = sandbox.run("migrate -c old.json --out new.json");
    assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""), "{}", end.stderr);
    for part in [
        "which scopes replace the metascope ent_brand_portal_sdk\n",
        " hint: for example: --scopes openid,AdobeID,user_management_sdk,…\n",
    ] {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
    assert!(!sandbox.path("new.json").exists());
    run(&sandbox, "migrate -c old.json --scopes openid,AdobeID,brand_portal --out new.json");
    let new: Value = serde_json::from_slice(&fs::read(sandbox.path("new.json")).unwrap()).unwrap();
    assert_eq!(new["scopes"], json!(["openid", "AdobeID", "brand_portal"]));
}

#[test]
fn what_cannot_be_migrated_says_why_and_what_to_do() {
    let (sandbox, emulator) = served();
    let url = emulator.url();
    sandbox.write_credentials("unknown.json", json!({"metascopes": ["ent_brand_portal_sdk"]}));
    let end = sandbox.run("migrate -c unknown.json");
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("look them up in the Developer Console"), "{}", end.stdout);
    let end = sandbox.run("migrate -c unknown.json --out new.json");
    assert_eq!(end.code, Some(4));
    assert!(
        end.stderr.contains(" hint: look up the scopes in Adobe's Developer Console"),
        "{}",
        end.stderr
    );
    run(&sandbox, "migrate -c unknown.json --scopes openid,AdobeID --out new.json");
    let again = sandbox.run("migrate -c new.json");
    assert_eq!(again.code, Some(4));
    assert!(again.stderr.contains("are OAuth Server-to-Server already"), "{}", again.stderr);
    // The integration has no scopes, as before the migration is begun in the Developer Console.
    let line = format!("migrate -c credentials.json --scopes openid --check --json --url {url}");
    let end = sandbox.run(&line);
    assert_eq!((end.code, end.stderr.as_str()), (Some(1), ""));
    let data: Value = serde_json::from_str(&end.stdout).unwrap();
    let found: Vec<_> = data["checks"].as_array().unwrap().iter().map(|it| &it["ok"]).collect();
    assert_eq!(found, [&json!(true), &json!(false)], "{data}");
}

#[test]
fn a_context_gives_metascopes_gets_another_name_and_says_in_the_list_where_its_file_is() {
    let sandbox = Sandbox::new();
    let download = json!({
        "CLIENT_SECRET": CLIENT_SECRET, "ORG_ID": "C74F69D7594880280@AdobeOrg", "API_KEY": CLIENT_ID,
        "TECHNICAL_ACCOUNT_ID": "6657031C5C095BB40A4@techacct.adobe.com", "PUBLIC_KEYS_WITH_EXPIRY": {},
    });
    sandbox.write("jwt.json", download.to_string());
    let end = sandbox.run("context add one -c jwt.json");
    assert_eq!(end.code, Some(4), "{end:?}");
    assert!(end.stderr.contains("META_SCOPES is missing"), "{end:?}");
    let end =
        sandbox.run("context add one -c jwt.json --metascopes ent_dataservices_sdk,ent_user_sdk");
    assert_eq!(end.code, Some(0), "{end:?}");
    assert_eq!(sandbox.run("context rename one two").code, Some(0));
    let list = sandbox.run("context list").stdout;
    let path = sandbox.path("jwt.json").display().to_string();
    assert!(list.starts_with("* two") && list.contains(&path), "{list}");
    assert!(list.contains(r#"metascopes ["ent_dataservices_sdk","ent_user_sdk"]"#), "{list}");
    let claims = sandbox.run("jwt sign --context two");
    sandbox.write("assertion.jwt", claims.stdout.clone());
    let decoded = sandbox.run("jwt decode assertion.jwt").stdout;
    assert!(decoded.contains("/s/ent_user_sdk"), "{claims:?} {decoded}");
}

#[test]
fn a_context_that_holds_a_secret_itself_is_removed_only_on_purpose() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("home/.config/ims")).unwrap();
    let text =
        "[contexts.own]\nclient_id = \"x\"\nclient_secret = \"canary\"\nscopes = [\"openid\"]\n";
    sandbox.write(CONFIG, text);
    let end = sandbox.run("context remove own");
    assert_eq!(end.code, Some(2), "{end:?}");
    assert!(end.stderr.contains("ims context remove own --yes"), "{end:?}");
    assert!(!end.stderr.contains("canary"), "{end:?}");
    assert!(fs::read_to_string(sandbox.path(CONFIG)).unwrap().contains("canary"));
    let end = sandbox.run("context remove own --yes");
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{end:?}");
    // The file of credentials stays, so nothing is asked.
    let end = sandbox.run("context add file -c credentials.json");
    assert_eq!(end.code, Some(0), "{end:?}");
    let end = sandbox.run("context remove file");
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(sandbox.path("credentials.json").exists());
}

#[test]
fn json_is_filtered_without_another_program() {
    let sandbox = Sandbox::new();
    run(&sandbox, "context add first -c credentials.json");
    assert_eq!(run(&sandbox, "context list --json --jq .current"), "first\n");
    assert_eq!(run(&sandbox, "--jq .contexts[] context list --json"), "first\n");
    assert_eq!(run(&sandbox, "context list --json --jq {current}"), "{\"current\":\"first\"}\n");
    let end = sandbox.run("context list --jq .current");
    assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{end:?}");
    assert!(end.stderr.contains("hint: add --json"), "{end:?}");
    // One that cannot be used is refused before anything is done.
    let end = sandbox.run("cache list --json --jq .[");
    assert_eq!(end.code, Some(2), "{end:?}");
    assert!(end.stderr.contains("--jq"), "{end:?}");
}
