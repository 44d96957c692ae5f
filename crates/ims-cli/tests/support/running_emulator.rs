//! `ims emulator` while it runs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

use super::sandbox::{Finished, Sandbox};

/// An emulator in a separate process, which ends with the test at the latest.
pub(crate) struct RunningEmulator {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Reads its verdicts all the time: if the pipe was full, it would leave some out.
    stderr: Option<JoinHandle<String>>,
    first_line: String,
}

impl RunningEmulator {
    /// Starts `ims emulator` with these arguments and waits for its first line.
    pub(crate) fn start(sandbox: &Sandbox, arguments: &str) -> Self {
        let mut child = sandbox.ims(&format!("emulator {arguments}")).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut pipe = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut stderr = String::new();
            pipe.read_to_string(&mut stderr).unwrap();
            stderr
        });
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        Self { child, stdout, stderr: Some(stderr), first_line: first_line.trim_end().to_owned() }
    }

    /// Its first line.
    pub(crate) fn first_line(&self) -> &str {
        &self.first_line
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> &str {
        let line = self.first_line();
        let start = line.find("http").unwrap_or_else(|| panic!("no URL: {line}"));
        line[start..].trim_end_matches(['"', '}'])
    }

    /// How many exchanges it was asked for.
    pub(crate) fn exchanges(&self) -> usize {
        let address = self.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /_emulator/requests HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let verdicts: Vec<Value> = serde_json::from_str(body).unwrap();
        let is_exchange =
            |verdict: &&Value| verdict["path"].as_str().unwrap().starts_with("/ims/exchange");
        verdicts.iter().filter(is_exchange).count()
    }

    /// Ends it within two seconds, and returns what it has printed after its first line.
    pub(crate) fn terminate(&mut self) -> Finished {
        end(&mut self.child);
        let (done, end) = mpsc::channel();
        let mut stdout = String::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                self.stdout.read_to_string(&mut stdout).unwrap();
                done.send(()).unwrap();
            });
            if end.recv_timeout(Duration::from_secs(2)).is_err() {
                self.child.kill().unwrap();
                panic!("the emulator did not end within two seconds");
            }
        });
        let stderr = self.stderr.take().unwrap().join().unwrap();
        let mut code = self.child.wait().unwrap().code();
        // A process that the task manager ends has the exit code 1.
        if cfg!(windows) && code == Some(1) {
            code = Some(0);
        }
        Finished { code, stdout, stderr }
    }
}

/// Ends a process as a service manager does: by SIGTERM.
#[cfg(unix)]
pub(crate) fn end(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
}

/// Ends a process as the task manager does. Windows has no signal that one process can send to another.
#[cfg(windows)]
pub(crate) fn end(child: &mut Child) {
    child.kill().unwrap();
}

impl Drop for RunningEmulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
