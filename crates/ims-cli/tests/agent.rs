//! `ims agent` and `ims proxy` as processes: the recipes of the book, signals, a killed agent, long bodies, a key in a module.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

#[path = "support/browser.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod browser;
#[path = "agent/deploy.rs"]
mod deploy;
#[path = "agent/in_chromium.rs"]
mod in_chromium;
#[path = "support/person.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod person;
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{CLIENT_ID, Sandbox};

/// The book page with the recipes.
const BOOK: &str = include_str!("../../../docs/agent.md");

/// A service while it runs.
struct Service {
    child: Child,
    places: Vec<String>,
    log: PathBuf,
}

impl Service {
    /// Starts `ims` with these arguments and waits for the places where it listens.
    fn start(sandbox: &Sandbox, arguments: &str, places: usize) -> Self {
        Self::start_with(sandbox, arguments, places, &[])
    }

    fn start_with(
        sandbox: &Sandbox,
        arguments: &str,
        places: usize,
        variables: &[(&str, PathBuf)],
    ) -> Self {
        let log = sandbox.path(&format!("{}.log", arguments.split(' ').next().unwrap()));
        let mut command = sandbox.ims(arguments);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut listening = Vec::new();
        for _ in 0..places {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "{}", fs::read_to_string(&log).unwrap());
            listening.push(line.trim_end().to_owned());
        }
        Self { child, places: listening, log }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until the log has this text.
    fn has_logged(&self, text: &str) {
        for _ in 0..1_000 {
            if self.log().contains(text) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{text} is not in the log: {}", self.log());
    }

    /// Ends it with SIGTERM, and returns its exit code.
    fn terminate(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.child.wait().unwrap().code()
    }

    /// The most memory that it has had at a time, in MiB.
    #[cfg(target_os = "linux")]
    fn most_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sandbox, and an emulator that knows its integration.
fn served() -> (Sandbox, RunningEmulator) {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    (sandbox, emulator)
}

fn agent(sandbox: &Sandbox, emulator: &RunningEmulator) -> Service {
    let arguments = "agent -c credentials.json --socket run/agent.sock --url";
    Service::start(sandbox, &format!("{arguments} {}", emulator.url()), 1)
}

fn proxy(sandbox: &Sandbox, emulator: &RunningEmulator, to: &str) -> Service {
    let arguments = "proxy -c credentials.json --port 0 --allow-host localhost";
    Service::start(sandbox, &format!("{arguments} --url {} --to {to}", emulator.url()), 1)
}

/// What the agent answers to `GET path`: the status and the body.
fn get(sandbox: &Sandbox, path: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(sandbox.path("run/agent.sock")).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: ims\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn fingerprint(sandbox: &Sandbox) -> String {
    let (status, token) = get(sandbox, "/v1/token");
    assert_eq!(status, 200, "{token}");
    token["fingerprint"].as_str().unwrap().to_owned()
}

/// The code of a recipe: the first block after its heading.
#[track_caller]
fn recipe(heading: &str) -> &'static str {
    let (_, after) = BOOK.split_once(&format!("\n### {heading}\n")).unwrap();
    let (_, block) = after.split_once("\n```").unwrap();
    let (_, code) = block.split_once('\n').unwrap();
    code.split("\n```").next().unwrap()
}

/// Whether there is such a program; says so if something is not tested for it.
fn is_there(program: &str) -> bool {
    // A shell need not know `--version`.
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&folders).any(|folder| folder.join(program).is_file());
    if !is_there {
        skipped(&format!("{program} is not here"));
    }
    is_there
}

/// Says that something is not tested. Does not use `eprintln!`: the harness hides its output when a test passes.
fn skipped(why: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "\nSKIPPED: {why}").unwrap();
}

/// Runs a recipe and expects the answer of the API with the token of the integration.
fn run_recipe(
    sandbox: &Sandbox,
    heading: &str,
    file: &str,
    program: &[&str],
    variables: &[(&str, &str)],
) {
    if !is_there(program[0]) {
        return;
    }
    sandbox.write(file, recipe(heading));
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(sandbox.path(file)).stdin(Stdio::null());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    {
        command.env_remove(name);
    }
    let socket = sandbox.path("run/agent.sock");
    let output = command.env("IMS_AGENT_SOCKET", socket).envs(variables.iter().copied()).output();
    let output = output.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{heading}: {output:?}");
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&answer["client_id"], &answer["method"]),
        (&json!(CLIENT_ID), &json!("GET")),
        "{heading}"
    );
}

#[test]
fn the_recipes_of_the_book_work() {
    let (sandbox, mut emulator) = served();
    let _agent = agent(&sandbox, &emulator);
    let proxy = proxy(&sandbox, &emulator, emulator.url());
    let api = ("API_URL", emulator.url());
    let through = ("IMS_PROXY_URL", proxy.places[0].as_str());
    run_recipe(&sandbox, "curl, through the socket", "a.sh", &["sh"], &[api]);
    run_recipe(&sandbox, "curl, through the proxy", "b.sh", &["sh"], &[through]);
    run_recipe(
        &sandbox,
        "curl, with the proxy as its proxy",
        "c.sh",
        &["sh"],
        &[api, through, ("NO_PROXY", "")],
    );
    if is_there("python3")
        && Command::new("python3").args(["-c", "import requests"]).status().unwrap().success()
    {
        run_recipe(&sandbox, "Python, requests", "recipe.py", &["python3"], &[api]);
    } else {
        skipped("Python has no requests");
    }
    run_recipe(&sandbox, "Node, fetch", "recipe.mjs", &["node"], &[api]);
    run_recipe(&sandbox, "Java, HttpClient", "Recipe.java", &["java"], &[through]);
    run_recipe(&sandbox, "PHP", "recipe.php", &["php"], &[api]);
    assert_eq!(emulator.exchanges(), 2, "one for the agent, one for the proxy");
    let log = proxy.log();
    assert!(log.contains("proxied:"), "{log}");
    assert_eq!(proxy.terminate(), Some(0));
    assert_eq!(emulator.terminate().code, Some(0));
}

#[test]
fn a_key_in_a_module_signs_for_a_program_in_python() {
    if !is_there("softhsm2-util") || !is_there("python3") {
        return;
    }
    let sandbox = Sandbox::new();
    let configuration = sandbox.path("softhsm2.conf");
    fs::create_dir(sandbox.path("tokens")).unwrap();
    let tokens = sandbox.path("tokens");
    sandbox.write("softhsm2.conf", format!("directories.tokendir = {}\n", tokens.display()));
    sandbox.write("pin", "canary-pin\n");
    let made = Command::new("softhsm2-util")
        .args("--init-token --free --label agent --so-pin 87654321 --pin canary-pin".split(' '))
        .env("SOFTHSM2_CONF", &configuration)
        .output();
    assert!(made.unwrap().status.success());
    let uri = "pkcs11:token=agent;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=pin";
    for arguments in [format!("hsm generate {uri}"), format!("cert new --out new --signer {uri}")] {
        let output = sandbox.ims(&arguments).env("SOFTHSM2_CONF", &configuration).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    // The emulator reads the certificate from the credentials; at IMS a person uploads it.
    let members = json!({
        "private_key_file": null, "signer": uri, "certificate_file": "new/certificate_pub.crt",
    });
    sandbox.write_credentials("hsm.json", members);
    let emulator = RunningEmulator::start(&sandbox, "-c hsm.json");
    let arguments = format!("agent -c hsm.json --socket run/agent.sock --url {}", emulator.url());
    let service = Service::start_with(&sandbox, &arguments, 1, &[("SOFTHSM2_CONF", configuration)]);
    run_recipe(
        &sandbox,
        "Python, requests",
        "recipe.py",
        &["python3"],
        &[("API_URL", emulator.url())],
    );
    assert!(!service.log().contains("canary"), "{}", service.log());
}

#[test]
fn an_agent_that_was_killed_is_replaced_by_the_next_and_two_do_not_share_a_socket() {
    let (sandbox, emulator) = served();
    let first = agent(&sandbox, &emulator);
    fingerprint(&sandbox);
    let url = emulator.url();
    let second =
        sandbox.run(&format!("agent -c credentials.json --socket run/agent.sock --url {url}"));
    assert_eq!(second.code, Some(4), "{second:?}");
    assert!(second.stderr.contains("another process listens at"), "{second:?}");

    first.signal(Signal::KILL);
    drop(first);
    assert!(sandbox.path("run/agent.sock").exists());
    let next = agent(&sandbox, &emulator);
    fingerprint(&sandbox);
    assert_eq!(next.terminate(), Some(0));
    assert!(!sandbox.path("run/agent.sock").exists());
}

#[test]
fn signals_print_the_state_and_read_the_credentials_again() {
    let (sandbox, emulator) = served();
    let service = agent(&sandbox, &emulator);
    let first = fingerprint(&sandbox);
    service.signal(Signal::USR1);
    service.has_logged("state: context default: token until ");
    service.signal(Signal::HUP);
    service.has_logged("reloaded: context default");
    assert_ne!(fingerprint(&sandbox), first);

    // A bad file is named once, and the old credentials continue.
    sandbox.write("credentials.json", "{");
    service.has_logged(
        "not_reloaded: context default: the new credentials are not used, the old ones stay: ",
    );
    assert_eq!(get(&sandbox, "/v1/token").0, 200);
    let health = sandbox.run("agent health --socket run/agent.sock");
    assert_eq!(health.code, Some(0), "{health:?}");
    assert!(health.stdout.contains("the newest credentials are not used"), "{health:?}");
    assert!(!service.log().contains(sandbox::CLIENT_SECRET));
    assert_eq!(service.terminate(), Some(0));
    let health = sandbox.run("agent health --socket run/agent.sock");
    assert_eq!(health.code, Some(3), "{health:?}");
}

#[test]
fn a_wrong_secret_is_a_424_and_the_health_says_no() {
    let (sandbox, emulator) = served();
    sandbox.write_credentials("wrong.json", json!({ "client_secret": "canary-wrong" }));
    let url = emulator.url();
    let service = Service::start(
        &sandbox,
        &format!("agent -c wrong.json --socket run/agent.sock --url {url}"),
        1,
    );
    let (status, answer) = get(&sandbox, "/v1/token");
    assert_eq!((status, &answer["error"]["reason"]), (424, &json!("wrong_secret")), "{answer}");
    assert!(answer["error"]["remedies"][0].is_string(), "{answer}");
    assert_eq!(sandbox.run("agent health --socket run/agent.sock").code, Some(1));
    assert_eq!(sandbox.run("agent health --alive --socket run/agent.sock").code, Some(0));
    assert!(!service.log().contains("canary"), "{}", service.log());
}

#[test]
fn contexts_are_served_by_name() {
    let (sandbox, emulator) = served();
    for name in ["one", "two"] {
        let arguments = format!("context add {name} -c credentials.json --url {}", emulator.url());
        let added = sandbox.run(&arguments);
        assert_eq!(added.code, Some(0), "{added:?}");
    }
    let _service =
        Service::start(&sandbox, "agent --context one --context two --socket run/agent.sock", 1);
    assert_eq!(get(&sandbox, "/v1/token?context=two").0, 200);
    let (status, answer) = get(&sandbox, "/v1/token");
    assert_eq!((status, &answer["error"]["reason"]), (400, &json!("context_missing")));
    let unknown = sandbox.run("agent --context three --socket run/other.sock");
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
}

/// How many bytes go each way in the test of long bodies.
const LONG: usize = 300 * 1024 * 1024;

#[cfg(target_os = "linux")]
#[test]
fn three_hundred_megabytes_pass_in_both_directions_in_less_than_forty_of_memory() {
    let (sandbox, emulator) = served();
    let api = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}", api.local_addr().unwrap());
    let service = proxy(&sandbox, &emulator, &to);
    let answering = thread::spawn(move || {
        let (mut stream, _) = api.accept().unwrap();
        let mut reader = stream.try_clone().unwrap();
        let head = read_head(&mut reader);
        assert!(head.contains(&format!("content-length: {LONG}\r\n")), "{head}");
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\n\r\n").unwrap();
        let reading = thread::spawn(move || read_bytes(&mut reader));
        write_bytes(&mut stream);
        assert_eq!(reading.join().unwrap(), LONG);
    });
    let address = service.places[0].strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut reader = stream.try_clone().unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Length: {LONG}\r\n\r\n").unwrap();
    let writing = thread::spawn(move || write_bytes(&mut stream));
    let head = read_head(&mut reader);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(read_bytes(&mut reader), LONG);
    writing.join().unwrap();
    answering.join().unwrap();
    let memory = service.most_memory();
    assert!(memory < 40, "{memory} MiB");
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn read_bytes(stream: &mut TcpStream) -> usize {
    let mut buffer = vec![0; 256 * 1024];
    let mut count = 0;
    while count < LONG {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "it ended after {count} bytes");
        count += read;
    }
    count
}

fn write_bytes(stream: &mut TcpStream) {
    let buffer = vec![7; 256 * 1024];
    for _ in 0..LONG / buffer.len() {
        stream.write_all(&buffer).unwrap();
    }
}
