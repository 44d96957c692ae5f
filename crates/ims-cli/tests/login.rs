//! `ims login` and `ims logout` against `ims emulator`, with a test in place of the browser.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

#[path = "support/browser.rs"]
mod browser;
#[path = "login/in_chromium.rs"]
mod in_chromium;
#[path = "support/person.rs"]
mod person;
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use person::{
    CLIENT_ID, Login, PASTED_URI, answer, get, modes, raw, register, register_for, send, split,
};
use running_emulator::RunningEmulator;
use sandbox::{Finished, Sandbox};

/// Where refresh tokens are kept without a keyring.
const FILES: &str = "home/.local/share/ims/sign-ins";

fn served() -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "");
    register(&sandbox, &emulator, PASTED_URI);
    (sandbox, emulator)
}

/// A person who signs in by pasting.
fn signed_in(sandbox: &Sandbox) -> Finished {
    let mut login = pasting(sandbox, "");
    let redirect = answer(login.url(), "allow");
    login.paste(&redirect);
    let end = login.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    end
}

fn pasting(sandbox: &Sandbox, options: &str) -> Login {
    let arguments = format!("login -c people.json --redirect-uri {PASTED_URI} {options}");
    Login::start(sandbox.ims(&arguments))
}

/// The refresh token that is kept, if there is one.
fn refresh_token(sandbox: &Sandbox) -> Option<String> {
    let mut files = fs::read_dir(sandbox.path(FILES)).into_iter().flatten();
    Some(fs::read_to_string(files.next()?.unwrap().path()).unwrap())
}

/// Whether IMS says that this refresh token is valid.
fn is_valid(sandbox: &Sandbox, refresh_token: &str) -> bool {
    sandbox.write("refresh-token", refresh_token);
    let end = sandbox.run("validate -c people.json --type refresh_token refresh-token");
    assert!(matches!(end.code, Some(0 | 1)), "{end:?}");
    end.code == Some(0)
}

#[track_caller]
fn assert_failed(end: &Finished, code: i32, parts: &[&str]) {
    assert_eq!((end.code, end.stdout.as_str()), (Some(code), ""), "{end:?}");
    for part in parts {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
}

#[track_caller]
fn assert_not_signed_in(sandbox: &Sandbox) {
    assert_eq!(refresh_token(sandbox), None);
    let end = sandbox.run("token -c people.json");
    assert_failed(&end, 4, &["no one is signed in", "hint:", "ims login"]);
}

#[test]
fn a_browser_of_this_machine_signs_a_person_in() {
    let (sandbox, emulator) = served();
    let login = Login::listening(&sandbox, &emulator);
    for (name, value) in
        [("client_id", CLIENT_ID), ("code_challenge_method", "S256"), ("response_type", "code")]
    {
        assert_eq!(login.parameter(name), value);
    }
    let redirect = answer(login.url(), "allow");
    let page = get(&redirect);
    let end = login.end();
    assert_eq!((page.status, end.code), (200, Some(0)), "{page:?} {end:?}");
    assert!(page.body.contains("You are signed in"), "{page:?}");
    for header in ["referrer-policy: no-referrer", "cache-control: no-store", "default-src 'none'"]
    {
        assert!(page.head.contains(header), "{header} is not in {}", page.head);
    }
    let (_, query) = redirect.split_once('?').unwrap();
    assert!(!page.body.contains(query) && !page.body.contains("http"), "{}", page.body);

    let said: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(said["client_id"], CLIENT_ID);
    assert!(said["user_id"].as_str().unwrap().ends_with("@AdobeID"), "{said}");
    let kept_in = said["kept_in"].as_str().unwrap();
    assert!(end.stderr.contains(&format!("the refresh token is kept in {kept_in}")), "{end:?}");
    let modes = modes(&sandbox, FILES);
    assert_eq!(modes.iter().map(|(_, mode)| *mode).collect::<Vec<_>>(), [0o700, 0o600]);
    assert_eq!(modes[1].0.to_str(), Some(kept_in));

    let first = sandbox.run("token -c people.json");
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    assert_eq!(emulator.exchanges(), 0, "a person has no assertion");
    let fresh = sandbox.run("token -c people.json --fresh");
    assert_eq!((fresh.code, fresh.stderr.as_str()), (Some(0), ""));
    assert_ne!(first.stdout, fresh.stdout, "the refresh token gives a new one");
}

#[test]
fn without_a_browser_the_redirect_is_pasted_and_only_the_right_one_is_accepted() {
    let (sandbox, _emulator) = served();
    let (mut login, other) = (pasting(&sandbox, ""), pasting(&sandbox, ""));
    assert!(login.said().contains("there is no display here"), "{}", login.said());
    let redirect = answer(login.url(), "allow");
    let (address, query) = redirect.split_once('?').unwrap();
    login.paste("");
    login.paste("what?");
    login.paste(&answer(other.url(), "allow"));
    login.paste(&format!("{address}?state={}", login.parameter("state")));
    login.paste(&format!("{address}?error=access_denied"));
    login.paste(&"x".repeat(200_000));
    login.paste(&format!("  {address}?{query} "));
    let end = login.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(end.stdout.starts_with("signed in as "), "{end:?}");
    assert!(refresh_token(&sandbox).is_some());
    assert_failed(&other.end(), 4, &["the input ended"]);
}

#[test]
fn a_session_over_ssh_has_its_browser_elsewhere() {
    let (sandbox, _emulator) = served();
    let mut command = sandbox.ims("login -c people.json --timeout 1h");
    command.env("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22").env("DISPLAY", ":0");
    let login = Login::start(command);
    assert!(login.said().contains("a session over SSH"), "{}", login.said());
    assert_eq!(login.parameter("redirect_uri"), "http://127.0.0.1/callback");
    assert_failed(&login.end(), 4, &["the input ended before the address was pasted"]);
}

#[test]
fn no_request_except_the_redirect_ends_or_blocks_the_listener() {
    let (sandbox, emulator) = served();
    let login = Login::listening(&sandbox, &emulator);
    let redirect_uri = login.parameter("redirect_uri");
    let state = login.parameter("state");
    let (authority, path) = split(&redirect_uri);
    let redirect = answer(login.url(), "allow");
    let (_, target) = split(&redirect);

    // These never end by themselves.
    let slow: Vec<TcpStream> = (0..100)
        .map(|index| {
            let mut stream = TcpStream::connect(authority).unwrap();
            let head = format!("GET {path}?code=x HTTP/1.1\r\nx: ");
            stream.write_all(&head.as_bytes()[..index % head.len()]).unwrap();
            stream
        })
        .collect();
    #[rustfmt::skip]
    let table = [
        ("GET",  format!("{redirect_uri}?code=x&state=x"),                 vec![],                         400),
        ("GET",  format!("{redirect_uri}?error=access_denied&state=x"),    vec![],                         400),
        ("GET",  format!("{redirect_uri}?error=access_denied"),            vec![],                         400),
        ("GET",  format!("{redirect_uri}?state={state}"),                  vec![],                         400),
        ("GET",  format!("{redirect_uri}?code=x&code=y&state={state}"),    vec![],                         400),
        ("GET",  redirect_uri.clone(),                                     vec![],                         400),
        ("GET",  format!("http://{authority}/"),                           vec![],                         404),
        ("GET",  format!("http://{authority}/favicon.ico"),                vec![],                         404),
        ("GET",  format!("http://{authority}/x{target}"),                  vec![],                         404),
        ("HEAD", redirect.clone(),                                         vec![],                         405),
        ("POST", redirect.clone(),                                         vec![],                         405),
        ("OPTIONS", redirect.clone(),                                      vec!["origin: http://a.example"], 405),
        ("GET",  redirect.clone(),                                         vec!["host: rebound.example"],  421),
        ("GET",  redirect.clone(),                                         vec!["host: rebound.example", "host: 127.0.0.1"], 421),
    ];
    for (method, url, headers, status) in table {
        let page = send(method, &url, &headers, "");
        assert_eq!(page.status, status, "{method} {url} {headers:?}: {page:?}");
        assert!(!page.body.contains(&state), "{page:?}");
    }
    for garbage in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        format!("GET {target} HTTP/1.0\r\n\r\n").into_bytes(),
        format!("GET {target}{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20)).into_bytes(),
        format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100_000)).into_bytes(),
    ] {
        if let Some(page) = raw(authority, &garbage) {
            assert!(page.status >= 400, "{page:?}");
        }
    }
    let wrong = format!("{redirect_uri}?code=x&state=x");
    let parallel: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..100).map(|_| scope.spawn(|| get(&wrong).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(parallel, [400; 100]);

    let page = get(&redirect);
    assert_eq!(page.status, 200, "{page:?}");
    let end = login.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    for mut stream in slow {
        // The answer comes at once now.
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

#[test]
fn a_person_who_says_no_is_not_signed_in_and_the_terminal_says_so() {
    let (sandbox, emulator) = served();
    let login = Login::listening(&sandbox, &emulator);
    let page = get(&answer(login.url(), "deny"));
    assert!(page.status == 400 && page.body.contains("You are not signed in"), "{page:?}");
    assert_failed(
        &login.end(),
        4,
        &["the sign-in was refused: ", "(access_denied)", "allow what is asked for"],
    );
    assert_not_signed_in(&sandbox);

    let mut login = pasting(&sandbox, "");
    register(&sandbox, &emulator, PASTED_URI);
    login.paste(&answer(login.url(), "deny"));
    assert_failed(&login.end(), 4, &["the sign-in was refused: ", "(access_denied)"]);
}

#[test]
fn the_command_waits_no_longer_than_its_timeout() {
    let (sandbox, _emulator) = served();
    let login = Login::start(sandbox.ims("login -c people.json --no-browser --timeout 10ms"));
    let hint = ["no one has signed in within 10 ms", "--redirect-uri"];
    assert_failed(&login.end(), 4, &hint);
    // Standard input stays open, and nothing is pasted.
    let mut login = sandbox.ims("login -c people.json --paste --timeout 10ms");
    let mut child = login.stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    let end = Finished::from(child.wait_with_output().unwrap());
    drop(stdin);
    assert_failed(&end, 4, &["no one has signed in within 10 ms"]);
    assert_not_signed_in(&sandbox);
}

#[test]
fn an_interrupt_ends_it_at_once_and_leaves_nothing() {
    let (sandbox, _emulator) = served();
    let ims = sandbox.ims("login -c people.json --no-browser");
    // Like a parent that ignores interrupts: nohup, or a shell that starts a program in the background.
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' INT; exec \"$0\" \"$@\""]);
    ignoring.arg(ims.get_program()).args(ims.get_args()).current_dir(sandbox.path(""));
    ignoring.envs(ims.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ignoring.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for command in [ims, ignoring] {
        let login = Login::start(command);
        kill_process(Pid::from_raw(login.id().cast_signed()).unwrap(), Signal::INT).unwrap();
        let end = login.end();
        assert_eq!((end.code, end.stdout.as_str()), (Some(130), ""), "{end:?}");
        assert!(!end.stderr.contains("panicked"), "{end:?}");
        assert_not_signed_in(&sandbox);
    }
}

#[test]
fn without_a_refresh_token_the_command_says_when_the_sign_in_ends() {
    let (sandbox, emulator) = served();
    register_for(&sandbox, &emulator, PASTED_URI, &["openid", "AdobeID"]);
    let end = signed_in(&sandbox);
    for part in ["IMS gave no refresh token, so this sign-in ends at 20", "offline_access"] {
        assert!(end.stderr.contains(part), "{part} is not in {}", end.stderr);
    }
    assert_eq!(refresh_token(&sandbox), None);
    let token = sandbox.run("token -c people.json");
    assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""), "the access token still lasts");
    let fresh = sandbox.run("token -c people.json --fresh");
    assert_failed(&fresh, 4, &["no one is signed in"]);
}

#[test]
fn a_second_login_replaces_the_first_and_everything_that_it_saved() {
    let (sandbox, emulator) = served();
    signed_in(&sandbox);
    let first = (refresh_token(&sandbox).unwrap(), sandbox.run("token -c people.json").stdout);
    signed_in(&sandbox);
    let second = (refresh_token(&sandbox).unwrap(), sandbox.run("token -c people.json").stdout);
    assert!(first.0 != second.0 && first.1 != second.1);
    assert_eq!(modes(&sandbox, FILES).len(), 2, "one folder, one file");

    // Also a login without a refresh token.
    register_for(&sandbox, &emulator, PASTED_URI, &["openid", "AdobeID"]);
    signed_in(&sandbox);
    assert_eq!(refresh_token(&sandbox), None);
}

#[test]
fn the_doctor_finds_the_sign_in_where_the_other_commands_do() {
    let (sandbox, _emulator) = served();
    for options in ["", "--offline"] {
        let end = sandbox.run(&format!("doctor -c people.json {options}"));
        let failed = end.stdout.lines().find(|line| line.starts_with("failed"));
        let failed = failed.unwrap_or_else(|| panic!("{end:?}"));
        assert!(failed.contains("sign-in: no one is signed in"), "{failed}");
        assert!(end.stdout.contains("-> sign in: ims login"), "{end:?}");
        assert_eq!(end.code, Some(4), "{end:?}");
    }
    signed_in(&sandbox);
    let end = sandbox.run("doctor -c people.json");
    for part in ["sign-in: the refresh token is in", "exchange: IMS gave a token", "token: for"] {
        assert!(end.stdout.contains(part), "{part} is not in {end:?}");
    }
    assert_eq!(end.code, Some(0), "{end:?}");
    let refresh_token = refresh_token(&sandbox).unwrap();
    assert!(is_valid(&sandbox, &refresh_token) && !end.stdout.contains(&refresh_token));
}

#[test]
fn logout_revokes_the_sign_in_and_deletes_it() {
    let (sandbox, _emulator) = served();
    signed_in(&sandbox);
    let refresh_token = refresh_token(&sandbox).unwrap();
    sandbox.write("access-token", sandbox.run("token -c people.json").stdout);
    assert!(is_valid(&sandbox, &refresh_token));

    let end = sandbox.run("logout -c people.json");
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), ""), "{end:?}");
    assert!(end.stderr.contains("signed out"), "{end:?}");
    assert!(!is_valid(&sandbox, &refresh_token));
    let access_token = sandbox.run("validate -c people.json access-token");
    assert_eq!(access_token.code, Some(1), "{access_token:?}");
    assert_not_signed_in(&sandbox);

    let end = sandbox.run("logout -c people.json");
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(end.stderr.contains("no one was signed in"), "{end:?}");
}

#[test]
fn logout_deletes_the_sign_in_even_if_ims_cannot_be_asked() {
    let (sandbox, mut emulator) = served();
    signed_in(&sandbox);
    emulator.terminate();
    let end = sandbox.run("logout -c people.json");
    assert_failed(
        &end,
        3,
        &["removed from this machine, but not revoked", "asked: http://127.0.0.1"],
    );
    assert_not_signed_in(&sandbox);
}

#[test]
fn the_variable_browser_names_the_browser_which_gets_only_the_address() {
    let (sandbox, emulator) = served();
    let (script, told) = (sandbox.path("browser"), sandbox.path("told"));
    assert!(Command::new("mkfifo").arg(&told).status().unwrap().success());
    sandbox.write(
        "browser",
        format!("#!/bin/sh\necho \"$@\" > {}\necho noise; echo noise >&2\n", told.display()),
    );
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = sandbox.ims("login -c people.json --json");
    command.env("BROWSER", &script);
    let login = Login::start(command);
    register(&sandbox, &emulator, &login.parameter("redirect_uri"));
    assert_eq!(fs::read_to_string(told).unwrap().trim_end(), login.url());
    get(&answer(login.url(), "allow"));
    let end = login.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(!end.stdout.contains("noise") && !end.stderr.contains("noise"), "{end:?}");
}

#[test]
fn a_browser_that_runs_in_the_terminal_does_not_block_the_command() {
    let (sandbox, emulator) = served();
    let (script, left) = (sandbox.path("lynx"), sandbox.path("left"));
    assert!(Command::new("mkfifo").arg(&left).status().unwrap().success());
    sandbox.write("lynx", format!("#!/bin/sh\ncat {}\n", left.display()));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = sandbox.ims("login -c people.json");
    command.env("BROWSER", &script);
    let login = Login::start(command);
    register(&sandbox, &emulator, &login.parameter("redirect_uri"));
    assert_eq!(get(&answer(login.url(), "allow")).status, 200);
    fs::write(left, "").unwrap();
    assert_eq!(login.end().code, Some(0));
}

#[test]
fn a_public_client_needs_no_file_and_can_save_one() {
    let (sandbox, emulator) = served();
    let url = emulator.url();
    let arguments = format!(
        "login --client-id {CLIENT_ID} --out saved.json --ims-url {url} --redirect-uri {PASTED_URI}"
    );
    let mut login = Login::start(sandbox.ims(&arguments));
    assert_eq!(login.parameter("scope"), "openid,AdobeID,offline_access");
    login.paste(&answer(login.url(), "allow"));
    let end = login.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    let mode = fs::metadata(sandbox.path("saved.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = sandbox.run("token -c saved.json");
    assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""));
    assert_failed(&sandbox.run(&arguments), 2, &["saved.json is there already"]);
    let end = sandbox.run(&format!("login --client-id {CLIENT_ID}"));
    assert_failed(&end, 2, &["--out"]);
}

#[test]
fn a_sign_in_that_cannot_be_saved_fails_and_the_place_is_named() {
    let (sandbox, emulator) = served();
    fs::create_dir_all(sandbox.path(FILES).parent().unwrap()).unwrap();
    sandbox.write(FILES, "no folder");
    let login = Login::listening(&sandbox, &emulator);
    let page = get(&answer(login.url(), "allow"));
    assert!(page.status == 400 && page.body.contains("You are not signed in"), "{page:?}");
    let end = login.end();
    assert_failed(&end, 4, &["the refresh token cannot be saved in ", FILES, "then try again"]);
    assert!(!end.stderr.contains("keyring"), "{end:?}");
}

#[test]
fn wrong_credentials_and_a_port_in_use_are_refused_before_the_person_is_asked() {
    let (sandbox, _emulator) = served();
    for command in ["login", "logout"] {
        let end = sandbox.run(&format!("{command} -c credentials.json"));
        assert_failed(&end, 2, &["not for people"]);
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let end = sandbox.run(&format!("login -c people.json --no-browser --port {port}"));
    assert_failed(&end, 4, &["cannot be listened on", "--port"]);
    let end = sandbox.run("login -c people.json --redirect-uri callback");
    assert_failed(&end, 2, &["a redirect URI is whole"]);
}

#[test]
fn no_secret_is_in_an_argument_or_an_output() {
    let (sandbox, emulator) = served();
    let login = Login::listening(&sandbox, &emulator);
    let redirect = answer(login.url(), "allow");
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", login.id())).unwrap();
    let page = get(&redirect);
    let end = login.end();
    let token = sandbox.run("token -c people.json").stdout;
    let refresh_token = refresh_token(&sandbox).unwrap();
    let code = redirect.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
    let logout = sandbox.run("logout -c people.json");
    assert_eq!((end.code, logout.code), (Some(0), Some(0)), "{end:?} {logout:?}");
    for secret in [code, token.trim_end(), refresh_token.as_str()] {
        assert!(secret.len() > 40);
        for place in [&arguments, &page.body, &page.head, &end.stdout, &end.stderr, &logout.stderr]
        {
            assert!(!place.contains(secret), "{secret} is in {place}");
        }
    }
}
