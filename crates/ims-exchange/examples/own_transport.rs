//! A transport of your own, here over hyper, and two calls through it: `cargo run -p ims-exchange --example own_transport --
//! http://127.0.0.1:8080`, with the address of a local IMS such as the emulator.
//!
//! A real one uses TLS, and everything else is as here: no redirect is followed, nothing is sent twice, the answer has a
//! deadline and a limit.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{
    env,
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use ims_claims::{Environment, NumericDate};
use ims_exchange::{Call, Discovery, PublishedKeys, Request, Response, Transport, TransportError};
use tokio::{net::TcpStream, time::timeout};

/// Plain HTTP to the host and port of each URL, with a new connection for each request.
#[derive(Debug)]
struct PlainHttp;

impl Transport for PlainHttp {
    async fn send(&self, request: Request, within: Duration) -> Result<Response, TransportError> {
        // One deadline for all of it: connecting, sending, and reading the whole answer.
        let answer = timeout(within, exchange(request)).await;
        answer.unwrap_or(Err(TransportError::Timeout { timeout: within }))
    }
}

async fn exchange(request: Request) -> Result<Response, TransportError> {
    let (method, url, headers, body) = request.into_parts();
    let url: http::Uri = url.parse().map_err(|_| TransportError::Scheme)?;
    let authority = url.authority().filter(|_| url.scheme_str() == Some("http"));
    let authority = authority.ok_or(TransportError::Scheme)?.clone();
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let address = (authority.host(), authority.port_u16().unwrap_or(80));

    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| TransportError::Connect { source: Arc::new(error) })?;
    let broken = |error: hyper::Error| TransportError::Broken { source: Arc::new(error) };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection);

    let mut outgoing = http::Request::new(Full::new(Bytes::from(body)));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = path.parse().map_err(|_| TransportError::Scheme)?;
    *outgoing.headers_mut() = headers;
    let host = authority.as_str().parse().map_err(|_| TransportError::Scheme)?;
    outgoing.headers_mut().insert(http::header::HOST, host);

    let (parts, body) = sender.send_request(outgoing).await.map_err(broken)?.into_parts();
    // No answer of IMS is longer, so a longer one comes from something else and is not read to its end.
    let body = Limited::new(body, Response::MAX_BODY).collect().await;
    let body = body.map_err(|_| TransportError::TooLong)?.to_bytes();
    Ok(Response::new(parts.status, parts.headers, body.to_vec()))
}

/// What a connection does for each call: a request out, a response in.
async fn ask<C: Call>(call: &C, environment: &Environment) -> Result<C::Answer, Box<dyn Error>> {
    // Before the request, so that no lifetime seems longer than it is.
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let sent_at = NumericDate::from_secs(0).plus(since_epoch);
    let response = PlainHttp.send(call.request(environment), Duration::from_secs(10)).await?;
    Ok(call.answer(&response, sent_at)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base_url = env::args().nth(1).ok_or("name the base URL of a local IMS")?;
    let environment: Environment = base_url.parse()?;
    let metadata = ask(&Discovery::new(), &environment).await?;
    println!("tokens are given at {}", metadata.token_endpoint);
    let keys = ask(&PublishedKeys::new(), &environment).await?;
    println!("keys: {keys}");
    Ok(())
}
