//! The emulator for the clients, in its own process, and the integration that it knows.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::process::{cargo, output, run};

/// The integrations and the user of the scripts. Adobe's SDK for PDF sends its `exp` in milliseconds.
const SCENARIO: &str = r#"takes_millisecond_exp = true

[[integrations]]
client_id = "test-client"
org_id = "TEST@AdobeOrg"
technical_account_id = "TEST@techacct.adobe.com"
client_secrets = ["test-secret"]
certificate_files = ["private.crt"]
metascopes = ["ent_dataservices_sdk", "ent_documentcloud_sdk", "ent_user_sdk"]
scopes = ["openid", "AdobeID", "email", "profile", "offline_access", "additional_info.roles", "user_management_sdk"]
redirect_uris = ["http://127.0.0.1:8000/callback"]
service_code = "test-code"
products = [{ service_code = "dma_tartan" }]

[[integrations]]
client_id = "other-client"
org_id = "TEST@AdobeOrg"
technical_account_id = "OTHER@techacct.adobe.com"
client_secrets = ["other-secret"]
scopes = ["openid", "AdobeID", "email", "profile", "additional_info.roles"]

[[users]]
id = "ADA@AdobeID"
email = "ada@example.org"
first_name = "Ada"
last_name = "Lovelace"
roles = [{ organization = "TEST@AdobeOrg", role = "org_admin" }]
"#;

/// A running emulator; it ends when this is dropped.
pub(super) struct Emulator {
    process: Child,
    url: String,
    authority: PathBuf,
    /// The command.
    ims: PathBuf,
}

impl Emulator {
    /// Makes keys and certificates in `folder`, and starts the emulator with its log in the same folder.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        make_key(folder, "private")?;
        make_key(folder, "other")?;
        fs::write(folder.join("scenario.toml"), SCENARIO)?;
        run(&mut cargo(["build", "--quiet", "--all-features", "-p", "ims-cli"]))?;
        let ims = std::path::absolute("target/debug/ims")?;
        let mut command = Command::new(&ims);
        command.args(["emulator", "--config"]).arg(folder.join("scenario.toml"));
        command.arg("--ca-dir").arg(folder.join("ca"));
        let log = File::create(folder.join("emulator.log"))?;
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let authority = folder.join("ca/ca.pem");
        let mut emulator = Self { process, url: String::new(), authority, ims };
        emulator.url = emulator.first_line()?;
        Ok(emulator)
    }

    /// Sends the requests of `client` to this emulator: by a base URL, and by a proxy for a client that only knows the
    /// hosts of IMS.
    pub(super) fn configure(&self, client: &mut Command) {
        // The Python package requests prefers the variables in lower case, which the user may have set.
        for name in ["HTTPS_PROXY", "https_proxy"] {
            client.env(name, &self.url);
        }
        for name in ["NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            client.env_remove(name);
        }
        for name in ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"] {
            client.env(name, &self.authority);
        }
        client.env("IMS_URL", &self.url).env("IMS_COMMAND", &self.ims);
        let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/emulator.md");
        client.env("IMS_RECIPES", recipes);
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
        // Both fail if the emulator has already ended, which is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes `name.key` and `name.crt` in `folder` with OpenSSL, as Adobe's documentation says.
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
