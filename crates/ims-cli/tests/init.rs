//! `ims init`: on a terminal it asks, without one it changes nothing.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use serde_json::json;

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/terminal.rs"]
mod terminal;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};
use terminal::Terminal;

/// A folder as people have it: credentials of several forms, and files that are something else.
fn folder() -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    sandbox.write_credentials("my credentials.json", json!({ "ims_url": emulator.url() }));
    let context = |id: &str| {
        json!({
            "client_id": id, "client_secrets": [CLIENT_SECRET], "scopes": ["openid"],
            "ims_org_id": "C74F69D7594880280@AdobeOrg", "technical_account_id": "T@techacct.adobe.com",
        })
    };
    let aio =
        json!({ "ims": { "contexts": { "first": context("one"), "second": context("two") } } });
    sandbox.write(".aio", aio.to_string());
    sandbox.write(
        ".env",
        format!("IMS_OAUTH_S2S_CLIENT_ID=broken\nIMS_OAUTH_S2S_CLIENT_SECRET={CLIENT_SECRET}\n"),
    );
    sandbox.write("package.json", r#"{ "name": "app", "version": "1.0.0" }"#);
    std::fs::remove_file(sandbox.path("credentials.json")).unwrap();
    (sandbox, emulator)
}

#[test]
fn without_a_terminal_nothing_is_changed_and_the_commands_are_printed() {
    let (sandbox, mut emulator) = folder();
    let end = sandbox.run("init");
    assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{end:?}");
    for part in [
        "ims context add NAME -c 'my credentials.json'",
        "ims context add NAME -c .aio --credential first",
        "ims context add NAME -c .aio --credential second",
        ".env: IMS_OAUTH_S2S_SCOPES is missing",
        &format!("service account, client {CLIENT_ID}"),
    ] {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
    assert!(!end.stderr.contains("package.json") && !end.stderr.contains(CLIENT_SECRET), "{end:?}");
    assert!(!sandbox.path("home").exists(), "nothing is written");
    assert_eq!(emulator.exchanges(), 0, "IMS is not asked");
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn on_a_terminal_the_person_chooses_and_the_next_command_gets_a_token() {
    let (sandbox, mut emulator) = folder();
    let mut terminal = Terminal::start(&sandbox, "init");
    terminal.wait_for("3. my credentials.json");
    terminal.wait_for("Which credentials do you want to use? [1] ");
    terminal.type_line("9", "echo");
    terminal.wait_for("a number from 1 to 3");
    terminal.wait_for("? [1] ");
    terminal.type_line("3", "echo");
    terminal.wait_for("Which name do you want to give them? [my-credentials] ");
    terminal.type_line("a b", "echo");
    terminal.wait_for("letters, digits");
    terminal.wait_for("[my-credentials] ");
    terminal.type_line("", "echo");
    let (code, said) = terminal.finish();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("next: ims token"), "{said}");
    assert!(!said.contains(CLIENT_SECRET), "{said}");
    let end = sandbox.run("token");
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(emulator.exchanges() > 0);
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn variables_are_found_and_an_empty_folder_gets_advice() {
    let sandbox = Sandbox::new();
    for name in ["credentials.json", "private.key", "certificate_pub.crt"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    let end = sandbox.run("init");
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("Download JSON") && end.stderr.contains("ims demo"), "{end:?}");

    let mut command = sandbox.ims("init");
    command.env("OAUTH_CLIENT_ID", "commerce").env("OAUTH_CLIENT_SECRET", CLIENT_SECRET);
    command.env("OAUTH_ORG_ID", "C74F69D7594880280@AdobeOrg").env("OAUTH_SCOPES", "openid");
    let end: Finished = command.output().unwrap().into();
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("client commerce: ims token"), "{end:?}");
    assert!(!end.stderr.contains(CLIENT_SECRET), "{end:?}");
}

#[test]
fn broken_files_and_files_without_metascopes_are_named_and_samples_are_ignored() {
    let sandbox = Sandbox::new();
    for name in ["credentials.json", "certificate_pub.crt"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    sandbox.write(
        "cut.json",
        format!("{{\"client_id\": \"x\", \"client_secret\": \"{CLIENT_SECRET}\","),
    );
    sandbox.write(".env.example", "OAUTH_CLIENT_ID=your_client_id\nOAUTH_ORG_ID=your_org_id\n");
    sandbox.write("tsconfig.json", "{ // comment\n  \"compilerOptions\": {,} }");
    sandbox.write(
        "vip.env",
        format!(
            "ADOBE_CLIENT_ID=vip\nADOBE_CLIENT_SECRET={CLIENT_SECRET}\nADOBE_ORG_ID=C@AdobeOrg\n\
             ADOBE_TECHNICAL_ACCOUNT_ID=T@techacct.adobe.com\nADOBE_PRIVATE_KEY=private.key\n"
        ),
    );
    let end = sandbox.run("init");
    assert_eq!(end.code, Some(2), "{end:?}");
    for part in [
        "not usable: cut.json: not JSON (line 1, column ",
        "client vip, which does not say its metascopes: ims context add NAME -c vip.env --metascopes CODE",
    ] {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
    for name in [".env.example", "tsconfig.json", CLIENT_SECRET] {
        assert!(!end.stderr.contains(name), "{name}: {}", end.stderr);
    }
    let end = sandbox.run("context add vip -c vip.env --metascopes ent_user_sdk");
    assert_eq!(end.code, Some(0), "{end:?}");
    let end = sandbox.run("doctor --offline --context vip");
    assert!(end.stdout.contains("metascopes: ent_user_sdk"), "{end:?}");
}

#[test]
fn the_kind_of_the_only_credentials_decides_what_comes_first() {
    let sandbox = Sandbox::new();
    for name in ["credentials.json", "private.key", "certificate_pub.crt"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    let web = json!({ "CLIENT_ID": "web", "DEFAULT_REDIRECT_URI": "https://localhost:3000/" });
    #[rustfmt::skip]
    let table = [
        (web,                                               "then: ims doctor && ims login"),
        (json!({ "API_KEY": "key" }),                       "then: ims doctor && ims call URL"),
        (json!({ "client_id": "s", "client_secret": CLIENT_SECRET, "scopes": ["openid"] }), "then: ims doctor && ims token"),
        (json!({ "client_id": "s", "client_secret": "", "scopes": ["openid"] }), "none of the credentials here can be used"),
    ];
    for (credentials, said) in table {
        sandbox.write("download.json", credentials.to_string());
        let end = sandbox.run("init");
        assert_eq!(end.code, Some(2), "{end:?}");
        assert!(end.stderr.contains(said), "{said} is not in {}", end.stderr);
    }
}

#[test]
fn the_only_credentials_need_no_choice_and_are_not_reported_as_hiding_themselves() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    sandbox.write_credentials("credentials.json", json!({ "ims_url": emulator.url() }));
    let mut terminal = Terminal::start(&sandbox, "init");
    terminal.wait_for("Which name do you want to give them? [credentials] ");
    terminal.type_line("", "echo");
    let (code, said) = terminal.finish();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("not used"), "{said}");
}

const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
const ACCOUNT: &str = "6657031C5C095BB40A4@techacct.adobe.com";

/// A folder as a person has it, and what is asked and answered there.
struct Case {
    /// The files, each with its text.
    files: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
    /// What is on the screen, and what is typed then.
    answers: &'static [(&'static str, &'static str)],
    /// The last line except for the doctor's.
    next: &'static str,
    /// What is printed without a terminal.
    advice: &'static str,
}

fn oauth_download() -> String {
    json!({
        "CLIENT_SECRETS": [CLIENT_SECRET], "ORG_ID": ORG_ID, "CLIENT_ID": "s2s", "SCOPES": ["openid"],
        "TECHNICAL_ACCOUNT_ID": ACCOUNT, "TECHNICAL_ACCOUNT_EMAIL": "a@techacct.adobe.com",
    })
    .to_string()
}

fn jwt_download() -> String {
    json!({
        "CLIENT_SECRET": CLIENT_SECRET, "ORG_ID": ORG_ID, "API_KEY": CLIENT_ID, "TECHNICAL_ACCOUNT_ID": ACCOUNT,
        "TECHNICAL_ACCOUNT_EMAIL": "a@techacct.adobe.com", "PUBLIC_KEYS_WITH_EXPIRY": { "84a0": "01/07/2030" },
    })
    .to_string()
}

fn variables(prefix: &str) -> String {
    format!(
        "{prefix}CLIENT_ID=s2s\n{prefix}CLIENT_SECRET={CLIENT_SECRET}\n{prefix}ORG_ID={ORG_ID}\n{prefix}SCOPES=openid\n"
    )
}

fn aio(contexts: &[&str]) -> String {
    let context = json!({
        "client_id": "s2s", "client_secrets": [CLIENT_SECRET], "scopes": ["openid"], "ims_org_id": ORG_ID,
        "technical_account_id": ACCOUNT,
    });
    let contexts: serde_json::Map<_, _> =
        contexts.iter().map(|name| ((*name).to_owned(), context.clone())).collect();
    json!({ "ims": { "contexts": contexts } }).to_string()
}

const ACCEPTED: &[(&str, &str)] = &[("Which name do you want", "")];

fn ten_folders() -> Vec<Case> {
    let case = |files: Vec<(&'static str, String)>, answers, next, advice| Case {
        files,
        variables: Vec::new(),
        answers,
        next,
        advice,
    };
    let service_account = json!({
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "org_id": ORG_ID, "technical_account_id": ACCOUNT,
        "metascopes": ["ent_dataservices_sdk"], "private_key_file": "private.key",
    });
    let in_variables = vec![
        ("IMS_OAUTH_S2S_CLIENT_ID", "s2s".to_owned()),
        ("IMS_OAUTH_S2S_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ("IMS_OAUTH_S2S_ORG_ID", ORG_ID.to_owned()),
        ("IMS_OAUTH_S2S_SCOPES", "openid".to_owned()),
    ];
    vec![
        case(
            vec![("oauth.json", oauth_download())],
            ACCEPTED,
            "next: ims token",
            "ims context add NAME -c oauth.json",
        ),
        case(
            vec![("jwt.json", jwt_download())],
            &[
                ("Which name do you want", "mine"),
                ("Which does it have?", "nothing such"),
                ("Please type numbers", "3"),
            ],
            "next: ims token",
            "ims context add NAME -c jwt.json --metascopes CODE",
        ),
        case(
            vec![(".env", variables("OAUTH_"))],
            ACCEPTED,
            "next: ims token",
            "ims context add NAME -c .env",
        ),
        case(
            vec![(".env", variables("ADOBE_"))],
            ACCEPTED,
            "next: ims token",
            "ims context add NAME -c .env",
        ),
        case(
            vec![(".aio", aio(&["one", "two"]))],
            &[("Which credentials do you want", "2"), ("Which name do you want", "two")],
            "next: ims token",
            "ims context add NAME -c .aio --credential two",
        ),
        case(
            vec![("own.json", service_account.to_string())],
            ACCEPTED,
            "next: ims token",
            "ims context add NAME -c own.json",
        ),
        case(
            vec![(
                "application.yml",
                format!(
                    "adobe:\n  ims:\n    client-id: s2s\n    client-secret: {CLIENT_SECRET}\n    scopes: openid\n"
                ),
            )],
            ACCEPTED,
            "next: ims token",
            "ims context add NAME -c application.yml",
        ),
        case(
            vec![("key.json", json!({ "API_KEY": "key" }).to_string())],
            ACCEPTED,
            "next: ims call URL",
            "then: ims doctor && ims call URL",
        ),
        Case {
            variables: in_variables,
            ..case(Vec::new(), &[], "next: ims token", "client s2s: ims token")
        },
        case(
            vec![("package.json", "{\"name\":\"x\"}".to_owned()), ("notes.txt", "x".to_owned())],
            &[],
            "there are no credentials in this folder",
            "ims demo",
        ),
    ]
}

/// The folder with only its files and a key, and an emulator that knows both integrations.
fn folder_of(case: &Case) -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    let scenario = json!({ "integrations": [
        { "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET], "org_id": ORG_ID, "technical_account_id": ACCOUNT,
          "metascopes": ["ent_dataservices_sdk"], "certificates": [ims_testkit::certificates::FIRST] },
        { "client_id": "s2s", "client_secrets": [CLIENT_SECRET], "org_id": ORG_ID, "technical_account_id": ACCOUNT,
          "scopes": ["openid"] },
    ]});
    sandbox.write("scenario.json", scenario.to_string());
    let emulator = RunningEmulator::start(&sandbox, "--config scenario.json");
    for name in ["credentials.json", "certificate_pub.crt", "scenario.json"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    for (name, text) in &case.files {
        sandbox.write(name, text);
    }
    (sandbox, emulator)
}

#[test]
fn in_ten_folders_a_person_gets_a_token_by_the_answers_and_the_commands_shown() {
    for case in ten_folders() {
        let (sandbox, emulator) = folder_of(&case);
        let command = |arguments: &str| {
            let mut command = sandbox.ims(arguments);
            command.env("IMS_URL", emulator.url()).envs(case.variables.clone());
            command
        };
        let mut terminal = Terminal::start_command(&sandbox, &command("init"), "init");
        for (question, answer) in case.answers {
            terminal.wait_for(question);
            terminal.type_line(answer, "echo");
        }
        let (code, said) = terminal.finish();
        assert!(said.contains(case.next), "{:?}: {said}", case.files);
        assert!(!said.contains(CLIENT_SECRET), "{said}");
        if case.next == "next: ims token" {
            assert_eq!(code, Some(0), "{said}");
            let token: Finished = command("token").output().unwrap().into();
            assert_eq!(token.code, Some(0), "{:?}: {token:?}", case.files);
        }
    }
}

#[test]
fn in_the_same_folders_nothing_is_guessed_without_a_terminal() {
    for case in ten_folders() {
        let (sandbox, mut emulator) = folder_of(&case);
        let mut command = sandbox.ims("init");
        command.env("IMS_URL", emulator.url()).envs(case.variables.clone());
        let end: Finished = command.output().unwrap().into();
        assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{end:?}");
        assert!(end.stderr.contains(case.advice), "{} is not in {}", case.advice, end.stderr);
        assert!(!end.stderr.contains(CLIENT_SECRET), "{end:?}");
        assert!(!sandbox.path("home").exists(), "nothing is written");
        assert_eq!(emulator.exchanges(), 0, "IMS is not asked");
        assert_eq!(emulator.terminate().code, Some(0));
    }
}
