//! The emulator that the clients talk to, as a process of its own, and the integration that it knows.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::process::{cargo, output};

/// The integration of the scripts. Adobe's SDK for PDF sends its `exp` in milliseconds.
const SCENARIO: &str = r#"takes_millisecond_exp = true

[[integrations]]
client_id = "test-client"
org_id = "TEST@AdobeOrg"
technical_account_id = "TEST@techacct.adobe.com"
client_secrets = ["test-secret"]
certificate_files = ["private.crt"]
metascopes = ["ent_dataservices_sdk", "ent_documentcloud_sdk", "ent_user_sdk"]
scopes = ["openid", "AdobeID", "user_management_sdk"]
"#;

/// A running emulator; it ends when this is dropped.
pub(super) struct Emulator {
    process: Child,
    url: String,
    authority: PathBuf,
}

impl Emulator {
    /// Makes keys and certificates in `folder` and starts the emulator there, with its log beside them.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        make_key(folder, "private")?;
        make_key(folder, "other")?;
        fs::write(folder.join("scenario.toml"), SCENARIO)?;
        let mut command = cargo(["run", "--quiet", "-p", "ims-cli", "--", "emulator", "--config"]);
        command.arg(folder.join("scenario.toml")).arg("--ca-dir").arg(folder.join("ca"));
        let log = File::create(folder.join("emulator.log"))?;
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let authority = folder.join("ca/ca.pem");
        let mut emulator = Self { process, url: String::new(), authority };
        emulator.url = emulator.first_line()?;
        Ok(emulator)
    }

    /// Leads `client` here, whether it takes a base URL or knows the hosts of IMS alone.
    pub(super) fn lead(&self, client: &mut Command) {
        // requests prefers the variables in small letters, which the user may have set.
        for name in ["HTTPS_PROXY", "https_proxy"] {
            client.env(name, &self.url);
        }
        for name in ["NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            client.env_remove(name);
        }
        for name in ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"] {
            client.env(name, &self.authority);
        }
        client.env("IMS_URL", &self.url);
    }

    fn first_line(&mut self) -> Result<String> {
        let stdout = self.process.stdout.take().context("the emulator has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.is_empty() {
            bail!("the emulator did not start: emulator.log says why");
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes `name.key` and `name.crt` in `folder` with OpenSSL, as Adobe's documents tell its customers to.
fn make_key(folder: &Path, name: &str) -> Result<()> {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-sha256", "-nodes", "-days", "1", "-newkey", "rsa:2048"]);
    openssl.args([
        "-subj",
        "/CN=interop",
        "-keyout",
        &format!("{name}.key"),
        "-out",
        &format!("{name}.crt"),
    ]);
    output(openssl.current_dir(folder)).map(drop)
}
