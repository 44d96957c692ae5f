//! The most memory that the emulator takes, whatever a client without any secret sends.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    contest::at_most,
    emulator::free_address,
    integration::{CLIENT_ID, Integration},
    load::Process,
    record::Ratio,
    start::ims_command,
};

/// The most that the emulator may ever have in memory.
const MOST_MIB: f64 = 64.0;

/// As many connections as the emulator serves at the same time; it lets others wait.
const CONNECTIONS: usize = 512;

/// How long a client that reads or sends nothing stays connected: longer than the emulator waits for it.
const STAY: Duration = Duration::from_secs(17);

/// What a client sends to the emulator at an address.
type Attack = fn(SocketAddr) -> Result<()>;

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn measure() -> Result<bool> {
    let (ims, integration) = (ims_command()?, Integration::new()?);
    let address = free_address()?;
    let mut command = Command::new(ims);
    command.args(["emulator", "--quiet", "--listen", &address.to_string(), "-c"]);
    command.arg(integration.path("credentials.json")).stdout(Stdio::null());
    let emulator = Process::start(&mut command, address, "/ims/keys")?;
    let attacks: [(&str, Attack); 7] = [
        ("300 refused registrations of 63 KiB", refused_registrations),
        ("3,000 registrations", registrations),
        ("300 sign-in pages with 5,000 scopes", sign_in_pages),
        ("3,000 sign-ins, and revocations of their tokens", sign_ins),
        ("512 clients that send half a head", half_heads),
        ("512 clients that send half of a body of 64 KiB", half_bodies),
        ("512 clients that ask for all verdicts and the page, and never read", silent_readers),
    ];
    println!("attack: memory of the emulator after each attack, and the most so far");
    println!("  {:<68} {:>6} KiB", "at the start", emulator.resident_kib()?);
    for (name, attack) in attacks {
        attack(address).with_context(|| format!("the emulator does not survive this: {name}"))?;
        let (now, most) = (emulator.resident_kib()?, emulator.most_resident_kib()?);
        println!("  {name:<68} {now:>6} KiB {most:>8} KiB");
        emulator.body("/_emulator/ready").context("the emulator does not answer any more")?;
    }
    let most = f64::from(u32::try_from(emulator.most_resident_kib()?)?) / 1024.0;
    let part = Ratio::of([most / MOST_MIB].into_iter());
    Ok(at_most(1.0, "attack: the most memory, of 64 MiB", part))
}

fn refused_registrations(address: SocketAddr) -> Result<()> {
    let uris = vec!["https://app.example/callback"; 2_000];
    let body = serde_json::json!({ "client_name": "x", "redirect_uris": uris }).to_string();
    for _ in 0..300 {
        post(address, "/ims/register", "application/json", &body)?;
    }
    Ok(())
}

fn registrations(address: SocketAddr) -> Result<()> {
    let uris: Vec<_> =
        (0..16).map(|n| format!("https://app.example/{n}/{}", "x".repeat(990))).collect();
    let scope = "s ".repeat(500);
    let name = "n".repeat(1_000);
    let body = serde_json::json!({ "client_name": name, "redirect_uris": uris, "scope": scope });
    for _ in 0..3_000 {
        post(address, "/ims/register", "application/json", &body.to_string())?;
    }
    Ok(())
}

fn sign_in_pages(address: SocketAddr) -> Result<()> {
    // An earlier version of the page replaced the name in braces in user input, too.
    let scope = "%7Bverdicts%7D,".repeat(4_000);
    let body = format!("client_id={CLIENT_ID}&response_type=code&scope={scope}");
    for _ in 0..300 {
        post(address, "/ims/authorize/v2", FORM, &body)?;
    }
    Ok(())
}

/// A client that has registered itself gets tokens without any secret, and makes the emulator remember which have ended.
fn sign_ins(address: SocketAddr) -> Result<()> {
    let callback = "http://127.0.0.1:9/callback";
    let body = serde_json::json!({
        "client_name": "x", "redirect_uris": [callback], "token_endpoint_auth_method": "none",
    });
    let answer = post(address, "/ims/register", "application/json", &body.to_string())?;
    // There is no room for one more if all others have registered themselves.
    let client_id = text_after(&answer, "\"client_id\":\"", '"').unwrap_or(CLIENT_ID);
    for number in 0..3_000 {
        let query = format!(
            "client_id={client_id}&redirect_uri={callback}&response_type=token&scope=openid&prompt=none&state={number}"
        );
        let answer = send(
            address,
            &format!(
                "GET /ims/authorize/v2?{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
            ),
        )?;
        let token = text_after(&answer, "access_token=", '&').unwrap_or("none");
        post(
            address,
            &format!("/ims/revoke?client_id={client_id}"),
            FORM,
            &format!("token={token}"),
        )?;
    }
    Ok(())
}

fn half_heads(address: SocketAddr) -> Result<()> {
    let head =
        format!("POST /ims/token/v3 HTTP/1.1\r\nHost: {address}\r\nX: {}", "x".repeat(60 * 1024));
    stay(address, &head)
}

fn half_bodies(address: SocketAddr) -> Result<()> {
    let length = 64 * 1024;
    let head = format!(
        "POST /ims/token/v3 HTTP/1.1\r\nHost: {address}\r\nContent-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n"
    );
    stay(address, &format!("{head}{}", "x".repeat(length - 1)))
}

fn silent_readers(address: SocketAddr) -> Result<()> {
    let mut requests = String::new();
    for _ in 0..8 {
        for path in ["/_emulator/requests", "/_emulator/", "/_emulator/integrations"] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            requests.push_str(&request);
        }
    }
    stay(address, &requests)
}

/// Opens all connections, sends `text` over each and then nothing, and reads nothing.
fn stay(address: SocketAddr, text: &str) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = TcpStream::connect(address)?;
        connection.set_write_timeout(Some(Duration::from_millis(20)))?;
        // The emulator may have stopped reading, and may have closed the connection already.
        let _ = connection.write_all(text.as_bytes());
        connections.push(connection);
    }
    thread::sleep(STAY);
    Ok(())
}

fn post(address: SocketAddr, path: &str, content_type: &str, body: &str) -> Result<String> {
    let length = body.len();
    send(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ),
    )
}

/// Sends a request that closes its connection, and returns the head and the body of the answer.
fn send(address: SocketAddr, request: &str) -> Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What is between `before` and the next `end`.
fn text_after<'a>(text: &'a str, before: &str, end: char) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split(end).next()
}
