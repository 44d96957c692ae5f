//! A registry on loopback: the part of cargo's registry API that publishing and installing need, kept in memory.
//!
//! Sources: The Cargo Book, "Registry Index" (the file of one crate, and where it is in the index) and "Registry Web API"
//! (the body of a publish request).
//!
//! It replaces crates.io: requests for other crates are redirected to crates.io. So cargo finds our crates in it, and all
//! other crates at crates.io.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{dist::sums::sum, process::output};

const CRATES_IO_INDEX: &str = "https://index.crates.io";

/// Where the files of crates.io are, unless its index says otherwise, as a mirror does.
const CRATES_IO_FILES: &str = "https://static.crates.io/crates";

/// The longest body that is read: crates.io takes 10 MiB.
const MAX_BODY: usize = 16 << 20;

/// A registry that is empty at first. It serves until this process ends.
#[derive(Debug, Clone)]
pub(super) struct Registry {
    address: String,
    /// Where the files of crates.io are.
    others: String,
    published: Arc<Mutex<Published>>,
}

/// What was published, and what the registry refuses on purpose.
#[derive(Debug, Default)]
struct Published {
    /// The lines of each crate's file in the index, by name.
    index: BTreeMap<String, Vec<String>>,
    /// The `.crate` files, by name and version.
    files: BTreeMap<(String, String), Vec<u8>>,
    /// After how many crates one request is answered with 429.
    busy_after: Option<usize>,
}

impl Registry {
    /// Starts a registry that answers one publish request with 429 after `busy_after` crates.
    pub(super) fn start(busy_after: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let published = Published { busy_after: Some(busy_after), ..Published::default() };
        let published = Arc::new(Mutex::new(published));
        let registry = Self { address, others: files_of_crates_io(), published };
        let server = registry.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                // A client that goes away in the middle is not a fault of the registry.
                thread::spawn(move || server.serve(&stream).ok());
            }
        });
        Ok(registry)
    }

    /// The URL for cargo's configuration.
    pub(super) fn index_url(&self) -> String {
        format!("sparse+http://{}/index/", self.address)
    }

    /// The names of the crates. This is not the order in which they are published.
    pub(super) fn crates(&self) -> Vec<String> {
        self.lock().index.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: &TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let request = Request::read(stream)?;
        let answer = self.answer(&request);
        let head = format!(
            "HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n",
            answer.status,
            answer.body.len(),
            answer.location.map(|url| format!("Location: {url}\r\n")).unwrap_or_default()
        );
        let mut stream = stream;
        stream.write_all(head.as_bytes())?;
        Ok(stream.write_all(&answer.body)?)
    }

    fn answer(&self, request: &Request) -> Answer {
        let path: Vec<&str> = request.path.split('/').skip(1).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["index", "config.json"]) => {
                let base = format!("http://{}", self.address);
                Answer::json(&json!({ "dl": format!("{base}/crates"), "api": base }))
            }
            ("GET", ["index", rest @ ..]) => self.index_file(rest),
            ("GET", ["crates", name, version, "download"]) => self.file(name, version),
            ("PUT", ["api", "v1", "crates", "new"]) => self.publish(&request.body),
            _ => Answer::error("404 Not Found", "the registry does not have this"),
        }
    }

    fn index_file(&self, path: &[&str]) -> Answer {
        let name = path.last().copied().unwrap_or_default();
        match self.lock().index.get(name) {
            Some(lines) => Answer::ok(lines.join("\n").into_bytes()),
            None => Answer::elsewhere(format!("{CRATES_IO_INDEX}/{}", path.join("/"))),
        }
    }

    fn file(&self, name: &str, version: &str) -> Answer {
        match self.lock().files.get(&(name.to_owned(), version.to_owned())) {
            Some(file) => Answer::ok(file.clone()),
            None => Answer::elsewhere(format!("{}/{name}/{version}/download", self.others)),
        }
    }

    fn publish(&self, body: &[u8]) -> Answer {
        let mut published = self.lock();
        if published.busy_after.is_some_and(|count| published.index.len() >= count) {
            published.busy_after = None;
            let until = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
            let text =
                format!("You have published too many crates. Please try again after {until}");
            return Answer::error("429 Too Many Requests", &text);
        }
        match published.add(body) {
            Ok(()) => Answer::json(&json!({ "warnings": {} })),
            Err(error) => Answer::error("400 Bad Request", &format!("{error:#}")),
        }
    }
}

/// The member `dl` of the configuration of crates.io's index.
fn files_of_crates_io() -> String {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--max-time", "30"]);
    curl.arg(format!("{CRATES_IO_INDEX}/config.json"));
    let configuration = output(&mut curl).unwrap_or_default();
    let configuration: Value = serde_json::from_str(&configuration).unwrap_or_default();
    configuration["dl"].as_str().unwrap_or(CRATES_IO_FILES).to_owned()
}

impl Published {
    fn add(&mut self, body: &[u8]) -> Result<()> {
        let (manifest, rest) = split_part(body)?;
        let (file, _) = split_part(rest)?;
        let manifest: Value = serde_json::from_slice(manifest)?;
        let text = |name: &str| manifest[name].as_str().map(str::to_owned);
        let name = text("name").context("there is no name")?;
        let version = text("vers").context("there is no version")?;
        let key = (name.clone(), version);
        ensure!(!self.files.contains_key(&key), "crate version `{}` is already uploaded", key.1);
        self.index.entry(name).or_default().push(index_line(&manifest, file));
        self.files.insert(key, file.to_vec());
        Ok(())
    }
}

/// One part of a publish request: its length in 32 bits, little endian, and its bytes.
fn split_part(body: &[u8]) -> Result<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk().context("a length is missing")?;
    let length = usize::try_from(u32::from_le_bytes(*length))?;
    rest.split_at_checked(length).context("a part is shorter than its length")
}

/// The line of a version in the index. Some members have other names there than in the request.
fn index_line(manifest: &Value, file: &[u8]) -> String {
    let mut dependencies = Vec::new();
    for dependency in manifest["deps"].as_array().into_iter().flatten() {
        let renamed = dependency["explicit_name_in_toml"].as_str();
        let mut line = json!({
            "name": renamed.map_or(dependency["name"].clone(), Value::from),
            "req": dependency["version_req"],
        });
        for member in ["features", "optional", "default_features", "target", "kind", "registry"] {
            line[member] = dependency[member].clone();
        }
        if renamed.is_some() {
            line["package"] = dependency["name"].clone();
        }
        dependencies.push(line);
    }
    let (plain, newer) = features(&manifest["features"]);
    let checksum = sum(file);
    json!({
        "name": manifest["name"], "vers": manifest["vers"], "deps": dependencies, "cksum": checksum,
        "features": plain, "features2": newer, "yanked": false, "links": manifest["links"], "v": 2,
        "rust_version": manifest["rust_version"],
    })
    .to_string()
}

/// The features, and apart from them those with `dep:` or `?/`, which go into `features2`.
fn features(all: &Value) -> (Value, Value) {
    let (mut plain, mut newer) = (json!({}), json!({}));
    for (name, values) in all.as_object().into_iter().flatten() {
        let is_newer = values.as_array().into_iter().flatten().any(|value| {
            value.as_str().is_some_and(|text| text.starts_with("dep:") || text.contains("?/"))
        });
        let table = if is_newer { &mut newer } else { &mut plain };
        table[name] = values.clone();
    }
    (plain, newer)
}

/// As much of a request as matters here.
struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let method = words.next().context("no method")?.to_owned();
        let path = words.next().context("no path")?.to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                // Without this, curl waits for a second before it sends a large body.
                "expect" => (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?,
                _ => {}
            }
        }
        ensure!(length <= MAX_BODY, "the body is too long");
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Self { method, path, body })
    }
}

struct Answer {
    status: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn ok(body: Vec<u8>) -> Self {
        Self { status: "200 OK", location: None, body }
    }

    fn json(body: &Value) -> Self {
        Self::ok(body.to_string().into_bytes())
    }

    fn elsewhere(url: String) -> Self {
        Self { status: "302 Found", location: Some(url), body: Vec::new() }
    }

    fn error(status: &'static str, detail: &str) -> Self {
        let body = json!({ "errors": [{ "detail": detail }] }).to_string().into_bytes();
        Self { status, location: None, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(manifest: &Value, file: &[u8]) -> Vec<u8> {
        let manifest = manifest.to_string();
        let length = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
        [&length(manifest.len())[..], manifest.as_bytes(), &length(file.len()), file].concat()
    }

    #[test]
    fn a_crate_that_was_published_is_in_the_index_with_its_checksum() {
        let mut published = Published::default();
        let manifest = json!({
            "name": "a", "vers": "1.0.0", "links": null, "rust_version": "1.91",
            "features": { "x": ["dep:b"], "y": ["x"] },
            "deps": [{
                "name": "b", "version_req": "^1", "features": ["z"], "optional": true,
                "default_features": false, "target": null, "kind": "normal", "registry": null,
                "explicit_name_in_toml": "c",
            }],
        });
        let body = request(&manifest, b"abc");
        published.add(&body).unwrap();
        let line: Value = serde_json::from_str(&published.index["a"][0]).unwrap();
        // FIPS 180-2, appendix B.1: the hash of "abc".
        let checksum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(line["cksum"], checksum);
        assert_eq!(
            (&line["deps"][0]["name"], &line["deps"][0]["package"]),
            (&json!("c"), &json!("b"))
        );
        assert_eq!(
            (&line["features"], &line["features2"]),
            (&json!({ "y": ["x"] }), &json!({ "x": ["dep:b"] }))
        );
        let again = published.add(&body).unwrap_err().to_string();
        assert_eq!(again, "crate version `1.0.0` is already uploaded");
    }

    #[test]
    fn a_request_that_is_cut_off_is_refused() {
        let whole = request(&json!({ "name": "a", "vers": "1.0.0" }), b"abc");
        for length in 0..whole.len() {
            assert!(Published::default().add(&whole[..length]).is_err(), "{length} bytes");
        }
    }
}
