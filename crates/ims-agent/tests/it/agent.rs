//! What the agent answers, and which callers get an answer.

use std::time::Duration;
#[cfg(unix)]
use std::{io::Write, process::Command};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ims::{Client, Credentials, claims::NumericDate};
use ims_agent::{Agent, AllowedCallers, Error, Event, Limits, Listener};
use ims_emulator::{Fault, FaultRule};
use ims_token::testing::FakeClock;
use tokio::task::JoinSet;

use crate::fixture::{Fixture, raw};

#[tokio::test]
async fn a_token_comes_with_seconds_and_its_name_and_the_fields_of_adobes_apis() {
    let fixture = Fixture::new().await;
    let answered = fixture.get("/v1/token").await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.headers["cache-control"], "no-store");
    let token = answered.json();
    assert_eq!(token["token_type"], "bearer");
    let expires_in = token["expires_in"].as_u64().unwrap();
    assert!((86_000..=86_400).contains(&expires_in), "{expires_in}");
    assert!(token["expires_at"].as_str().unwrap().ends_with('Z'));

    let fields = fixture.get("/v1/headers").await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    assert_eq!(fields["headers"]["authorization"], bearer);
    assert_eq!(fields["headers"]["x-api-key"], "emulated-client");
    assert_eq!(fields["headers"]["x-gw-ims-org-id"], "EMULATED@AdobeOrg");
    assert_eq!(fields["fingerprint"], token["fingerprint"]);
    assert_eq!(fixture.exchanges(), 1);
}

#[tokio::test]
async fn what_is_not_understood_is_refused_by_name() {
    let fixture = Fixture::new().await;
    #[rustfmt::skip]
    let table = [
        ("/v1/token?context=other",                    404, "context_unknown"),
        ("/v1/token?contxt=default",                   400, "parameter_unknown"),
        ("/v1/token?context=default&context=default",  400, "parameter_repeated"),
        ("/v1/token?min_lifetime=5m",                  400, "parameter_malformed"),
        ("/v1/token?min_lifetime=-1",                  400, "parameter_malformed"),
        ("/v1/token?min_lifetime=+1",                  400, "parameter_malformed"),
        ("/v1/token?min_lifetime=",                    400, "parameter_malformed"),
        ("/v1/token?min_lifetime=864000",              400, "lives_too_short"),
        ("/v1/rejected",                               405, "method_not_allowed"),
        ("/v1/tokens",                                 404, "path_unknown"),
        ("/",                                          404, "path_unknown"),
    ];
    for (path, status, reason) in table {
        let answered = fixture.get(path).await;
        assert_eq!(
            (answered.status.as_u16(), answered.reason().as_str()),
            (status, reason),
            "{path}"
        );
    }
    assert_eq!(fixture.get("/v1/token?min_lifetime=600&context=default").await.status, 200);
    assert_eq!(fixture.post("/v1/rejected", "").await.reason(), "token_missing");
    assert_eq!(
        fixture.post("/v1/rejected", "fingerprint=a&token=b").await.reason(),
        "token_missing"
    );
}

#[tokio::test]
async fn a_token_that_an_api_rejected_is_replaced_once_and_another_is_not() {
    let fixture = Fixture::new().await;
    let first = fixture.token().await;
    let other = fixture.post("/v1/rejected", "fingerprint=0000000000000000").await;
    assert_eq!(other.json()["noted"], false);
    assert_eq!(fixture.token().await, first);

    let noted = fixture.post("/v1/rejected?context=default", &format!("fingerprint={first}")).await;
    assert_eq!(noted.json()["noted"], true);
    let second = fixture.token().await;
    assert_ne!(second, first);
    // Another program of the same host reports the same token later.
    let late = fixture.post("/v1/rejected", &format!("fingerprint={first}")).await;
    assert_eq!(late.json()["noted"], false);
    assert_eq!(fixture.token().await, second);
    assert_eq!(fixture.exchanges(), 2);

    // A program without SHA-256 names the token itself, as it has sent it or without the scheme.
    for scheme in ["", "Bearer%20"] {
        let token = fixture.get("/v1/token").await.json();
        let token = token["access_token"].as_str().unwrap();
        let noted = fixture.post("/v1/rejected", &format!("token={scheme}{token}")).await;
        assert_eq!(noted.json()["noted"], true, "{scheme}");
    }
    assert_eq!(fixture.post("/v1/rejected", "token=another").await.json()["noted"], false);
}

#[tokio::test]
async fn new_credentials_that_ims_refuses_are_not_used_and_the_health_says_why() {
    let fixture = Fixture::new().await;
    let first = fixture.token().await;
    let json =
        fixture.emulator.credentials_json().replace("emulated-client-secret", "canary-wrong");
    let path = fixture.folder.path().join("credentials.json");
    ims_files::replace(&path, json.as_bytes()).unwrap();
    // As long as there is a token, the wrong secret is not used.
    assert!(fixture.agent.reload().await.is_err());
    assert_eq!(fixture.token().await, first);
    let health = fixture.get("/v1/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["contexts"][0]["reload_failure"]["reason"], "wrong_secret");
    let event = fixture.happened("not_reloaded").await;
    assert!(event.contains("the old ones stay"), "{event}");
    assert!(fixture.get("/metrics").await.text.contains(
        "ims_agent_reload_failing{context=\"default\",client_id=\"emulated-client\"} 1\n"
    ));
}

#[tokio::test]
async fn without_a_token_the_answer_says_when_to_try_again() {
    let fixture = Fixture::without_ims(Some(Duration::from_secs(7))).await;
    let answered = fixture.get("/v1/token").await;
    assert_eq!(answered.status, 503, "{answered:?}");
    let wait: u64 = answered.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=7).contains(&wait), "{wait}");
    let health = fixture.get("/v1/health").await;
    assert_eq!(health.status, 503);
    assert_eq!(health.json()["contexts"][0]["is_serving"], false);
    assert_eq!(health.json()["contexts"][0]["last_failure"]["reason"], "temporary_failure");
}

#[tokio::test]
async fn ten_thousand_callers_at_once_cause_one_exchange() {
    let fixture = Fixture::new().await;
    fixture.emulator.inject(FaultRule::new(Fault::Delay(Duration::from_millis(300))));
    let first = fixture.token().await;
    fixture.post("/v1/rejected", &format!("fingerprint={first}")).await;
    let before = fixture.exchanges();
    let mut fields = fixture.fields();
    let host = fields.remove("host").unwrap();
    let url = format!("http://{}/v1/token", host.to_str().unwrap());
    let mut callers = JoinSet::new();
    // With a hundred sockets, Wine hangs.
    let connections = if cfg!(windows) { 8 } else { 50 };
    for _ in 0..connections {
        let stream = TokioIo::new(fixture.connect().await);
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        for _ in 0..10_000 / connections {
            let mut sender = sender.clone();
            let mut request = Request::get(&url).body(Empty::<Bytes>::new()).unwrap();
            request.headers_mut().extend(fields.clone());
            callers.spawn(async move {
                let response = sender.send_request(request).await.unwrap();
                assert_eq!(response.status(), 200);
                response.into_body().collect().await.unwrap().to_bytes()
            });
        }
    }
    let answers = callers.join_all().await;
    assert_eq!(answers.len(), 10_000);
    assert_eq!(fixture.exchanges(), before + 1);
}

#[tokio::test]
async fn callers_with_a_valid_token_notice_nothing_of_an_hour_without_ims() {
    let clock = FakeClock::new(NumericDate::from_secs(1_800_000_000));
    let of_clients = clock.clone();
    let fixture = Fixture::with(AllowedCallers::own_user(), move |builder| {
        builder.with_clock(of_clients.clone())
    });
    let fixture = fixture.await;
    let token = fixture.token().await;
    fixture.emulator.inject(FaultRule::new(Fault::Unavailable { retry_after: None }));
    // Into the last hour, in which the token is to be refreshed.
    clock.advance(Duration::from_mins(23 * 60 - 2));
    for minute in 0..60 {
        assert_eq!(fixture.token().await, token, "minute {minute}");
        clock.advance(Duration::from_mins(1));
    }
    assert!(fixture.exchanges() > 1, "it was tried");
    fixture.emulator.clear_faults();
    // When the pause after the last failure is over, callers get a new one.
    for _ in 0..4 {
        clock.advance(Duration::from_secs(30));
        fixture.get("/v1/token").await;
    }
    assert_ne!(fixture.token().await, token);
}

#[cfg(unix)]
#[tokio::test]
async fn other_users_of_the_machine_are_refused_by_the_system_or_by_name() {
    if !rustix::process::geteuid().is_root() {
        // Does not use `eprintln!`: the harness hides its output when a test passes.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "\nSKIPPED: only root can start a process as another user").unwrap();
        return;
    }
    let own = Fixture::new().await;
    assert_eq!(as_user(65_534, &own).await, None, "the socket cannot be reached");

    let allowed = Fixture::with(AllowedCallers::own_user().with_user(65_534), |it| it).await;
    assert!(as_user(65_534, &allowed).await.unwrap().contains("access_token"));
    assert!(as_user(65_533, &allowed).await.unwrap().contains("caller_not_allowed"));
    let event = allowed.happened("caller_refused").await;
    assert!(event.contains("refused user 65533, group 65533"), "{event}");

    let group = Fixture::with(AllowedCallers::own_user().with_group(65_532), |it| it).await;
    assert!(as_user(65_532, &group).await.unwrap().contains("access_token"));
    assert!(as_user(65_533, &group).await.unwrap().contains("caller_not_allowed"));
}

/// What curl gets as the user and group of this number; `None` if it does not reach the agent.
#[cfg(unix)]
async fn as_user(id: u32, fixture: &Fixture) -> Option<String> {
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={id}"), format!("--regid={id}"), "--clear-groups".to_owned()]);
    command.args(["curl", "--silent", "--max-time", "10", "--unix-socket"]).arg(&fixture.socket);
    command.arg("http://ims/v1/token");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn at_an_address_a_caller_shows_the_capability_and_calls_this_machine_by_its_name() {
    let fixture = Fixture::new().await;
    let address = fixture.serve_at_address(Limits::default()).await;
    let capability = fixture.capability();
    let (own, port) = (address.to_string(), address.port());
    let bearer = format!("Authorization: Bearer {capability}\r\n");
    #[rustfmt::skip]
    let table = [
        (own.as_str(),                     bearer.as_str(),                                "200 OK"),
        (&format!("localhost:{port}"),     &bearer,                                        "200 OK"),
        (&own,                             "",                                             "401 Unauthorized"),
        (&own,                             "Authorization: Bearer x\r\n",                  "401 Unauthorized"),
        ("evil.example",                   &bearer,                                        "421 Misdirected Request"),
        (&format!("evil.example:{port}"),  &bearer,                                        "421 Misdirected Request"),
        (&own,                             &format!("{bearer}Origin: http://{own}\r\n"),   "403 Forbidden"),
        (&own,                             &format!("{bearer}Sec-Fetch-Site: none\r\n"),   "403 Forbidden"),
        (&own,                             &format!("{bearer}X-Forwarded-For: 1.2.3.4\r\n"), "403 Forbidden"),
    ];
    for (host, fields, status) in table {
        let request =
            format!("GET /v1/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n");
        let answer = raw(address, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{host} {fields}: {answer}");
        assert_eq!(answer.contains("access_token"), status == "200 OK");
        assert!(!answer.contains(&capability));
    }
    let without_host = raw(address, &format!("GET /v1/token HTTP/1.0\r\n{bearer}\r\n")).await;
    assert!(
        without_host.starts_with("HTTP/1.0 421 ") || without_host.starts_with("HTTP/1.1 421 "),
        "{without_host}"
    );
}

#[tokio::test]
async fn the_agent_listens_on_loopback_only() {
    let refused = Listener::at_address(([0, 0, 0, 0], 0).into(), None).await;
    assert!(matches!(refused, Err(Error::NotLoopback(_))));
    let passed = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    assert!(matches!(Listener::from_tcp(passed, None), Err(Error::NotLoopback(_))));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = Listener::at_address(address, None).await.unwrap_err();
    assert!(matches!(&refused, Error::Unusable { place, .. } if *place == address.to_string()));
}

#[tokio::test]
async fn an_agent_of_several_contexts_asks_which_one_and_writes_fields_as_curl_reads_them() {
    let fixture = Fixture::new().await;
    let credentials = Credentials::from_file(fixture.folder.path().join("credentials.json"));
    let credentials = credentials.unwrap();
    let load = move |_: &str| Ok(Client::builder(&credentials));
    let agent = Agent::start(["one", "two"], load, |_: &Event| {}).await.unwrap();
    assert_eq!(agent.names().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(format!("{agent:?}"), r#"{"one", "two"}"#);

    // As a service manager passes a socket on.
    let passed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = passed.local_addr().unwrap();
    let listener = Listener::from_tcp(passed, None).unwrap();
    assert!(listener.is_open());
    assert_eq!(listener.to_string(), format!("http://{address}"));
    let end = fixture.end();
    tokio::spawn(async move { agent.serve(listener, Limits::default(), end).await });
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAccept: text/plain\r\n\r\n"
        )
    };
    let refused = raw(address, &request("/v1/token")).await;
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("context_missing"));
    let answered = raw(address, &request("/v1/headers?context=two")).await;
    let (head, fields) = answered.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{answered}");
    let fields: Vec<&str> = fields.lines().collect();
    assert!(fields.iter().any(|line| line.starts_with("authorization: Bearer eyJ")), "{fields:?}");
    assert!(fields.contains(&"x-api-key: emulated-client"), "{fields:?}");
}
