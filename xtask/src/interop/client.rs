//! One client from a registry: how it is installed, and how its script is run.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::emulator::Emulator;
use crate::process::{cargo, output};

/// One client, and the script that uses it.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) registry: Registry,
    pub(super) script: &'static str,
}

/// Where a client comes from.
#[derive(Clone, Copy)]
pub(super) enum Registry {
    Npm,
    Pypi,
    CratesIo,
    /// The distribution, whose packages an administrator installs. Their version is the distribution's.
    Debian(&'static [&'static str]),
    /// A tag of a public repository, and packages of the distribution that it needs.
    Git(&'static str, &'static [&'static str]),
}

/// What the scripts for Node use besides the client: one package signs JWTs, the other sends `fetch` through a proxy.
const NODE_TOOLS: &[&str] = &["jsonwebtoken@9.0.3", "undici@6.29.1"];

/// What the scripts for Python use besides the client.
const PYTHON_TOOLS: &[&str] = &["requests"];

/// Where the distribution has the libraries for Java.
const JAVA_LIBRARIES: &str = "/usr/share/java/*";

/// How long a script may take. One that hangs must not hold up the others.
const SCRIPT_TIMEOUT: Duration = Duration::from_mins(5);

/// The result of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    /// How the script ended.
    Failed(String),
    /// Why the client could not be installed, so that there is no result.
    NotRun(String),
}

impl Client {
    /// Installs the client in `client_folder` and runs its script in `run_folder` with `emulator`.
    pub(super) fn outcome(
        &self,
        client_folder: &Path,
        run_folder: &Path,
        emulator: &Emulator,
    ) -> Outcome {
        println!("\n{} {}", self.name, self.version);
        let home = client_folder.join(self.script.replace('.', "-"));
        let mut script = match self.install(&home) {
            Ok(script) => script,
            Err(error) => {
                println!("{error:#}");
                return Outcome::NotRun(format!("{error:#}").replace('\n', " "));
            }
        };
        emulator.configure(&mut script);
        match status_within(SCRIPT_TIMEOUT, script.current_dir(run_folder)) {
            Ok(Some(status)) if status.success() => Outcome::Passed,
            Ok(Some(status)) => Outcome::Failed(status.to_string()),
            Ok(None) => Outcome::Failed(format!("ended after {SCRIPT_TIMEOUT:?}")),
            Err(error) => Outcome::Failed(format!("the script did not start: {error}")),
        }
    }

    /// Installs the client into `home`; gives the command that runs its script.
    fn install(&self, home: &Path) -> Result<Command> {
        fs::create_dir_all(home).with_context(|| format!("cannot create {}", home.display()))?;
        match self.registry {
            Registry::Npm => self.install_from_npm(home),
            Registry::Pypi => self.install_from_pypi(home),
            Registry::CratesIo => self.install_from_crates_io(home),
            Registry::Debian(packages) => {
                find_in_debian(packages)?;
                self.installed(home)
            }
            Registry::Git(repository, packages) => {
                find_in_debian(packages)?;
                self.clone_from(repository, home)
            }
        }
    }

    /// The script is copied to the client, where Node looks for the packages that it imports.
    fn install_from_npm(&self, home: &Path) -> Result<Command> {
        let mut install = Command::new("npm");
        install
            .args(["install", "--loglevel=error", "--no-audit", "--no-fund", "--prefix"])
            .arg(home);
        install.arg(format!("{}@{}", self.name, self.version)).args(NODE_TOOLS);
        output(&mut install)?;
        fs::copy(source("cases.cjs"), home.join("cases.cjs"))?;
        let script = home.join(self.script);
        fs::copy(source(self.script), &script)?;
        let mut command = Command::new("node");
        command.arg(script);
        Ok(command)
    }

    /// Each client has its own virtual environment, because some clients pin versions that others cannot use.
    fn install_from_pypi(&self, home: &Path) -> Result<Command> {
        output(Command::new("python3").args(["-m", "venv"]).arg(home))?;
        let python = home.join("bin/python");
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.arg(format!("{}=={}", self.name, self.version)).args(PYTHON_TOOLS);
        output(&mut install)?;
        Ok(with_python(&python, self.script))
    }

    /// A package outside of this workspace, so that the client's dependencies are not in our lock file and our checks.
    fn install_from_crates_io(&self, home: &Path) -> Result<Command> {
        let crate_name = self.name.trim_start_matches("crate ");
        let manifest = format!(
            "[package]\nname = \"interop\"\nedition = \"2024\"\n\n[workspace]\n\n[[bin]]\nname = \"interop\"\npath = '{}'\n\n\
             [dependencies]\nserde_json = \"1\"\n\
             {crate_name} = {{ version = \"={}\", default-features = false, features = [\"reqwest-blocking\"] }}\n",
            source(self.script).display(),
            self.version,
        );
        let manifest_path = home.join("Cargo.toml");
        fs::write(&manifest_path, manifest)?;
        // The clients share what they are built of.
        let target = home.with_file_name("rust-target");
        let mut build = cargo(["build", "--quiet", "--manifest-path"]);
        output(build.arg(&manifest_path).arg("--target-dir").arg(&target))?;
        let program = home.join("interop");
        fs::copy(target.join("debug/interop"), &program)?;
        Ok(Command::new(program))
    }

    /// The sources are used as they are: the script finds them in `CLIENT_SOURCE`.
    fn clone_from(&self, repository: &str, home: &Path) -> Result<Command> {
        let source = home.join("source");
        if !source.exists() {
            let mut clone = Command::new("git");
            clone.args(["clone", "--quiet", "--depth=1", "--branch", self.version, repository]);
            output(clone.arg(&source).env("GIT_TERMINAL_PROMPT", "0"))?;
        }
        let mut command = self.installed(home)?;
        command.env("CLIENT_SOURCE", source);
        Ok(command)
    }

    /// The command that runs the script with what is installed, or with the sources in `home`.
    fn installed(&self, home: &Path) -> Result<Command> {
        let script = source(self.script);
        let extension = script.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("py") => Ok(with_python(Path::new("python3"), self.script)),
            Some("hs") => {
                let program = home.join("script");
                let mut compile = Command::new("ghc");
                compile.args(["-v0", "-outputdir"]).arg(home).arg("-o").arg(&program);
                output(compile.arg(&script))?;
                Ok(Command::new(program))
            }
            Some("java") => {
                let classes = home.join("classes");
                let path = format!("{}:{JAVA_LIBRARIES}", classes.display());
                let mut compile = Command::new("javac");
                compile.args(["-nowarn", "-cp", &path, "-sourcepath"]);
                compile.arg(home.join("source/src/main/java")).arg("-d").arg(&classes);
                output(compile.arg(&script))?;
                let mut command = Command::new("java");
                command.args(["-cp", &path]).arg(script.file_stem().unwrap_or_default());
                Ok(command)
            }
            Some(language) => {
                let mut command = Command::new(if language == "php" { "php" } else { "ruby" });
                command.arg(script);
                Ok(command)
            }
            None => bail!("{} has no extension", script.display()),
        }
    }
}

/// How `command` ended, or `None` if it was stopped after `timeout`.
fn status_within(timeout: Duration, command: &mut Command) -> io::Result<Option<ExitStatus>> {
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let end = Instant::now() + timeout;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// Fails, and says how to install them, unless `packages` are installed.
fn find_in_debian(packages: &[&str]) -> Result<()> {
    for package in packages {
        let mut query = Command::new("dpkg-query");
        let query = query.args(["--show", "--showformat=${db:Status-Status}", package]);
        if output(query).is_ok_and(|status| status == "installed") {
            continue;
        }
        bail!("to install it: apt-get install {}", packages.join(" "));
    }
    Ok(())
}

fn with_python(python: &Path, script: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(source(script)).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The script `name` in this repository.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed(how) => write!(f, "FAILED: {how}"),
            Self::NotRun(reason) => write!(f, "not installed: {reason}"),
        }
    }
}
