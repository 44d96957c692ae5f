//! Several processes, one Redis, one exchange: `cargo run -p ims --features redis --example fleet`.
//!
//! It starts an emulator, a `redis-server` on its own socket and eight processes of a service, all at once, and counts
//! what IMS is asked. Then it kills Redis and starts three more: each of those asks IMS itself, after a second at most,
//! since a store that cannot be reached is bypassed.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use ims::{
    Client, Credential, Credentials,
    claims::Metascope,
    token::{RedisStore, SealingKey},
};
use ims_emulator::{Certificate, Emulator, Integration};
use ims_testkit::{certificates, keys};

const CLIENT_ID: &str = "example-client";
const CLIENT_SECRET: &str = "example-secret";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match env::args_os().nth(1) {
        Some(folder) => serve(Path::new(&folder)).await,
        None => conduct().await,
    }
}

/// One process of the service: obtains its token and says which it is.
async fn serve(folder: &Path) -> Result<(), Box<dyn Error>> {
    let credentials = Credentials::from_file(folder.join("credentials.json"))?;
    // Anyone who has the client secret can get tokens anyway, so a key derived from it reveals nothing more.
    let Credential::ServiceAccount(account) = credentials.credential() else {
        return Err("the credentials are not a service account's".into());
    };
    let sealing_key = SealingKey::derive(account.client_secrets.first().expose_secret().as_bytes());
    let url = format!("redis+unix://{}", Redis::socket(folder).display());
    let store = RedisStore::new(&url, sealing_key)?;

    let client = Client::builder(&credentials).with_store(store).build()?;
    println!("{}", client.access_token().await?.fingerprint());
    Ok(())
}

/// Starts everything, and counts.
async fn conduct() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::builder().with_integration(integration()?).start().await?;
    write_credentials(folder.path(), &emulator.url())?;
    let redis = Redis::start(folder.path())?;

    let tokens = start_processes(8, folder.path())?;
    let exchanges = emulator.requests().len();
    println!("8 processes with Redis: {} token, {exchanges} exchange", tokens.len());
    if (tokens.len(), exchanges) != (1, 1) {
        return Err("the processes did not share".into());
    }

    drop(redis);
    let tokens = start_processes(3, folder.path())?;
    let exchanges = emulator.requests().len() - exchanges;
    println!("3 processes without it: {} tokens, {exchanges} exchanges", tokens.len());
    if (tokens.len(), exchanges) != (3, 3) {
        return Err("a process did not go around Redis".into());
    }
    Ok(())
}

/// Starts `count` processes of this program at once and returns the tokens that they obtain. It blocks, while the
/// emulator answers on the other threads.
fn start_processes(count: usize, folder: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let program = env::current_exe()?;
    let mut processes = Vec::new();
    for _ in 0..count {
        processes.push(Command::new(&program).arg(folder).stdout(Stdio::piped()).spawn()?);
    }
    let mut tokens = BTreeSet::new();
    for process in processes {
        let output = process.wait_with_output()?;
        if !output.status.success() {
            return Err("a process of the fleet has failed".into());
        }
        tokens.insert(String::from_utf8(output.stdout)?);
    }
    Ok(tokens)
}

/// A server that ends with this value.
struct Redis(Child);

impl Redis {
    fn start(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(Self::socket(folder))
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!("cannot start redis-server, which must be installed: {error}")
            })?;
        let log = process.stdout.take().ok_or("standard output is piped")?;
        let redis = Self(process);
        let mut log = BufReader::new(log).lines().map_while(Result::ok);
        if !log.any(|line| line.contains("eady to accept connections")) {
            return Err("redis-server did not start".into());
        }
        // The pipe must stay open after the last line that is read, since the server continues writing.
        thread::spawn(move || log.count());
        Ok(redis)
    }

    fn socket(folder: &Path) -> PathBuf {
        folder.join("redis.sock")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // If it cannot be killed it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn integration() -> Result<Integration, Box<dyn Error>> {
    let integration = Integration::new(
        CLIENT_ID.parse()?,
        "EXAMPLE@AdobeOrg".parse()?,
        "EXAMPLE@techacct.adobe.com".parse()?,
    );
    Ok(integration
        .with_client_secret(CLIENT_SECRET)
        .with_certificates(Certificate::read_all(certificates::FIRST.as_bytes())?)
        .with_metascopes([Metascope::ENT_DATASERVICES_SDK]))
}

/// The credentials and the private key that all processes read.
fn write_credentials(folder: &Path, url: &str) -> Result<(), Box<dyn Error>> {
    let credentials = serde_json::json!({
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "org_id": "EXAMPLE@AdobeOrg",
        "technical_account_id": "EXAMPLE@techacct.adobe.com",
        "metascopes": ["ent_dataservices_sdk"],
        "private_key_file": "private.key",
        "ims_url": url,
    });
    for (name, contents) in
        [("credentials.json", credentials.to_string()), ("private.key", keys::FIRST.to_owned())]
    {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(folder.join(name))?;
        file.write_all(contents.as_bytes())?;
    }
    Ok(())
}
