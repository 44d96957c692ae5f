//! A key management service on loopback with one key in it. One request for each connection, and only the part of HTTP
//! that the example uses.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_lc_rs::{
    digest::{Digest, SHA256},
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A service that runs until it is dropped.
pub(crate) struct FakeKms {
    address: SocketAddr,
    is_down: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl FakeKms {
    /// The access token that it takes.
    pub(crate) const ACCESS: &str = "example-access";

    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let is_down = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(serve(listener, Arc::clone(&is_down)));
        Ok(Self { address, is_down, task })
    }

    pub(crate) fn key_url(&self) -> String {
        format!("http://{}/v1/keys/ims", self.address)
    }

    pub(crate) fn answer_503(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

impl Drop for FakeKms {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, is_down: Arc<AtomicBool>) {
    let key = Arc::new(key());
    while let Ok((stream, _)) = listener.accept().await {
        let (key, is_down) = (Arc::clone(&key), is_down.load(Ordering::SeqCst));
        // A caller that gives up closes its connection, which is not a failure of the service.
        tokio::spawn(async move { answer(stream, &key, is_down).await });
    }
}

async fn answer(stream: TcpStream, key: &RsaKeyPair, is_down: bool) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await? > 0 {}
    let field = |name: &str| {
        let line = head.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| *n == name));
        line.map(|(_, value)| value)
    };
    let length = field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let has_access = field("authorization") == Some(&format!("Bearer {}", FakeKms::ACCESS));
    let (status, answer) = match head.split(' ').nth(1) {
        _ if is_down => ("503 Service Unavailable", Value::Null),
        _ if !has_access => ("401 Unauthorized", Value::Null),
        Some("/v1/keys/ims/publicKey") => {
            ("200 OK", json!({ "pem": ims_testkit::keys::FIRST_PUBLIC }))
        }
        Some("/v1/keys/ims:asymmetricSign") => match sign(key, &body) {
            Some(signature) => ("200 OK", json!({ "signature": signature })),
            None => ("400 Bad Request", Value::Null),
        },
        _ => ("404 Not Found", Value::Null),
    };
    let answer = answer.to_string();
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}", answer.len());
    stream.write_all(format!("{head}\r\n\r\n{answer}").as_bytes()).await?;
    stream.shutdown().await
}

/// Signs the digest in `body`; `None` if there is none.
fn sign(key: &RsaKeyPair, body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let digest = BASE64_STANDARD.decode(body["digest"]["sha256"].as_str()?).ok()?;
    let digest = Digest::import_less_safe(&digest, &SHA256).ok()?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).ok()?;
    Some(BASE64_STANDARD.encode(signature))
}

fn key() -> RsaKeyPair {
    let pem = ims_testkit::keys::FIRST;
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(base64).expect("the test kit's key is PEM");
    RsaKeyPair::from_pkcs8(&der).expect("the test kit's key is RSA, PKCS#8")
}
