//! Requests to a server in another process over a few connections, and the processor time of that server.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
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

/// Where a server listens.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Self::Unix(path)
    }
}

impl Address {
    fn host(&self) -> String {
        match self {
            Self::Tcp(address) => address.to_string(),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }
}

/// A running server, ended when dropped.
pub(crate) struct Process {
    child: Child,
    address: Address,
    /// The time from the start of the process to its first answer, of any status.
    pub(crate) start: Duration,
}

impl Process {
    /// Starts a command that listens at `address`, and waits until it answers a request for `path`. The caller decides where
    /// its output goes.
    pub(crate) fn start(
        command: &mut Command,
        address: impl Into<Address>,
        path: &str,
    ) -> Result<Self> {
        let address = address.into();
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
        Connection::open(&self.address)?.exchange(self.request(path).as_bytes()).map(|_| ())
    }

    fn request(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address.host())
    }

    /// The body of the answer to a request for `path`, which has to be 200.
    pub(crate) fn body(&self, path: &str) -> Result<String> {
        let request = self.request(path);
        let (status, body) = Connection::open(&self.address)?.exchange(request.as_bytes())?;
        ensure!(status == 200, "the server answers with {status}");
        Ok(String::from_utf8(body)?)
    }

    /// Gets `path` `count` times over each of `connections` connections, and returns the processor time of the server for
    /// one request.
    pub(crate) fn get_all(&self, path: &str, connections: usize, count: u32) -> Result<Duration> {
        let request = self.request(path);
        let before = self.processor_time()?;
        thread::scope(|scope| {
            let mut asking = Vec::new();
            for _ in 0..connections {
                asking.push(scope.spawn(|| ask(&self.address, request.as_bytes(), count)));
            }
            asking.into_iter().try_for_each(|one| one.join().expect("no thread here panics"))
        })?;
        let taken = self.processor_time()?.saturating_sub(before);
        Ok(taken / count / u32::try_from(connections)?)
    }

    /// How long each answer takes, of `count` requests over each of `connections` connections, one in each interval.
    ///
    /// The connections take turns within an interval. If all of them asked at the same moment, the last one would wait for the
    /// others, and the answer would say more about their number than about the server.
    pub(crate) fn latencies(
        &self,
        path: &str,
        connections: usize,
        count: u32,
        interval: Duration,
    ) -> Result<Vec<Duration>> {
        let request = self.request(path);
        let turn = interval / u32::try_from(connections)?;
        let mut start = Instant::now() + interval;
        let mut all = Vec::new();
        thread::scope(|scope| {
            let mut asking = Vec::new();
            for _ in 0..connections {
                let (request, first) = (request.as_bytes(), start);
                let address = &self.address;
                asking
                    .push(scope.spawn(move || latencies(address, request, count, first, interval)));
                start += turn;
            }
            for one in asking {
                all.extend(one.join().expect("no thread here panics")?);
            }
            anyhow::Ok(())
        })?;
        Ok(all)
    }

    /// Posts `body` to `path` `count` times and returns the processor time of the server for each.
    pub(crate) fn post(&self, path: &str, body: &str, count: u32) -> Result<Duration> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address.host(),
            body.len()
        );
        let before = self.processor_time()?;
        thread::scope(|scope| {
            let ask =
                || ask(&self.address, request.as_bytes(), count / u32::try_from(CONNECTIONS)?);
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
        self.status_kib("VmRSS:")
    }

    /// How much of its memory was in use at most, in KiB.
    pub(crate) fn most_resident_kib(&self) -> Result<u64> {
        self.status_kib("VmHWM:")
    }

    fn status_kib(&self, name: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
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

fn latencies(
    address: &Address,
    request: &[u8],
    count: u32,
    first: Instant,
    interval: Duration,
) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(address)?;
    let mut taken = Vec::new();
    for number in 0..count {
        let due = first + interval * number;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let began = Instant::now();
        let (status, _) = connection.exchange(request)?;
        taken.push(began.elapsed());
        ensure!(status == 200, "the server answers with {status}");
    }
    Ok(taken)
}

fn ask(address: &Address, request: &[u8], count: u32) -> Result<()> {
    let mut connection = Connection::open(address)?;
    for _ in 0..count {
        let (status, _) = connection.exchange(request)?;
        ensure!(status == 200, "the server answers with {status}");
    }
    Ok(())
}

/// A connection that stays open for one request after the other.
struct Connection(BufReader<Stream>);

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(data),
            Self::Unix(stream) => stream.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        }
    }
}

impl Connection {
    fn open(address: &Address) -> Result<Self> {
        let stream = match address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            Address::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request, and returns the status and the body of the answer.
    fn exchange(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
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
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, body))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.0.read_line(&mut line)? > 0, "the server has gone");
        Ok(line.trim_end().to_owned())
    }
}
