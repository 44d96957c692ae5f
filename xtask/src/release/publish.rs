//! Publishing the crates one by one, each after those it imports, so that a stopped run can be continued.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Package;

use crate::{
    process::{cargo, output, run as run_command},
    workspace::{forget_published, is_published},
};

/// How long to wait if the registry says that there were too many requests, but not until when. crates.io accepts one new
/// crate in ten minutes after the first five.
const USUAL_WAIT: Duration = Duration::from_mins(10);

/// How often a crate is tried again after such an answer.
const RETRIES: usize = 12;

/// Where to publish.
#[derive(Debug)]
pub(super) struct Target {
    /// The name of a registry in cargo's configuration.
    pub(super) registry: String,
    /// A file that is added to cargo's configuration.
    pub(super) configuration: Option<PathBuf>,
}

impl Target {
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(arguments.iter().copied());
        command.args(["--registry", &self.registry]);
        if let Some(file) = &self.configuration {
            command.arg("--config").arg(file);
        }
        command
    }

    /// Whether this is a rehearsal: its registry is on this machine, and installing from it compiles the command.
    fn is_rehearsal(&self) -> bool {
        self.configuration.is_some()
    }
}

/// Where crates are built from their tarballs, each with the tarballs of the others.
const VERIFIED: &str = "target/verified";

/// Packages and builds every crate, without publishing.
pub(super) fn build_all(packages: &[Package]) -> Result<()> {
    forget_published(packages, Path::new(VERIFIED))?;
    let mut publish = cargo(["publish", "--workspace", "--locked", "--dry-run"]);
    run_command(publish.args(["--target-dir", VERIFIED]))
}

/// Publishes the crates that the registry does not have yet.
///
/// # Errors
/// Before the first one is published: if someone else has one of the names.
pub(super) fn publish(packages: &[Package], version: &str, target: &Target) -> Result<()> {
    let repository = packages.iter().find_map(|package| package.repository.as_deref());
    let repository = repository.context("no manifest has a repository")?;
    let mut left = Vec::new();
    for name in in_order(packages)? {
        if let Some(text) = information(&name, target)? {
            ensure!(
                is_from(repository, &text),
                "someone else owns {name} in the registry; nothing was published"
            );
            if information(&format!("{name}@{version}"), target)?.is_some() {
                println!("{name} {version} is already published");
                continue;
            }
        }
        left.push(name);
    }
    for name in left {
        publish_one(&name, target)?;
    }
    Ok(())
}

/// Whether all crates of this workspace that `package` imports are in `ordered`.
fn is_ready(package: &Package, ordered: &[String]) -> bool {
    let mut ours = package
        .dependencies
        .iter()
        .filter(|it| it.path.is_some() && it.name != package.name.as_str());
    ours.all(|dependency| ordered.contains(&dependency.name))
}

/// The names of the published crates, each after the crates of this workspace that it imports.
pub(super) fn in_order(packages: &[Package]) -> Result<Vec<String>> {
    let mut left: Vec<&Package> = packages.iter().filter(|package| is_published(package)).collect();
    let mut ordered = Vec::<String>::new();
    while !left.is_empty() {
        let (ready, waiting): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|package| is_ready(package, &ordered));
        if ready.is_empty() {
            let names: Vec<_> = waiting.iter().map(|package| package.name.as_str()).collect();
            bail!(
                "these crates import each other, or one that is not published: {}",
                names.join(", ")
            );
        }
        ordered.extend(ready.iter().map(|package| package.name.to_string()));
        left = waiting;
    }
    Ok(ordered)
}

/// What the registry says about a crate, or about one version of it; nothing if it has none.
fn information(question: &str, target: &Target) -> Result<Option<String>> {
    match output(&mut target.cargo(&["info", "--quiet", question])) {
        Ok(text) => Ok(Some(text)),
        // Any other failure says nothing about the crate.
        Err(error) if error.to_string().contains("could not find") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the crate that `cargo info` describes has its source in `repository`.
fn is_from(repository: &str, information: &str) -> bool {
    let mut lines = information.lines();
    lines.any(|line| line.strip_prefix("repository: ").is_some_and(|it| it.trim() == repository))
}

fn publish_one(name: &str, target: &Target) -> Result<()> {
    for _ in 0..=RETRIES {
        println!("publishing {name}");
        let mut publish = target.cargo(&["publish", "--locked", "-p", name]);
        if target.is_rehearsal() {
            publish.args(["--no-verify", "--allow-dirty"]);
        }
        let Err(error) = output(&mut publish) else {
            return Ok(());
        };
        let Some(wait) = wait(&error.to_string(), SystemTime::now()) else {
            return Err(error);
        };
        println!("the registry asks to wait: trying again in {} s", wait.as_secs());
        thread::sleep(wait);
    }
    bail!("the registry still refuses {name}: run the same command again later")
}

/// How long to wait after this failure: none if waiting does not help.
fn wait(error: &str, now: SystemTime) -> Option<Duration> {
    if !error.contains("429") {
        return None;
    }
    // crates.io: "Please try again after Sat, 28 Nov 2026 10:00:00 GMT or email help@crates.io".
    let date = error.split_once("try again after ").and_then(|(_, rest)| rest.split_once(" GMT"));
    let until = date.and_then(|(date, _)| httpdate::parse_http_date(&format!("{date} GMT")).ok());
    let wait = until.and_then(|until| until.duration_since(now).ok());
    Some(wait.map_or(USUAL_WAIT, |wait| wait + Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::metadata;

    #[test]
    fn the_registry_says_until_when_to_wait() {
        let now = httpdate::parse_http_date("Sat, 28 Nov 2026 10:00:00 GMT").unwrap();
        #[rustfmt::skip]
        let table = [
            ("status 400 Bad Request: invalid category",                                                     None),
            ("status 429 Too Many Requests",                                                                  Some(600)),
            ("status 429: Please try again after Sat, 28 Nov 2026 10:02:00 GMT or email help@crates.io",      Some(121)),
            ("status 429: Please try again after Sat, 28 Nov 2026 09:00:00 GMT or email help@crates.io",      Some(600)),
        ];
        for (error, seconds) in table {
            assert_eq!(wait(error, now), seconds.map(Duration::from_secs), "{error}");
        }
    }

    #[test]
    fn a_crate_is_ours_if_its_source_is_in_our_repository() {
        let ours = "https://example.com/a/ims";
        let information = |repository: &str| {
            format!(
                "ims-cli #adobe\nThe command of {ours}\nversion: 0.1.0\n{repository}crates.io: x\n"
            )
        };
        #[rustfmt::skip]
        let table = [
            ("repository: https://example.com/a/ims\n",       true),
            ("repository: https://example.com/a/ims-tools\n", false),
            ("",                                              false),
        ];
        for (repository, expected) in table {
            assert_eq!(is_from(ours, &information(repository)), expected, "{repository}");
        }
    }

    #[test]
    fn a_crate_is_published_after_those_that_it_imports() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let packages = metadata(root).unwrap().packages;
        let order = in_order(&packages).unwrap();
        assert!(!order.contains(&"xtask".to_owned()) && order.contains(&"ims-cli".to_owned()));
        for package in packages.iter().filter(|package| is_published(package)) {
            let own = order.iter().position(|name| *name == *package.name).unwrap();
            for dependency in package
                .dependencies
                .iter()
                .filter(|it| it.path.is_some() && it.name != *package.name)
            {
                let other = order.iter().position(|name| *name == dependency.name).unwrap();
                assert!(other < own, "{} before {}", package.name, dependency.name);
            }
        }
    }

    #[test]
    fn a_published_crate_that_imports_an_unpublished_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\"]\n");
        let package = "version = \"0.1.0\"\nedition = \"2024\"\n";
        write("a/Cargo.toml", &format!("[package]\nname = \"a\"\npublish = false\n{package}"));
        write(
            "b/Cargo.toml",
            &format!(
                "[package]\nname = \"b\"\n{package}[dev-dependencies]\na = {{ path = \"../a\" }}\n"
            ),
        );
        write("a/src/lib.rs", "");
        write("b/src/lib.rs", "");
        let error = in_order(&metadata(folder.path()).unwrap().packages).unwrap_err().to_string();
        assert_eq!(error, "these crates import each other, or one that is not published: b");
    }
}
