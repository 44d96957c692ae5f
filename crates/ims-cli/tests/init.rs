//! `ims init`: on a terminal it asks, without one it changes nothing.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

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
fn on_a_terminal_the_person_chooses_and_the_first_token_is_one_command_away() {
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
fn of_one_there_is_nothing_to_choose_and_it_is_not_said_to_shadow_itself() {
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
