//! Requests to a server in another process over a few connections, and the processor time of that server.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{time::clock_getcpuclockid, unistd::Pid};

/// How many connections send requests at the same time: enough that the server never waits for the client.
const CONNECTIONS: usize = 4;

/// How long a server may take until its first answer.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// A running server, ended when dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    /// The time from the start of the process to its first answer, of any status.
    pub(crate) start: Duration,
}

impl Process {
    /// Starts a command that listens at `address`, and waits until it answers a request for `path`. The caller decides where
    /// its output goes.
    pub(crate) fn start(command: &mut Command, address: SocketAddr, path: &str) -> Result<Self> {
        let began = Instant::now();
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).spawn();
        let child = child.with_context(|| format!("{name} does not start"))?;
        let mut process = Self { child, address, start: Duration::ZERO };
        while process.get(path).is_err() {
            ensure!(process.child.try_wait()?.is_none(), "{name} has ended");
            ensure!(began.elapsed() < START_TIMEOUT, "{name} does not answer");
            // Polling more often would take processor time from the server.
            thread::sleep(Duration::from_millis(1));
        }
        process.start = began.elapsed();
        Ok(process)
    }

    fn get(&self, path: &str) -> Result<()> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        Connection::open(self.address)?.exchange(head.as_bytes()).map(|_| ())
    }

    /// Posts `body` to `path` `count` times and returns the processor time of the server for each.
    pub(crate) fn post(&self, path: &str, body: &str, count: u32) -> Result<Duration> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let before = self.processor_time()?;
        thread::scope(|scope| {
            let ask = || ask(self.address, request.as_bytes(), count / u32::try_from(CONNECTIONS)?);
            let asking: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().try_for_each(|one| one.join().expect("no thread here panics"))
        })?;
        Ok(self.processor_time()?.saturating_sub(before) / count)
    }

    fn processor_time(&self) -> Result<Duration> {
        let clock = clock_getcpuclockid(Pid::from_raw(self.child.id().try_into()?))?;
        Ok(clock.now()?.into())
    }

    /// How much of its memory is in use, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("the kernel says how much is in use")?.parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if the server has already ended, which is fine.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn ask(address: SocketAddr, request: &[u8], count: u32) -> Result<()> {
    let mut connection = Connection::open(address)?;
    for _ in 0..count {
        let status = connection.exchange(request)?;
        ensure!(status == 200, "the server answers with {status}");
    }
    Ok(())
}

/// A connection that stays open for one request after the other.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request, reads the whole answer, and returns its status.
    fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.0.get_mut().write_all(request)?;
        let status = self.line()?;
        let status = status.split(' ').nth(1).context("a status line has a status")?.parse()?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("content-length", value)) => length = value.parse()?,
                Some(("transfer-encoding", "chunked")) => is_chunked = true,
                Some(_) => {}
                None if is_chunked => bail!("no server here sends chunks"),
                None => break,
            }
        }
        self.0.read_exact(&mut vec![0; length])?;
        Ok(status)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.0.read_line(&mut line)? > 0, "the server has gone");
        Ok(line.trim_end().to_owned())
    }
}
