//! A call to an API: one request over HTTP/1.1, so that the demonstration shows what is sent and nothing more.

use std::net::SocketAddr;

use http::HeaderMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::failure::Failure;

/// Gets `path` and returns the answer's status and body in one line.
pub(super) async fn get(
    address: SocketAddr,
    path: &str,
    headers: HeaderMap,
) -> Result<String, Failure> {
    let unable = |error| Failure::later("the call did not come through").because(error);
    let mut request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n").into_bytes();
    for (name, value) in &headers {
        request.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    let mut stream = TcpStream::connect(address).await.map_err(unable)?;
    stream.write_all(&request).await.map_err(unable)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.map_err(unable)?;
    let status = answer.lines().next().unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok(format!("{status} {body}"))
}
