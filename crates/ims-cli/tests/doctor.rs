//! `ims doctor` with broken setups: its first failed line has to name the cause.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    thread,
};

use ims::{
    cert::{Certificate, Validity},
    claims::NumericDate,
    sign::PemSigner,
};
use ims_testkit::{certificates, keys};
use serde_json::{Value, json};

#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "doctor/setups.rs"]
mod setups;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_SECRET, Finished, Sandbox};

/// A certificate of the first key, from one second since 1970 to another.
fn certificate(sandbox: &Sandbox, not_before: i64, not_after: i64) -> String {
    let (start, end) = (NumericDate::from_secs(not_before), NumericDate::from_secs(not_after));
    let validity = Validity::new(start, end).unwrap();
    let key = fs::read(sandbox.path("private.key")).unwrap();
    let signer = PemSigner::from_bytes(&key, None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let subject = "/CN=test".parse().unwrap();
    runtime.block_on(Certificate::self_signed(&subject, validity, &signer)).unwrap().to_pem()
}

/// Where the doctor finds IMS.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// At an emulator over plain HTTP.
    Plain,
    /// At an emulator whose clock is ten minutes ahead.
    Ahead,
    /// At an emulator that fails on everything.
    Failing,
    /// At an emulator for which the credential was migrated.
    Migrated,
    /// Behind a proxy that decrypts the connection, with a certificate authority that this machine does not trust.
    Intercepted,
    /// Behind the same proxy, which is trusted now.
    Trusted,
}

/// A sandbox with everything that can be wrong, and the emulators that refuse it.
struct Clinic {
    sandbox: Sandbox,
    plain: RunningEmulator,
    ahead: RunningEmulator,
    failing: RunningEmulator,
    migrated: RunningEmulator,
    proxy: RunningEmulator,
}

impl Clinic {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("second.key", keys::SECOND);
        sandbox.write("open.key", keys::FIRST);
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(sandbox.path("open.key"), open).unwrap();
        let year = 365 * 24 * 60 * 60;
        sandbox.write("past.crt", certificate(&sandbox, 0, year));
        sandbox.write("future.crt", certificate(&sandbox, 200 * year, 201 * year));
        let scenario = json!({ "integrations": [{
            "client_id": sandbox::CLIENT_ID,
            "client_secrets": [CLIENT_SECRET],
            "org_id": "C74F69D7594880280@AdobeOrg",
            "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
            "metascopes": ["ent_dataservices_sdk"],
            "certificate_files": ["certificate_pub.crt"],
            "scopes": ["openid", "AdobeID"],
            "migrated": true,
        }] });
        sandbox.write("migrated.json", scenario.to_string());
        let start = |arguments: &str| RunningEmulator::start(&sandbox, arguments);
        let (plain, ahead) = (start("-c credentials.json"), start("-c credentials.json"));
        put_clock_ahead(&ahead, 600);
        let migrated = start("--config migrated.json");
        sandbox.write("failing.toml", r#"faults = [{ fault = "internal_error" }]"#);
        let failing = start("-c credentials.json --config failing.toml");
        let proxy = start("-c credentials.json --ca-dir authority");
        Self { sandbox, plain, ahead, failing, migrated, proxy }
    }

    /// Runs the doctor on good credentials with some members changed.
    fn doctor(&self, changes: &Value, way: Mode, options: &str) -> Finished {
        self.sandbox.write_credentials("ill.json", changes.clone());
        let url = match way {
            Mode::Plain => format!("--url {}", self.plain.url()),
            Mode::Ahead => format!("--url {}", self.ahead.url()),
            Mode::Failing => format!("--url {}", self.failing.url()),
            Mode::Migrated => format!("--url {}", self.migrated.url()),
            Mode::Intercepted | Mode::Trusted => String::new(),
        };
        let mut doctor = self.sandbox.ims(&format!("doctor -c ill.json {url} {options}"));
        if let Mode::Intercepted | Mode::Trusted = way {
            let address = self.proxy.url().rsplit('/').next().unwrap().to_owned();
            doctor.env("HTTPS_PROXY", format!("http://user:{PROXY_PASSWORD}@{address}"));
            let trusted = match way {
                Mode::Trusted => self.sandbox.path("authority/ca.pem"),
                _ => self.sandbox.path("certificate_pub.crt"),
            };
            doctor.env("SSL_CERT_FILE", trusted);
        }
        let finished: Finished = doctor.output().unwrap().into();
        for output in [&finished.stdout, &finished.stderr] {
            assert!(!output.contains(CLIENT_SECRET), "{output}");
            assert!(!output.contains(PROXY_PASSWORD), "{output}");
        }
        finished
    }
}

const PROXY_PASSWORD: &str = "canary-proxy-password";

fn put_clock_ahead(emulator: &RunningEmulator, seconds: i64) {
    let address = emulator.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = json!({ "offset_seconds": seconds }).to_string();
    let length = body.len();
    write!(
        stream,
        "PUT /_emulator/clock HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 2") || answer.starts_with("HTTP/1.1 2"), "{answer}");
}

#[track_caller]
fn first_failed(finished: &Finished) -> &str {
    let mut lines = finished.stdout.lines();
    lines.find(|line| line.starts_with("failed")).unwrap_or_default()
}

#[test]
fn the_certificate_of_the_key_is_found_behind_that_of_an_authority() {
    let sandbox = Sandbox::new();
    sandbox.write("chain.pem", [certificates::SECOND, certificates::FIRST].concat());
    sandbox.write_credentials("chain.json", json!({"certificate_file": "chain.pem"}));
    let finished = sandbox.run("doctor --offline -c chain.json");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished.stdout.contains("CN=first,O=Example,C=US, certificate 2 of 2"),
        "{finished:?}"
    );
}

#[test]
fn the_first_line_that_failed_names_the_cause() {
    let clinic = Clinic::new();
    let swapped = json!({
        "org_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "technical_account_id": "C74F69D7594880280@AdobeOrg",
    });
    let stage = json!({ "ims_url": "https://ims-na1-stg1.adobelogin.com" });
    let key_alone = json!({ "private_key_file": "second.key", "certificate_file": null });
    #[rustfmt::skip]
    let table = [
        (json!({}),                                         Mode::Plain,       0, ""),
        (json!({}),                                         Mode::Trusted,     0, ""),
        (json!({"private_key_file": "second.key"}),         Mode::Plain,       4, "the private key is not the certificate's"),
        (key_alone,                                         Mode::Plain,       4, "IMS holds no certificate of this private key"),
        (json!({"certificate_file": "past.crt"}),           Mode::Plain,       4, "the certificate has expired"),
        (json!({"certificate_file": "future.crt"}),         Mode::Plain,       4, "the certificate is not valid before"),
        (swapped,                                           Mode::Plain,       4, "org_id"),
        (stage,                                             Mode::Trusted,     4, "another environment"),
        (json!({"metascopes": []}),                         Mode::Plain,       4, "metascopes"),
        (json!({"metascopes": ["ent_nothing_sdk"]}),        Mode::Plain,       4, "ent_nothing_sdk is not one that Adobe documents"),
        (json!({"metascopes": ["ent_user_sdk"]}),           Mode::Plain,       4, "ent_user_sdk is not one of the integration"),
        (json!({"client_secret": "canary-other"}),          Mode::Plain,       4, "the client secret is wrong"),
        (json!({}),                                         Mode::Ahead,       4, "behind IMS"),
        (json!({}),                                         Mode::Intercepted, 4, "which this machine does not trust"),
        (json!({"private_key_file": "open.key"}),           Mode::Plain,       4, "0644"),
        (json!({}),                                         Mode::Migrated,    4, "was migrated to OAuth Server-to-Server: IMS gives"),
        (json!({}),                                         Mode::Failing,     3, "IMS has trouble, or the JWT credential was migrated"),
    ];
    for (changes, way, code, cause) in table {
        let finished = clinic.doctor(&changes, way, "");
        assert_eq!(finished.code, Some(code), "{changes} {way:?} {finished:?}");
        let first = first_failed(&finished);
        assert!(first.contains(cause), "{changes} {way:?} {finished:?}");
        if changes["org_id"].is_string() {
            assert!(finished.stdout.contains("are the two swapped?"), "{finished:?}");
        }
        assert_eq!(first.is_empty(), cause.is_empty(), "{changes} {way:?} {finished:?}");
    }
}

#[test]
fn a_proxy_that_decrypts_is_named_even_if_it_is_trusted() {
    let clinic = Clinic::new();
    for (way, status) in [(Mode::Trusted, "warning  TLS"), (Mode::Intercepted, "failed   TLS")] {
        let finished = clinic.doctor(&json!({}), way, "");
        let line = finished.stdout.lines().find(|line| line.contains("TLS:")).unwrap();
        assert!(line.starts_with(status), "{finished:?}");
        assert!(line.contains("is by CN=ims-emulator"), "{finished:?}");
        assert!(finished.stdout.contains("proxy: http://127.0.0.1:"), "{finished:?}");
    }
}

#[test]
fn other_kinds_of_credentials_have_their_own_lines() {
    let clinic = Clinic::new();
    let oauth = json!({
        "scopes": ["openid"], "metascopes": null, "private_key_file": null, "certificate_file": null,
        "technical_account_id": null,
    });
    let finished = clinic.doctor(&oauth, Mode::Plain, "");
    assert!(finished.stdout.contains("OAuth Server-to-Server, scopes openid"), "{finished:?}");
    assert!(finished.stdout.contains("exchange:"), "{finished:?}");
}

#[test]
fn each_key_is_tried_and_one_that_ims_does_not_accept_yet_is_a_warning() {
    let clinic = Clinic::new();
    let keys = json!({
        "private_key_file": null,
        "certificate_file": null,
        "keys": [
            {"private_key_file": "private.key", "certificate_file": "certificate_pub.crt"},
            {"private_key_file": "second.key"},
        ],
    });
    let finished = clinic.doctor(&keys, Mode::Plain, "");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for line in ["ok       exchange: IMS gave", "warning  exchange by the second key: "] {
        assert!(finished.stdout.contains(line), "{line}: {finished:?}");
    }
}

/// Answers one CONNECT with `answer`, and returns the address.
fn proxy_once(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut line = String::new();
        while stream.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
    });
    url
}

#[test]
fn a_proxy_that_does_not_connect_is_named() {
    let sandbox = Sandbox::new();
    #[rustfmt::skip]
    let table = [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "asks for a user name and a password"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n",                     "answered 403 Forbidden and does not connect to ims-na1"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n",                        "its answer is not HTTP"),
        ("",                                                    "breaks off before it has connected"),
        ("HTTP/1.1 200 OK\r\n\r\nthis is not TLS",              "TLS: the handshake fails"),
    ];
    for (answer, said) in table {
        let mut doctor = sandbox.ims("doctor -c credentials.json");
        doctor.env("HTTPS_PROXY", proxy_once(answer));
        doctor.env("SSL_CERT_FILE", sandbox.path("certificate_pub.crt"));
        let finished: Finished = doctor.output().unwrap().into();
        assert!(first_failed(&finished).contains(said), "{said}: {finished:?}");
    }
}

#[test]
fn offline_stops_before_the_network_and_json_has_all_of_it() {
    let clinic = Clinic::new();
    let before = clinic.plain.exchanges();
    let offline = clinic.doctor(&json!({}), Mode::Plain, "--offline --json");
    assert_eq!(offline.code, Some(0), "{offline:?}");
    let document: Value = serde_json::from_str(&offline.stdout).unwrap();
    let checks = document["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["name"].is_string() && check["status"].is_string()));
    assert!(!checks.iter().any(|check| check["name"] == "connection"), "{offline:?}");
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["time"].as_str().unwrap().ends_with('Z'), "{document}");
    assert_eq!(document["source"]["kind"], "file");
    assert_eq!(document["source"]["file"], "ill.json");
    let verdict = &document["verdict"];
    let passed = checks.iter().filter(|check| check["status"] == "ok").count();
    assert_eq!((&verdict["passed"], &verdict["exit_code"]), (&json!(passed), &json!(0)));
    let text = format!("{passed} checks passed, 1 warning: IMS was not asked (--offline)");
    assert_eq!(verdict["text"], text);
    assert_eq!(clinic.plain.exchanges(), before, "--offline has asked the network");
}

#[test]
fn if_no_one_listens_the_connection_is_the_line_that_failed() {
    let sandbox = Sandbox::new();
    let mut emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    emulator.terminate();
    let finished = sandbox.run(&format!("doctor -c credentials.json --url {}", emulator.url()));
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(
        first_failed(&finished).contains("connection: cannot connect to 127.0.0.1"),
        "{finished:?}"
    );
}

/// Answers one request, after the connection that the doctor makes as a test, with `status`, `date` and the error `code`, and
/// returns the address.
fn answer_once(status: &'static str, date: &'static str, code: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        drop(listener.accept().unwrap());
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut length = 0;
        let mut line = String::new();
        while stream.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        stream.read_exact(&mut vec![0; length]).unwrap();
        let body = json!({ "error": code }).to_string();
        let head = format!("HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: close\r\n");
        let length = body.len();
        let answer = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
    });
    url
}

#[test]
fn the_doctor_compares_its_clock_with_that_of_ims_before_it_blames_the_assertion() {
    let sandbox = Sandbox::new();
    let long_ago = "Tue, 12 Feb 2019 19:57:18 GMT";
    let url = answer_once("400 Bad Request", long_ago, "invalid_token");
    let finished = sandbox.run(&format!("doctor -c credentials.json --url {url}"));
    let first = finished.stdout.lines().find(|line| line.starts_with("failed")).unwrap();
    assert!(first.contains("clock") && first.contains("ahead of IMS"), "{finished:?}");
    assert_eq!(finished.code, Some(4), "{finished:?}");
}
