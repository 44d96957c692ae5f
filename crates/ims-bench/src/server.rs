//! The smallest server that answers an exchange: it reads a request, checks nothing, and always gives the same answer. It
//! runs in its own process, so that its time does not count.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, Result};

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts this program again as a server.
    pub(crate) fn start() -> Result<Self> {
        Self::of(Command::new(env::current_exe()?).arg("--serve"))
    }

    /// Starts a command that prints its URL as its first line.
    pub(crate) fn of(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut url = String::new();
        let stdout = child.stdout.take().context("the output is piped")?;
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if the server has already ended, which is fine.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Prints the URL, then serves until it is killed.
pub(crate) fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    let answer = answer();
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let (stream, answer) = (stream?, &answer);
            scope.spawn(move || converse(&stream, answer.as_bytes()));
        }
        Ok(())
    })
}

/// Answers one request after the other until the client closes the connection.
fn converse(stream: &TcpStream, answer: &[u8]) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let length = content_length(&mut reader)?;
        reader.read_exact(&mut vec![0; length])?;
        writer.write_all(answer)?;
    }
}

/// Reads the head of a request.
fn content_length(reader: &mut impl BufRead) -> Result<usize> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse()?,
            Some(_) => {}
            None if line.starts_with("POST ") => {}
            None if line.trim_end().is_empty() && !line.is_empty() => return Ok(length),
            None => anyhow::bail!("the client has gone"),
        }
    }
}

fn answer() -> String {
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", "e".repeat(600), "s".repeat(342));
    let body =
        format!(r#"{{"token_type":"bearer","access_token":"{token}","expires_in":86399998}}"#);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=UTF-8";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
