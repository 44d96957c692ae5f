//! `cargo xtask release --rehearse`: every crate is published to a registry on loopback, and the command installed from it.
//!
//! The first run is ended in the middle, as a network or a person would end it. The second one must publish what is left, and
//! no crate twice.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Package;

use super::{
    publish::{Target, in_order},
    registry::Registry,
};
use crate::{
    process::{cargo, run as run_command},
    workspace::forget_published,
};

/// The name of the registry in cargo's configuration.
const NAME: &str = "rehearsal";
const FOLDER: &str = "target/rehearsal";

/// After how many crates the first run is ended.
const ENDED_AFTER: usize = 3;

/// After how many crates the registry asks once to wait.
const BUSY_AFTER: usize = 6;

pub(super) fn rehearse(program: &Path, packages: &[Package]) -> Result<()> {
    let folder = std::path::absolute(FOLDER)?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let registry = Registry::start(BUSY_AFTER)?;
    let configuration = folder.join("cargo.toml");
    fs::write(&configuration, configuration_for(&registry))?;

    let mut first = publishing(program, &configuration)?;
    wait_for_crates(&registry, ENDED_AFTER, &mut first)?;
    first.kill()?;
    first.wait()?;
    println!("\nended the first run after these crates: {}\n", registry.crates().join(", "));
    let status = publishing(program, &configuration)?.wait()?;
    ensure!(status.success(), "the second run failed ({status})");

    let mut expected = in_order(packages)?;
    expected.sort();
    ensure!(registry.crates() == expected, "published were only {}", registry.crates().join(", "));
    println!("\nall {} crates are published; installing the command from them\n", expected.len());
    install(packages, &folder, &configuration)
}

/// A registry that replaces crates.io, because that is where our crates say that they import each other from.
fn configuration_for(registry: &Registry) -> String {
    let index = registry.index_url();
    format!(
        "[registries.{NAME}]\nindex = \"{index}\"\ntoken = \"rehearsal\"\n\n\
         [source.crates-io]\nreplace-with = \"{NAME}\"\n\n[source.{NAME}]\nregistry = \"{index}\"\n"
    )
}

/// `program` again, in another process, which can be ended.
fn publishing(program: &Path, configuration: &Path) -> Result<Child> {
    let mut command = Command::new(program);
    command.args(["release", "--continue-rehearsal"]).arg(configuration);
    command.spawn().context("the publishing did not start")
}

/// The target that a rehearsal publishes to.
pub(super) fn target(configuration: &Path) -> Target {
    Target { registry: NAME.to_owned(), configuration: Some(configuration.to_owned()) }
}

fn wait_for_crates(registry: &Registry, count: usize, publishing: &mut Child) -> Result<()> {
    while registry.crates().len() < count {
        if let Some(status) = publishing.try_wait()? {
            bail!("publishing ended by itself ({status})");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Installs the command as a user does, in an empty folder, and runs its demonstration.
fn install(packages: &[Package], folder: &Path, configuration: &Path) -> Result<()> {
    let root = folder.join("installed");
    let empty = folder.join("empty");
    fs::create_dir(&empty)?;
    let mut install = cargo(["install", "ims-cli", "--locked", "--debug", "--config"]);
    install.arg(configuration).arg("--root").arg(&root);
    // The compiled crates of others are kept for the next rehearsal.
    let build = folder.with_file_name("rehearsal-build");
    forget_published(packages, &build)?;
    install.env("CARGO_TARGET_DIR", build).current_dir(&empty);
    run_command(&mut install)?;
    let command: PathBuf = root.join("bin").join(format!("ims{}", env::consts::EXE_SUFFIX));
    run_command(Command::new(command).arg("demo").current_dir(&empty))
}
