//! The command next to other processes, and on a system with few resources: how many requests they make together, and what
//! the command says if files, threads or signals are missing.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::json;

#[path = "support/running_emulator.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use running_emulator::RunningEmulator;
use sandbox::{Finished, Sandbox};

/// A server that gives the same answer to every request and counts them. Its threads end with the process.
struct Counting {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Counting {
    /// Sends `answer` once `gate` has let a request through; without a gate at once.
    fn start(answer: String, gate: Option<mpsc::Receiver<()>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if read_request(&mut stream) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    if let Some(gate) = &gate {
                        gate.recv().unwrap();
                    }
                    // A client that has gone away needs no answer.
                    let _ = stream.write_all(answer.as_bytes());
                }
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Whether there was a request, which is read to its end.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            return reader.read_exact(&mut vec![0; length]).is_ok();
        }
    }
}

fn answer(status: &str, fields: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{fields}content-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}

fn token_answer() -> String {
    let body =
        json!({ "access_token": "eyJ.a.b", "token_type": "bearer", "expires_in": 86_399_999 });
    answer("200 OK", "", &body)
}

#[test]
fn forty_processes_that_ims_asks_to_wait_make_one_request() {
    let sandbox = Sandbox::new();
    let busy = answer("429 Too Many Requests", "retry-after: 60\r\n", &json!({ "error": "busy" }));
    let ims = Counting::start(busy, None);
    let token = format!("token -c credentials.json --url {} --json", ims.url);
    let processes: Vec<Child> = (0..40).map(|_| sandbox.ims(&token).spawn().unwrap()).collect();
    for process in processes {
        let end = Finished::from(process.wait_with_output().unwrap());
        assert_eq!((end.code, end.stdout.as_str()), (Some(3), ""), "{end:?}");
        let said: serde_json::Value = serde_json::from_str(&end.stderr).unwrap();
        assert_eq!(said["error"]["reason"], "throttled", "{end:?}");
        let wait = said["error"]["retry_after"].as_u64().unwrap();
        assert!((1..=61).contains(&wait), "{end:?}");
    }
    assert_eq!(ims.requests(), 1);
}

#[test]
fn next_to_a_process_that_was_stopped_a_command_waits_five_seconds_and_the_stopped_one_finds_the_token()
 {
    let sandbox = Sandbox::new();
    let (open, gate) = mpsc::channel();
    let ims = Counting::start(token_answer(), Some(gate));
    let token = format!("token -c credentials.json --url {}", ims.url);
    // It has the lease and waits for its answer.
    let stopped = sandbox.ims(&token).spawn().unwrap();
    while ims.requests() == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    signal(&stopped, Signal::STOP);
    // One answer for the stopped process, which does not read it, and one for the other.
    open.send(()).unwrap();
    open.send(()).unwrap();
    let start = Instant::now();
    let other = sandbox.run(&token);
    let waited = start.elapsed();
    assert_eq!((other.code, other.stdout.as_str()), (Some(0), "eyJ.a.b\n"), "{other:?}");
    // Five seconds for the lease; the rest is for a machine that is busy.
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    // It ended five seconds after the last renewal, not after the other process began.
    assert!(Duration::from_secs(1) < waited, "the lease was not respected: {waited:?}");

    signal(&stopped, Signal::CONT);
    let end = Finished::from(stopped.wait_with_output().unwrap());
    assert_eq!((end.code, end.stdout.as_str()), (Some(0), "eyJ.a.b\n"), "{end:?}");
    assert_eq!(ims.requests(), 2);
}

fn signal(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).unwrap();
}

/// A user who runs nothing: the limit of threads applies to every user except root, and counts everything that the user runs.
const IDLE_USER: u32 = 65_533;

/// Runs `ims` in a shell that has set its limits before.
fn limited(sandbox: &Sandbox, limits: &str, arguments: &str) -> Command {
    let ims = sandbox.ims(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limits}; exec \"$@\""), "sh"]);
    shell.arg(ims.get_program()).args(ims.get_args());
    shell.current_dir(sandbox.path("")).env_clear();
    for (name, value) in ims.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell
}

/// It ended by itself: with the token, or with an error that says what is missing.
#[track_caller]
fn assert_clean(setup: &str, end: &Finished) {
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace", "canary"] {
        assert!(!end.stderr.contains(word), "{setup}: {end:?}");
    }
    match end.code {
        Some(0) => assert!(end.stdout.starts_with("eyJ"), "{setup}: {end:?}"),
        Some(3 | 4) => {
            assert!(end.stderr.starts_with("error: "), "{setup}: {end:?}");
            assert_eq!(end.stdout, "", "{setup}: {end:?}");
        }
        code => panic!("{setup}: {code:?}: {end:?}"),
    }
}

#[test]
fn without_files_threads_or_space_the_command_prints_the_token_or_says_what_is_missing() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let url = emulator.url();
    #[rustfmt::skip]
    let limits = [
        "ulimit -n 3", "ulimit -n 5", "ulimit -n 7", "ulimit -n 8", "ulimit -n 9", "ulimit -n 10", "ulimit -n 12",
        "ulimit -f 0", "trap '' XFSZ; ulimit -f 0",
        "ulimit -c unlimited",
    ];
    for limit in limits {
        for command in ["token --fresh", "jwt sign"] {
            let arguments = format!("{command} -c credentials.json --url {url}");
            let end = Finished::from(limited(&sandbox, limit, &arguments).output().unwrap());
            // Before the command begins, the loader of the system reports what is missing in its own words.
            if end.stderr.contains("error while loading shared libraries") {
                continue;
            }
            // 127: the shell itself could not start the command.
            if end.code != Some(127) && end.code != Some(126) {
                assert_clean(&format!("{limit}: {command}"), &end);
            }
        }
    }
    // Nothing can be written, and the token is printed anyway.
    let unwritable = format!("token --fresh -c credentials.json --url {url}");
    let end = Finished::from(limited(&sandbox, "ulimit -f 0", &unwritable).output().unwrap());
    assert_eq!(end.code, Some(0), "{end:?}");
}

#[test]
fn a_user_who_may_not_start_a_thread_gets_the_token_or_an_error() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    if !geteuid().is_root() {
        writeln!(std::io::stderr(), "\nSKIPPED too few threads: only root can be someone else")
            .unwrap();
        return;
    }
    let give = format!("chown -R {IDLE_USER}:{IDLE_USER} .");
    assert!(
        Command::new("sh")
            .args(["-c", &give])
            .current_dir(sandbox.path(""))
            .status()
            .unwrap()
            .success()
    );
    let url = emulator.url();
    for threads in [1, 2, 3, 4, 8] {
        for command in ["token --fresh", "token", "doctor", "jwt sign", "validate"] {
            let arguments = format!("{command} -c credentials.json --url {url}");
            let mut ims = limited(&sandbox, &format!("ulimit -u {threads}"), &arguments);
            ims.uid(IDLE_USER).gid(IDLE_USER);
            let end = Finished::from(ims.output().unwrap());
            for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
                assert!(!end.stderr.contains(word), "{threads}: {command}: {end:?}");
            }
            assert!(matches!(end.code, Some(0..=4)), "{threads}: {command}: {end:?}");
            if command.starts_with("token") {
                assert_clean(&format!("{threads} threads: {command}"), &end);
            }
        }
    }
}

#[test]
fn signals_that_the_parent_ignores_change_nothing() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let arguments = format!("token --fresh -c credentials.json --url {}", emulator.url());
    // As nohup and a shell's & set them for what they start.
    for ignored in ["HUP", "INT QUIT", "PIPE", "HUP INT QUIT TERM PIPE CHLD XFSZ"] {
        let trap = format!("trap '' {ignored}");
        let end = Finished::from(limited(&sandbox, &trap, &arguments).output().unwrap());
        assert_eq!(end.code, Some(0), "{ignored}: {end:?}");
        assert_clean(ignored, &end);
    }
    // An emulator ends at SIGTERM, whatever it was started with.
    let mut emulator = limited(&sandbox, "trap '' INT QUIT HUP", "emulator -c credentials.json");
    emulator.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut emulator = emulator.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(emulator.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    signal(&emulator, Signal::TERM);
    assert!(emulator.wait().unwrap().code().is_some_and(|code| code == 0), "{first}");
}
