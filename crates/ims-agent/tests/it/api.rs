//! An API that records every byte that it gets.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server of HTTP/1.1 that supports only Content-Length and chunks.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// Answers each request with what `answer` makes of its head: status line, fields and body.
    pub(crate) async fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move { converse(stream, &seen, &*answer).await });
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that it received, unchanged, with their bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn converse(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str) -> String + Send + Sync),
) {
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = find(&buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await.unwrap_or_default() == 0 {
                // A request that is not complete yet is seen, too.
                if !buffer.is_empty() {
                    seen.lock().unwrap().push(String::from_utf8_lossy(&buffer).into_owned());
                }
                return;
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        let length = loop {
            let end = if text.contains("transfer-encoding: chunked") {
                find(&buffer[head..], b"0\r\n\r\n").map(|end| end + 5)
            } else {
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length = length.map_or(0, |length| length.trim().parse().unwrap());
                (buffer.len() - head >= length).then_some(length)
            };
            if let Some(end) = end {
                break head + end;
            }
            if stream.read_buf(&mut buffer).await.unwrap_or_default() == 0 {
                return;
            }
        };
        let request: Vec<u8> = buffer.drain(..length).collect();
        let request = String::from_utf8_lossy(&request).into_owned();
        let answered = answer(&request);
        seen.lock().unwrap().push(request);
        if stream.write_all(answered.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// An answer with this status line and body.
pub(crate) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
