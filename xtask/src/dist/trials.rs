//! What was built, used as a new user would: unpacked on a machine with nothing else, and installed from the local files.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use super::{
    about::About,
    archive::unpack,
    build::{Built, Platform, host},
    fresh::Machine,
    managers, notices, npm, python,
};
use crate::{
    process::{find_program, output, run as run_command},
    windows::Wine,
};

/// Tries everything that runs on this machine.
pub(super) fn run(made: &[Built], about: &About, folder: &Path) -> Result<()> {
    let host = host()?;
    let trials = Path::new("target/packages-trials");
    if trials.exists() {
        fs::remove_dir_all(trials)?;
    }
    for built in made {
        let target = built.platform.target;
        let place = trials.join(target);
        if built.platform.is_windows() && !cfg!(windows) {
            windows(built, about, folder, &place).context(target)?;
        } else if runs_on(built.platform, &host) {
            archive(built, about, folder, &place).context(target)?;
            packages(built, about, folder, trials).context(target)?;
        } else {
            println!("not tried: {target} does not run on {host}");
        }
    }
    Ok(())
}

/// The archive, unpacked on a machine with nothing else.
fn archive(built: &Built, about: &About, folder: &Path, place: &Path) -> Result<()> {
    let (name, file) = archive_names(built, about);
    fs::create_dir_all(place)?;
    unpack(&folder.join(file), place)?;
    expect_extras(&place.join(&name))?;
    let program = Path::new(&name).join(built.platform.file());
    Machine::with_root(place, &program)?.try_out()
}

/// The archive for Windows, if Wine is here.
fn windows(built: &Built, about: &About, folder: &Path, place: &Path) -> Result<()> {
    let wine = match Wine::open_if_installed()? {
        Ok(wine) => wine,
        Err(missing) => {
            println!("not tried: {}: {missing}", built.platform.target);
            return Ok(());
        }
    };
    let (name, file) = archive_names(built, about);
    fs::create_dir_all(place)?;
    unpack(&folder.join(file), place)?;
    expect_extras(&place.join(&name))?;
    let program = Path::new(&name).join(built.platform.file());
    Machine::windows(wine, place, &program)?.try_out()
}

/// The name of the folder in the archive of `built`, and of the archive itself.
fn archive_names(built: &Built, about: &About) -> (String, String) {
    let name = format!("ims-{}-{}", about.version, built.platform.target);
    let ending = if built.platform.is_windows() { "zip" } else { "tar.gz" };
    (name.clone(), format!("{name}.{ending}"))
}

/// The manual, the completions and the licences are in the unpacked `archive`.
fn expect_extras(archive: &Path) -> Result<()> {
    for file in ["man/ims-token.1", "completions/_ims.ps1", "LICENSE-MIT", notices::FILE] {
        ensure!(archive.join(file).is_file(), "there is no {file}");
    }
    if find_program("bash").is_some() {
        let script = archive.join("completions/ims.bash");
        output(Command::new("bash").arg("-n").arg(script))?;
    }
    Ok(())
}

/// The packages that are made of the binary: for Debian, or for Python and npm.
fn packages(built: &Built, about: &About, folder: &Path, trials: &Path) -> Result<()> {
    let package = folder.join(managers::debian_file(built.platform, about));
    if built.platform.is_debian() && package.is_file() {
        debian(&package, &trials.join("debian"))?;
    }
    if !built.platform.wheel_tags.is_empty() {
        let wheel = folder.join(python::file_name(built.platform, about));
        python(&wheel, &trials.join("python"))?;
        let platform = npm::package_name(built.platform);
        node(folder, &trials.join("node"), about, &platform)?;
    }
    Ok(())
}

/// The Debian package, unpacked on a machine that has only its dependencies.
fn debian(package: &Path, root: &Path) -> Result<()> {
    output(Command::new("dpkg-deb").arg("--extract").arg(package).arg(root))?;
    for file in ["man/man1/ims-token.1.gz", "doc/adobe-ims/copyright"] {
        ensure!(root.join("usr/share").join(file).is_file(), "there is no {file}");
    }
    Machine::with_root(root, Path::new("usr/bin/ims"))?.try_out()
}

/// Whether a machine with the target `host` runs the binary: a static one runs on every Linux with that processor.
fn runs_on(platform: &Platform, host: &str) -> bool {
    let processor = |target: &str| target.split('-').next().map(str::to_owned);
    let is_same_linux = host.contains("-linux-") && processor(host) == processor(platform.target);
    platform.target == host || (platform.is_static && is_same_linux)
}

/// Installs the wheel into an empty environment and runs its tests there.
fn python(wheel: &Path, environment: &Path) -> Result<()> {
    if find_program("python3").is_none() {
        println!("not tried: the wheel, since there is no python3");
        return Ok(());
    }
    run_command(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let python = environment.join(program);
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
