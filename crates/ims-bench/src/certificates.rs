//! Certificates, measured as whole processes, next to openssl and Python.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::UsageWho;
use tempfile::TempDir;

use crate::{
    contest::{Contest, at_least, at_most},
    start::{run, shipped_command},
};

pub(crate) fn measure() -> Result<bool> {
    let ims = shipped_command()?;
    let check = check(&ims)?;
    let new = new(&ims)?;
    Ok(check && new)
}

/// The expiry dates of a thousand certificates.
fn check(ims: &Path) -> Result<bool> {
    let (python, folder) = (python_with_cryptography()?, thousand_certificates(ims)?);
    let path = folder.path();
    let contest = |rounds| {
        Contest::new(rounds, 1, UsageWho::RUSAGE_CHILDREN).with(CHECK, || {
            let mut check = Command::new(ims);
            run(check.args(["cert", "check", "--within", "1d"]).arg(path).stderr(Stdio::null()))
        })
    };
    let title = "certificates: expiry dates of 1,000 files, whole process";
    // The loop takes half a minute, so there are few rounds.
    let shell = contest(3)
        .with(SHELL, || run(Command::new("sh").args(["-c", SHELL_LOOP]).current_dir(path)))
        .run(title)?;
    let python = contest(30)
        .with(PYTHON, || run(Command::new(&python).args(["-c", PYTHON_LOOP]).arg(path)))
        .run(title)?;
    let by_shell = shell.ratio(SHELL, CHECK, |sample| sample.wall);
    let by_python = python.ratio(PYTHON, CHECK, |sample| sample.wall);
    let by_shell = at_least(
        1500.0,
        &format!("certificates: speed of {CHECK} on 1,000 files, of a {SHELL}, wall time"),
        by_shell,
    );
    let by_python_cpu = python.ratio(PYTHON, CHECK, |sample| sample.cpu);
    let what = format!("certificates: the same, of {PYTHON}, CPU time");
    let by_python_cpu = at_least(5.0, &what, by_python_cpu);
    let by_python =
        at_least(10.0, &format!("certificates: the same, of {PYTHON}, wall time"), by_python);
    Ok(by_shell && by_python && by_python_cpu)
}

/// A key and its certificate. The time of the search for primes is random, so there are many rounds, and the medians over all
/// rounds are compared.
fn new(ims: &Path) -> Result<bool> {
    let folder = TempDir::new()?;
    let results = Contest::new(60, 1, UsageWho::RUSAGE_CHILDREN)
        .with(OPENSSL, || {
            let mut openssl = Command::new("openssl");
            openssl.args("req -x509 -sha256 -nodes -days 365 -newkey rsa:2048".split(' '));
            openssl.args("-subj /CN=ims -keyout private.key -out certificate_pub.crt".split(' '));
            run(openssl.stderr(Stdio::null()).current_dir(&folder))
        })
        .with(NEW, || {
            let mut new = Command::new(ims);
            new.args(["cert", "new", "--force", "--out"]).arg(folder.path());
            run(new.stderr(Stdio::null()))
        })
        .run("certificates: a new key and its certificate, whole process")?;
    Ok(at_most(
        0.6,
        &format!("certificates: time of {NEW}, of {OPENSSL}, wall time"),
        results.ratio_of_medians(NEW, OPENSSL),
    ))
}

/// Twenty certificates, fifty copies of each: every file takes the same work to read.
fn thousand_certificates(ims: &Path) -> Result<TempDir> {
    let (pair, folder) = (TempDir::new()?, TempDir::new()?);
    for number in 0..20 {
        let mut new = Command::new(ims);
        new.args(["cert", "new", "--force", "--subject", &format!("/CN=integration-{number}")]);
        run(new.arg("--out").arg(pair.path()).stderr(Stdio::null()))?;
        for copy in 0..50 {
            let name = format!("{number:02}-{copy:02}.crt");
            fs::copy(pair.path().join("certificate_pub.crt"), folder.path().join(name))?;
        }
    }
    Ok(folder)
}

/// A Python with `cryptography`, in a virtual environment in the target folder, which the first run creates.
fn python_with_cryptography() -> Result<PathBuf> {
    let target = env::current_exe()?;
    let target = target.ancestors().nth(2).context("this program is not in a target folder")?;
    let environment = target.join("python-cryptography");
    let python = environment.join("bin/python");
    if !python.exists() {
        let venv = Command::new("python3").args(["-m", "venv"]).arg(&environment).status()?;
        ensure!(venv.success(), "python3 -m venv fails");
    }
    let import = ["-c", "import cryptography"];
    if !Command::new(&python).args(import).stderr(Stdio::null()).status()?.success() {
        let install = ["-m", "pip", "install", "--quiet", "cryptography"];
        ensure!(Command::new(&python).args(install).status()?.success(), "pip fails");
    }
    Ok(python)
}

const SHELL: &str = "shell loop over openssl x509 -enddate";
const PYTHON: &str = "Python, cryptography";
const CHECK: &str = "ims cert check";
const OPENSSL: &str = "openssl req -x509 -newkey rsa:2048";
const NEW: &str = "ims cert new";

/// What people usually put into a cron job.
const SHELL_LOOP: &str = "for file in *.crt; do openssl x509 -noout -enddate -in \"$file\"; done";

const PYTHON_LOOP: &str = r"
import pathlib, sys
from cryptography import x509
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    print(path, x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc)
";
