//! What was built, used as a new user would: unpacked on a machine with nothing else, and installed from the local files.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::{
    about::About,
    archive::unpack,
    build::{Built, Platform, host},
    npm, python,
};
use crate::process::{find_program, output, run as run_command};

/// Tries everything that runs on this machine.
pub(super) fn run(made: &[Built], about: &About, folder: &Path) -> Result<()> {
    let host = host()?;
    let trials = Path::new("target/packages-trials");
    if trials.exists() {
        fs::remove_dir_all(trials)?;
    }
    for Built { platform, .. } in made {
        if platform.is_windows() {
            println!("not tried: {}", platform.target);
            continue;
        }
        let runs_here = runs_on(platform, &host);
        if runs_here {
            let name = format!("ims-{}-{}", about.version, platform.target);
            let place = trials.join(platform.target);
            fs::create_dir_all(&place)?;
            unpack(&folder.join(format!("{name}.tar.gz")), &place)?;
            fresh_machine(&std::path::absolute(place.join(name))?)
                .with_context(|| format!("the archive for {}", platform.target))?;
        }
        if runs_here && !platform.wheel_tags.is_empty() {
            let wheel = folder.join(python::file_name(platform, about));
            python(&wheel, &trials.join("python"))?;
            node(folder, &trials.join("node"), about, &npm::package_name(platform))?;
        }
    }
    Ok(())
}

/// Whether a machine with the target `host` runs the binary: a static one runs on every Linux with that processor.
fn runs_on(platform: &Platform, host: &str) -> bool {
    let processor = |target: &str| target.split('-').next().map(str::to_owned);
    let is_same_linux = host.contains("-linux-") && processor(host) == processor(platform.target);
    platform.target == host || (platform.is_static && is_same_linux)
}

/// Runs the command from its unpacked archive without any variable and with an empty home: the demonstration, a token from
/// the emulator, the manual and the completions.
fn fresh_machine(archive: &Path) -> Result<()> {
    let home = archive.join("home");
    fs::create_dir(&home)?;
    let ims = |arguments: &[&str]| -> Command {
        let mut command = Command::new(archive.join("ims"));
        command.args(arguments).env_clear().env("HOME", &home).current_dir(&home);
        command.stdin(Stdio::null());
        command
    };
    let demo = output(&mut ims(&["demo"]))?;
    ensure!(demo.contains("8. A refusal, explained"), "the demonstration did not come to its end");
    output(&mut ims(&["cert", "new", "--out", ".", "--subject", "/CN=trial"]))?;
    fs::write(home.join("credentials.json"), CREDENTIALS)?;
    make_private(&home.join("credentials.json"))?;
    let mut emulator = ims(&["emulator", "-c", "credentials.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = emulator.stdout.take().context("the emulator has no standard output")?;
    let mut url = String::new();
    BufReader::new(stdout).read_line(&mut url)?;
    let token = output(&mut ims(&["token", "-c", "credentials.json", "--url", url.trim()]));
    emulator.kill()?;
    emulator.wait()?;
    ensure!(token?.starts_with("eyJ"), "the emulator gave no token");
    ensure!(archive.join("man/ims-token.1").is_file(), "there is no manual page for ims token");
    if find_program("bash").is_some() {
        let script = archive.join("completions/ims.bash");
        output(Command::new("bash").arg("-n").arg(script))?;
    }
    println!("works on a fresh machine: {}", archive.display());
    Ok(())
}

/// An integration of the emulator; the key was made before.
const CREDENTIALS: &str = r#"{ "client_id": "trial", "client_secret": "trial", "org_id": "T@AdobeOrg",
  "technical_account_id": "T@techacct.adobe.com", "metascopes": ["ent_dataservices_sdk"],
  "private_key_file": "private.key", "certificate_file": "certificate_pub.crt" }"#;

#[cfg(unix)]
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn make_private(_path: &Path) -> Result<()> {
    Ok(())
}

/// Installs the wheel into an empty environment and runs its tests there.
fn python(wheel: &Path, environment: &Path) -> Result<()> {
    if find_program("python3").is_none() {
        println!("not tried: the wheel, since there is no python3");
        return Ok(());
    }
    run_command(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    let python = environment.join("bin/python");
    let install = ["-m", "pip", "install", "--quiet", "pytest"];
    run_command(Command::new(&python).args(install).arg(wheel))?;
    let tests = "xtask/packaging/python/tests";
    let options = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", tests];
    run_command(Command::new(&python).args(options).env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// Installs the npm packages into an empty project and runs their tests there.
fn node(folder: &Path, project: &Path, about: &About, platform: &str) -> Result<()> {
    if find_program("npm").is_none() {
        println!("not tried: the npm packages, since there is no npm");
        return Ok(());
    }
    fs::create_dir_all(project)?;
    fs::write(project.join("package.json"), "{ \"private\": true }\n")?;
    let packages =
        [platform, "ims-emulator"].map(|name| folder.join(format!("{name}-{}.tgz", about.version)));
    let mut install = Command::new("npm");
    // The packages of other platforms are on no registry yet.
    install.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--omit=optional"]);
    for package in &packages {
        install.arg(std::path::absolute(package)?);
    }
    run_command(install.current_dir(project))?;
    fs::copy("xtask/packaging/npm/test/emulator.test.mjs", project.join("emulator.test.mjs"))?;
    run_command(Command::new("node").args(["--test", "emulator.test.mjs"]).current_dir(project))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::build::PLATFORMS;

    #[test]
    fn a_static_binary_is_tried_on_every_linux_of_its_processor() {
        #[rustfmt::skip]
        let table = [
            ("x86_64-unknown-linux-gnu",  vec!["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"]),
            ("aarch64-unknown-linux-gnu", vec!["aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"]),
            ("aarch64-apple-darwin",      vec!["aarch64-apple-darwin"]),
        ];
        for (host, expected) in table {
            let tried = PLATFORMS.iter().filter(|platform| runs_on(platform, host));
            let tried: Vec<_> = tried.map(|platform| platform.target).collect();
            assert_eq!(tried, expected, "{host}");
        }
    }
}
