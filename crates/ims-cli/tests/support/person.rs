//! A person with a browser, who signs in to `ims emulator`, and the command that waits for it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

use serde_json::json;

use super::{
    running_emulator::RunningEmulator,
    sandbox::{Finished, Sandbox},
};

/// The public client that people sign in to.
pub(crate) const CLIENT_ID: &str = "people-app";

/// A redirect URI at which no one listens.
pub(crate) const PASTED_URI: &str = "https://app.example/callback";

/// How long a server may take to answer. A slower one fails the test instead of blocking it.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// `ims login` while it waits.
pub(crate) struct Login {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    url: String,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Writes `people.json`, the credentials of the client, and registers it at `emulator` with this redirect URI.
pub(crate) fn register(sandbox: &Sandbox, emulator: &RunningEmulator, redirect_uri: &str) {
    register_for(sandbox, emulator, redirect_uri, &["openid", "AdobeID", "offline_access"]);
}

/// The same for a client that asks for these scopes.
pub(crate) fn register_for(
    sandbox: &Sandbox,
    emulator: &RunningEmulator,
    redirect_uri: &str,
    scopes: &[&str],
) {
    let credentials = json!({
        "user": true, "client_id": CLIENT_ID, "scopes": scopes, "ims_url": emulator.url(),
    });
    sandbox.write("people.json", credentials.to_string());
    let integration = json!({
        "client_id": CLIENT_ID,
        "org_id": "C74F69D7594880280@AdobeOrg",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "scopes": ["openid", "AdobeID", "offline_access"],
        "redirect_uris": [redirect_uri],
    })
    .to_string();
    let url = format!("{}/_emulator/integrations", emulator.url());
    let page = send("POST", &url, &["content-type: application/json"], &integration);
    assert_eq!(page.status, 204, "{page:?}");
}

impl Login {
    /// Starts it, and waits until it prints the address for the person.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut login = Self { child, stderr, said: String::new(), url: String::new() };
        while login.url.is_empty() {
            let start = login.said.len();
            login.stderr.read_line(&mut login.said).unwrap();
            let line = &login.said[start..];
            assert!(!line.is_empty(), "it ended: {}", login.said);
            login.url = line.strip_prefix("open: ").unwrap_or_default().trim_end().to_owned();
        }
        login
    }

    /// Starts it so that it listens, and makes its redirect URI that of the client.
    pub(crate) fn listening(sandbox: &Sandbox, emulator: &RunningEmulator) -> Self {
        let login = Self::start(sandbox.ims("login -c people.json --no-browser --json"));
        register(sandbox, emulator, &login.parameter("redirect_uri"));
        login
    }

    /// The address for the person.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it has printed so far.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A parameter of that address.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let mut parameters = self.url.split(['?', '&']).filter_map(|pair| pair.split_once('='));
        let value = parameters.find_map(|(given, value)| (given == name).then_some(value));
        unescaped(value.unwrap_or_else(|| panic!("no {name}: {}", self.url)))
    }

    /// Pastes a line.
    pub(crate) fn paste(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Finished {
        drop(self.child.stdin.take());
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut end = Finished::from(self.child.wait_with_output().unwrap());
        end.stderr = self.said;
        end
    }
}

/// Answers the consent page at `url`, and gives the address at which the browser ends.
pub(crate) fn answer(url: &str, consent: &str) -> String {
    let page = get(url);
    assert!(page.status == 200 && page.body.contains("value=allow>Allow<"), "{page:?}");
    let (address, query) = url.split_once('?').unwrap();
    let form = ["content-type: application/x-www-form-urlencoded"];
    let page = send("POST", address, &form, &format!("{query}&consent={consent}"));
    let location = page.head.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| panic!("nowhere to go: {page:?}")).to_owned()
}

pub(crate) fn get(url: &str) -> Page {
    send("GET", url, &[], "")
}

/// Sends a request and reads the answer to its end.
pub(crate) fn send(method: &str, url: &str, headers: &[&str], body: &str) -> Page {
    let (authority, target) = split(url);
    let host = format!("host: {authority}");
    let names_a_host = headers.iter().any(|header| header.starts_with("host:"));
    let length = format!("content-length: {}", body.len());
    let mut lines = vec![format!("{method} {target} HTTP/1.1")];
    lines.extend((!names_a_host).then_some(host));
    lines.extend(headers.iter().map(|header| (*header).to_owned()));
    lines.extend(["connection: close".to_owned(), length, String::new(), body.to_owned()]);
    let request = lines.join("\r\n");
    raw(authority, request.as_bytes()).unwrap_or_else(|| panic!("no answer to {request}"))
}

/// Sends these bytes and reads what comes; `None` if that is not HTTP.
pub(crate) fn raw(authority: &str, bytes: &[u8]) -> Option<Page> {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
    // A client that is refused early may find the connection closed while it still sends, or while it reads.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&answer) {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
        }
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Page { status, head: head.replace('\r', ""), body: body.to_owned() })
}

/// Whether it is an answer with all the body that its head announces: some servers close no connection.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().is_some_and(|(_, length)| body.len() >= length.trim().parse().unwrap())
}

/// Host and port of a URL, and what comes after.
pub(crate) fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// Every file below the folder `name` of the sandbox, with its mode, and the folder's.
pub(crate) fn modes(sandbox: &Sandbox, name: &str) -> Vec<(PathBuf, u32)> {
    let mode = |path: &PathBuf| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = sandbox.path(name);
    let entries = fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let paths = folder.exists().then(|| folder.clone()).into_iter().chain(entries);
    paths.map(|path| (path.clone(), mode(&path))).collect()
}

fn unescaped(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            octet => octet,
        });
    }
    String::from_utf8(octets).unwrap()
}
