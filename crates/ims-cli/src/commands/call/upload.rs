//! The body of the request of `ims call`: a short one as a whole, which can be sent again after a 401, a long one as a stream
//! that is never in memory as a whole.

use std::{
    convert::Infallible,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    pin::Pin,
    str::FromStr,
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use reqwest_middleware::reqwest;
use serde::de::IgnoredAny;
use tokio::sync::mpsc;

use crate::failure::Failure;

/// Where a body comes from.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    File(PathBuf),
    Text(String),
}

impl FromStr for Data {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Self::File(path.into()),
            None if text == "-" => Self::File(text.into()),
            None => Self::Text(text.to_owned()),
        })
    }
}

/// A body that has been opened.
pub(super) struct Upload {
    /// The beginning, or all of it if there is no rest.
    start: Vec<u8>,
    rest: Option<Box<dyn Read + Send>>,
    /// The length of the whole body, if it is known.
    length: Option<u64>,
    /// The file, which can be opened again.
    path: Option<PathBuf>,
}

impl Upload {
    pub(super) fn open(data: &Data) -> Result<Self, Failure> {
        let path = match data {
            Data::Text(text) => {
                let start = text.clone().into_bytes();
                return Ok(Self { start, rest: None, length: None, path: None });
            }
            Data::File(path) if path == Path::new("-") => {
                return Self::read_start(Box::new(io::stdin()), None).map_err(|error| {
                    Failure::person("standard input cannot be read").because(error)
                });
            }
            Data::File(path) => path,
        };
        Self::open_file(path).map_err(|error| {
            Failure::person(format!("{} cannot be read", ims_files::shown(path))).because(error)
        })
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let length = metadata.is_file().then_some(metadata.len());
        // Another program may still be writing: exactly the announced length is sent.
        let reader: Box<dyn Read + Send> = match length {
            Some(length) => Box::new(file.take(length)),
            None => Box::new(file),
        };
        let upload = Self::read_start(reader, length)?;
        let path = metadata.is_file().then(|| path.to_owned());
        Ok(Self { path, ..upload })
    }

    fn read_start(reader: Box<dyn Read + Send>, length: Option<u64>) -> io::Result<Self> {
        let mut start = Vec::new();
        let mut reader = reader;
        reader.by_ref().take(KEPT_IN_MEMORY + 1).read_to_end(&mut start)?;
        let is_long = start.len() as u64 > KEPT_IN_MEMORY;
        let rest = if is_long { Some(reader) } else { None };
        Ok(Self { start, rest, length, path: None })
    }

    /// Whether it is JSON, as far as that can be known: of a long one only the beginning is checked.
    pub(super) fn is_json(&self) -> bool {
        if self.rest.is_none() {
            return serde_json::from_slice::<IgnoredAny>(&self.start).is_ok();
        }
        let first = self.start.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, Some(b'{' | b'['))
    }

    /// The file of a long body, which can be sent again.
    pub(super) fn file(&self) -> Option<&Path> {
        self.path.as_deref().filter(|_| self.is_streamed())
    }

    pub(super) fn is_streamed(&self) -> bool {
        self.rest.is_some()
    }

    /// How long the request may take, if the person does not say: longer for a long body.
    pub(super) fn timeout(&self) -> Duration {
        match (&self.rest, self.length) {
            (None, _) => TIMEOUT,
            (Some(_), Some(length)) => {
                TIMEOUT.saturating_add(Duration::from_secs(length / SLOWEST_BYTES_PER_SECOND))
            }
            (Some(_), None) => LONGEST_TIMEOUT,
        }
    }

    pub(super) fn into_body(self) -> io::Result<reqwest::Body> {
        let Some(rest) = self.rest else { return Ok(self.start.into()) };
        let (sender, chunks) = mpsc::channel(CHUNKS_IN_FLIGHT);
        let start = self.start;
        // Files and pipes are read by a thread, since there is no other way to read them without blocking everything else.
        thread::Builder::new().spawn(move || send_all(start, rest, &sender))?;
        Ok(reqwest::Body::wrap(StreamedBody { chunks, remaining: self.length }))
    }
}

fn send_all(
    start: Vec<u8>,
    mut rest: Box<dyn Read + Send>,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) {
    // If no one receives any longer, the request has ended.
    if sender.blocking_send(Ok(start.into())).is_err() {
        return;
    }
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = match rest.read(&mut chunk) {
            Ok(0) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read,
        };
        let is_last = read.is_err();
        let chunk = read.map(|length| {
            chunk.truncate(length);
            Bytes::from(chunk)
        });
        if sender.blocking_send(chunk).is_err() || is_last {
            return;
        }
    }
}

/// What the thread reads, as the body of a request.
struct StreamedBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    remaining: Option<u64>,
}

impl Body for StreamedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(chunk) = ready!(self.chunks.poll_recv(context)) else {
            // The length was announced, and no request may end before it.
            let is_short = self.remaining.is_some_and(|remaining| remaining > 0);
            self.remaining = None;
            return Poll::Ready(is_short.then(|| Err(io::ErrorKind::UnexpectedEof.into())));
        };
        if let (Ok(chunk), Some(remaining)) = (&chunk, &mut self.remaining) {
            *remaining = remaining.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(Some(chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A body of this length is sent as a whole.
const KEPT_IN_MEMORY: u64 = 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS_IN_FLIGHT: usize = 4;

const TIMEOUT: Duration = Duration::from_mins(1);
const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);
const SLOWEST_BYTES_PER_SECOND: u64 = 64 * 1024;
