//! `cargo xtask interop`: the emulator with clients that others wrote, unmodified from their registries.
//!
//! Each client has a script in `xtask/interop/`. The script gets a token with the client, sends requests that must be
//! refused, and compares the client's messages. It needs the network, so it is not part of `cargo xtask test`.

mod emulator;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::process::output;
use emulator::Emulator;

/// The folder for the clients, keys and logs.
const FOLDER: &str = "target/interop";

/// Runs clients that others wrote with the emulator.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The clients, by their names in their registries; without a name, all of them.
    #[arg(value_name = "CLIENT")]
    clients: Vec<String>,
}

/// One client, and the script that uses it.
struct Client {
    name: &'static str,
    version: &'static str,
    registry: Registry,
    script: &'static str,
}

#[derive(Clone, Copy)]
enum Registry {
    Npm,
    Pypi,
}

use Registry::{Npm, Pypi};

#[rustfmt::skip]
const CLIENTS: &[Client] = &[
    Client { name: "@adobe/jwt-auth",          version: "2.0.0",       registry: Npm,  script: "jwt_auth.cjs" },
    Client { name: "@adobe/aio-lib-ims",       version: "8.1.2",       registry: Npm,  script: "aio_lib_ims.cjs" },
    Client { name: "@adobe/aio-lib-core-auth", version: "1.1.0",       registry: Npm,  script: "aio_lib_core_auth.cjs" },
    Client { name: "@adobe/auth-token",        version: "1.0.1",       registry: Npm,  script: "auth_token.cjs" },
    Client { name: "umapi-client",             version: "3.0.1",       registry: Pypi, script: "umapi.py" },
    Client { name: "pdfservices-sdk",          version: "2.3.1",       registry: Pypi, script: "pdfservices.py" },
    Client { name: "aanalytics2",              version: "0.5.5.post3", registry: Pypi, script: "aanalytics.py" },
    Client { name: "aepp",                     version: "0.6.0",       registry: Pypi, script: "experience_platform.py" },
];

/// What the scripts for Node use besides the client: one package signs JWTs, the other sends `fetch` through a proxy.
const NODE_TOOLS: &[&str] = &["jsonwebtoken@9.0.2", "undici@6.29.1"];

/// The result of one client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// The client could not be installed, so there is no result.
    NotRun,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let clients = chosen(&options.clients)?;
    let folder = std::path::absolute(FOLDER)?;
    let emulator = Emulator::start(&folder)?;
    let outcomes: Vec<_> =
        clients.iter().map(|client| client.outcome(&folder, &emulator)).collect();
    println!();
    for (client, outcome) in clients.iter().zip(&outcomes) {
        println!("{:<24}  {:<11}  {outcome}", client.name, client.version);
    }
    if outcomes.contains(&Outcome::Failed) {
        bail!("a client failed: the verdicts are in {FOLDER}/emulator.log");
    }
    Ok(())
}

/// The clients called `names`, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Client>> {
    if names.is_empty() {
        return Ok(CLIENTS.iter().collect());
    }
    let mut chosen = Vec::new();
    for name in names {
        let client = CLIENTS.iter().find(|client| client.name == name);
        chosen.push(client.with_context(|| {
            let known: Vec<_> = CLIENTS.iter().map(|client| client.name).collect();
            format!("no client is called {name}: there are {}", known.join(", "))
        })?);
    }
    Ok(chosen)
}

impl Client {
    fn outcome(&self, folder: &Path, emulator: &Emulator) -> Outcome {
        println!("\n{} {}", self.name, self.version);
        let home = folder.join(self.script.replace('.', "-"));
        let installed = match self.registry {
            Npm => self.install_from_npm(&home),
            Pypi => self.install_from_pypi(&home),
        };
        if let Err(error) = installed {
            println!("{error:#}");
            return Outcome::NotRun;
        }
        let mut script = self.script(&home);
        emulator.configure(&mut script);
        match script.current_dir(folder).status() {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(_) => Outcome::Failed,
            Err(error) => {
                println!("the script did not start: {error}");
                Outcome::Failed
            }
        }
    }

    fn install_from_npm(&self, home: &Path) -> Result<()> {
        let mut install = Command::new("npm");
        install
            .args(["install", "--loglevel=error", "--no-audit", "--no-fund", "--prefix"])
            .arg(home);
        install.arg(format!("{}@{}", self.name, self.version)).args(NODE_TOOLS);
        output(&mut install).map(drop)
    }

    /// Each client has its own virtual environment, because some clients pin versions that others cannot use.
    fn install_from_pypi(&self, home: &Path) -> Result<()> {
        output(Command::new("python3").args(["-m", "venv"]).arg(home))?;
        let mut install = Command::new(python(home));
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.arg(format!("{}=={}", self.name, self.version));
        output(&mut install).map(drop)
    }

    fn script(&self, home: &Path) -> Command {
        let mut command = match self.registry {
            Npm => Command::new("node"),
            Pypi => Command::new(python(home)),
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(self.script);
        command.arg(script).env("NODE_PATH", home.join("node_modules"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

fn python(home: &Path) -> PathBuf {
    home.join("bin/python")
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NotRun => "not run, since it could not be installed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_a_script_and_every_script_a_client() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        let files = folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string());
        let mut files: Vec<_> = files.map(Result::unwrap).collect();
        files.retain(|file| !file.starts_with("cases."));
        files.sort();
        let mut scripts: Vec<_> = CLIENTS.iter().map(|client| client.script).collect();
        scripts.sort_unstable();
        assert_eq!(files, scripts);
    }

    #[test]
    fn clients_are_chosen_by_name_and_an_unknown_one_is_refused() {
        assert_eq!(chosen(&[]).map(|all| all.len()).ok(), Some(CLIENTS.len()));
        let one = chosen(&["aepp".to_owned()]).unwrap();
        assert_eq!(one.iter().map(|client| client.name).collect::<Vec<_>>(), ["aepp"]);
        let error = chosen(&["unknown".to_owned()]).err().unwrap().to_string();
        assert!(
            error.starts_with("no client is called unknown: there are @adobe/jwt-auth, "),
            "{error}"
        );
    }
}
