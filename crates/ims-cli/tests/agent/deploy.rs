//! The files for systemd and Kubernetes, used in the same way as by these programs.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::{UnixDatagram, UnixStream},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::Signal;

use crate::{Service, is_there, sandbox::Sandbox, served};

const UNITS: [(&str, &str); 4] = [
    ("ims-agent.service", include_str!("../../../ims-agent/deploy/ims-agent.service")),
    ("ims-agent.socket", include_str!("../../../ims-agent/deploy/ims-agent.socket")),
    ("ims-proxy.service", include_str!("../../../ims-agent/deploy/ims-proxy.service")),
    ("ims-proxy.socket", include_str!("../../../ims-agent/deploy/ims-proxy.socket")),
];

const MANIFEST: &str = include_str!("../../../ims-agent/deploy/kubernetes.yaml");

#[test]
fn systemd_finds_no_fault_in_the_units() {
    if !is_there("systemd-analyze") {
        return;
    }
    let sandbox = Sandbox::new();
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no"]);
    for (name, unit) in UNITS {
        sandbox.write(name, unit.replace("/usr/bin/ims", env!("CARGO_BIN_EXE_ims")));
        command.arg(sandbox.path(name));
    }
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// The arguments of `ims` in a unit, with the files of the sandbox, and the emulator in place of the API and of IMS.
fn exec_start(name: &str, emulator: &str) -> Vec<String> {
    let (_, unit) = UNITS.into_iter().find(|(unit, _)| *unit == name).unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/ims ")).unwrap();
    let words = line.split(' ').filter(|word| !word.starts_with('$'));
    let words = words.map(|word| word.replace("/etc/ims/", ""));
    let words = words.map(|word| word.replace("https://platform.adobe.io", emulator));
    words.chain(["--url".to_owned(), emulator.to_owned()]).collect()
}

/// Passes a socket on and becomes the service, as systemd does: the socket is descriptor 3, and its variables name this
/// process.
const SYSTEMD: &str = "import os, socket, sys
place = sys.argv[1]
if place:
    s = socket.socket(socket.AF_UNIX); s.bind(place)
else:
    s = socket.socket(); s.bind(('127.0.0.1', 0))
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET='notify')
os.execv(sys.argv[2], sys.argv[2:])";

/// Starts a service with a socket at `place`, or with an address, and `ask`s at the place where it listens.
fn serve(place: &str, arguments: &[String], sandbox: &Sandbox, ask: impl FnOnce(&str)) {
    let notified = UnixDatagram::bind(sandbox.path("notify")).unwrap();
    notified.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let log = sandbox.path("service.log");
    let ims = sandbox.ims("");
    let mut command = Command::new("python3");
    command.args(["-c", SYSTEMD, place]).arg(ims.get_program()).args(arguments);
    for (name, value) in ims.get_envs() {
        command.env(name, value.unwrap());
    }
    command.current_dir(sandbox.path("")).stdout(Stdio::piped());
    command.stderr(File::create(&log).unwrap());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // It ends with the test at the latest.
    let service = Service { child, places: Vec::new(), log };
    assert!(!line.is_empty(), "{}", service.log());
    let mut state = [0; 100];
    let length = notified.recv(&mut state).unwrap();
    assert!(state[..length].starts_with(b"READY=1\n"));
    ask(line.trim_end());
    service.signal(Signal::HUP);
    let length = notified.recv(&mut state).unwrap();
    assert!(state[..length].starts_with(b"RELOADING=1\nMONOTONIC_USEC="));
    let length = notified.recv(&mut state).unwrap();
    assert!(state[..length].starts_with(b"READY=1\n"));
    assert_eq!(service.terminate(), Some(0));
    let length = notified.recv(&mut state).unwrap();
    assert_eq!(&state[..length], b"STOPPING=1");
}

fn answer(mut stream: impl Read + Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_services_use_the_socket_of_systemd_and_report_what_they_do() {
    if !is_there("python3") {
        return;
    }
    let (sandbox, emulator) = served();
    let url = emulator.url();
    serve("passed.sock", &exec_start("ims-agent.service", url), &sandbox, |place| {
        assert_eq!(place, "passed.sock");
        let stream = UnixStream::connect(sandbox.path(place)).unwrap();
        let answer = answer(stream, "GET /v1/health HTTP/1.0\r\n\r\n");
        assert!(answer.contains("\"name\":\"default\""), "{answer}");
    });
    fs::remove_file(sandbox.path("notify")).unwrap();
    // As the unit says to make it.
    let capability = "0123456789abcdef0123456789abcdef0123456789a";
    sandbox.write("proxy.capability", capability);
    let mut arguments = exec_start("ims-proxy.service", url);
    arguments.extend(["--allow-host", "localhost"].map(str::to_owned));
    serve("", &arguments, &sandbox, |place| {
        let address = place.strip_prefix("http://").unwrap();
        let ask = |fields: &str| {
            let stream = TcpStream::connect(address).unwrap();
            let request = format!(
                "GET /echo HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}\r\n"
            );
            answer(stream, &request)
        };
        assert!(ask("").starts_with("HTTP/1.1 407 "));
        let fields = format!("Proxy-Authorization: Bearer {capability}\r\n");
        let mut answered = ask(&fields);
        // On a busy machine the emulator may not have answered the proxy in time.
        for _ in 0..5 {
            if answered.starts_with("HTTP/1.1 503 ") {
                answered = ask(&fields);
            }
        }
        assert!(
            answered.starts_with("HTTP/1.1 200 ") && answered.contains("client_id"),
            "{answered}"
        );
    });
}

/// The items of the list in the manifest that begins after this line.
fn items(start: &str) -> Vec<&'static str> {
    let (_, list) = MANIFEST.split_once(&format!("{start}\n")).unwrap();
    list.lines().map_while(|line| line.trim().strip_prefix("- ")).collect()
}

#[test]
fn the_commands_of_the_manifest_start_the_agent_and_probe_it() {
    let (sandbox, emulator) = served();
    let in_sandbox =
        |text: &str| text.replace("/etc/ims/", "").replace("/run/ims/agent/", "run/agent/");
    let arguments = in_sandbox(&items("      args:").join(" "));
    let service = Service::start(&sandbox, &format!("{arguments} --url {}", emulator.url()), 1);
    let mut probes = 0;
    for line in MANIFEST.lines() {
        let Some((_, command)) = line.split_once("exec: { command: ") else { continue };
        let command: Vec<String> =
            serde_json::from_str(command.trim_end_matches([' ', '}'])).unwrap();
        assert_eq!(command[0], "ims");
        // A probe is repeated until it succeeds: there is no token yet when the agent starts.
        let probe = in_sandbox(&command[1..].join(" "));
        let succeeds = (0..60).any(|_| {
            thread::sleep(Duration::from_millis(100));
            sandbox.run(&probe).code == Some(0)
        });
        assert!(succeeds, "{command:?}: {}", service.log());
        probes += 1;
    }
    assert_eq!(probes, 3);
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn the_manifest_is_what_kubernetes_expects() {
    if !is_there("kubernetes-validate") {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("kubernetes.yaml", MANIFEST);
    let mut command = Command::new("kubernetes-validate");
    let output = command.arg("--strict").arg(sandbox.path("kubernetes.yaml")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
