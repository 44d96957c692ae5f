//! `ims cert rotate` against `ims emulator`, whose admin API replaces the console to which certificates are uploaded.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[cfg(unix)]
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
};

#[cfg(unix)]
use ims::{Client, Credentials};
use ims_testkit::certificates;
use serde_json::{Value, json};
#[cfg(unix)]
use tokio::task::JoinHandle;

#[cfg_attr(
    windows,
    expect(dead_code, reason = "no test there ends an emulator and reads what it said")
)]
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Finished, Sandbox};

/// An integration whose certificate is to be replaced.
struct Integration {
    sandbox: Sandbox,
    emulator: RunningEmulator,
}

impl Integration {
    fn new() -> Self {
        Self::with_options("")
    }

    fn with_options(options: &str) -> Self {
        let sandbox = Sandbox::new();
        let arguments = format!("-c credentials.json {options}");
        let emulator = RunningEmulator::start(&sandbox, arguments.trim_end());
        Self { sandbox, emulator }
    }

    fn command(&self, arguments: &str) -> String {
        format!("{arguments} -c credentials.json --url {}", self.emulator.url())
    }

    fn rotate(&self, options: &str) -> Finished {
        self.sandbox.run(&self.command(&format!("cert rotate {options}")))
    }

    /// Whether IMS gives a token for the credentials as they are.
    fn gives_token(&self) -> bool {
        self.sandbox.run(&self.command("token --fresh")).code == Some(0)
    }

    /// What the console would show: these certificates and no others.
    fn upload(&self, certificates: &[String]) {
        let integration = json!({
            "client_id": CLIENT_ID,
            "client_secrets": [CLIENT_SECRET],
            "org_id": "C74F69D7594880280@AdobeOrg",
            "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
            "metascopes": ["ent_dataservices_sdk"],
            "certificates": certificates,
        });
        self.ask_admin("POST /_emulator/integrations", &integration);
    }

    /// Asks the admin API of the emulator.
    fn ask_admin(&self, request: &str, body: &Value) {
        let address = self.emulator.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = body.to_string();
        let head = format!("{request} HTTP/1.0\r\nHost: {address}\r\n");
        let length = body.len();
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n");
        write!(stream, "{head}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.split(' ').nth(1).unwrap().starts_with('2'), "{answer}");
    }

    /// The folder of the new pair.
    fn folder(&self) -> PathBuf {
        let entries = fs::read_dir(self.sandbox.path("")).unwrap().map(Result::unwrap);
        let is_ours =
            |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("keys-");
        entries.map(|entry| entry.path()).find(is_ours).unwrap()
    }

    fn new_certificate(&self) -> String {
        fs::read_to_string(self.folder().join("certificate_pub.crt")).unwrap()
    }

    fn credentials(&self) -> Value {
        serde_json::from_slice(&fs::read(self.sandbox.path("credentials.json")).unwrap()).unwrap()
    }
}

const OLD: &str = certificates::FIRST;

#[test]
fn during_a_whole_rotation_the_credentials_have_a_key_that_ims_accepts() {
    let integration = Integration::new();
    let before = integration.credentials();

    let waiting = integration.rotate("--wait 0s");
    assert_eq!(waiting.code, Some(3), "{waiting:?}");
    assert!(waiting.stderr.contains("upload") && waiting.stderr.contains("SHA-1"), "{waiting:?}");
    assert_eq!(integration.credentials()["keys"].as_array().unwrap().len(), 2);
    assert!(integration.gives_token(), "the old key is no longer used");

    let new = integration.new_certificate();
    integration.upload(&[OLD.to_owned(), new.clone()]);
    let done = integration.rotate("--json");
    assert_eq!(done.code, Some(0), "{done:?}");
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(report["old_may_be_deleted_after"].is_string(), "{report}");
    integration.upload(&[new]);
    assert!(integration.gives_token(), "the new key is not the first");

    let finished = integration.rotate("--finish");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(integration.gives_token());
    let after = integration.credentials();
    let is_of_key =
        |name: &&String| ["private_key_file", "certificate_file"].contains(&name.as_str());
    for name in before.as_object().unwrap().keys().filter(|name| !is_of_key(name)) {
        assert_eq!(after[name], before[name]);
    }
    assert!(after["private_key_file"].as_str().unwrap().starts_with("keys-"), "{after}");
    assert!(integration.sandbox.path("private.key").exists(), "the old key is deleted");
    assert_eq!(integration.rotate("--finish").code, Some(4));

    let again = integration.rotate("--wait 0s --json");
    assert_eq!(again.code, Some(0), "{again:?}");
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(report["due"], false, "{report}");
    assert!(report["finished_at"].is_string(), "{report}");
    assert!(integration.rotate("").stdout.starts_with("not due: the last rotation was finished"));
    assert_eq!(integration.rotate("--again --wait 0s").code, Some(3));
    assert_eq!(integration.credentials()["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn a_certificate_that_is_valid_for_long_is_replaced_only_on_request() {
    let integration = Integration::new();
    let before = fs::read_dir(integration.sandbox.path("")).unwrap().count();
    let lasts = integration.rotate("--within 30d --wait 0s");
    assert_eq!(lasts.code, Some(0), "{lasts:?}");
    assert!(lasts.stdout.starts_with("not due: the certificate is valid until 2126-"), "{lasts:?}");
    assert_eq!(fs::read_dir(integration.sandbox.path("")).unwrap().count(), before);

    assert_eq!(integration.rotate("--within 40000d --wait 0s").code, Some(3));
    let goes_on = integration.rotate("--within 30d --wait 0s");
    assert_eq!(goes_on.code, Some(3), "a rotation in progress does not continue: {goes_on:?}");

    let unnamed = json!({"certificate_file": null});
    integration.sandbox.write_credentials("unnamed.json", unnamed);
    let unknown = integration.sandbox.run("cert rotate -c unnamed.json --within 30d");
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
    assert!(unknown.stderr.contains("name no certificate"), "{unknown:?}");
}

#[cfg(unix)]
#[test]
fn a_subject_that_cannot_be_written_again_is_refused_before_anything_is_made() {
    let integration = Integration::new();
    let subject = "/O=Example/OU=a/OU=b/CN=twice";
    let made = std::process::Command::new("openssl")
        .current_dir(integration.sandbox.path(""))
        .args([
            "req",
            "-x509",
            "-key",
            "private.key",
            "-out",
            "certificate_pub.crt",
            "-subj",
            subject,
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let before = fs::read_dir(integration.sandbox.path("")).unwrap().count();
    let refused = integration.rotate("--wait 0s");
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("the subject has OU twice"), "{refused:?}");
    assert!(refused.stderr.contains("hint: give another one: --subject"), "{refused:?}");
    assert_eq!(fs::read_dir(integration.sandbox.path("")).unwrap().count(), before);

    assert_eq!(integration.rotate("--wait 0s --subject /O=Example/OU=a/CN=once").code, Some(3));
    let certificate = integration.folder().join("certificate_pub.crt");
    let inspected = integration.sandbox.run(&format!("cert inspect {}", certificate.display()));
    assert!(inspected.stdout.contains("CN=once,OU=a,O=Example"), "{inspected:?}");
}

/// IMS answers `400 invalid_token`, as for an unknown key, but the cause is the clock.
#[test]
fn a_wrong_clock_is_not_reported_as_a_certificate_that_is_not_uploaded() {
    let integration = Integration::with_options("--as-observed");
    assert_eq!(integration.rotate("--wait 0s").code, Some(3));
    integration.upload(&[OLD.to_owned(), integration.new_certificate()]);
    integration.ask_admin("PUT /_emulator/clock", &json!({"offset_seconds": 2 * 86_400}));
    let refused = integration.rotate("--wait 0s");
    assert!(refused.stderr.contains("the assertion has expired"), "{refused:?}");
    assert!(refused.stderr.contains("clock"), "{refused:?}");
    assert!(!refused.stderr.contains("does not accept the new key yet"), "{refused:?}");
    assert_ne!(refused.code, Some(0));

    integration.ask_admin("PUT /_emulator/clock", &json!({"offset_seconds": 0}));
    assert_eq!(integration.rotate("--wait 0s").code, Some(0));
}

/// By the clock of IMS the new certificate is not valid yet. IMS then answers as for an unknown certificate.
#[test]
fn a_clock_ahead_of_ims_is_not_reported_as_a_certificate_that_is_not_uploaded() {
    for options in ["", "--as-observed"] {
        let integration = Integration::with_options(options);
        assert_eq!(integration.rotate("--wait 0s").code, Some(3));
        integration.upload(&[OLD.to_owned(), integration.new_certificate()]);
        integration.ask_admin("PUT /_emulator/clock", &json!({"offset_seconds": -2 * 86_400}));
        let refused = integration.rotate("--wait 0s");
        for said in [
            "the new certificate is not valid by the clock of IMS: this machine is 2 days ahead of IMS",
            "set the clock of this machine",
        ] {
            assert!(refused.stderr.contains(said), "{options}: {refused:?}");
        }
        assert!(!refused.stderr.contains("does not accept the new key yet"), "{refused:?}");
        assert_eq!(refused.code, Some(4), "{refused:?}");

        integration.ask_admin("PUT /_emulator/clock", &json!({"offset_seconds": 0}));
        assert_eq!(integration.rotate("--wait 0s").code, Some(0));
    }
}

#[test]
fn a_rotation_that_waits_continues_by_itself_once_the_certificate_is_uploaded() {
    let integration = Integration::new();
    let arguments = integration.command("cert rotate --wait 60s");
    let mut child = integration.sandbox.ims(&arguments).spawn().unwrap();
    // It asks IMS as soon as it has made the pair.
    while integration.emulator.exchanges() == 0 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    integration.upload(&[OLD.to_owned(), integration.new_certificate()]);
    let finished: Finished = child.wait_with_output().unwrap().into();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("IMS accepts the new key"), "{finished:?}");
}

#[test]
fn a_rotation_that_was_killed_at_any_step_is_continued() {
    let sandbox_of = |left: &dyn Fn(&Integration)| {
        let integration = Integration::new();
        let original = integration.credentials();
        assert_eq!(integration.rotate("--wait 0s").code, Some(3));
        let state = fs::read(integration.sandbox.path("credentials.json.rotation.json")).unwrap();
        let text = String::from_utf8(state).unwrap();
        assert!(!text.contains(CLIENT_SECRET) && !text.contains("PRIVATE"), "{text}");
        left(&integration);
        (integration, original)
    };
    let restore = |integration: &Integration| {
        integration.sandbox.write_credentials("credentials.json", json!({}));
    };
    #[expect(clippy::type_complexity, reason = "a table of names and functions")]
    let table: [(&str, &dyn Fn(&Integration)); 5] = [
        ("after the state", &|integration| {
            restore(integration);
            fs::remove_dir_all(integration.folder()).unwrap();
            fs::create_dir(integration.folder_of_state()).unwrap();
        }),
        ("after the key", &|integration| {
            restore(integration);
            fs::remove_file(integration.folder().join("certificate_pub.crt")).unwrap();
        }),
        ("after the certificate", &restore),
        ("while waiting", &|_| {}),
        ("after the switch, before it was remembered", &|integration| {
            let mut credentials = integration.credentials();
            credentials["keys"].as_array_mut().unwrap().reverse();
            integration.sandbox.write("credentials.json", credentials.to_string());
        }),
    ];
    for (moment, left) in table {
        let (integration, original) = sandbox_of(left);
        assert_eq!(integration.rotate("--wait 0s").code, Some(3), "{moment}");
        integration.upload(&[OLD.to_owned(), integration.new_certificate()]);
        let done = integration.rotate("--wait 0s");
        assert_eq!(done.code, Some(0), "{moment}: {done:?}");
        let again = integration.rotate("--wait 0s");
        assert_eq!(again.code, Some(0), "{moment}: {again:?}");
        integration.upload(&[integration.new_certificate()]);
        assert_eq!(integration.rotate("--finish").code, Some(0), "{moment}");
        assert!(integration.gives_token(), "{moment}");
        assert_eq!(integration.credentials()["client_id"], original["client_id"], "{moment}");
    }
}

impl Integration {
    /// The folder that the state names, whether it is there or not.
    fn folder_of_state(&self) -> PathBuf {
        let state = fs::read(self.sandbox.path("credentials.json.rotation.json")).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        self.sandbox.path(state["folder"].as_str().unwrap())
    }
}

// Under Wine, the emulator is too slow for this number of callers.
#[cfg(unix)]
#[test]
fn no_call_fails_while_a_hundred_callers_ask_without_pause() {
    let mut integration = Integration::new();
    let (is_over, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let path = integration.sandbox.path("credentials.json");
    let environment: ims::claims::Environment = integration.emulator.url().parse().unwrap();
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (is_over, calls) = (Arc::clone(&is_over), Arc::clone(&calls));
            let (path, environment) = (path.clone(), environment.clone());
            runtime.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let credentials = Credentials::from_file(&path).unwrap();
                    let client =
                        Client::new(&credentials.with_environment(environment.clone())).unwrap();
                    // Some ask often with one client, as a service does, and all start again, as after a restart.
                    for _ in 0..3 {
                        client.refresh().await.unwrap();
                        calls.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let some_more_calls = |count: usize| {
        let until = calls.load(Ordering::Relaxed) + count;
        while calls.load(Ordering::Relaxed) < until && !callers.iter().any(JoinHandle::is_finished)
        {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    };

    some_more_calls(200);
    assert_eq!(integration.rotate("--wait 0s").code, Some(3));
    some_more_calls(200);
    integration.upload(&[OLD.to_owned(), integration.new_certificate()]);
    let done = integration.rotate("");
    assert_eq!(done.code, Some(0), "{done:?}");
    some_more_calls(200);
    integration.upload(&[integration.new_certificate()]);
    some_more_calls(200);
    assert_eq!(integration.rotate("--finish").code, Some(0));
    some_more_calls(200);

    is_over.store(true, Ordering::Relaxed);
    for caller in callers {
        runtime.block_on(caller).expect("a call has failed");
    }
    assert!(!integration.emulator.terminate().stderr.contains(CLIENT_SECRET));
}

#[test]
fn the_key_after_an_encrypted_one_has_the_same_pass_phrase() {
    let integration = Integration::new();
    integration.sandbox.write("encrypted.key", ims_testkit::keys::FIRST_PBES2_AES256_SHA256);
    integration.sandbox.write("phrase", ims_testkit::PASSPHRASE);
    let encrypted =
        json!({"private_key_file": "encrypted.key", "private_key_passphrase_file": "phrase"});
    integration.sandbox.write_credentials("credentials.json", encrypted);
    assert_eq!(integration.rotate("--wait 0s").code, Some(3));
    let key = fs::read_to_string(integration.folder().join("private.key")).unwrap();
    assert!(key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    integration.upload(&[integration.new_certificate()]);
    let done = integration.rotate("");
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(integration.gives_token());
}

#[test]
fn credentials_of_other_forms_stay_and_the_command_says_what_to_change() {
    let integration = Integration::new();
    let aio = json!({
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "ims_org_id": "C74F69D7594880280@AdobeOrg",
        "meta_scopes": ["ent_dataservices_sdk"],
        "private_key": ims_testkit::keys::FIRST,
    });
    integration.sandbox.write("credentials.json", aio.to_string());
    assert_eq!(integration.rotate("--wait 0s").code, Some(3));
    integration.upload(&[OLD.to_owned(), integration.new_certificate()]);
    let by_hand = integration.rotate("");
    assert_eq!(by_hand.code, Some(4), "{by_hand:?}");
    assert!(by_hand.stderr.contains("in place of the old one"), "{by_hand:?}");
    assert_eq!(integration.credentials(), aio);

    let mut changed = aio;
    changed["private_key"] =
        fs::read_to_string(integration.folder().join("private.key")).unwrap().into();
    integration.sandbox.write("credentials.json", changed.to_string());
    let done = integration.rotate("");
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(integration.rotate("--finish").code, Some(0));
}

#[test]
fn what_cannot_be_rotated_is_refused_before_anything_is_made() {
    let integration = Integration::new();
    let oauth = json!({
        "scopes": ["openid"], "metascopes": null, "private_key_file": null,
        "certificate_file": null, "technical_account_id": null,
    });
    let module = json!({"private_key_file": null, "signer": "pkcs11:object=it"});
    for changes in [oauth, module] {
        integration.sandbox.write_credentials("credentials.json", changes.clone());
        let before = fs::read_dir(integration.sandbox.path("")).unwrap().count();
        let refused = integration.rotate("");
        assert_eq!(refused.code, Some(4), "{changes}: {refused:?}");
        let after = fs::read_dir(integration.sandbox.path("")).unwrap().count();
        assert_eq!(after, before, "{changes}");
    }
}
