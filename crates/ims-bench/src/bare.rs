//! Servers of hyper and reqwest that do the work of the agent and the proxy and nothing else. Each runs in its own process.

use std::{convert::Infallible, fs, net::SocketAddr};

use anyhow::Result;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use reqwest::redirect::Policy;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
};

/// Answers every request at `place`, an address or the path of a socket, with what is in `file`.
pub(crate) fn serve_bytes(place: &str, file: &str) -> Result<()> {
    let body = Bytes::from(fs::read(file)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Ok(address) = place.parse::<SocketAddr>() {
            let listener = TcpListener::bind(address).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(answer(stream, body.clone()));
            }
        }
        let listener = UnixListener::bind(place)?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(answer(stream, body.clone()));
        }
    })
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, body: Bytes) {
    let service = service_fn(async |_: Request<Incoming>| {
        let mut response = Response::new(Full::new(body.clone()));
        let headers = response.headers_mut();
        headers.insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
        headers.insert("cache-control", hyper::header::HeaderValue::from_static("no-store"));
        Ok::<_, Infallible>(response)
    });
    // The client may end the connection as it likes.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Passes every request at `address` on to the server at `url`, with its fields and body, and the answer back.
pub(crate) fn serve_proxy(address: &str, url: &str) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none());
    let client = client.build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (client, url) = (client.clone(), url.to_owned());
            tokio::spawn(async move {
                let service = service_fn(async |request| pass_on(&client, &url, request).await);
                // The client may end the connection as it likes.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

async fn pass_on(
    client: &reqwest::Client,
    url: &str,
    request: Request<Incoming>,
) -> Result<Response<reqwest::Body>> {
    let (mut parts, body) = request.into_parts();
    let mut outgoing = reqwest::Request::new(parts.method, format!("{url}{}", parts.uri).parse()?);
    parts.headers.remove("host");
    *outgoing.headers_mut() = parts.headers;
    *outgoing.body_mut() = Some(reqwest::Body::wrap(body));
    Ok(client.execute(outgoing).await?.into())
}
