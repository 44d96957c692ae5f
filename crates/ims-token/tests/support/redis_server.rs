//! A real Redis, on its own socket.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use ims_token::{RedisStore, SealingKey};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A server that ends with the test.
pub(crate) struct Redis {
    process: Child,
    folder: TempDir,
}

impl Redis {
    /// Starts it, and waits until it answers.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let process = serve(folder.path());
        Self { process, folder }
    }

    /// Starts it again, empty, after it was killed.
    pub(crate) fn restart(&mut self) {
        self.process = serve(self.folder.path());
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket_in(self.folder.path())
    }

    /// A store in it, with its own connection.
    pub(crate) fn store(&self) -> RedisStore {
        let url = format!("redis+unix://{}", self.socket().display());
        RedisStore::new(&url, SealingKey::derive(b"secret")).unwrap()
    }

    /// Sends a command as one line, and returns what is answered first.
    pub(crate) fn command(&self, line: &str) -> String {
        let mut connection = UnixStream::connect(self.socket()).unwrap();
        write!(connection, "{line}\r\n").unwrap();
        let mut answer = [0; 4096];
        let length = connection.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    /// The name under which the only token is kept, if there is one.
    pub(crate) fn token_name(&self) -> Option<String> {
        let keys = self.command("KEYS ims:v1:*");
        let mut names = keys.split("\r\n").filter(|line| line.starts_with("ims:v1:{"));
        names.find(|name| name.ends_with('}')).map(str::to_owned)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("redis.sock")
}

fn serve(folder: &Path) -> Child {
    let mut process = Command::new("redis-server")
        .args([
            "--port",
            "0",
            "--save",
            "",
            "--appendonly",
            "no",
            "--tcp-backlog",
            "4096",
            "--unixsocket",
        ])
        .arg(socket_in(folder))
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is installed");
    let mut log = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(log.any(|line| line.contains("eady to accept connections")));
    // The pipe must stay open after the last line that the test reads, since the server continues writing.
    std::thread::spawn(move || log.count());
    process
}
