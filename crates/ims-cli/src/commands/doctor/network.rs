//! The way to IMS: name, proxy, connection, and who answers for the TLS at its end.

use std::{io, net::SocketAddr, time::Duration};

use ims::{Connection, claims::Environment};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{
    checklist::{Check, Checklist},
    route::{Proxy, Route},
    tls,
};
use crate::failure::Failure;

/// Adds a line for each part of the way, up to the first that fails. Whether IMS can be reached.
pub(super) async fn check(environment: &Environment, checklist: &mut Checklist) -> bool {
    let Some(route) = Route::to(environment) else {
        checklist.add(Check::failed("network", "the base URL of IMS names no host"));
        return false;
    };
    // A variable that names no proxy, or no certificate, must not look like one that is not set.
    let malformed = match Connection::new(environment.clone()) {
        Err(error @ ims::Error::Proxy(_)) => Some(("proxy", error)),
        Err(error @ ims::Error::CaVariable(_)) => Some(("TLS", error)),
        _ => None,
    };
    if let Some((name, error)) = malformed {
        checklist.add(Check::from_failure(name, error.into()));
        return false;
    }
    checklist.add(route.proxy_check());
    match walk(&route, checklist).await {
        Ok(()) => true,
        Err(check) => {
            checklist.add(check);
            false
        }
    }
}

async fn walk(route: &Route, checklist: &mut Checklist) -> Result<(), Check> {
    let (host, port) = route.first_stop();
    let addresses = resolve(host, port).await?;
    checklist.add(Check::ok("name", named(host, &addresses)));
    let mut stream = connect(host, &addresses).await?;
    if let Some(proxy) = &route.proxy {
        if !proxy.can_be_looked_behind() {
            return Ok(());
        }
        tunnel(&mut stream, route, proxy).await?;
    }
    checklist.add(Check::ok("connection", format!("{host} listens at port {port}")));
    if route.is_https {
        let unended = Failure::later("the server does not end the handshake");
        let check = within(tls::check(stream, &route.host)).await;
        checklist.add(check.unwrap_or_else(|| Err(Check::from_failure("TLS", unended)))?);
    }
    Ok(())
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Check> {
    let failed = |evidence: String| {
        Check::from_failure("name", Failure::later(evidence))
            .next("check the spelling of the host, and the DNS of this machine: /etc/resolv.conf")
    };
    match within(lookup_host((host, port))).await {
        Some(Ok(addresses)) => Ok(addresses.collect()),
        Some(Err(error)) => Err(failed(format!("{host} cannot be resolved: {error}"))),
        None => Err(failed(format!("the DNS does not answer for {host}"))),
    }
}

fn named(host: &str, addresses: &[SocketAddr]) -> String {
    let addresses: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
    match addresses.as_slice() {
        [address] if address == host => format!("{host} is an address"),
        addresses => format!("{host} is {}", addresses.join(", ")),
    }
}

async fn connect(host: &str, addresses: &[SocketAddr]) -> Result<TcpStream, Check> {
    let evidence = match within(TcpStream::connect(addresses)).await {
        Some(Ok(stream)) => return Ok(stream),
        Some(Err(error)) => format!("{host} cannot be reached: {error}"),
        None => format!("{host} cannot be reached: it does not answer"),
    };
    Err(Check::from_failure("connection", Failure::later(evidence))
        .next("check the firewall; where a proxy is the only way out, name it in HTTPS_PROXY"))
}

/// Asks the proxy to connect (RFC 9110 §9.3.6).
async fn tunnel(stream: &mut TcpStream, route: &Route, proxy: &Proxy) -> Result<(), Check> {
    let request = proxy.connect_request(&route.host, route.port);
    let evidence = match within(status_of(stream, request.as_bytes())).await {
        Some(Ok(200..=299)) => return Ok(()),
        Some(Ok(407)) => {
            let evidence = "the proxy asks for a user name and a password (HTTP 407)";
            return Err(Check::failed("connection", evidence).next(
                "give them in the URL of the proxy: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
            ));
        }
        Some(Ok(status)) => {
            format!("the proxy does not connect to {}: HTTP {status}", route.host)
        }
        Some(Err(error)) => format!("the proxy breaks off: {error}"),
        None => "the proxy does not answer".to_owned(),
    };
    Err(Check::failed("connection", evidence)
        .next("ask whoever runs the proxy, or name the host in NO_PROXY if there is a direct way"))
}

/// The status of the answer, whose header is read to its end.
async fn status_of(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
) -> io::Result<u16> {
    stream.write_all(request).await?;
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        if header.len() == LONGEST_HEADER {
            return Err(io::Error::other("its answer has no end"));
        }
        header.push(stream.read_u8().await?);
    }
    let status = String::from_utf8_lossy(&header);
    let status = status.split_ascii_whitespace().nth(1).and_then(|it| it.parse().ok());
    status.ok_or_else(|| io::Error::other("its answer is not HTTP"))
}

/// What `work` comes to, unless it takes too long.
async fn within<T>(work: impl Future<Output = T>) -> Option<T> {
    timeout(PATIENCE, work).await.ok()
}

const LONGEST_HEADER: usize = 16 * 1024;

/// As long as a request to IMS may take.
const PATIENCE: Duration = ims::REQUEST_TIMEOUT;
