//! The connection to IMS: proxy, name, connection, and the certificates of the server.

use std::{io, net::SocketAddr, time::Duration};

use http::StatusCode;
use ims::{Report, claims::Environment, exchange::plain_words};
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

/// Adds a line for each step of the connection, up to the first that fails. Returns whether IMS can be reached.
pub(super) async fn check(
    environment: &Environment,
    checklist: &mut Checklist,
) -> Result<bool, Failure> {
    let Some(route) = Route::to(environment) else {
        checklist.add(Check::failed("network", "the base URL of IMS names no host"))?;
        return Ok(false);
    };
    checklist.add(route.proxy_check())?;
    if route.is_https {
        match ca_certificates() {
            Ok(Some(check)) => checklist.add(check)?,
            Ok(None) => {}
            Err(check) => return stopped_at(check, checklist),
        }
    }

    let (host, port) = route.first_stop();
    checklist.wait_for(&format!("the address of {host}"));
    let addresses = match resolve(host, port).await {
        Ok(addresses) => addresses,
        Err(check) => return stopped_at(check, checklist),
    };
    checklist.add(Check::ok("name", named(host, &addresses)))?;

    checklist.wait_for(&format!("the connection to {}", route.first_stop_in_words()));
    let stream = match connect(&route, &addresses).await {
        Ok(stream) => stream,
        Err(check) => return stopped_at(check, checklist),
    };
    let listening = format!("{} listens", route.first_stop_in_words());
    checklist.add(Check::ok("connection", listening))?;
    if !route.is_https || route.proxy.as_ref().is_some_and(|proxy| !proxy.can_be_looked_behind()) {
        return Ok(true);
    }

    checklist.wait_for(&format!("the certificate of {}", route.host));
    match within(tls::check(stream, &route.host)).await {
        Some(Ok(check)) => checklist.add(check)?,
        Some(Err(check)) => return stopped_at(check, checklist),
        None => {
            let evidence = format!("{} does not finish the handshake", route.host);
            return stopped_at(Check::failed_for_now("TLS", evidence), checklist);
        }
    }
    Ok(true)
}

fn stopped_at(check: Check, checklist: &mut Checklist) -> Result<bool, Failure> {
    checklist.add(check)?;
    Ok(false)
}

/// The CA certificates that the environment names. There is no line about those of the system.
fn ca_certificates() -> Result<Option<Check>, Check> {
    match ims::ca_certificates() {
        Ok(None) => Ok(None),
        Ok(Some(certificates)) => {
            let evidence =
                format!("{} by SSL_CERT_FILE or SSL_CERT_DIR", certificates.iter().count());
            Ok(Some(Check::ok("CA certificates", evidence)))
        }
        Err(error) => Err(Check::from_failure("CA certificates", Report::from(&error).into())),
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Check> {
    let evidence = match within(lookup_host((host, port))).await {
        Some(Ok(addresses)) => return Ok(addresses.collect()),
        Some(Err(error)) => format!("cannot resolve {host}: {}", plain(&error)),
        None => format!("cannot resolve {host}: the DNS server does not answer"),
    };
    Err(Check::failed_for_now("name", evidence)
        .next("check the spelling of the host, and the DNS of this machine: /etc/resolv.conf")
        .next("where a proxy is the only way out, name it in HTTPS_PROXY"))
}

fn named(host: &str, addresses: &[SocketAddr]) -> String {
    let addresses: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
    match addresses.as_slice() {
        [address] if address == host => format!("{host} is an address"),
        addresses => format!("{host} is {}", addresses.join(", ")),
    }
}

/// Connects to IMS, or to the proxy, which is asked for a tunnel.
async fn connect(route: &Route, addresses: &[SocketAddr]) -> Result<TcpStream, Check> {
    let to = route.first_stop_in_words();
    let evidence = match within(TcpStream::connect(addresses)).await {
        Some(Ok(mut stream)) => {
            if let Some(proxy) = &route.proxy
                && proxy.can_be_looked_behind()
            {
                tunnel(&mut stream, route, proxy).await?;
            }
            return Ok(stream);
        }
        Some(Err(error)) => format!("cannot connect to {to}: {}", plain(&error)),
        None => format!("cannot connect to {to}: it does not answer"),
    };
    let next = match &route.proxy {
        Some(_) => "compare the variable with the address of the proxy, and check that it runs",
        None => "check the firewall; where a proxy is the only way out, name it in HTTPS_PROXY",
    };
    Err(Check::failed_for_now("connection", evidence).next(next))
}

/// Asks the proxy to connect (RFC 9110 §9.3.6).
async fn tunnel(stream: &mut TcpStream, route: &Route, proxy: &Proxy) -> Result<(), Check> {
    let (proxy_in_words, host) = (proxy.in_words(), &route.host);
    let request = proxy.connect_request(host, route.port);
    let status = match within(status_of(stream, request.as_bytes())).await {
        Some(Ok(status)) if status.is_success() => return Ok(()),
        Some(Ok(status)) => status,
        Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            let evidence = format!("{proxy_in_words} is not a proxy: its answer is not HTTP");
            return Err(Check::failed("connection", evidence)
                .next("compare the variable with the address of the proxy"));
        }
        Some(Err(_)) => {
            let evidence = format!("{proxy_in_words} breaks off before it has connected to {host}");
            return Err(Check::failed_for_now("connection", evidence).next(ASK_PROXY));
        }
        None => {
            let evidence = format!("{proxy_in_words} does not answer");
            return Err(Check::failed_for_now("connection", evidence).next(ASK_PROXY));
        }
    };
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        let evidence = format!("{proxy_in_words} asks for a user name and a password (407)");
        return Err(Check::failed("connection", evidence).next(
            "give them in the URL of the proxy: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
        ));
    }
    let evidence = format!("{proxy_in_words} answered {status} and does not connect to {host}");
    // A gateway in trouble may recover. A 4xx stays until a person changes the proxy.
    let new = if status.is_server_error() { Check::failed_for_now } else { Check::failed };
    Err(new("connection", evidence).next(ASK_PROXY))
}

/// Reads the header of the answer to its end, and returns the status.
async fn status_of(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
) -> io::Result<StatusCode> {
    stream.write_all(request).await?;
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        if header.len() == LONGEST_HEADER {
            return Err(io::ErrorKind::InvalidData.into());
        }
        header.push(stream.read_u8().await?);
    }
    let header = String::from_utf8_lossy(&header);
    let mut words = header.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/"));
    let status = words.next().and_then(|status| status.parse().ok()).filter(|_| is_http);
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// What the system says, without its layers and numbers.
fn plain(error: &io::Error) -> String {
    let text = plain_words(error);
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    text.to_lowercase()
}

/// The result of `work`, unless it takes too long.
async fn within<T>(work: impl Future<Output = T>) -> Option<T> {
    timeout(STEP_TIMEOUT, work).await.ok()
}

const LONGEST_HEADER: usize = 16 * 1024;

/// As long as a request to IMS may take.
const STEP_TIMEOUT: Duration = ims::REQUEST_TIMEOUT;

const ASK_PROXY: &str = "ask the administrator of the proxy, or name the host in NO_PROXY if there is a direct connection";
