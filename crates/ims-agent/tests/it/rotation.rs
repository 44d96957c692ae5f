//! Credentials that are replaced while programs ask for tokens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ims::claims::Metascope;
use ims_agent::{Agent, AllowedCallers, Event, Limits, Listener};
use ims_emulator::{Certificate, Emulator, Integration};
use ims_testkit::{certificates, keys};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    task::JoinSet,
};

use crate::fixture::Fixture;

#[tokio::test]
async fn a_bad_new_file_keeps_the_old_credentials_and_a_good_one_replaces_them() {
    let fixture = Fixture::new().await;
    let agent = fixture.agent.clone();
    tokio::spawn(async move { agent.watch_files().await });
    let first = fixture.token().await;
    let path = fixture.folder.path().join("credentials.json");
    ims_files::replace(&path, b"{ \"client_id\": ").unwrap();
    let event = fixture.happened("not_reloaded").await;
    assert!(event.contains("credentials.json"), "{event}");
    assert_eq!(fixture.token().await, first);

    ims_files::replace(&path, fixture.emulator.credentials_json().as_bytes()).unwrap();
    fixture.happened("reloaded").await;
    assert_ne!(fixture.token().await, first);
    let health = fixture.get("/v1/health").await.json();
    assert!(health["contexts"][0]["reload_failure"].is_null(), "{health}");
}

#[tokio::test]
async fn of_two_reloads_at_once_the_one_that_read_the_newer_file_wins() {
    let fixture = Fixture::new().await;
    let old = fixture.emulator.credentials_json();
    fixture.token().await;
    let newer = Integration::new(
        "newer-client".parse().unwrap(),
        "EMULATED@AdobeOrg".parse().unwrap(),
        "NEWER@techacct.adobe.com".parse().unwrap(),
    );
    let newer = newer.with_client_secret("newer-secret").with_scopes(["openid"]);
    fixture.emulator.register(newer);
    let path = fixture.folder.path().join("credentials.json");
    let write = |changes: &[(&str, Value)]| {
        let mut file: Value = serde_json::from_str(&old).unwrap();
        for (name, value) in changes {
            file[name] = value.clone();
        }
        ims_files::replace(&path, file.to_string().as_bytes()).unwrap();
    };
    let reload = || {
        let agent = fixture.agent.clone();
        tokio::spawn(async move { agent.reload().await })
    };

    // The first one waits for an IMS that is slow.
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    write(&[("ims_url", format!("http://{}", slow.local_addr().unwrap()).into())]);
    let of_older = reload();
    let (mut asked, _) = slow.accept().await.unwrap();
    write(&[
        ("client_id", "newer-client".into()),
        ("client_secret", "newer-secret".into()),
        ("scopes", json!(["openid"])),
    ]);
    let mut of_newer = reload();
    // It waits for the first. If it did not, the first would end last.
    let early = tokio::time::timeout(Duration::from_millis(300), &mut of_newer).await;
    let body = r#"{"access_token":"older","token_type":"bearer","expires_in":86399}"#;
    asked.write_all(crate::api::answer("200 OK", body).as_bytes()).await.unwrap();
    of_older.await.unwrap().unwrap();
    if early.is_err() {
        of_newer.await.unwrap().unwrap();
    }
    let fields = fixture.get("/v1/headers").await.json();
    assert_eq!(fields["headers"]["x-api-key"], "newer-client");
}

/// The integration at IMS with one of two secrets and certificates.
fn integration(secret: &str, certificate: &str) -> Integration {
    Integration::new(
        "a64f5f10849a410a97ffdac8ae1".parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    )
    .with_client_secret(secret)
    .with_certificates(Certificate::read_all(certificate.as_bytes()).unwrap())
    .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
}

#[tokio::test]
async fn a_certificate_and_a_secret_are_replaced_during_the_calls_of_a_hundred_callers_and_none_fails()
 {
    let emulator = Emulator::builder().with_integration(integration("one", certificates::FIRST));
    let emulator = emulator.start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| ims_files::replace(&path(name), text.as_bytes()).unwrap();
    write("secret", "one");
    write("private.key", keys::FIRST);
    write("certificate.crt", certificates::FIRST);
    let own = json!({
        "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secret_file": "secret",
        "org_id": "C74F69D7594880280@AdobeOrg", "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "metascopes": ["ent_dataservices_sdk"], "private_key_file": "private.key", "certificate_file": "certificate.crt",
        "ims_url": emulator.url(),
    });
    write("own.json", &own.to_string());
    let file = path("own.json");
    let load = move |_: &str| {
        let credentials = ims::Credentials::from_file(&file);
        credentials.map(|it| ims::Client::builder(&it)).map_err(|error| ims::Report::from(&error))
    };
    let (report, mut reported) = tokio::sync::mpsc::unbounded_channel();
    let observe = move |event: &Event| {
        // The test may have ended.
        let _ = report.send(event.name());
    };
    let agent = Agent::start(["default"], load, observe).await.unwrap();
    let socket = path("run/agent.sock");
    let listener = Listener::at_socket(&socket, AllowedCallers::own_user()).unwrap();
    let server = agent.clone();
    tokio::spawn(
        async move { server.serve(listener, Limits::default(), std::future::pending()).await },
    );
    let watcher = agent.clone();
    tokio::spawn(async move { watcher.watch_files().await });

    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let (socket, done) = (socket.clone(), Arc::clone(&done));
        callers.spawn(async move {
            let mut calls = 0;
            while !done.load(Ordering::Relaxed) {
                let mut stream = UnixStream::connect(&socket).await.unwrap();
                let request = b"GET /v1/token HTTP/1.1\r\nHost: ims\r\nConnection: close\r\n\r\n";
                stream.write_all(request).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                calls += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            calls
        });
    }
    // First on this machine: IMS does not know them yet, so they are not used.
    let first = token_of(&socket).await;
    write("secret", "two");
    write("private.key", keys::SECOND);
    write("certificate.crt", certificates::SECOND);
    while reported.recv().await.unwrap() != "not_reloaded" {}
    assert_eq!(token_of(&socket).await, first);
    // Then at IMS, where the old ones end.
    emulator.register(integration("two", certificates::SECOND));
    agent.reload().await.unwrap();
    assert_ne!(token_of(&socket).await, first);
    done.store(true, Ordering::Relaxed);
    let calls: usize = callers.join_all().await.into_iter().sum();
    assert!(calls >= 100, "{calls}");
}

async fn token_of(socket: &std::path::Path) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let request = b"GET /v1/token HTTP/1.1\r\nHost: ims\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, fingerprint) = answer.split_once("\"fingerprint\":\"").unwrap();
    fingerprint.split('"').next().unwrap().to_owned()
}
