//! A folder for one test with the files of an integration, and the command, which sees nothing else of the machine.

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::{
    ffi::OsString,
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use ims_testkit::{certificates, keys};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The integration of `credentials.json`.
pub(crate) const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";

/// Its secret, and a canary: no output may ever contain it.
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret";

/// The folder.
pub(crate) struct Sandbox(TempDir);

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// Makes the folder, with `credentials.json`, `private.key` and `certificate_pub.crt` of the first test key.
    pub(crate) fn new() -> Self {
        let sandbox = Self(TempDir::new().unwrap());
        fs::create_dir(sandbox.path("tmp")).unwrap();
        sandbox.write("private.key", keys::FIRST);
        sandbox.write("certificate_pub.crt", certificates::FIRST);
        sandbox.write_credentials("credentials.json", json!({}));
        sandbox
    }

    /// Where `name` is in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that no one else can read.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // On Windows the temporary folder is private, and so is what is written there.
        #[cfg(unix)]
        options.mode(0o600);
        options.open(self.path(name)).unwrap().write_all(contents.as_ref()).unwrap();
    }

    /// Writes the credentials of the integration with some members changed; `null` removes one.
    pub(crate) fn write_credentials(&self, name: &str, changes: Value) {
        let mut credentials = json!({
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "org_id": "C74F69D7594880280@AdobeOrg",
            "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
            "metascopes": ["ent_dataservices_sdk"],
            "private_key_file": "private.key",
            "certificate_file": "certificate_pub.crt",
        });
        let Value::Object(changes) = changes else { panic!("not an object: {changes}") };
        let members = credentials.as_object_mut().unwrap();
        members.extend(changes);
        members.retain(|_, value| !value.is_null());
        self.write(name, credentials.to_string());
    }

    /// The command with these arguments, separated by spaces, ready to be started in the folder.
    pub(crate) fn ims(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ims"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_CACHE_HOME", self.path("home/.cache"))
            .env("IMS_CACHE_DIR", self.path("cache"))
            .env("TMPDIR", self.path("tmp"))
            .envs(windows_variables(self))
            // There is no keyring here, whatever the desktop has on which the tests run.
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.path("no-bus").display()))
            // These turn on the logs of programs, and this one should print no more than usual.
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &str) -> Finished {
        self.ims(arguments).output().unwrap().into()
    }
}

/// What replaces `HOME` and `TMPDIR` on Windows, and what its libraries need.
fn windows_variables(sandbox: &Sandbox) -> Vec<(&'static str, OsString)> {
    if cfg!(not(windows)) {
        return Vec::new();
    }
    let mut variables = vec![
        ("USERPROFILE", sandbox.path("home").into_os_string()),
        ("APPDATA", sandbox.path("home/roaming").into_os_string()),
        // The same folder as elsewhere, so that a test finds the file of contexts.
        ("LOCALAPPDATA", sandbox.path("home/.config").into_os_string()),
        ("TMP", sandbox.path("tmp").into_os_string()),
    ];
    for name in ["SystemRoot", "ComSpec", "PATH", "WINEPREFIX", "WINEDEBUG"] {
        variables.extend(std::env::var_os(name).map(|value| (name, value)));
    }
    variables
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
