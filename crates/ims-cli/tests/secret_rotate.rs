//! `ims secret list` and `rotate` against `ims emulator`, which serves the API for client secrets.
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
};

#[cfg(unix)]
use ims::{Client, Credentials};
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

const SCOPES: [&str; 8] = [
    "AdobeID",
    "openid",
    "read_organizations",
    "additional_info.projectedProductContext",
    "additional_info.roles",
    "adobeio_api",
    "read_client_secret",
    "manage_client_secrets",
];
const PAGE: &str =
    "https://developer.adobe.com/console/projects/23294/45662060/credentials/436084/details";

/// An integration whose secret is to be replaced.
struct Integration {
    sandbox: Sandbox,
    emulator: RunningEmulator,
}

fn server_to_server() -> Value {
    json!({
        "metascopes": null, "private_key_file": null, "certificate_file": null,
        "technical_account_id": null, "scopes": SCOPES,
    })
}

impl Integration {
    fn new() -> Self {
        Self::with_secret(CLIENT_SECRET)
    }

    fn with_secret(client_secret: &str) -> Self {
        let sandbox = Sandbox::new();
        let mut members = server_to_server();
        members["client_secret"] = client_secret.into();
        sandbox.write_credentials("credentials.json", members);
        let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
        Self { sandbox, emulator }
    }

    /// Runs `ims secret` about these credentials.
    fn secret(&self, arguments: &str) -> Finished {
        self.secret_of("-c credentials.json", arguments)
    }

    fn secret_of(&self, credentials: &str, arguments: &str) -> Finished {
        let url = self.emulator.url();
        // The arguments after --exec are the other command.
        let (verb, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
        self.sandbox.run(&format!("secret {verb} {credentials} --url {url} --page {PAGE} {rest}"))
    }

    #[track_caller]
    fn ids(&self) -> Vec<String> {
        let list = self.secret("list --json");
        assert_eq!(list.code, Some(0), "{list:?}");
        let list: Vec<Value> = serde_json::from_str(&list.stdout).unwrap();
        list.iter().map(|secret| secret["id"].as_str().unwrap().to_owned()).collect()
    }

    fn gives_token(&self, file: &str) -> bool {
        let url = self.emulator.url();
        self.sandbox.run(&format!("token --fresh -c {file} --url {url}")).code == Some(0)
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.sandbox.path(file)).unwrap()
    }

    /// The secret that the credentials have now.
    fn current(&self) -> String {
        let credentials: Value = serde_json::from_str(&self.text("credentials.json")).unwrap();
        credentials["client_secret"].as_str().unwrap().to_owned()
    }

    fn state_name() -> String {
        format!("credentials.json.{CLIENT_ID}.rotation.json")
    }

    fn change_state(&self, change: impl Fn(&mut Value)) {
        let mut state: Value = serde_json::from_str(&self.text(&Self::state_name())).unwrap();
        change(&mut state);
        self.sandbox.write(&Self::state_name(), state.to_string());
    }

    /// Asks the admin API of the emulator.
    fn ask_admin(&self, request: &str, body: &Value) -> String {
        let address = self.emulator.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = body.to_string();
        let length = body.len();
        let head = format!("{request} HTTP/1.0\r\nHost: {address}\r\n");
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n");
        write!(stream, "{head}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.split(' ').nth(1).unwrap().starts_with('2'), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn register(&self, secrets: &[&str]) {
        let integration = json!({
            "client_id": CLIENT_ID,
            "client_secrets": secrets,
            "org_id": "C74F69D7594880280@AdobeOrg",
            "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
            "scopes": SCOPES,
        });
        self.ask_admin("POST /_emulator/integrations", &integration);
    }

    fn set_clock(&self, offset_seconds: i64) {
        self.ask_admin("PUT /_emulator/clock", &json!({ "offset_seconds": offset_seconds }));
    }

    fn requests(&self) -> usize {
        let verdicts = self.ask_admin("GET /_emulator/requests", &Value::Null);
        serde_json::from_str::<Vec<Value>>(&verdicts).unwrap().len()
    }
}

#[test]
fn during_a_whole_rotation_the_credentials_have_a_secret_that_ims_accepts() {
    let integration = Integration::new();
    let before = integration.text("credentials.json");
    let old = integration.ids();
    let rotated = integration.secret("rotate --json");
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    let new = integration.current();
    assert_ne!(new, CLIENT_SECRET);
    assert_eq!(integration.text("credentials.json").replace(&new, CLIENT_SECRET), before);
    let report: Value = serde_json::from_str(&rotated.stdout).unwrap();
    assert_eq!(report["old_secret_ids"], json!(old));
    assert_eq!(integration.ids().len(), 2);
    assert!(integration.gives_token("credentials.json"));
    let state = integration.text(&Integration::state_name());
    assert!(!state.contains(&new) && !state.contains(CLIENT_SECRET), "{state}");

    let again = integration.secret("rotate");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stdout.contains("is in use since"), "{again:?}");
    assert_eq!(integration.current(), new);

    let finished = integration.secret("rotate --finish");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(integration.ids(), [report["secret_id"].as_str().unwrap()]);
    assert!(integration.gives_token("credentials.json"));
    assert_eq!(integration.secret("rotate --finish").code, Some(4));
    for finished in [rotated, again, finished] {
        let said = format!("{finished:?}");
        assert!(!said.contains(&new) && !said.contains(CLIENT_SECRET), "{said}");
    }
}

#[test]
fn status_shows_the_age_of_secrets_from_the_last_answer_of_the_api_and_sends_nothing() {
    let integration = Integration::new();
    let status = || {
        let url = integration.emulator.url();
        let end =
            integration.sandbox.run(&format!("status -c credentials.json --ims-url {url} --json"));
        let status: Value = serde_json::from_str(&end.stdout).unwrap();
        status["client_secrets"].clone()
    };
    assert_eq!(status(), json!([]));
    assert_eq!(integration.secret("list").code, Some(0));
    let requests = integration.requests();
    let secrets = status();
    assert_eq!(integration.requests(), requests, "IMS and the API are not asked");
    assert_eq!(secrets[0]["id"], integration.ids()[0].as_str());
    assert_eq!(secrets[0]["client_id"], CLIENT_ID);
    assert!(secrets[0]["age_seconds"].as_u64().is_some(), "{secrets}");
    let url = integration.emulator.url();
    let shown =
        integration.sandbox.run(&format!("status -c credentials.json --ims-url {url}")).stdout;
    assert!(shown.contains("client secrets:\n") && shown.contains("days)"), "{shown}");
    assert!(!shown.contains(CLIENT_SECRET), "{shown}");
    assert_eq!(integration.sandbox.run("cache clear").code, Some(0));
    assert_eq!(status(), json!([]));
}

#[test]
fn the_page_is_asked_for_once_and_read_from_a_project_file() {
    let integration = Integration::new();
    let url = integration.emulator.url();
    let unknown = integration.sandbox.run(&format!("secret list -c credentials.json --url {url}"));
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("--page"), "{unknown:?}");
    assert_eq!(integration.secret("rotate").code, Some(0));
    let known = integration.sandbox.run(&format!("secret list -c credentials.json --url {url}"));
    assert_eq!(known.code, Some(0), "{known:?}");
    assert!(known.stdout.contains("days)  last used ") && known.stdout.contains("  old"));

    let project = json!({ "project": { "name": "shop", "org": { "id": "23294", "ims_org_id": "C74F69D7594880280@AdobeOrg" },
        "workspace": { "details": { "credentials": [ { "id": "436084", "name": "a", "integration_type": "oauth_server_to_server",
            "oauth_server_to_server": { "client_id": CLIENT_ID, "client_secrets": [integration.current()],
                "technical_account_email": "a@b", "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
                "scopes": SCOPES } } ] } } } });
    integration.sandbox.write("project.json", format!("{project:#}"));
    let from_file = integration.sandbox.run(&format!("secret list -c project.json --url {url}"));
    assert_eq!(from_file.code, Some(0), "{from_file:?}");
}

#[test]
fn a_rotation_that_was_killed_at_any_request_is_continued() {
    for count in 1..=5 {
        let integration = Integration::new();
        let url = integration.emulator.url();
        let arguments = format!("secret rotate -c credentials.json --url {url} --page {PAGE}");
        // Each answer is late, so that the command waits while it is killed.
        let delay = json!({ "fault": "delay", "delay_ms": 300 });
        integration.ask_admin("POST /_emulator/faults", &delay);
        let mut child = integration.sandbox.ims(&arguments).spawn().unwrap();
        while integration.requests() < count && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        integration.ask_admin("DELETE /_emulator/faults", &Value::Null);

        let done = integration.secret("rotate");
        assert_eq!(done.code, Some(0), "after {count}: {done:?}");
        assert_ne!(integration.current(), CLIENT_SECRET, "after {count}");
        assert_eq!(integration.ids().len(), 2, "after {count}");
        assert_eq!(integration.secret("rotate --finish").code, Some(0), "after {count}");
        assert_eq!(integration.ids().len(), 1, "after {count}");
        assert!(integration.gives_token("credentials.json"), "after {count}");
    }
}

#[test]
fn an_interrupted_rotation_is_continued() {
    /// How the second request about secrets, which adds one, is answered.
    fn fault(integration: &Integration, fault: &str) {
        let rule = json!({ "fault": fault, "endpoint": "client_secrets", "every": 2, "times": 1 });
        integration.ask_admin("POST /_emulator/faults", &rule);
        assert_eq!(integration.secret("rotate").code, Some(3), "{fault}");
        integration.ask_admin("DELETE /_emulator/faults", &Value::Null);
    }
    fn restored(integration: &Integration) {
        assert_eq!(integration.secret("rotate").code, Some(0));
        integration.sandbox.write_credentials("credentials.json", server_to_server());
    }
    #[expect(clippy::type_complexity, reason = "a table of names and functions")]
    let table: [(&str, &dyn Fn(&Integration)); 4] = [
        ("before the secret was added", &|integration| fault(integration, "unavailable")),
        ("after it was added, and its answer was lost", &|integration| {
            fault(integration, "disconnected");
        }),
        ("after it was remembered", &|integration| {
            restored(integration);
            integration.change_state(|state| state["switched_at"] = Value::Null);
        }),
        ("after the switch, before that was remembered", &|integration| {
            assert_eq!(integration.secret("rotate").code, Some(0));
            integration.change_state(|state| state["switched_at"] = Value::Null);
        }),
    ];
    for (moment, left) in table {
        let integration = Integration::new();
        left(&integration);
        let done = integration.secret("rotate");
        assert_eq!(done.code, Some(0), "{moment}: {done:?}");
        assert_ne!(integration.current(), CLIENT_SECRET, "{moment}");
        assert_eq!(integration.ids().len(), 2, "{moment}");
        assert_eq!(integration.secret("rotate --finish").code, Some(0), "{moment}");
        assert!(integration.gives_token("credentials.json"), "{moment}");
    }
}

#[test]
fn a_secret_that_a_program_may_still_use_is_deleted_only_on_request() {
    let integration = Integration::new();
    assert_eq!(integration.secret("rotate --exec false").code, Some(4));
    assert!(integration.text("credentials.json").contains(CLIENT_SECRET));
    let before = integration.ids();
    let refused = integration.secret("rotate");
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("--again"), "{refused:?}");
    assert_eq!(integration.ids(), before);
    let again = integration.secret("rotate --again");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_ne!(integration.current(), CLIENT_SECRET);
    assert_eq!(integration.ids().len(), 2);
}

#[cfg(unix)]
#[test]
fn a_command_gets_the_secret_on_its_standard_input_and_no_file_changes() {
    let integration = Integration::new();
    let before = integration.text("credentials.json");
    let done = integration.secret("rotate --json --exec tee kept");
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(integration.text("credentials.json"), before);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(
        report["secret_id"].is_string(),
        "what the other command prints is mixed with the data"
    );
    let kept = integration.text("kept");
    integration.sandbox.write("credentials.json", before.replace(CLIENT_SECRET, &kept));
    assert_eq!(integration.secret("rotate --finish").code, Some(0));
    assert!(integration.gives_token("credentials.json"));
}

#[cfg(unix)]
#[test]
fn credentials_of_variables_are_rotated_by_a_command_alone() {
    let integration = Integration::new();
    let rotate = |options: &str, client_secret: &str| -> Finished {
        let url = integration.emulator.url();
        let arguments = format!("secret rotate --url {url} --page {PAGE} {options}");
        let mut command = integration.sandbox.ims(&arguments);
        command.env("IMS_CLIENT_ID", CLIENT_ID).env("IMS_CLIENT_SECRET", client_secret);
        command.env("IMS_SCOPES", SCOPES.join(",")).output().unwrap().into()
    };
    let refused = rotate("", CLIENT_SECRET);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("environment variables") && refused.stderr.contains("--exec"));
    assert_eq!(integration.ids().len(), 1);
    let done = rotate("--exec tee kept", CLIENT_SECRET);
    assert_eq!(done.code, Some(0), "{done:?}");
    let early = rotate("--finish", CLIENT_SECRET);
    assert_eq!(early.code, Some(4), "{early:?}");
    assert!(early.stderr.contains("do not have the new secret"), "{early:?}");
    let finished = rotate("--finish", &integration.text("kept"));
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn a_secret_that_occurs_elsewhere_in_the_file_is_not_replaced() {
    let integration = Integration::with_secret("openid");
    let before = integration.text("credentials.json");
    let refused = integration.secret("rotate");
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("without changing something else"), "{refused:?}");
    assert_eq!(integration.text("credentials.json"), before);
    assert_eq!(integration.ids().len(), 1);
}

#[test]
fn the_secret_is_printed_only_on_request() {
    let integration = Integration::new();
    let printed = integration.secret("rotate --print");
    assert_eq!((printed.code, printed.stdout.trim()), (Some(0), &*integration.current()));
    let json = integration.secret("rotate --print --json");
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["client_secret"], integration.current());
}

#[test]
fn each_form_keeps_all_but_the_secret() {
    let scopes = SCOPES.join(",");
    let toml = format!(
        "# The shop.\nclient_id = \"{CLIENT_ID}\" # as in the console\nclient_secret = \"{CLIENT_SECRET}\"  # old\n\
         scopes = {SCOPES:?}\n"
    );
    let referring = format!(
        "client_id = \"{CLIENT_ID}\"\nclient_secret_file = \"secret.txt\"\nscopes = {SCOPES:?}\n"
    );
    let dotenv = format!(
        "# by aio app use\nIMS_OAUTH_S2S_CLIENT_ID={CLIENT_ID}\nIMS_OAUTH_S2S_CLIENT_SECRET='{CLIENT_SECRET}'\n\
         IMS_OAUTH_S2S_ORG_ID=C74F69D7594880280@AdobeOrg\nIMS_OAUTH_S2S_SCOPES={}\nOTHER=1\n",
        json!(SCOPES)
    );
    let ours = format!(
        "IMS_CLIENT_ID={CLIENT_ID}\nIMS_CLIENT_SECRET={CLIENT_SECRET}\nIMS_SCOPES={scopes}\n"
    );
    let context = format!(
        "current = \"other\"\n# ours\n[contexts.shop]\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{CLIENT_SECRET}\"\nscopes = {SCOPES:?}\n\n[contexts.other]\napi_key = \"x\"\n"
    );
    let named = "[contexts.shop]\ncredentials_file = \"../../../a.toml\"\n";
    let config = "home/.config/ims/config.toml";
    #[rustfmt::skip]
    let table = [
        ("a.toml",   toml.as_str(),      "-c a.toml",      "a.toml"),
        ("b.toml",   referring.as_str(), "-c b.toml",      "secret.txt"),
        (".env",     dotenv.as_str(),    "-c .env",        ".env"),
        ("ours.env", ours.as_str(),      "-c ours.env",    "ours.env"),
        (config,     context.as_str(),   "--context shop", config),
        (config,     named,              "--context shop", "a.toml"),
    ];
    for (name, text, credentials, changed) in table {
        let integration = Integration::new();
        fs::create_dir_all(integration.sandbox.path("home/.config/ims")).unwrap();
        integration.sandbox.write("a.toml", &toml);
        integration.sandbox.write("secret.txt", format!("{CLIENT_SECRET}\n"));
        integration.sandbox.write(name, text);
        let before = integration.text(changed);
        let done = integration.secret_of(credentials, "rotate --print");
        assert_eq!(done.code, Some(0), "{credentials}: {done:?}");
        let new = done.stdout.trim();
        assert_eq!(integration.text(changed), before.replace(CLIENT_SECRET, new), "{credentials}");
        let finished = integration.secret_of(credentials, "rotate --finish");
        assert_eq!(finished.code, Some(0), "{credentials}: {finished:?}");
        let left: Vec<_> = fs::read_dir(integration.sandbox.path("")).unwrap().collect();
        assert!(
            !left.iter().any(|it| it
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with(".ims-")),
            "a trial is left"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_cannot_be_written_is_refused_before_anything_is_made() {
    let integration = Integration::new();
    integration.sandbox.write("secret.txt", CLIENT_SECRET);
    let command = json!({ "client_secret": null, "client_secret_command": ["cat", "secret.txt"] });
    let mut members = server_to_server();
    members.as_object_mut().unwrap().extend(command.as_object().unwrap().clone());
    integration.sandbox.write_credentials("credentials.json", members);
    let refused = integration.secret("rotate");
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("--exec"), "{refused:?}");
    assert_eq!(integration.ids().len(), 1);
    assert!(!integration.sandbox.path(&Integration::state_name()).exists());
}

#[test]
fn what_cannot_be_rotated_is_refused_with_the_reason() {
    let integration = Integration::new();
    integration.sandbox.write_credentials("account.json", json!({}));
    let account = integration.secret_of("-c account.json", "rotate");
    assert_eq!(account.code, Some(4), "{account:?}");
    assert!(account.stderr.contains("ims cert rotate"), "{account:?}");
    assert_eq!(integration.emulator.exchanges(), 0, "IMS was asked for nothing");

    let less = json!({ "scopes": ["openid"] });
    let mut members = server_to_server();
    members.as_object_mut().unwrap().extend(less.as_object().unwrap().clone());
    integration.sandbox.write_credentials("less.json", members);
    let other = RunningEmulator::start(&integration.sandbox, "-c less.json");
    let url = other.url();
    let less = integration.sandbox.run(&format!("secret list -c less.json --url {url} --page 1/2"));
    assert_eq!(less.code, Some(4), "{less:?}");
    assert!(less.stderr.contains("I/O Management API"), "{less:?}");

    integration.register(&[CLIENT_SECRET, "canary-another-secret"]);
    let two = integration.secret("rotate");
    assert_eq!(two.code, Some(4), "{two:?}");
    assert!(two.stderr.contains("two client secrets already"), "{two:?}");
}

#[test]
fn the_page_of_another_credential_is_refused() {
    let integration = Integration::new();
    let members = json!({
        "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET], "org_id": "C74F69D7594880280@AdobeOrg",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com", "scopes": SCOPES,
        "console_org_id": "23294", "credential_id": "7",
    });
    integration.ask_admin("POST /_emulator/integrations", &members);
    let refused = integration.secret("rotate");
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("no credential 436084 of organization 23294"), "{refused:?}");
    assert!(!integration.sandbox.path(&Integration::state_name()).exists());
}

#[test]
fn a_new_secret_is_replaced_only_without_an_age_limit() {
    let integration = Integration::new();
    let young = integration.secret("rotate --if-older-than 90d --json");
    assert_eq!(young.code, Some(0), "{young:?}");
    assert_eq!(serde_json::from_str::<Value>(&young.stdout).unwrap()["due"], false);
    assert!(!integration.sandbox.path(&Integration::state_name()).exists());

    integration.set_clock(-100 * 86_400);
    integration.register(&["canary-older-secret"]);
    integration.set_clock(0);
    let text = integration.text("credentials.json");
    let text = text.replace(CLIENT_SECRET, "canary-older-secret");
    integration.sandbox.write("credentials.json", text);
    let old = integration.secret("rotate --if-older-than 90d");
    assert_eq!(old.code, Some(0), "{old:?}");
    assert!(old.stdout.contains("is in use since"), "{old:?}");
    assert_ne!(integration.current(), "canary-older-secret");
}

#[test]
fn an_old_secret_that_is_still_used_is_not_deleted() {
    let integration = Integration::new();
    integration.sandbox.write("old.json", integration.text("credentials.json"));
    assert_eq!(integration.secret("rotate").code, Some(0));
    integration.set_clock(120);
    assert!(integration.gives_token("old.json"));
    let refused = integration.secret("rotate --finish");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("the old secret was used at"), "{refused:?}");
    assert!(integration.gives_token("old.json"));
    assert_eq!(integration.secret("rotate --finish --force").code, Some(0));
    assert!(!integration.gives_token("old.json") && integration.gives_token("credentials.json"));
}

// Under Wine, the emulator is too slow for this number of callers.
#[cfg(unix)]
#[test]
fn no_call_fails_while_a_hundred_callers_ask_without_pause() {
    let mut integration = Integration::new();
    let (is_over, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let starts: Vec<_> = (0..100).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let path = integration.sandbox.path("credentials.json");
    let environment: ims::claims::Environment = integration.emulator.url().parse().unwrap();
    let mut callers: Vec<JoinHandle<()>> = Vec::new();
    for started in &starts {
        let (is_over, calls, started) =
            (Arc::clone(&is_over), Arc::clone(&calls), Arc::clone(started));
        let (path, environment) = (path.clone(), environment.clone());
        callers.push(runtime.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let credentials = Credentials::from_file(&path).unwrap();
                started.fetch_add(1, Ordering::Relaxed);
                let client =
                    Client::new(&credentials.with_environment(environment.clone())).unwrap();
                // Some ask often with one client, as a service does, and all start again, as after a restart.
                for _ in 0..3 {
                    client.refresh().await.unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }
    let some_more_calls = |count: usize| {
        let until = calls.load(Ordering::Relaxed) + count;
        while calls.load(Ordering::Relaxed) < until && !callers.iter().any(JoinHandle::is_finished)
        {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    };

    some_more_calls(200);
    let done = integration.secret("rotate");
    assert_eq!(done.code, Some(0), "{done:?}");
    // Each process is started again once, as the command asks for.
    let before: Vec<_> = starts.iter().map(|started| started.load(Ordering::Relaxed)).collect();
    let is_restarted = |(started, before): (&Arc<AtomicUsize>, &usize)| {
        started.load(Ordering::Relaxed) > before + 1
    };
    while !starts.iter().zip(&before).all(is_restarted) {
        some_more_calls(10);
        assert!(!callers.iter().any(JoinHandle::is_finished), "a call has failed");
    }
    let finished = integration.secret("rotate --finish");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    some_more_calls(200);

    is_over.store(true, Ordering::Relaxed);
    for caller in callers {
        runtime.block_on(caller).expect("a call has failed");
    }
    assert_eq!(integration.ids().len(), 1);
    let new = integration.current();
    let said = integration.emulator.terminate().stderr;
    assert!(!said.contains(CLIENT_SECRET) && !said.contains(&new));
}
