//! `ims status` and `ims cache`: what is used and what is kept, without a secret.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use serde_json::{Value, json};

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};

#[track_caller]
fn data(end: &Finished) -> Value {
    serde_json::from_str(&end.stdout).unwrap_or_else(|_| panic!("{end:?}"))
}

#[test]
fn the_credentials_in_use_and_what_is_kept_are_shown_without_a_secret() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    sandbox.write("people.json", json!({ "user": true, "client_id": "people" }).to_string());
    sandbox
        .write("broken.json", json!({ "client_id": "broken", "scopes": ["openid"] }).to_string());
    for name in ["people", "credentials"] {
        assert_eq!(sandbox.run(&format!("context add {name} -c {name}.json")).code, Some(0));
    }
    assert_eq!(sandbox.run("context use credentials").code, Some(0));
    let token = sandbox.run(&format!("token --url {}", emulator.url()));
    assert_eq!((token.code, emulator.exchanges()), (Some(0), 1));

    let end = sandbox.run("status --within 1s --json");
    let status = data(&end);
    let credentials = &status["credentials"];
    assert!(
        credentials["source"].as_str().unwrap().contains("current context credentials"),
        "{end:?}"
    );
    assert_eq!(
        (&credentials["kind"], &credentials["client_id"]),
        (&json!("service account"), &json!(CLIENT_ID))
    );
    assert_eq!(status["contexts"][1]["current"], true);
    assert_eq!(status["sign_ins"][0]["signed_in"], false);
    assert_eq!(status["tokens"][0]["client_id"], CLIENT_ID);
    assert_eq!(status["tokens"][0]["ims_url"], emulator.url());
    assert_eq!(status["certificates"].as_array().unwrap().len(), 1, "{end:?}");
    let fine = status["certificates"][0]["fine"].as_bool().unwrap();
    assert_eq!(end.code, Some(i32::from(!fine)));

    let mut command = sandbox.ims("status --within 1s");
    let shown: Finished = command.env("IMS_CREDENTIALS", "people.json").output().unwrap().into();
    for part in [
        "people.json (IMS_CREDENTIALS)",
        "not used: the current context",
        "no one is signed in",
        "good until",
        "* credentials",
    ] {
        assert!(shown.stdout.contains(part), "{part} is not in {}", shown.stdout);
    }
    for end in [&end, &shown] {
        assert!(!format!("{end:?}").contains(CLIENT_SECRET), "{end:?}");
        assert!(!format!("{end:?}").contains(token.stdout.trim()), "{end:?}");
    }

    let end = sandbox.run("status -c broken.json --json");
    assert_eq!(end.code, Some(4), "{end:?}");
    assert_eq!(data(&end)["credentials"], Value::Null);
    assert!(end.stderr.contains("client_secret is missing"), "{end:?}");
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn without_credentials_the_status_says_how_to_begin() {
    let sandbox = Sandbox::new();
    let end = sandbox.run("status");
    assert_eq!((end.code, end.stdout.as_str()), (Some(1), "credentials: none are used\n"));
    assert!(end.stderr.contains("ims init"), "{end:?}");
}

#[test]
fn the_cache_is_listed_and_cleared_as_a_whole_by_client_and_by_end() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let list = |sandbox: &Sandbox| data(&sandbox.run("cache list --json"))["tokens"].clone();
    assert_eq!(list(&sandbox), json!([]));
    assert_eq!(sandbox.run("cache clear").code, Some(0));
    let get = format!("token -c credentials.json --url {}", emulator.url());
    let token = sandbox.run(&get).stdout;
    let tokens = list(&sandbox);
    assert_eq!(tokens.as_array().unwrap().len(), 1);
    assert_eq!(
        (&tokens[0]["grant"], &tokens[0]["scopes"]),
        (&json!("jwt"), &json!(["ent_dataservices_sdk"]))
    );
    assert!(tokens[0]["expires_in"].as_u64().unwrap() > 80_000);
    let shown = sandbox.run("cache list");
    assert!(
        shown.stdout.starts_with("good until ") && shown.stdout.contains(CLIENT_ID),
        "{shown:?}"
    );
    assert!(!shown.stdout.contains(token.trim()) && !tokens.to_string().contains(token.trim()));

    for (arguments, left) in
        [("--expired", 1), ("--client-id other", 1), (&*format!("--client-id {CLIENT_ID}"), 0)]
    {
        assert_eq!(sandbox.run(&format!("cache clear {arguments}")).code, Some(0));
        assert_eq!(list(&sandbox).as_array().unwrap().len(), left, "{arguments}");
    }
    sandbox.run(&get);
    let end = sandbox.run("cache clear");
    assert!(end.stderr.contains("1 token is removed"), "{end:?}");
    assert_eq!(list(&sandbox), json!([]));
    assert_eq!(emulator.exchanges(), 2);
    assert_eq!(emulator.terminate().code, Some(0));
}
